import type { Database, Statement } from 'bun:sqlite'
import { rowsWritten } from './written.ts'

/** State in memory that changes with the rows: it can go back, and it may have rows of its own to write before a commit. */
export interface Companion {
  /** A point to go back to. */
  mark(): number
  /** Takes back every change since `mark`; the rows have been rolled back already. */
  undo(mark: number): void
  /** Writes what it owes to the database: the last act before the commit. */
  beforeCommit(): void
  /** What has been done is for good. */
  committed(): void
}

interface Write {
  operation: () => unknown
  once: boolean
  committed: () => void
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

interface Ways {
  /** Calls back when what is committed is on disk; default: it is, after the commit. */
  flush?: (answer: () => void) => void
  /** What a caller is told of a failure. */
  refusal?: (error: unknown) => unknown
}

/** What follows from the commit at once; answers what the caller is told when it is on disk. */
type Outcome = () => () => void

/** A batch is committed when it has run this long, so that nobody waits for a long queue behind him. */
const BATCH_MS = 25

/**
 * Group commit: operations that arrive together run in one transaction and are answered after the one flush that they
 * share. An operation that throws takes back only itself: mostly it has written nothing yet; otherwise the batch is rolled
 * back, and those before it are done again without it.
 *
 * A savepoint for each operation had SQLite copy every page that the operation was about to change, eight for a pick, so
 * that one in a thousand could be taken back: 5 % of the CPU of a pick and an end.
 */
export class Commits {
  #queue: Write[] = []
  #scheduled = false
  /** Operations that are done again: they are committed before others come, or each that fails would repeat them. */
  #again = 0
  /** Rows written up to the last flush: who has written nothing since, and read nothing newer, waits for no other one. */
  #flushed = 0
  /** Operations that are committed, and not on disk. */
  #unanswered = 0

  private readonly flush
  private readonly refusal
  #begin: Statement
  #commit: Statement
  #written: () => number

  constructor(
    private readonly sqlite: Database,
    private readonly companion: Companion,
    { flush = (answer) => answer(), refusal = (error) => error }: Ways = {},
  ) {
    this.flush = flush
    this.refusal = refusal
    this.#begin = sqlite.prepare('BEGIN IMMEDIATE')
    this.#commit = sqlite.prepare('COMMIT')
    this.#written = rowsWritten(sqlite)
  }

  /**
   * Runs `operation` (synchronous) in the next batch; resolves when it is on disk. One that cannot be done again (`once`)
   * is the last of its batch, so that nothing after it can fail. `committed` runs before any other operation does: what is
   * done is seen by all that comes after it, while the disk still takes it.
   */
  write<T>(operation: () => T, { once = false, committed = () => {} } = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const refuse = (error: unknown) => reject(this.refusal(error))
      this.#queue.push({ operation, once, committed, resolve: resolve as (value: unknown) => void, reject: refuse })
      this.#schedule()
    })
  }

  /** How many operations wait. */
  get waiting(): number {
    return this.#queue.length
  }

  /**
   * While some are on their way to the disk, as many are gathered before the next batch: one half of those who ask all the time
   * is worked off while the other is flushed. Without it batches were smaller: 9 % more CPU for a pick, heartbeat and end, 12 %
   * more for a submission. Nobody is answered later for it: he waits for the next flush either way.
   */
  #schedule(): void {
    if (this.#scheduled || this.#queue.length < this.#unanswered) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#flush()
      if (this.#queue.length > 0) this.#schedule()
    })
  }

  #flush(): void {
    const outcomes: Outcome[] = []
    const batch: Write[] = []
    const most = this.#again || Number.POSITIVE_INFINITY
    this.#again = 0
    try {
      this.#begin.run()
      const end = performance.now() + BATCH_MS
      do {
        const write = this.#queue.shift()
        if (!write) break
        batch.push(write)
        outcomes.push(this.#attempt(write))
        if (write.once) break
      } while (batch.length < most && performance.now() < end)
      this.companion.beforeCommit()
      this.#commit.run()
    } catch (error) {
      if (this.sqlite.inTransaction) this.sqlite.run('ROLLBACK')
      this.companion.undo(0)
      if (error instanceof Alone) {
        const culprit = batch.pop()
        this.#queue.unshift(...batch)
        this.#again = batch.length
        culprit?.reject(error.cause)
        return
      }
      if (batch.length === 0) batch.push(...this.#queue.splice(0))
      for (const write of batch) write.reject(error)
      return
    }
    this.companion.committed()
    const answers = outcomes.map((outcome) => outcome())
    const written = this.#written()
    this.#unanswered += answers.length
    const answerAll = () => {
      this.#flushed = written
      this.#unanswered -= answers.length
      for (const answer of answers) answer()
      if (this.#queue.length > 0) this.#schedule()
    }
    if (written === this.#flushed) answerAll()
    else this.flush(answerAll)
  }

  #attempt({ operation, committed, resolve, reject }: Write): Outcome {
    const mark = this.companion.mark()
    const before = this.#written()
    try {
      const result = operation()
      return () => {
        try {
          committed()
        } catch (error) {
          return () => reject(error)
        }
        return () => resolve(result)
      }
    } catch (error) {
      // A full disk can make SQLite roll back the whole transaction by itself: then the batch fails, not the operation.
      if (!this.sqlite.inTransaction) throw error
      if (this.#written() !== before) throw new Alone(error)
      this.companion.undo(mark)
      return () => () => reject(error)
    }
  }
}

/** An operation failed that had written: those before it in the batch are done again without it. */
class Alone extends Error {
  constructor(cause: unknown) {
    super('the batch has to be done again', { cause })
  }
}
