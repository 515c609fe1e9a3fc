import { type Durability, openData, StartError } from './db/open.ts'
import { answerWorkers, isLoopback } from './discovery.ts'
import { createFarm } from './farm.ts'
import { createApp } from './http/app.ts'

export { StartError }

export interface ServerConfig {
  host: string
  /** 0: any free one. */
  port: number
  /** The folder of the database and the logs. */
  data: string
  /** Seconds without a sign of life after which a worker is lost. */
  worker_timeout: number
  /** Whether workers that look for a server by broadcast are answered; auto: unless it listens on loopback only. */
  discovery?: 'auto' | 'on' | 'off'
  durability?: Durability
}

export interface Server {
  url: string
  port: number
  /** Finishes what it is answering, writes what is in memory, closes the database. */
  stop(): Promise<void>
}

/** Bodies are measured where they are read (http/body.ts): Bun's own refusal has no words. */
const MAX_BODY = Number.MAX_SAFE_INTEGER
/** Longest silence on a connection. Bun closes it after 10 s otherwise, in the middle of a long poll; 255 is its most. */
const IDLE_SECONDS = 120
/** How long a stop waits for answers that are under way. */
const STOP_MS = 5000

/** Opens the data folder and listens. Throws `StartError` with one sentence when it cannot. */
export async function startServer(config: ServerConfig): Promise<Server> {
  const { host, port, data, worker_timeout, discovery = 'auto', durability } = config
  const folder = openData(data, { durability })
  const farm = createFarm(folder.db, { logs: folder.logs, workerTimeout: worker_timeout })
  const app = createApp(farm)
  try {
    app.listen({
      hostname: host,
      port,
      // Elysia's default is true: on Linux a second server would then share the port, and each get half of the calls.
      reusePort: false,
      maxRequestBodySize: MAX_BODY,
      idleTimeout: IDLE_SECONDS,
      // Otherwise a failure is answered with a page that shows the source.
      development: false,
    })
  } catch (error) {
    await farm.stop()
    folder.close()
    throw new StartError(listenProblem(host, port, error), error)
  }
  farm.run()
  if (durability === 'normal')
    console.error(
      'durability is normal: a crash of the server costs nothing, a power cut may cost what was answered last; "full" keeps it.',
    )
  const listening = app.server?.port ?? port
  const offered = discovery === 'on' || (discovery === 'auto' && !isLoopback(host))
  const discovered = offered ? await answerWorkers(host, listening, console.error) : undefined
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    port: listening,
    async stop() {
      discovered?.close()
      void app.server?.stop(false)
      await farm.stop()
      // Not the promise of stop(false): that waits for clients to close connections on which nothing happens.
      const deadline = Date.now() + STOP_MS
      while ((app.server?.pendingRequests ?? 0) > 0 && Date.now() < deadline) await Bun.sleep(10)
      await app.server?.stop(true)
      folder.close()
    },
  }
}

function listenProblem(host: string, port: number, error: unknown): string {
  const code = (error as { code?: string }).code
  if (code === 'EADDRINUSE')
    return `Port ${port} on ${host} is in use: stop the other program, or choose another with --port.`
  if (code === 'EACCES')
    return `Port ${port} on ${host} may not be used by this user: choose one above 1023 with --port.`
  return `The server cannot listen on ${host}:${port} (${error instanceof Error ? error.message : String(error)}): choose another with --host and --port.`
}
