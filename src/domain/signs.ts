/**
 * Signs of life that somebody looks at: which of the watched jobs, workers and logs gave one since they were last taken.
 * They come 5,000 times a second and are in no commit; whoever misses one sees the next, two seconds later.
 */
export class Signs {
  #jobs = new Set<number>()
  #workers = new Set<string>()
  #logs = new Set<number>()
  #watched: Watched = NOBODY
  #wake: () => void = () => undefined

  /** From now on, only of these; `wake` is called at each. */
  watch(watched: Watched, wake: () => void): void {
    this.#watched = watched
    this.#wake = wake
  }

  job(id: number): void {
    if (!this.#watched.jobs.has(id)) return
    this.#jobs.add(id)
    this.#wake()
  }

  worker(name: string): void {
    if (!this.#watched.workers.has(name)) return
    this.#workers.add(name)
    this.#wake()
  }

  log(job: number): void {
    if (!this.#watched.logs.has(job)) return
    this.#logs.add(job)
    this.#wake()
  }

  /** What `take` would take; it stays. */
  peek(): Watched {
    return { jobs: this.#jobs, workers: this.#workers, logs: this.#logs }
  }

  take(): Watched {
    const taken = this.peek()
    this.#jobs = new Set()
    this.#workers = new Set()
    this.#logs = new Set()
    return taken
  }
}

export interface Watched {
  jobs: ReadonlySet<number>
  workers: ReadonlySet<string>
  logs: ReadonlySet<number>
}

export const NOBODY: Watched = { jobs: new Set(), workers: new Set(), logs: new Set() }
