import { Database } from 'bun:sqlite'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { backupName, backupsIn, listBackups } from './backups.ts'
import { copyDatabase } from './copy.ts'
import { diskTrouble } from './disk.ts'
import { Flusher, flushesBeside } from './flush.ts'
import { Damage, inspect, sizeOf } from './inspect.ts'
import { lockFolder } from './lock.ts'
import { MIGRATIONS, migrate, versionOf } from './migrate.ts'
import * as schema from './schema.ts'
import { reason, StartError } from './startError.ts'

export { StartError }

export type Db = ReturnType<typeof connect>

/** What survives a power cut: all that was answered, or all but what came since the last checkpoint. */
export type Durability = 'full' | 'normal'

function connect(path: string, durability: Durability) {
  const sqlite = new Database(path, { create: true, strict: true })
  // Full: what was answered survives a power cut. One flush is for all the requests that arrive together (commit.ts), and is
  // made beside the next ones where it can be (flush.ts); SQLite itself, with FULL, makes one in each commit.
  // Tried, without a difference that could be told from noise: mmap, wal_autocheckpoint of 4,000 and 16,000 pages.
  // NORMAL flushes at checkpoints only: never half a change, but the last ones may be gone.
  sqlite.run('PRAGMA journal_mode = WAL')
  const beside = durability === 'full' && path !== ':memory:' && flushesBeside(process.platform)
  sqlite.run(`PRAGMA synchronous = ${beside ? 'NORMAL' : durability.toUpperCase()}`)
  // On macOS fsync leaves the data in the drive's cache; elsewhere this says nothing.
  sqlite.run(`PRAGMA fullfsync = ${durability === 'full' ? 1 : 0}`)
  sqlite.run('PRAGMA busy_timeout = 5000')
  sqlite.run('PRAGMA cache_size = -65536')
  sqlite.run('PRAGMA temp_store = MEMORY')
  sqlite.run('PRAGMA journal_size_limit = 67108864')
  const flusher = beside ? new Flusher(`${path}-wal`) : undefined
  return Object.assign(drizzle(sqlite, { schema }), {
    sqlite,
    /** Calls back when all that has been committed is on disk, as `durability` promises. */
    flush: (answer: () => void): void => (flusher ? flusher.flush(answer) : answer()),
    close(): void {
      flusher?.close()
      sqlite.close()
    },
  })
}

export interface DataOptions {
  durability?: Durability | undefined
  /** Where a copy goes before a migration; default: `backups` in the data folder. */
  backups?: string | undefined
}

/** Opens a database and brings it to this version's schema. `':memory:'`, and migrations of their own, for tests. */
export function openDatabase(
  path: string,
  { durability = 'full', backups }: DataOptions = {},
  migrations = MIGRATIONS,
): Db {
  const db = connect(path, durability)
  try {
    const version = versionOf(db.sqlite)
    if (version > migrations.length)
      throw new StartError(
        `The database ${path} is from a newer version of Coalition (schema ${version}, this one knows ${migrations.length}): start that version, or restore an older backup.`,
      )
    if (version > 0 && version < migrations.length && backups !== undefined) keepBefore(path, version, backups)
    migrate(db.sqlite, migrations)
  } catch (error) {
    db.close()
    throw error
  }
  return db
}

/** A migration has no way back but this. Only SQLite's own check is made: the rules of another schema are not known here. */
function keepBefore(path: string, version: number, backups: string): void {
  try {
    mkdirSync(backups, { recursive: true })
    copyDatabase(path, join(backups, backupName(Date.now() / 1000, `schema-${version}`)), () => undefined)
  } catch (error) {
    throw new StartError(
      `The database ${path} is of an older version, and is not changed before there is a backup of it, which could not be made in ${backups} (${reason(error)}): make room there, or name another folder with --backup-dir.`,
      error,
    )
  }
}

export interface DataFolder {
  db: Db
  logs: string
  close(): void
}

export const databaseIn = (folder: string): string => join(folder, 'coalition.db')
export const logsIn = (folder: string): string => join(folder, 'logs')

/**
 * The folder that holds everything: `coalition.db` (SQLite in WAL mode), `logs/` and `backups/`. An empty file `lock` keeps
 * a second server out (lock.ts). A database that is not sound is refused before anything is written to it.
 */
export function openData(folder: string, options: DataOptions = {}): DataFolder {
  const backups = options.backups ?? backupsIn(folder)
  const lock = lockFolder(folder)
  const path = databaseIn(folder)
  const logs = logsIn(folder)
  try {
    mkdirSync(logs, { recursive: true })
    for (const file of [path, `${path}-wal`, `${path}-shm`, logs]) mustBeWritable(file)
    const size = sizeOf(path)
    // An empty file is how SQLite begins, and what a full disk can leave of a farm: then there are logs.
    if (size === 0 && readdirSync(logs).length > 0) throw new Damage('it is empty, and there are logs of jobs')
    if (size) inspect(path)
    const db = openDatabase(path, { ...options, backups })
    return {
      db,
      logs,
      close() {
        emptyLog(db.sqlite)
        db.close()
        lock.close()
      },
    }
  } catch (error) {
    lock.close()
    throw error instanceof StartError ? error : unusable(folder, backups, error)
  }
}

/**
 * An empty log tells the next start that nothing was cut short. SQLite does this itself when the last statement is
 * finalized, which is not before the end of the process. Whoever makes a backup now keeps the log: then it is checked once
 * too often.
 */
function emptyLog(sqlite: Database): void {
  try {
    sqlite.run('PRAGMA busy_timeout = 0')
    sqlite.run('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch (error) {
    // A full disk: the log is read at the next start.
    console.error(`the database could not be brought up to date: ${reason(error)}`)
  }
}

/** SQLite opens what it may not write for reading, and says so at the first write: when somebody's job is refused. */
function mustBeWritable(file: string): void {
  if (!existsSync(file)) return
  try {
    accessSync(file, constants.R_OK | constants.W_OK)
  } catch (error) {
    throw new StartError(
      `${file} cannot be written (${reason(error)}): give it to the user who runs the server, or choose another folder with --data.`,
      error,
    )
  }
}

/** A server that has no room for its first pages, 32 kB of shared memory and some of the log, cannot begin. */
const LEAST_ROOM = 256 * 1024

/** Why a database is not used, and the way out. */
export function unusable(folder: string, backups: string, error: unknown): StartError {
  if (diskTrouble(error) && freeBytes(folder) < LEAST_ROOM)
    return new StartError(
      `The disk of the data folder ${folder} is full (${reason(error)}): make room, and start again.`,
    )
  const newest = listBackups(backups).at(-1)
  const remedy = newest
    ? `\`coalition restore ${newest.path} --data ${folder} --force\` goes back to the newest backup and keeps the old files aside`
    : `there is no backup in ${backups}; \`coalition restore FILE --data ${folder} --force\` takes one from elsewhere and keeps the old files aside`
  return new StartError(
    `The database in ${folder} cannot be opened (${reason(error)}), and is left as it is: ${remedy}; \`coalition check --data ${folder}\` says more.`,
    error,
  )
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
