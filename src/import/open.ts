import { openMysql } from './mysql.ts'
import { type Source, sourceOf } from './source.ts'
import { openSqlite } from './sqlite.ts'

/** An old SQLite file, or `mysql://user:password@host/base`. */
export async function openSource(place: string): Promise<Source> {
  if (/^(mysql|mariadb):\/\//i.test(place)) return sourceOf(await openMysql(place))
  return sourceOf(openSqlite(place))
}
