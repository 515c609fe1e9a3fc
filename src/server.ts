import { openData, StartError } from './db/open.ts'
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
}

export interface Server {
  url: string
  port: number
  /** Finishes what it is answering, writes what is in memory, closes the database. */
  stop(): Promise<void>
}

/** The largest body that is read: a list of 100,000 ids takes 1 MB, a log chunk of an old worker some. */
const MAX_BODY = 64 * 1024 * 1024
/** Longest silence on a connection. Bun closes it after 10 s otherwise, in the middle of a long poll; 255 is its most. */
const IDLE_SECONDS = 120
/** How long a stop waits for answers that are under way. */
const STOP_MS = 5000

/** Opens the data folder and listens. Throws `StartError` with one sentence when it cannot. */
export async function startServer({ host, port, data, worker_timeout }: ServerConfig): Promise<Server> {
  const folder = openData(data)
  const farm = createFarm(folder.db, { logs: folder.logs, workerTimeout: worker_timeout })
  const app = createApp(farm)
  try {
    app.listen({ hostname: host, port, maxRequestBodySize: MAX_BODY, idleTimeout: IDLE_SECONDS })
  } catch (error) {
    await farm.stop()
    folder.close()
    throw new StartError(listenProblem(host, port, error), error)
  }
  farm.run()
  const listening = app.server?.port ?? port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    port: listening,
    async stop() {
      const closing = app.server?.stop(false)
      await farm.stop()
      await Promise.race([closing, Bun.sleep(STOP_MS)])
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
