import type { Assignment } from '../protocol.ts'

interface Waiter {
  name: string
  /** Answers with nothing now: the worker asks again at once, as what it has become. */
  giveUp: () => void
  /** Asks for a job; answers whether there was one. */
  attempt: () => Promise<boolean>
}

/**
 * So many of a kind ask at once, when there was something for all that asked before: one at a time, each with a commit of its
 * own, a thousand idle workers took 1.0 to 1.5 s to begin a thousand frames, and take 0.1 to 0.5 s so.
 */
const MOST_AT_ONCE = 64

/** What there is for workers of a kind. */
export interface Prospect {
  /** The first line of their affinity for which anything is ready: the lower, the more they are meant for it. */
  line: number
  /** How many jobs are. */
  count: number
}

/** What the farm says of those who wait. */
export interface Prospects {
  /** What workers of a kind can take first, be their hosts free or not; undefined: nothing. */
  ofKind(kind: string): Prospect | undefined
  /** Whether there is anything that this worker would get now. */
  of(name: string): boolean
  /** Whether anything sets this worker apart from others of its kind: runs on its host, failures. */
  isSpecial(name: string): boolean
}

/**
 * Idle workers on a long poll, in the order of their coming, by kind: those of equal affinity on equal machines are alike,
 * so when the first of them finds nothing, none of the others would, but for those that are special. A submission costs one
 * look at each kind of worker, not one at each worker.
 *
 * Of several kinds that may take what is ready, those go first in whose affinity it has the earlier line: a job that needs
 * nothing leaves the worker with the GPU idle, for what needs that, as long as a plain one waits.
 */
export class Waiters {
  #kinds = new Map<string | null, Set<Waiter>>()
  #names = new Map<string, Waiter>()
  /** By name, the last question that is not answered. */
  #questions = new Map<string, object>()
  #waking = false
  #again = false

  constructor(private readonly prospects: Prospects) {}

  get size(): number {
    return this.#names.size
  }

  /** A worker asks a question that may wait, here or for a commit. While it does, it may ask again: the last one counts. */
  question(name: string) {
    const question = {}
    this.#questions.set(name, question)
    const isLast = () => this.#questions.get(name) === question
    const answered = () => {
      if (isLast()) this.#questions.delete(name)
    }
    return { isLast, answered }
  }

  /** Workers that wait here are alive, though they say nothing. */
  names(): Iterable<string> {
    return this.#names.keys()
  }

  /**
   * Waits up to `seconds` for `attempt` to bring a job; null when none came, or when `signal` says that nobody is listening
   * any more. `kind` null: it gets no job, it only waits.
   */
  wait(
    name: string,
    kind: string | null,
    seconds: number,
    signal: AbortSignal,
    attempt: () => Promise<Assignment | null>,
  ): Promise<Assignment | null> {
    return new Promise((resolve, reject) => {
      const alike = this.#kinds.get(kind) ?? new Set()
      this.#kinds.set(kind, alike)
      const leave = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        alike.delete(waiter)
        if (alike.size === 0 && this.#kinds.get(kind) === alike) this.#kinds.delete(kind)
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
      alike.add(waiter)
      this.#names.set(name, waiter)
      // Its own question took a commit: meanwhile it may have hung up, or a job may have come that woke nobody.
      if (signal.aborted) giveUp()
      else if (kind !== null && this.prospects.ofKind(kind)) void this.wake()
    })
  }

  /** Workers were changed: those that wait under what they were are answered, and come again. */
  release(names: Iterable<string>): void {
    for (const name of names) this.#names.get(name)?.giveUp()
  }

  /** Something may have become ready: those that may take it ask, whom it suits best first, then the longest waiting. */
  async wake(): Promise<void> {
    if (this.#waking) {
      this.#again = true
      return
    }
    this.#waking = true
    try {
      do {
        this.#again = false
        await this.#serve()
      } while (this.#again)
    } finally {
      this.#waking = false
    }
  }

  async #serve(): Promise<void> {
    const byLine: string[][] = []
    const put = (kind: string, line: number) => {
      const there = byLine[line] ?? []
      byLine[line] = there
      there.push(kind)
    }
    for (const kind of this.#kinds.keys()) {
      const prospect = kind === null ? undefined : this.prospects.ofKind(kind)
      if (kind !== null && prospect) put(kind, prospect.line)
    }
    // What is done for a line may put kinds behind it into later ones, and never into earlier ones.
    for (let line = 0; line < byLine.length; line++)
      for (const kind of byLine[line] ?? []) {
        const later = await this.#serveKind(kind, line)
        if (later !== undefined) put(kind, later)
      }
  }

  /** Workers of a kind ask, as long as there is something for this line of theirs; answers the line at which there is more. */
  async #serveKind(kind: string, line: number): Promise<number | undefined> {
    for (let most = 1; ; most = Math.min(2 * most, MOST_AT_ONCE)) {
      const alike = this.#kinds.get(kind)
      const prospect = alike && this.prospects.ofKind(kind)
      if (!prospect) return undefined
      if (prospect.line > line) return prospect.line
      const next = this.#takers(alike, Math.min(most, prospect.count))
      if (next.length === 0) return undefined
      const got = await Promise.all(next.map(({ attempt }) => attempt()))
      if (got.includes(false)) return undefined
    }
  }

  /** The first of a kind who would get something now: the first alone, and those after it in case there is more. */
  #takers(alike: ReadonlySet<Waiter>, most: number): Waiter[] {
    const takers: Waiter[] = []
    let plainOnes: boolean | undefined
    for (const waiter of alike) {
      if (takers.length >= most) break
      const special = this.prospects.isSpecial(waiter.name)
      if (!special) plainOnes ??= this.prospects.of(waiter.name)
      if (special ? this.prospects.of(waiter.name) : plainOnes) takers.push(waiter)
    }
    return takers
  }
}
