/** A file that one process holds: SQLite's own lock on it, which the system lets go of however the process ends. */
import { Database } from 'bun:sqlite'

export interface Lock {
  close(): void
}

/** Answers undefined when another process holds it; throws when the file cannot be made. */
export function takeLock(path: string): Lock | undefined {
  let lock: Database | undefined
  try {
    lock = new Database(path, { create: true })
    // Nothing is ever written to it: a journal would only lie beside it, and stay there when the process is killed.
    lock.run('PRAGMA journal_mode = MEMORY')
    lock.run('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock?.close()
    if (error instanceof Error && error.message.includes('locked')) return undefined
    throw error
  }
}
