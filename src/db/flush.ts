import { closeSync, fdatasync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Where the flush of a commit is made beside the thread that serves. Elsewhere SQLite makes it in the commit: macOS needs
 * a call of its own (F_FULLFSYNC) that is not to be had from here, and on Windows nobody has measured it.
 */
export const flushesBeside = (platform: NodeJS.Platform): boolean => platform === 'linux'

/**
 * Brings SQLite's write-ahead log to the disk on a thread of its own: the next requests are worked off meanwhile, and what
 * has been committed by then shares the next flush. SQLite (with synchronous=NORMAL) writes a commit to the end of the log
 * without a flush, and each frame there carries a checksum over all before it: after a power cut those commits are there up
 * to one, and none after it. Whoever is answered after a flush is before that one.
 */
export class Flusher {
  #fd: number | undefined
  #waiting: (() => void)[] = []
  #flushing = false
  #closed = false

  /** `lost`: the disk did not keep what was written; nobody can know how much of it, and nobody is answered any more. */
  constructor(
    private readonly file: string,
    private readonly lost: (error: Error) => void = endProcess,
  ) {}

  /** Calls `answer` when all that is in the log now is on disk. */
  flush(answer: () => void): void {
    this.#waiting.push(answer)
    if (!this.#flushing) this.#next()
  }

  /** Flushes are over: SQLite is about to close, and takes the log away. */
  close(): void {
    this.#closed = true
    if (!this.#flushing) this.#release()
  }

  #next(): void {
    this.#flushing = true
    const answers = this.#waiting
    this.#waiting = []
    fdatasync(this.#open(), (error) => {
      if (error) return this.lost(error)
      for (const answer of answers) answer()
      this.#flushing = false
      if (this.#waiting.length > 0) this.#next()
      else if (this.#closed) this.#release()
    })
  }

  /** SQLite makes the log with its first commit, and keeps it: it is written over, never replaced, while it is open. */
  #open(): number {
    if (this.#fd !== undefined) return this.#fd
    this.#fd = openSync(this.file, 'r+')
    // That there is such a file must not be lost either.
    const folder = openSync(dirname(this.file), 'r')
    fsyncSync(folder)
    closeSync(folder)
    return this.#fd
  }

  #release(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }
}

/** After a flush that failed the system forgets what it could not write: to go on would be to promise what may not be there. */
function endProcess(error: Error): void {
  console.error(
    `the disk did not keep what was written (${error.message}): the server ends, since nobody can know what is there; look at the disk, and start again`,
  )
  process.exit(74)
}
