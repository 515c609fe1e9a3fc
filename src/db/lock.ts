import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Lock, takeLock } from '../lock.ts'
import { reason, StartError } from './startError.ts'

/** Keeps a second server, and whoever needs the database for himself, out of a data folder. */
export function lockFolder(folder: string): Lock {
  let lock: Lock | undefined
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    lock = takeLock(join(folder, 'lock'))
  } catch (error) {
    throw new StartError(
      `The data folder ${folder} cannot be written (${reason(error)}): choose another with --data.`,
      error,
    )
  }
  if (lock) return lock
  throw new StartError(
    `Another Coalition server uses the data folder ${folder}: stop it, or choose another with --data.`,
  )
}
