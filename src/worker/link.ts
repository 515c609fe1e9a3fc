/** The server, as a worker hangs on to it: asks again until it answers. */
import { type Client, Refused, Unreachable, whyUnreachable } from '../client.ts'
import { backoffSeconds, wait } from './wait.ts'

export interface Link {
  readonly url: string
  /**
   * Answers, throws `Refused` for an answer that will not change, or `Stopped` when `signal` fires first. `body` is
   * made anew for each attempt: load, memory and output move on while the server is away.
   */
  post<T>(path: string, body: () => unknown, signal: AbortSignal, timeoutSeconds?: number): Promise<T>
}

/** The caller's signal fired before the server answered. */
export class Stopped extends Error {}

/** Slots of one host share a link, so that a server that goes away is one line in the log. */
export function createLink(client: Client, log: (line: string) => void): Link & { as(worker: Credential): Link } {
  let awaySince = 0

  function away(error: unknown): void {
    if (awaySince !== 0) return
    awaySince = performance.now()
    const reason = error instanceof Error ? error.message : String(error)
    log(`server away, trying again: ${error instanceof Unreachable ? whyUnreachable(error) : reason}`)
  }

  function back(): void {
    if (awaySince === 0) return
    log(`server back after ${Math.round((performance.now() - awaySince) / 1000)} s`)
    awaySince = 0
  }

  async function attempt<T>(
    client: Client,
    path: string,
    body: unknown,
    signal: AbortSignal,
    timeoutSeconds: number,
  ): Promise<T> {
    // Not the caller's signal itself: the client would hang a new one on it for each of a run's thousand calls.
    const given = new AbortController()
    const giveUp = () => given.abort()
    signal.addEventListener('abort', giveUp)
    try {
      return await client.call<T>('POST', path, body, { signal: given.signal, timeoutSeconds })
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  const linkOf = (worker?: Credential): Link => ({
    url: client.url,
    async post<T>(path: string, body: () => unknown, signal: AbortSignal, timeoutSeconds = 30): Promise<T> {
      let renewed = false
      for (let failures = 1; !signal.aborted; failures += 1) {
        try {
          const answer = await attempt<T>(worker?.client() ?? client, path, body(), signal, timeoutSeconds)
          back()
          return answer
        } catch (error) {
          if (signal.aborted) break
          if (error instanceof Refused && error.status === 401 && worker && !renewed) {
            renewed = true
            if (await worker.renew()) continue
          }
          if (error instanceof Refused && !passes(error.status)) {
            back()
            throw error
          }
          away(error)
          await wait(backoffSeconds(failures, Math.random()) * 1000, signal)
        }
      }
      throw new Stopped(`stopped before ${client.url} answered`)
    },
  })
  return { ...linkOf(), as: linkOf }
}

/** What a worker shows of itself. */
export interface Credential {
  client(): Client
  /** Another one, where the server does not know this one; false: there is none to be had. */
  renew(): Promise<boolean>
}

/** The server's own trouble, or a proxy's: the same call may go well later. */
const passes = (status: number) => status >= 500 || status === 429 || status === 408
