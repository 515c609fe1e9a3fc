import { Database } from 'bun:sqlite'
import { existsSync } from 'node:fs'
import { type Dialect, ImportError, type OldColumn } from './source.ts'

/** Coalition 4's `coalition.db`, opened so that nothing in it can change. */
export function openSqlite(path: string): Dialect {
  if (!existsSync(path))
    throw new ImportError(
      `There is no file ${path}: name the old server's database (db_sqlite_file in its coalition.ini), or mysql://user:password@host/base.`,
    )
  let db: Database | undefined
  try {
    db = new Database(path, { readonly: true })
    // One look at everything, also while the old server still writes.
    db.run('begin')
    return { ...dialectOf(db, path), columns: columnsOf(db) }
  } catch (error) {
    db?.close()
    throw new ImportError(
      `${path} cannot be read as a SQLite database (${error instanceof Error ? error.message : String(error)}).`,
    )
  }
}

const dialectOf = (db: Database, path: string): Omit<Dialect, 'columns'> => ({
  name: path,
  rows: async (sql, values = []) => db.query<Record<string, unknown>, (string | number)[]>(sql).all(...values),
  quote,
  asText: (column) => `cast(${column} as text)`,
  // CURRENT_TIMESTAMP writes UTC; what is a number already is seconds.
  asSeconds: (column) => `iif(typeof(${column}) = 'text', strftime('%s', ${column}), ${column})`,
  lastId: async (table) => {
    const kept = db
      .query<{ n: number }, []>(`select count(*) as n from sqlite_master where name = 'sqlite_sequence'`)
      .get()
    const given = kept?.n
      ? db.query<{ seq: number }, [string]>('select seq from sqlite_sequence where name = ?').get(table)
      : null
    const highest = db.query<{ id: number | null }, []>(`select max(id) as id from ${quote(table)}`).get()
    return Math.max(Number(given?.seq ?? 0), Number(highest?.id ?? 0))
  },
  close: async () => db.close(),
})

function columnsOf(db: Database): Map<string, OldColumn[]> {
  const tables = db.query<{ name: string }, []>(`select name from sqlite_master where type = 'table'`).all()
  return new Map(
    tables.map(({ name }) => [
      name,
      db
        .query<OldColumn, []>(`pragma table_info(${quote(name)})`)
        .all()
        .map((column) => ({ name: column.name, type: column.type.toLowerCase() })),
    ]),
  )
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
