import type { Assignment } from '../protocol.ts'

interface Waiter {
  name: string
  /** Answers with nothing now: the worker asks again at once, as what it has become. */
  giveUp: () => void
  /** Asks for a job; answers whether there was one. */
  attempt: () => Promise<boolean>
}

/**
 * Idle workers on a long poll, in the order of their coming, by what they can take: workers with equal affinity are alike,
 * so when the first of them finds nothing, none of the others would. A submission costs one look at each kind of worker,
 * not one at each worker.
 */
export class Waiters {
  #kinds = new Map<string | null, Set<Waiter>>()
  #names = new Map<string, Waiter>()
  #waking = false
  #again = false

  constructor(private readonly hasWork: (affinity: string) => boolean) {}

  get size(): number {
    return this.#names.size
  }

  /** Workers that wait here are alive, though they say nothing. */
  names(): Iterable<string> {
    return this.#names.keys()
  }

  /**
   * Waits up to `seconds` for `attempt` to bring a job; null when none came, or when `signal` says that nobody is listening
   * any more. `affinity` null: it gets no job, it only waits.
   */
  wait(
    name: string,
    affinity: string | null,
    seconds: number,
    signal: AbortSignal,
    attempt: () => Promise<Assignment | null>,
  ): Promise<Assignment | null> {
    return new Promise((resolve, reject) => {
      const kind = this.#kinds.get(affinity) ?? new Set()
      this.#kinds.set(affinity, kind)
      const leave = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        kind.delete(waiter)
        if (kind.size === 0 && this.#kinds.get(affinity) === kind) this.#kinds.delete(affinity)
        if (this.#names.get(name) === waiter) this.#names.delete(name)
      }
      const giveUp = () => {
        leave()
        resolve(null)
      }
      const waiter: Waiter = {
        name,
        giveUp,
        attempt: async () => {
          // Taken off the list first: a worker gets one job, and the attempt takes a commit.
          leave()
          try {
            const assignment = await attempt()
            resolve(assignment)
            return assignment !== null
          } catch (error) {
            reject(error)
            return false
          }
        },
      }
      const timer = setTimeout(giveUp, seconds * 1000)
      signal.addEventListener('abort', giveUp)
      kind.add(waiter)
      this.#names.set(name, waiter)
      // Its own question took a commit: meanwhile it may have hung up, or a job may have come that woke nobody.
      if (signal.aborted) giveUp()
      else if (affinity !== null && this.hasWork(affinity)) void this.wake()
    })
  }

  /** Workers were changed: those that wait under what they were are answered, and come again. */
  release(names: Iterable<string>): void {
    for (const name of names) this.#names.get(name)?.giveUp()
  }

  /** Something may have become ready: those that may take it ask, the longest waiting first. */
  async wake(): Promise<void> {
    if (this.#waking) {
      this.#again = true
      return
    }
    this.#waking = true
    try {
      do {
        this.#again = false
        for (const [affinity, kind] of this.#kinds)
          while (kind.size > 0 && affinity !== null && this.hasWork(affinity)) {
            const waiter = kind.values().next().value
            if (!waiter || !(await waiter.attempt())) break
          }
      } while (this.#again)
    } finally {
      this.#waking = false
    }
  }
}
