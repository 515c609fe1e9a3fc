import { Database } from 'bun:sqlite'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { type Lock, takeLock } from '../lock.ts'
import { migrations } from './migrations.macro.ts' with { type: 'macro' }
import * as schema from './schema.ts'

const MIGRATIONS = migrations()

/** A start that cannot succeed, in one sentence for the person who started the server. */
export class StartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StartError'
  }
}

export type Db = ReturnType<typeof connect>

function connect(path: string) {
  const sqlite = new Database(path, { create: true, strict: true })
  // FULL: what was answered survives a power cut. The group commit of commit.ts makes it one fsync for all the requests that
  // arrive together: with 32 of them 13,200 picks and ends a second, against 5,800 with NORMAL and a commit each. What the
  // fsync costs: 4 % of picks and ends by 64 workers, 0.5 ms of the 0.85 that 16 single submissions take together.
  // Tried, without a difference that could be told from noise: mmap, wal_autocheckpoint of 4,000 and 16,000 pages.
  sqlite.run('PRAGMA journal_mode = WAL')
  sqlite.run('PRAGMA synchronous = FULL')
  sqlite.run('PRAGMA busy_timeout = 5000')
  sqlite.run('PRAGMA cache_size = -65536')
  sqlite.run('PRAGMA temp_store = MEMORY')
  sqlite.run('PRAGMA journal_size_limit = 67108864')
  return Object.assign(drizzle(sqlite, { schema }), { sqlite })
}

/** Opens a database and brings it to this version's schema. `':memory:'` for tests. */
export function openDatabase(path: string): Db {
  const db = connect(path)
  try {
    migrate(db.sqlite, path)
  } catch (error) {
    db.sqlite.close()
    throw error
  }
  return db
}

/** `PRAGMA user_version` counts the migrations that were applied; each is one transaction. */
function migrate(sqlite: Database, path: string): void {
  const { user_version: version } = sqlite.query<{ user_version: number }, []>('PRAGMA user_version').get() ?? {
    user_version: 0,
  }
  if (version > MIGRATIONS.length)
    throw new StartError(
      `The database ${path} is from a newer version of Coalition (schema ${version}, this one knows ${MIGRATIONS.length}): start that version, or restore an older backup.`,
    )
  for (let next = version; next < MIGRATIONS.length; next++)
    sqlite.transaction(() => {
      for (const statement of MIGRATIONS[next] ?? []) sqlite.run(statement)
      sqlite.run(`PRAGMA user_version = ${next + 1}`)
    })()
}

export interface DataFolder {
  db: Db
  logs: string
  close(): void
}

/**
 * The folder that holds everything: `coalition.db` (SQLite in WAL mode) and `logs/`. An empty file `lock` keeps a second
 * server out: SQLite's own file lock on it is let go by the operating system however the process ends.
 */
export function openData(folder: string): DataFolder {
  const logs = join(folder, 'logs')
  try {
    mkdirSync(logs, { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch (error) {
    throw new StartError(
      `The data folder ${folder} cannot be written (${reason(error)}): choose another with --data.`,
      error,
    )
  }
  const lock = lockFolder(folder)
  try {
    const db = openDatabase(join(folder, 'coalition.db'))
    return {
      db,
      logs,
      close() {
        db.sqlite.close()
        lock.close()
      },
    }
  } catch (error) {
    lock.close()
    if (error instanceof StartError) throw error
    throw new StartError(`The database in ${folder} cannot be opened (${reason(error)}).`, error)
  }
}

function lockFolder(folder: string): Lock {
  let lock: Lock | undefined
  try {
    lock = takeLock(join(folder, 'lock'))
  } catch (error) {
    throw new StartError(
      `The data folder ${folder} cannot be written (${reason(error)}): choose another with --data.`,
      error,
    )
  }
  if (!lock)
    throw new StartError(
      `Another Coalition server uses the data folder ${folder}: stop it, or choose another with --data.`,
    )
  return lock
}

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error))
