import { existsSync, mkdirSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { copyDatabase } from '../db/copy.ts'
import { isSqlite, sizeOf } from '../db/inspect.ts'
import { databaseIn, logsIn } from '../db/open.ts'
import { reason } from '../db/startError.ts'
import { type Examined, examine } from './examine.ts'
import { copyLogs, logsBeside } from './logs.ts'
import { BackupError } from './problem.ts'

export interface BackupRequest {
  data: string
  file: string
  /** Copies the jobs' logs too, into a folder beside the file. */
  logs: boolean
}

export interface MadeBackup extends Examined {
  bytes: number
  /** How many logs were copied. */
  logs?: number
}

/**
 * A backup of a server that runs, or does not: the database is read as it was at one moment, while the server goes on. A
 * farm that does not hold together is worth a backup all the more: what is wrong is in the answer.
 */
export function backUp({ data, file, logs }: BackupRequest): MadeBackup {
  const from = databaseIn(data)
  const to = resolve(file)
  if (!sizeOf(from))
    throw new BackupError(`There is no database in ${data}: name the server's data folder with --data.`)
  refuseTarget(to, resolve(from))
  try {
    mkdirSync(dirname(to), { recursive: true })
    const examined = copyDatabase(from, to, examine)
    const made = { ...examined, bytes: sizeOf(to) ?? 0 }
    return logs ? { ...made, logs: copyLogs(logsIn(data), logsBeside(to)) } : made
  } catch (error) {
    throw new BackupError(`The backup ${to} could not be made (${reason(error)}).`, { cause: error })
  }
}

/** A backup takes the place of an older one, and of nothing else. */
function refuseTarget(to: string, from: string): void {
  if (dirname(to) === dirname(from) && /^(coalition\.db|lock)(-|$)/.test(basename(to)))
    throw new BackupError(`${to} is the server's own file: name another.`)
  if (!existsSync(to)) return
  if (statSync(to).isDirectory()) throw new BackupError(`${to} is a folder: name a file in it.`)
  if (sizeOf(to) !== 0 && !isSqlite(to)) throw new BackupError(`${to} is there, and no backup: name another file.`)
}
