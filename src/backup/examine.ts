import type { Database } from 'bun:sqlite'
import { inspectSchema } from '../db/inspect.ts'
import { SCHEMA_VERSION } from '../db/migrate.ts'
import { type Breach, checkFarm } from '../domain/check.ts'
import { BackupError } from './problem.ts'

export interface Examined {
  version: number
  jobs: number
  /** None, too, where the schema is older: its rules are not known here. */
  breaches: Breach[]
}

/** What a database holds, and whether that holds together. Refuses one that this program cannot use. */
export function examine(sqlite: Database): Examined {
  const version = inspectSchema(sqlite)
  if (version > SCHEMA_VERSION)
    throw new BackupError(`It is from a newer version of Coalition (schema ${version}): use that version.`)
  if (version === 0) throw new BackupError('It is empty, and no database of Coalition.')
  const jobs = sqlite.query<{ jobs: number }, []>('select count(*) as jobs from jobs').get()?.jobs ?? 0
  return { version, jobs, breaches: version === SCHEMA_VERSION ? checkFarm(sqlite) : [] }
}
