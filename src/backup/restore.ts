import { Database } from 'bun:sqlite'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { copyDatabase, flush } from '../db/copy.ts'
import { readOnly, sizeOf } from '../db/inspect.ts'
import { lockFolder } from '../db/lock.ts'
import { databaseIn, logsIn } from '../db/open.ts'
import { reason } from '../db/startError.ts'
import { type Examined, examine } from './examine.ts'
import { copyLogs, lastLog, logsBeside } from './logs.ts'
import { BackupError } from './problem.ts'

export interface RestoreRequest {
  file: string
  data: string
  /** Over a database that is there, which is kept aside. */
  force: boolean
}

export interface Restored extends Examined {
  /** The folder with what was there before. */
  aside?: string
  /** How many logs came with the backup. */
  logs?: number
}

/**
 * Makes a backup the database of a stopped server. The backup is checked before anything is moved; what was there is moved,
 * the log of its last changes first: without it the old database is one of some moments ago, but with a new database it
 * would be read as that one's.
 */
export function restore({ file, data, force }: RestoreRequest): Restored {
  const from = resolve(file)
  if (!sizeOf(from)) throw new BackupError(`There is no backup ${from}.`)
  const lock = lockFolder(data)
  try {
    const path = databaseIn(data)
    // A log without its database would be taken for the new one's.
    const there = existsSync(path) || existsSync(`${path}-wal`)
    if (from === resolve(path)) throw new BackupError(`${from} is the database of ${data} itself: name a backup.`)
    if (there && !force)
      throw new BackupError(
        `There is a database in ${data} already: --force puts the backup in its place, and keeps it aside.`,
      )
    const logs = existsSync(logsBeside(from)) ? logsBeside(from) : undefined
    const fresh = `${path}.restored`
    try {
      const examined = checked(from, fresh)
      continueIds(fresh, path, lastLog(logsIn(data)))
      const aside = there || (logs && hasLogs(data)) ? makeAside(data) : undefined
      if (aside) putAside(data, aside)
      renameSync(fresh, path)
      if (process.platform !== 'win32') flush(data)
      const copied = logs === undefined ? undefined : copyLogs(logs, logsIn(data), aside && join(aside, 'logs'))
      return { ...examined, ...(aside && { aside }), ...(copied !== undefined && { logs: copied }) }
    } finally {
      rmSync(fresh, { force: true })
    }
  } finally {
    lock.close()
  }
}

function checked(from: string, to: string): Examined {
  try {
    // Not as it lies there: a backup may have come with a log of its own, and from a disk that cannot be written.
    return copyDatabase(from, to, examine, true)
  } catch (error) {
    throw new BackupError(`The backup ${from} cannot be restored, and nothing was changed (${reason(error)}).`, {
      cause: error,
    })
  }
}

/**
 * No id is used again (`behaviour.md`): not those either that were given after the backup. A new job would begin in the log
 * of another, and a script that remembers an id would find a stranger. Of a database that cannot be read, the logs tell.
 */
function continueIds(fresh: string, old: string, lastLog: number): void {
  const sequences = (path: string): Record<string, number> =>
    readOnly(path, (sqlite) =>
      Object.fromEntries(
        sqlite
          .query<{ name: string; seq: number }, []>('select name, seq from sqlite_sequence')
          .all()
          .map(({ name, seq }) => [name, seq]),
      ),
    )
  let given: Record<string, number> = {}
  try {
    if (sizeOf(old)) given = sequences(old)
  } catch {
    // That is why it is being replaced.
  }
  const sqlite = new Database(fresh)
  try {
    const has = sequences(fresh)
    for (const [name, last] of [
      ['jobs', Math.max(given.jobs ?? 0, lastLog)],
      ['events', given.events ?? 0],
    ] as const) {
      if (last <= (has[name] ?? 0)) continue
      sqlite.run('delete from sqlite_sequence where name = ?', [name])
      sqlite.run('insert into sqlite_sequence (name, seq) values (?, ?)', [name, last])
    }
  } finally {
    sqlite.close()
  }
}

const hasLogs = (data: string) => existsSync(logsIn(data)) && readdirSync(logsIn(data)).length > 0

function makeAside(data: string): string {
  const aside = join(data, `replaced-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`)
  mkdirSync(aside)
  return aside
}

function putAside(data: string, aside: string): void {
  const name = basename(databaseIn(data))
  for (const file of [`${name}-wal`, name])
    if (existsSync(join(data, file))) renameSync(join(data, file), join(aside, file))
  rmSync(join(data, `${name}-shm`), { force: true })
}
