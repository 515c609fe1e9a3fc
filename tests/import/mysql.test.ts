import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { openData } from '../../src/db/open.ts'
import { createFarm } from '../../src/farm.ts'
import { importFarm } from '../../src/import/import.ts'
import { openSource } from '../../src/import/open.ts'
import { cleanUp, coalition } from '../cli/harness.ts'
import { hasMariadb, needsMariadb, startMariadb } from './mariadb.ts'
import { expectCounted, expectOneTree } from './recount.ts'
import { createOldSqlite, inserts, type OldRows, oldSchema, STUDIO, scratch } from './support.ts'

const { fresh, remove } = scratch('import-mysql')
afterAll(async () => {
  await cleanUp()
  remove()
})

test.if(needsMariadb)('MariaDB is installed, as TESTS_REQUIRE_MARIADB=1 says', () => expect(hasMariadb()).toBe(true))

function* statements(rows: OldRows, name: (table: string) => string = (table) => table) {
  for (const sql of oldSchema('mysql', name)) yield { sql }
  for (const { table, columns, values } of inserts(rows))
    yield {
      sql: `insert into ${name(table)} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
      values: values.map((value) => (typeof value === 'bigint' ? value.toString() : value)),
    }
}

/** All that a farm holds, but for the moments that the old tables do not have. */
async function contents(place: string) {
  const source = await openSource(place)
  const data = fresh()
  const report = await importFarm({ source, data })
  await source.close()
  const { db, close } = openData(data)
  expectCounted(db)
  expectOneTree(db)
  const tables = ['jobs', 'dependencies', 'needs', 'events', 'affinities', 'sqlite_sequence']
  const rows = tables.map((table) => db.sqlite.query(`select * from ${table} order by 1, 2`).all())
  const workers = db.sqlite
    .query<Record<string, unknown>, []>('select * from workers order by name')
    .all()
    .map(({ start_time, ping_time, ...worker }) => worker)
  close()
  return { report, rows, workers }
}

const ODD = {
  title: 'Szene "ä" 東京 🎬',
  command: `echo 'it''s' "q" \\ $(X) \n%s`,
  environment: 'A=\u00e9\\nB=\\',
}

describe.if(hasMariadb())('a farm of Coalition 4 in MariaDB', () => {
  let mariadb: Awaited<ReturnType<typeof startMariadb>>
  beforeAll(async () => {
    mariadb = await startMariadb(fresh())
  }, 60_000)
  afterAll(() => mariadb.stop())

  test('arrives as the same farm does from SQLite', async () => {
    const { url } = await mariadb.base('farm', statements(STUDIO))
    const sqlite = createOldSqlite(fresh('.db'), {
      ...STUDIO,
      // What MySQL has no default for is NULL there, and was the empty text in SQLite.
      Jobs: STUDIO.Jobs?.map((row) => ({ dir: null, ...row })) ?? [],
    })
    expect(await contents(url)).toEqual(await contents(sqlite))
  })

  test('with tables in lower case, as MySQL on some systems has them, arrives too', async () => {
    const { url } = await mariadb.base(
      'lower',
      statements(STUDIO, (table) => table.toLowerCase()),
    )
    const { report } = await contents(url)
    expect(report.counts).toMatchObject({ jobs: 11, dependencies: 3, workers: 2, events: 3, affinities: 3 })
  })

  test('keeps every character, every bit, and the times of its clock', async () => {
    const rows: OldRows = {
      Affinities: [
        { id: 1, name: 'één' },
        { id: 63, name: 'last' },
      ],
      Jobs: [{ id: 2_000_000_000, affinity_bits: 2n ** 62n + 1n, start_time: 1_700_000_000, progress: 0.25, ...ODD }],
      Workers: [{ name: 'ö', start_time: null, state: 'WAITING' }],
    }
    const { url } = await mariadb.base(
      'odd',
      (function* () {
        yield { sql: "set time_zone = '+05:00'" }
        yield* statements(rows)
        yield { sql: 'update Workers set start_time = from_unixtime(1700000000)' }
      })(),
    )
    const source = await openSource(url)
    const data = fresh()
    await importFarm({ source, data })
    await source.close()
    const made = openData(data)
    const farm = createFarm(made.db, { logs: made.logs })
    expect(farm.getJob(2_000_000_000)).toMatchObject({ ...ODD, affinity: 'last,één', progress: 0.25 })
    expect(farm.listWorkers()).toMatchObject([{ name: 'ö', start_time: 1_700_000_000, active: 1 }])
    await farm.stop()
    made.close()
  })

  test('ids go on behind those that were deleted', async () => {
    const { url } = await mariadb.base(
      'deleted',
      (function* () {
        yield* statements({ Jobs: [{ id: 40, command: 'x' }] })
        yield { sql: 'delete from Jobs' }
      })(),
    )
    const source = await openSource(url)
    expect(await source.lastId('Jobs')).toBe(40)
    expect(await source.lastId('Events')).toBe(0)
    await source.close()
  })

  test('is imported by the command, the password in the address or in MYSQL_PWD', async () => {
    const { url, withoutPassword } = await mariadb.base('command', statements(STUDIO))
    const run = (place: string, env = {}) => coalition(['import', place, '--data', fresh()], { env })
    expect((await run(url)).stdout).toMatch(/jobs +11\n/)
    expect((await run(withoutPassword, { MYSQL_PWD: mariadb.password })).stdout).toMatch(/jobs +11\n/)
    const wrong = await run(withoutPassword, { MYSQL_PWD: 'wr0ng' })
    expect(wrong).toMatchObject({ code: 1, stdout: '' })
    expect(wrong.stderr).toMatch(/^coalition: mysql:\/\/coalition@.* cannot be read \(Access denied/)
    expect(wrong.stderr).not.toContain('wr0ng')
    expect((await run('mysql://coalition@127.0.0.1')).stderr).toContain('mysql://user:password@host/base')
  })

  test('is not held in memory: thousands of jobs come page by page, all of them', async () => {
    const many = 5000
    const { url } = await mariadb.base(
      'many',
      (function* () {
        yield* statements({})
        yield {
          sql: `insert into Jobs (id, parent, command, state, dir) select seq * 3, 0, 'x', 'WAITING', '.' from seq_1_to_${many}`,
        }
        yield { sql: 'insert into Dependencies select id, 3 from Jobs where id > 3' }
        yield { sql: 'insert into Dependencies select 15000, id from Jobs where id between 6 and 9000' }
      })(),
    )
    const source = await openSource(url)
    const sizes: number[] = []
    const ids = new Set<unknown>()
    for await (const page of source.pages('Jobs')) {
      sizes.push(page.length)
      for (const { id } of page) ids.add(id)
    }
    await source.close()
    expect(ids.size).toBe(many)
    expect(Math.max(...sizes)).toBeLessThan(many / 2)
    const { report } = await contents(url)
    expect(report.counts).toMatchObject({ jobs: many, dependencies: many - 1 + 2999 })
  })
})
