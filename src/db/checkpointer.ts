import type { Db } from './open.ts'
import { rowsWritten } from './written.ts'

/** A commit that finds so many pages in the log brings them into the database itself: 64 MB, should the thread not keep up. */
const LONGEST_LOG = 16_000
/** Rows written after which there is a checkpoint: some 1,000 pages of log. */
const ROWS = 2000
const LOOK_MS = 50

/**
 * Brings the write-ahead log into the database on a thread of its own. In the commit, where SQLite does it, it was what
 * others waited for longest: 1,000 pages all over the file, and a flush of them.
 */
export class Checkpointer {
  #worker: Worker | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  #running: PromiseWithResolvers<void> | undefined
  #done
  #written

  constructor(
    private readonly sqlite: Db['sqlite'],
    private readonly path: string,
    private readonly say: (text: string) => void = console.error,
  ) {
    this.#written = rowsWritten(sqlite)
    this.#done = this.#written()
  }

  start(): void {
    this.sqlite.run(`PRAGMA wal_autocheckpoint = ${LONGEST_LOG}`)
    this.#timer = setInterval(() => this.look(), LOOK_MS)
    this.#timer.unref()
  }

  /** Begins a checkpoint if it is time for one. The thread is made for the first: 10 MB that a quiet farm does without. */
  look(): void {
    const written = this.#written()
    if (this.#running || written - this.#done < ROWS) return
    this.#done = written
    this.#running = Promise.withResolvers()
    this.#worker ??= this.#begin()
    this.#worker.postMessage(this.path)
  }

  /** Waits for the one that is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running?.promise
    this.#worker?.terminate()
  }

  #begin(): Worker {
    // Within an executable a thread's program has its path below the first one's (build.ts).
    const program = Bun.isStandaloneExecutable ? './db/checkpoint.ts' : new URL('./checkpoint.ts', import.meta.url).href
    const worker = new Worker(program)
    worker.onmessage = ({ data }: MessageEvent<string>) => this.#over(data)
    worker.onerror = ({ message }) => {
      this.#worker = undefined
      this.#over(message)
    }
    return worker
  }

  #over(problem: string): void {
    // A full disk, mostly, of which the next commit will have words of its own.
    if (problem !== '') this.say(`the database's log could not be worked in, and grows: ${problem}`)
    this.#running?.resolve()
    this.#running = undefined
  }
}
