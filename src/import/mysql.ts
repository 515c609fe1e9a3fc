import { type ReservedSQL, SQL } from 'bun'
import { type Dialect, ImportError, type OldColumn } from './source.ts'

/** Coalition 4's MySQL or MariaDB base: `mysql://user:password@host/base`; without a password MYSQL_PWD holds it. */
export async function openMysql(address: string): Promise<Dialect> {
  if (!URL.canParse(address) || !/^\/[^/]+$/.test(new URL(address).pathname))
    throw new ImportError('The address of a MySQL base is written mysql://user:password@host/base, or host:port/base.')
  const url = new URL(address)
  if (url.password === '' && process.env.MYSQL_PWD) url.password = encodeURIComponent(process.env.MYSQL_PWD)
  const sql = new SQL(url.href, { max: 1, connectionTimeout: 15 })
  const { host, username, pathname } = url
  const name = `mysql://${username ? `${username}@` : ''}${host}${pathname}`
  const problem = (error: unknown) =>
    new ImportError(
      `${name} cannot be read (${error instanceof Error ? error.message : String(error)}): is that the host, the user, the password and the base (db_mysql_... in the old coalition.ini)?`,
    )
  try {
    const connection = await sql.reserve()
    // One look at everything, also while the old server still writes.
    await connection.unsafe('set session transaction isolation level repeatable read')
    await connection.unsafe('start transaction with consistent snapshot, read only')
    // MySQL 8 answers a day-old AUTO_INCREMENT otherwise; MariaDB does not know the variable.
    await connection.unsafe('set session information_schema_stats_expiry = 0').catch(() => {})
    const columns = await columnsOf(connection)
    const rows = (text: string, values: readonly (string | number)[] = []) =>
      connection.unsafe<Record<string, unknown>[]>(text, [...values]).catch((error: unknown) => {
        throw problem(error)
      })
    return {
      name,
      columns,
      rows,
      quote,
      asText: (column) => `cast(${column} as char)`,
      asSeconds: (column) => `unix_timestamp(${column})`,
      async lastId(table) {
        const [next] = await rows(
          'select auto_increment as next from information_schema.tables where table_schema = database() and table_name = ?',
          [table],
        )
        const [highest] = await rows(`select max(id) as id from ${quote(table)}`)
        return Math.max(Number(next?.next ?? 1) - 1, Number(highest?.id ?? 0))
      },
      async close() {
        connection.release()
        await sql.close()
      },
    }
  } catch (error) {
    await sql.close().catch(() => {})
    throw problem(error)
  }
}

async function columnsOf(connection: ReservedSQL): Promise<Map<string, OldColumn[]>> {
  const found = await connection.unsafe<{ t: string; c: string; d: string }[]>(
    'select table_name as t, column_name as c, data_type as d from information_schema.columns where table_schema = database()',
  )
  const columns = new Map<string, OldColumn[]>()
  for (const { t, c, d } of found)
    columns.set(String(t), [...(columns.get(String(t)) ?? []), { name: String(c), type: String(d).toLowerCase() }])
  return columns
}

const quote = (name: string) => `\`${name.replaceAll('`', '``')}\``
