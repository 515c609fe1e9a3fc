import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { backupName } from '../db/backups.ts'
import { copyDatabase } from '../db/copy.ts'
import { problemsOf, readOnly, sizeOf } from '../db/inspect.ts'
import { lockFolder } from '../db/lock.ts'
import { SCHEMA_VERSION } from '../db/migrate.ts'
import { databaseIn, openDatabase } from '../db/open.ts'
import { reason } from '../db/startError.ts'
import { type Breach, checkFarm, type Mended, mend } from '../domain/check.ts'
import { type Examined, examine } from './examine.ts'
import { BackupError } from './problem.ts'

export type { Breach }

export interface CheckReport {
  /** What SQLite says is wrong with the file; the rows are not looked at then. */
  problems: string[]
  examined?: Examined
  /** Rows that were put right, by the name of what holds again; the copy of what they were before; what is left. */
  repair?: { mended: Mended; copy: string; left: Breach[] }
}

export interface CheckOptions {
  data: string
  /** Where a copy goes before a repair. */
  backups: string
  repair: boolean
}

/** Looks at the whole database of a stopped server. Nothing is changed but, with `repair`, what follows from other rows. */
export function checkData({ data, backups, repair }: CheckOptions): CheckReport {
  const path = databaseIn(data)
  if (!sizeOf(path))
    throw new BackupError(`There is no database in ${data}: name the server's data folder with --data.`)
  const lock = lockFolder(data)
  try {
    const report = read(path)
    const { breaches = [], version } = report.examined ?? {}
    if (!repair || version !== SCHEMA_VERSION || !breaches.some(({ mendable }) => mendable)) return report
    return { ...report, repair: repairFile(path, backups) }
  } finally {
    lock.close()
  }
}

function read(path: string): CheckReport {
  try {
    return readOnly(path, (sqlite) => {
      const problems = problemsOf(sqlite, 'integrity_check')
      return problems.length > 0 ? { problems } : { problems, examined: examine(sqlite) }
    })
  } catch (error) {
    if (error instanceof BackupError) throw error
    return { problems: [reason(error)] }
  }
}

function repairFile(path: string, backups: string) {
  const copy = join(backups, backupName(Date.now() / 1000, 'repair'))
  mkdirSync(backups, { recursive: true })
  copyDatabase(path, copy, () => undefined)
  const { sqlite } = openDatabase(path)
  try {
    const mended = sqlite.transaction(() => mend(sqlite)).immediate()
    return { mended, copy, left: checkFarm(sqlite) }
  } finally {
    sqlite.close()
  }
}
