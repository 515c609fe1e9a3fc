import { Database } from 'bun:sqlite'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { reason, StartError } from './startError.ts'

/**
 * Keeps a second server, and whoever needs the database for himself, out of a data folder: SQLite's own file lock on an
 * empty file is let go by the operating system however the process ends.
 */
export function lockFolder(folder: string): Database {
  let lock: Database | undefined
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    lock = new Database(join(folder, 'lock'), { create: true })
    // Nothing is ever written to it: a journal would only lie beside it, and stay there when the server is killed.
    lock.run('PRAGMA journal_mode = MEMORY')
    lock.run('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock?.close()
    if (reason(error).includes('locked'))
      throw new StartError(
        `Another Coalition server uses the data folder ${folder}: stop it, or choose another with --data.`,
        error,
      )
    throw new StartError(
      `The data folder ${folder} cannot be written (${reason(error)}): choose another with --data.`,
      error,
    )
  }
}
