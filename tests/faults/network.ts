/**
 * HTTP between a worker and the server, with the faults of a bad network: a request that does not arrive, one that arrives
 * twice, late, or after its answer was given up; an answer that is lost. Each is a whole message; TCP itself repeats nothing.
 */
import type { Random } from './rounds.ts'

export interface Faults {
  /** Chance that a request never reaches the server. */
  lose: number
  /** Chance that it does, and its answer is lost. */
  loseAnswer: number
  /** Chance that it arrives twice; the answer to the second is given. */
  repeat: number
  /** Chance that a copy of it arrives once more, up to `latest` ms later. */
  echo: number
  /** Chance that it is held back. */
  delay: number
  /** Milliseconds that something is held back at most. */
  latest: number
}

export const NONE: Faults = { lose: 0, loseAnswer: 0, repeat: 0, echo: 0, delay: 0, latest: 0 }

export class BadNetwork {
  /** What was done to requests so far. */
  readonly done = { lost: 0, answersLost: 0, repeated: 0, echoed: 0, delayed: 0 }
  #server: ReturnType<typeof Bun.serve>
  #late = new Set<Promise<unknown>>()

  constructor(
    public target: string,
    private readonly random: Random,
    public faults: Faults = NONE,
  ) {
    this.#server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      idleTimeout: 120,
      fetch: (request) => this.#pass(request),
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`
  }

  async stop(): Promise<void> {
    await this.#server.stop(true)
    await Promise.allSettled(this.#late)
  }

  async #pass(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    const body = await request.bytes()
    const { random, faults } = this
    const send = (signal?: AbortSignal) =>
      fetch(this.target + pathname + search, {
        method: request.method,
        headers: { 'content-type': request.headers.get('content-type') ?? '' },
        body: body.length > 0 ? body : undefined,
        signal,
      })
    try {
      if (random() < faults.delay) {
        this.done.delayed += 1
        await Bun.sleep(random() * faults.latest)
      }
      if (random() < faults.lose) {
        this.done.lost += 1
        return nothing()
      }
      if (random() < faults.repeat) {
        this.done.repeated += 1
        await (await send(request.signal)).bytes()
      }
      if (random() < faults.echo) {
        this.done.echoed += 1
        const late = Bun.sleep(random() * faults.latest).then(() => send().then((answer) => answer.bytes()))
        this.#late.add(late.catch(() => {}))
      }
      const answer = await send(request.signal)
      const bytes = await answer.bytes()
      if (random() < faults.loseAnswer) {
        this.done.answersLost += 1
        return nothing()
      }
      return new Response(bytes, {
        status: answer.status,
        headers: { 'content-type': answer.headers.get('content-type') ?? '' },
      })
    } catch {
      return nothing()
    }
  }
}

/** What a client sees of a connection that breaks: Bun.serve cannot break one, and a client treats a 502 the same. */
const nothing = () => new Response('the network is bad', { status: 502 })
