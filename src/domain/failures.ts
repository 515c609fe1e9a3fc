/** What failed lately: workers whose runs fail one after the other, and the last runs that failed. In memory, bounded. */
import type { RunEnd } from './states.ts'

export interface Failure {
  run: number
  job: number
  worker: string
  /** Seconds since the epoch. */
  at: number
}

/** Failed runs without a good one between them. */
export interface Streak {
  count: number
  /** When the first of them ended. */
  since: number
  /** The last of them. */
  job: number
}

/** Failed runs remembered. */
export const MOST_FAILURES = 1000
/** Workers remembered: as many as there can be. */
const MOST_STREAKS = 100_000

export class Failures {
  readonly streaks = new Map<string, Streak>()
  /** A ring: the oldest is written over. */
  #last: Failure[] = []
  #next = 0

  /** A run ended; a run that a user took away, or that was lost, says nothing about its worker. */
  ended(end: RunEnd | 'WORKING', { run, job, worker, at }: Failure): void {
    if (end === 'FINISHED') this.streaks.delete(worker)
    if (end !== 'ERROR') return
    const streak = this.streaks.get(worker)
    if (streak) Object.assign(streak, { count: streak.count + 1, job })
    else if (this.streaks.size < MOST_STREAKS) this.streaks.set(worker, { count: 1, since: at, job })
    this.#last[this.#next] = { run, job, worker, at }
    this.#next = (this.#next + 1) % MOST_FAILURES
  }

  /** The worker was deleted. */
  forget(worker: string): void {
    this.streaks.delete(worker)
  }

  /** The newest first. */
  *last(): Generator<Failure> {
    for (let i = 1; i <= this.#last.length; i++) {
      const failure = this.#last[(this.#next - i + MOST_FAILURES) % MOST_FAILURES]
      if (failure) yield failure
    }
  }
}
