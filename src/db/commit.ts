import type { Database, Statement } from 'bun:sqlite'

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
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

/** A batch is committed when it has run this long, so that nobody waits for a long queue behind him. */
const BATCH_MS = 25

/**
 * Group commit: operations that arrive together run in one transaction, each in a savepoint, and are answered after the
 * one fsync that they share. An operation that throws takes back only itself.
 */
export class Commits {
  #queue: Write[] = []
  #scheduled = false

  #begin: Statement
  #commit: Statement
  #savepoint: Statement
  #release: Statement

  constructor(
    private readonly sqlite: Database,
    private readonly companion: Companion,
  ) {
    this.#begin = sqlite.prepare('BEGIN IMMEDIATE')
    this.#commit = sqlite.prepare('COMMIT')
    this.#savepoint = sqlite.prepare('SAVEPOINT operation')
    this.#release = sqlite.prepare('RELEASE operation')
  }

  /** Runs `operation` (synchronous) in the next batch; resolves when it is on disk. */
  write<T>(operation: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ operation, resolve: resolve as (value: unknown) => void, reject })
      this.#schedule()
    })
  }

  /** How many operations wait. */
  get waiting(): number {
    return this.#queue.length
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#flush()
      if (this.#queue.length > 0) this.#schedule()
    })
  }

  #flush(): void {
    const answers: (() => void)[] = []
    const batch: Write[] = []
    try {
      this.#begin.run()
      const end = performance.now() + BATCH_MS
      do {
        const write = this.#queue.shift()
        if (!write) break
        batch.push(write)
        answers.push(this.#attempt(write))
      } while (performance.now() < end)
      this.companion.beforeCommit()
      this.#commit.run()
    } catch (error) {
      if (this.sqlite.inTransaction) this.sqlite.run('ROLLBACK')
      this.companion.undo(0)
      if (batch.length === 0) batch.push(...this.#queue.splice(0))
      for (const write of batch) write.reject(error)
      return
    }
    this.companion.committed()
    for (const answer of answers) answer()
  }

  #attempt({ operation, resolve, reject }: Write): () => void {
    const mark = this.companion.mark()
    this.#savepoint.run()
    try {
      const result = operation()
      this.#release.run()
      return () => resolve(result)
    } catch (error) {
      // A full disk can make SQLite roll back the whole transaction by itself: then the batch fails, not the operation.
      if (!this.sqlite.inTransaction) throw error
      this.sqlite.run('ROLLBACK TO operation')
      this.#release.run()
      this.companion.undo(mark)
      return () => reject(error)
    }
  }
}
