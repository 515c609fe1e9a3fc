import { Database } from 'bun:sqlite'
import { migrations } from './migrations.macro.ts' with { type: 'macro' }

/** Each as its list of statements. */
export const MIGRATIONS: readonly (readonly string[])[] = migrations()

/** `PRAGMA user_version` of a database with this program's schema: it counts the migrations that were applied. */
export const SCHEMA_VERSION = MIGRATIONS.length

export const versionOf = (sqlite: Database): number =>
  sqlite.query<{ user_version: number }, []>('PRAGMA user_version').get()?.user_version ?? 0

/** Applies what is missing, each migration in a transaction of its own. */
export function migrate(sqlite: Database, list = MIGRATIONS): void {
  for (let next = versionOf(sqlite); next < list.length; next++)
    sqlite.transaction(() => {
      for (const statement of list[next] ?? []) sqlite.run(statement)
      sqlite.run(`PRAGMA user_version = ${next + 1}`)
    })()
}

/** Names of the tables and indexes that a database of this version has to have, and has not, or has otherwise. */
export function missingOf(sqlite: Database, version: number): string[] {
  const model = new Database(':memory:')
  migrate(model, MIGRATIONS.slice(0, version))
  const objects = (of: Database) =>
    of.query<{ name: string; sql: string }, []>('select name, sql from sqlite_master where sql is not null').all()
  const there = new Map(objects(sqlite).map(({ name, sql }) => [name, sql]))
  const missing = objects(model).filter(({ name, sql }) => there.get(name) !== sql)
  model.close()
  return missing.map(({ name }) => name)
}
