import { Database } from 'bun:sqlite'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/bun-sqlite'
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

/** What survives a power cut: all that was answered, or all but what came since the last checkpoint. */
export type Durability = 'full' | 'normal'

function connect(path: string, durability: Durability) {
  const sqlite = new Database(path, { create: true, strict: true })
  // FULL: what was answered survives a power cut. The group commit of commit.ts makes it one fsync for all the requests that
  // arrive together: with 32 of them 13,200 picks and ends a second, against 5,800 with NORMAL and a commit each.
  // NORMAL flushes at checkpoints only: never half a change, but the last ones may be gone.
  sqlite.run('PRAGMA journal_mode = WAL')
  sqlite.run(`PRAGMA synchronous = ${durability.toUpperCase()}`)
  // On macOS fsync leaves the data in the drive's cache; elsewhere this says nothing.
  sqlite.run(`PRAGMA fullfsync = ${durability === 'full' ? 1 : 0}`)
  sqlite.run('PRAGMA busy_timeout = 5000')
  sqlite.run('PRAGMA cache_size = -65536')
  sqlite.run('PRAGMA temp_store = MEMORY')
  sqlite.run('PRAGMA journal_size_limit = 67108864')
  return Object.assign(drizzle(sqlite, { schema }), { sqlite })
}

/** Opens a database and brings it to this version's schema. `':memory:'` for tests. */
export function openDatabase(path: string, durability: Durability = 'full'): Db {
  const db = connect(path, durability)
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

export interface DataOptions {
  durability?: Durability | undefined
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
export function openData(folder: string, { durability }: DataOptions = {}): DataFolder {
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
    const db = openDatabase(join(folder, 'coalition.db'), durability)
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

function lockFolder(folder: string): Database {
  let lock: Database | undefined
  try {
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

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error))
