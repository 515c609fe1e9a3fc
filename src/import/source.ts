/** The database of Coalition 4, as the import reads it: seven tables, page by page, the same from SQLite and from MySQL. */

/** An import that cannot be done, in one sentence that says what to do. */
export class ImportError extends Error {
  override name = 'ImportError'
}

/**
 * Columns by table, as Coalition 4 names them. A table or column that an older schema lacks is read as if each row were
 * silent about it. `retry` and `ping_time` of jobs and workers were there in Coalition 3 and are gone in 4.
 */
export const OLD_TABLES = {
  Jobs: [
    'id', 'parent', 'title', 'command', 'dir', 'environment', 'state', 'paused', 'worker', 'start_time', 'duration',
    'ping_time', 'run_done', 'retry', 'timeout', 'priority', 'affinity', 'affinity_bits', 'user', 'finished', 'errors',
    'working', 'total', 'total_finished', 'total_errors', 'total_working', 'url', 'progress', 'progress_pattern',
  ],
  Dependencies: ['job_id', 'dependency'],
  Workers: [
    'name', 'start_time', 'ping_time', 'ip', 'affinity', 'state', 'finished', 'error', 'last_job', 'cpu', 'free_memory',
    'total_memory', 'active',
  ],
  WorkerAffinities: ['id', 'worker_name', 'affinity', 'ordering'],
  Events: ['id', 'worker', 'job_id', 'job_title', 'state', 'start', 'duration'],
  Affinities: ['id', 'name'],
  Migrations: ['database_version'],
} as const // biome-ignore format: one column a line would be a page of names

export type OldTable = keyof typeof OLD_TABLES
/** Values as the database gave them: `convert.ts` makes text and numbers of them. */
export type OldRow<T extends OldTable = OldTable> = { readonly [column in (typeof OLD_TABLES)[T][number]]?: unknown }

export interface Source {
  /** For messages: without a password. */
  readonly name: string
  /** How many rows there are; 0 where the table is missing. */
  count(table: OldTable): Promise<number>
  /** All rows in the order of the table's key, some thousand at a time. Rows without a key are left out. */
  pages<T extends OldTable>(table: T): AsyncGenerator<OldRow<T>[]>
  /** The highest id that the table ever gave, to a row that is gone too. */
  lastId(table: 'Jobs' | 'Events'): Promise<number>
  close(): Promise<void>
}

/** What SQLite and MySQL do each in their own way. */
export interface Dialect {
  readonly name: string
  /** Columns by table, all as the database spells them. */
  columns: ReadonlyMap<string, readonly OldColumn[]>
  rows(sql: string, values?: readonly Key[]): Promise<Record<string, unknown>[]>
  quote(name: string): string
  /** A whole number in full: JavaScript's end at 53 bits, a mask of affinities has 63. */
  asText(column: string): string
  /** Seconds since the epoch, of a column that is a date. */
  asSeconds(column: string): string
  lastId(table: string): Promise<number>
  close(): Promise<void>
}
export interface OldColumn {
  name: string
  /** In lower case: `timestamp`, `bigint(20)`. */
  type: string
}
type Key = string | number

const KEYS: { [T in OldTable]: (typeof OLD_TABLES)[T][number] } = {
  Jobs: 'id',
  Dependencies: 'job_id',
  Workers: 'name',
  WorkerAffinities: 'id',
  Events: 'id',
  Affinities: 'id',
  Migrations: 'database_version',
}
const MASKS: readonly string[] = ['Jobs.affinity_bits', 'WorkerAffinities.affinity']
/** A few megabytes at a time, whatever is in the jobs' commands. */
const PAGE = 2000

export function sourceOf(dialect: Dialect, page = PAGE): Source {
  const tables = new Map<OldTable, string>()
  for (const wanted of Object.keys(OLD_TABLES) as OldTable[])
    for (const name of dialect.columns.keys()) if (same(name, wanted)) tables.set(wanted, name)
  const jobs = columnsOf('Jobs')
  if (!jobs.has('id') || !jobs.has('parent') || !jobs.has('command'))
    throw new ImportError(
      `${dialect.name} is not the database of a Coalition server: it has no table Jobs (id, parent, command, ...).`,
    )
  if (dialect.columns.get(tables.get('Jobs') ?? '')?.some(({ name }) => name === 'needs_id'))
    throw new ImportError(
      `${dialect.name} is the database of Coalition 5 already: stop its server and copy its data folder instead.`,
    )

  function columnsOf(table: OldTable): Map<string, OldColumn> {
    const found = dialect.columns.get(tables.get(table) ?? '') ?? []
    const wanted: readonly string[] = OLD_TABLES[table]
    return new Map(
      wanted.flatMap((name) => {
        const column = found.find((each) => same(each.name, name))
        return column ? [[name, column] as const] : []
      }),
    )
  }

  const selected = (table: OldTable, columns: Map<string, OldColumn>) =>
    [...columns].map(([name, { name: spelt, type }]) => {
      const column = dialect.quote(spelt)
      const masked = MASKS.includes(`${table}.${name}`)
      const value = masked
        ? dialect.asText(column)
        : /^(timestamp|date)/.test(type)
          ? dialect.asSeconds(column)
          : column
      return `${value} as ${dialect.quote(name)}`
    })

  return {
    name: dialect.name,
    async count(table) {
      const name = tables.get(table)
      if (!name) return 0
      const [row] = await dialect.rows(`select count(*) as n from ${dialect.quote(name)}`)
      return Number(row?.n ?? 0)
    },
    /**
     * By key, not by offset, so the last page costs no more than the first. Not every key is unique (a job has many
     * dependencies): each page begins with the last key of the one before, whose rows were left out there.
     */
    async *pages<T extends OldTable>(table: T) {
      const name = tables.get(table)
      const columns = columnsOf(table)
      const key = columns.get(KEYS[table])
      if (!name || !key) return
      const by = dialect.quote(key.name)
      const select = `select ${selected(table, columns).join(', ')} from ${dialect.quote(name)}`
      const rows = async (where: string, values: Key[], limit = ` order by ${by} limit ${page}`) =>
        (await dialect.rows(`${select} where ${where}${limit}`, values)) as OldRow<T>[]
      const keyOf = (row: OldRow<T>) => row[KEYS[table] as keyof OldRow<T>] as Key
      let found = await rows(`${by} is not null`, [])
      for (let last = found.at(-1); last && found.length === page; last = found.at(-1)) {
        const end = keyOf(last)
        const before = found.filter((row) => keyOf(row) !== end)
        if (before.length > 0) yield before
        else yield await rows(`${by} = ?`, [end], '')
        found = await rows(`${by} ${before.length > 0 ? '>=' : '>'} ?`, [end])
      }
      if (found.length > 0) yield found
    },
    async lastId(table) {
      const name = tables.get(table)
      return name ? await dialect.lastId(name) : 0
    },
    close: () => dialect.close(),
  }
}

/** MySQL writes the names of tables in lower case on some systems, and Coalition 3 wrote `StartTime`. */
const same = (spelt: string, wanted: string) => plain(spelt) === plain(wanted)
const plain = (name: string) => name.replaceAll('_', '').toLowerCase()
