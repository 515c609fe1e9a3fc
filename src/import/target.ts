import type { Database, Statement } from 'bun:sqlite'
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { flush } from '../db/copy.ts'
import { type DataFolder, openData, StartError } from '../db/open.ts'
import { ImportError } from './source.ts'

/** What a server makes in its data folder. */
const OURS = /^(logs|(lock|coalition\.db)(-wal|-shm|-journal)?)$/
/** Beside the data folder, not in it: one rename makes all of it the data folder, or nothing. */
const PART = '.import-part'
/** A virus scanner holds a new file for a moment, and Windows then renames no folder that it is in. */
const RENAME_ATTEMPTS = 50
const RENAME_PAUSE_MS = 100

export interface Target extends DataFolder {
  /** Makes it the data folder. */
  publish(): Promise<void>
  /** Leaves nothing behind. */
  discard(): void
}

/**
 * A data folder in the making. It is built beside `data` and becomes it by one rename, so whatever ends the import, `data`
 * is as it was. What a killed one left beside it is taken away by the next.
 */
export function createTarget(folder: string): Target {
  const data = resolve(folder)
  const part = data + PART
  refuseUnlessEmpty(data)
  removePart(part)
  let made: DataFolder
  try {
    mkdirSync(part, { recursive: true })
    made = openData(part)
  } catch (error) {
    throw new ImportError(
      `The folder ${part} cannot be made (${reason(error)}), where the import is built before it becomes ${data}: choose another with --data, in a folder that can be written.`,
    )
  }
  // Nobody uses it before it is whole, so nothing has to be on the disk before that.
  made.db.sqlite.run('pragma synchronous = off')
  const finalize = trackStatements(made.db.sqlite)
  let open = true
  const close = () => {
    if (!open) return
    open = false
    finalize()
    made.close()
  }
  return {
    ...made,
    close,
    async publish() {
      made.db.sqlite.run('pragma wal_checkpoint(truncate)')
      close()
      flush(join(part, 'coalition.db'))
      refuseUnlessEmpty(data)
      if (existsSync(data)) {
        for (const name of readdirSync(data)) rmSync(join(data, name), { recursive: true })
        removeEmpty(data)
      }
      await rename(part, data)
      if (process.platform !== 'win32') flush(dirname(data))
    },
    discard() {
      close()
      rmSync(part, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** A database is closed when its statements are, and Windows renames no folder in which a file is open. */
function trackStatements(sqlite: Database): () => void {
  const statements: Statement[] = []
  const prepare = sqlite.prepare.bind(sqlite)
  sqlite.prepare = ((...parameters: Parameters<typeof prepare>) => {
    const statement = prepare(...parameters)
    statements.push(statement)
    return statement
  }) as typeof sqlite.prepare
  return () => {
    for (const statement of statements) statement.finalize()
  }
}

/** A folder that is not there, that holds nothing, or that a server was started in without any work for it. */
function refuseUnlessEmpty(data: string): void {
  if (!existsSync(data)) return
  const strange = readdirSync(data).find((name) => !OURS.test(name))
  if (strange !== undefined)
    throw new ImportError(
      `The folder ${data} holds ${strange}, which is not of Coalition: name an empty folder, or one that does not exist, with --data.`,
    )
  const logs = join(data, 'logs')
  if (existsSync(logs) && readdirSync(logs).length > 0)
    throw new ImportError(`The folder ${data} holds logs of jobs: name another with --data, or move it away.`)
  if (!existsSync(join(data, 'coalition.db'))) return
  const { db, close } = openData(data)
  try {
    for (const table of ['jobs', 'workers', 'events', 'affinities'])
      if (db.sqlite.query(`select 1 from ${table} limit 1`).get())
        throw new ImportError(
          `The database in ${data} is not empty (it has ${table}), and nothing is imported into a farm that is in use: name another folder with --data, or move this one away.`,
        )
  } finally {
    close()
  }
}

function removePart(part: string): void {
  if (!existsSync(part)) return
  const strange = readdirSync(part).find((name) => !OURS.test(name))
  if (strange !== undefined)
    throw new ImportError(`The folder ${part} is needed to build the import, and holds ${strange}: move it away.`)
  try {
    openData(part).close()
  } catch (error) {
    // Half a database is what it is there for; but one that is locked is being filled.
    if (error instanceof StartError && error.message.startsWith('Another'))
      throw new ImportError(`Another import into the same folder is under way (${part}): wait for its end.`)
  }
  rmSync(part, { recursive: true, force: true, maxRetries: 5 })
}

function removeEmpty(data: string): void {
  try {
    rmdirSync(data)
  } catch (error) {
    throw new ImportError(
      `The folder ${data} cannot be replaced (${reason(error)}): name one that does not exist yet with --data, such as ${join(data, 'farm')}.`,
    )
  }
}

async function rename(part: string, data: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return renameSync(part, data)
    } catch (error) {
      if (process.platform !== 'win32' || attempt === RENAME_ATTEMPTS) throw error
      await Bun.sleep(RENAME_PAUSE_MS)
    }
  }
}

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error))
