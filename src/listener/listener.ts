/** The port, and with TLS what is shown there: a certificate that was renewed comes into use without a restart. */
import type { Pair } from './certificate.ts'

type BunServer = Bun.Server<unknown>

interface ListenOptions {
  hostname: string
  port: number
  reusePort: boolean
  tls?: { cert: string; key: string }
  maxRequestBodySize: number
  idleTimeout: number
  development: boolean
}

/** What Elysia's app is to its port. */
export interface Listens {
  server: BunServer | null
  listen(options: ListenOptions): unknown
}

/**
 * How another listener takes over a port. Bun's `reload` leaves the certificate as it is (1.4.5), so there is a new listener.
 * Where two can share a port, the new one is there before the old one goes, and nobody is refused; Windows knows no such
 * sharing (SO_REUSEPORT), and there the port is nobody's for a moment, in which clients try again.
 */
export const takesOver = (platform: NodeJS.Platform): 'beside' | 'after' => (platform === 'win32' ? 'after' : 'beside')

const AGAIN_MS = 100
/**
 * Connections that wait for the old listener to accept them would be reset with it, so it has a few turns to do so. With 800 new
 * ones a second, 1.5 were reset at each handover, instead of 6; clients make them again.
 */
const DRAIN_MS = 10

export class Listener {
  /** They take no connection any more, and finish what they have: long polls get their answers, WebSockets stay. */
  #before = new Set<BunServer>()
  #stopped = false

  constructor(
    private readonly app: Listens,
    private readonly options: Omit<ListenOptions, 'reusePort' | 'tls'>,
    private readonly how = takesOver(process.platform),
  ) {}

  /** Throws what Bun throws when the port cannot be had. */
  listen(pair?: Pair): void {
    if (pair && this.how === 'beside') this.#listen({ ...this.options, port: this.#freePort() }, pair)
    else this.#listen(this.options, pair)
  }

  get port(): number {
    return this.app.server?.port ?? this.options.port
  }

  /** Requests that are under way. */
  get pending(): number {
    return this.#all.reduce((sum, server) => sum + server.pendingRequests, 0)
  }

  /** From now on this one is shown. Who is connected is told nothing, and not cut off. */
  async replace(pair: Pair): Promise<void> {
    const old = this.app.server
    const options = { ...this.options, port: this.port }
    if (this.how === 'beside') {
      this.#listen(options, pair)
      await Bun.sleep(DRAIN_MS)
      // After the events of a turn: what waited to be accepted has been.
      await new Promise((resolve) => setImmediate(resolve))
      this.#retire(old)
      return
    }
    this.#retire(old)
    for (let failed = true; failed && !this.#stopped; ) {
      try {
        this.#listen(options, pair)
        failed = false
      } catch {
        // The port was this server's, and will be again as soon as the system is done with it.
        await Bun.sleep(AGAIN_MS)
      }
    }
  }

  /** Takes no connection any more. */
  close(): void {
    this.#stopped = true
    for (const server of this.#all) void server.stop(false)
  }

  /** Ends those that there are. */
  async end(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#all.map((server) => server.stop(true)))
  }

  get #all(): BunServer[] {
    return [...this.#before, ...(this.app.server ? [this.app.server] : [])]
  }

  #listen(options: Omit<ListenOptions, 'reusePort' | 'tls'>, pair: Pair | undefined): void {
    const others = process.listeners('beforeExit')
    this.app.listen({
      ...options,
      // Elysia's default is true: on Linux a second server would then share the port, and each get half of the calls.
      reusePort: pair !== undefined && this.how === 'beside',
      ...(pair && { tls: { cert: pair.cert, key: pair.key } }),
    })
    // Elysia stops its server there, once more with each `listen`; ours is stopped by who started it.
    for (const listener of process.listeners('beforeExit'))
      if (!others.includes(listener)) process.off('beforeExit', listener)
  }

  #retire(server: BunServer | null): void {
    if (!server) return
    this.#before.add(server)
    void server.stop(false).then(() => this.#before.delete(server))
  }

  /** A port that is shared would be shared with another server too: so it is taken alone first. */
  #freePort(): number {
    const { hostname, port } = this.options
    const alone = Bun.listen({ hostname, port, exclusive: true, socket: { data() {} } })
    const free = alone.port
    alone.stop(true)
    return free
  }
}
