import { Database } from 'bun:sqlite'
import { closeSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { missingOf, SCHEMA_VERSION, versionOf } from './migrate.ts'

/** What is wrong with a database file, in words that follow "cannot be used (". */
export class Damage extends Error {
  override name = 'Damage'
}

const MAGIC = 'SQLite format 3\0'
const HEADER_BYTES = 100
const MOST_PROBLEMS = 20

export const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size

/** A write-ahead log with something in it: whoever wrote to the database did not come to close it. */
export const endedUnclean = (path: string): boolean => (sizeOf(`${path}-wal`) ?? 0) > 0

/** Opens a database that must be there, without changing anything of it, and calls `act`. */
export function readOnly<T>(path: string, act: (sqlite: Database) => T): T {
  const alone = sizeOf(`${path}-wal`) === undefined
  const sqlite = new Database(path, { readonly: true, strict: true })
  try {
    sqlite.run('PRAGMA busy_timeout = 5000')
    sqlite.run('PRAGMA temp_store = FILE')
    return act(sqlite)
  } finally {
    sqlite.close()
    // A reader may not take away the empty log that it had to make. The caller has the folder's lock.
    if (alone && sizeOf(`${path}-wal`) === 0) for (const more of ['-wal', '-shm']) rmSync(path + more, { force: true })
  }
}

/**
 * Refuses a file that is no sound database of this program: throws `Damage`. What is looked at costs some milliseconds,
 * whatever the size: the header, the length, the version, the tables. `PRAGMA quick_check` reads all of it (0.8 s for
 * 1,000,000 jobs from memory, as long as the disk takes otherwise), so it comes only after an end without a farewell:
 * a process that is killed damages nothing, but a machine that lost its power may have a disk that lied.
 */
export function inspect(path: string): void {
  inspectHeader(path)
  readOnly(path, (sqlite) => {
    inspectSchema(sqlite)
    if (!endedUnclean(path)) return
    const [problem] = problemsOf(sqlite, 'quick_check')
    if (problem !== undefined) throw new Damage(problem)
  })
}

function headerOf(path: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  const fd = openSync(path, 'r')
  try {
    return header.subarray(0, readSync(fd, header, 0, HEADER_BYTES, 0))
  } finally {
    closeSync(fd)
  }
}

const hasMagic = (header: Buffer) => header.toString('latin1', 0, MAGIC.length) === MAGIC

/** Whether a file begins as a SQLite database does. */
export const isSqlite = (path: string): boolean => hasMagic(headerOf(path))

function inspectHeader(path: string): void {
  const header = headerOf(path)
  if (header.length < HEADER_BYTES) throw new Damage(`it is ${header.length} bytes long, which is no database`)
  if (!hasMagic(header)) throw new Damage('it is no SQLite database')
  // What is in the log is not in the file yet, and the length may be in either.
  if (endedUnclean(path)) return
  const stated = header.readUInt16BE(16)
  const bytes = header.readUInt32BE(28) * (stated === 1 ? 65_536 : stated)
  const size = sizeOf(path) ?? 0
  if (size < bytes) throw new Damage(`it is cut off: ${size} bytes of ${bytes}`)
}

/** Answers the version of its schema. A version that this program does not know is for the caller to refuse. */
export function inspectSchema(sqlite: Database): number {
  const version = versionOf(sqlite)
  if (version > SCHEMA_VERSION) return version
  if (version === 0 && sqlite.query('select 1 from sqlite_master limit 1').get())
    throw new Damage('it is the database of another program')
  const missing = missingOf(sqlite, version)
  if (missing.length > 0) throw new Damage(`it lacks ${missing.join(', ')}, or has them otherwise`)
  return version
}

/** What SQLite finds wrong with the file itself. */
export function problemsOf(sqlite: Database, how: 'quick_check' | 'integrity_check'): string[] {
  try {
    const rows = sqlite.query<Record<string, string>, []>(`PRAGMA ${how}(${MOST_PROBLEMS})`).all()
    // Each row may be a paragraph.
    return rows.flatMap((row) => (row[how] ?? '').split('\n')).filter((line) => line !== '' && line !== 'ok')
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}
