import { expect, test } from 'bun:test'
import { openDatabase } from '../../src/db/open.ts'
import { prepareRows } from '../../src/domain/rows.ts'

/** A farm's million rows, in small: enough that the planner, should it look, sees that a scan costs more than a seek. */
function filled() {
  const db = openDatabase(':memory:')
  db.sqlite.run(`
    with recursive n(i) as (values (1) union all select i + 1 from n where i < 3000)
    insert into jobs (parent, command, state, needs_id, priority, ready, waits_for, deadline, run)
    select (i % 30), iif(i <= 30, '', 'render'), 'WAITING', i % 5, i % 7, i > 30, i % 9 = 0, 0, 0 from n`)
  db.sqlite.run('insert into dependencies (job_id, dependency) select id, id - 1 from jobs where waits_for > 0')
  db.sqlite.run(
    "insert into events (worker, job_id, job_title, state, start) select 'w', id, '', 'FINISHED', id from jobs",
  )
  return db
}

/** The only tables small enough to be read whole: the numbers 1 to 63, and a list that the statement was given. */
const SMALL = /^SCAN (affinities|json_each VIRTUAL|numbers|\(?\d* ?CONSTANT ROW|CONSTANT ROW)/

const db = filled()
const rows = prepareRows(db)

for (const [name, { sql }] of Object.entries(rows))
  test.each([
    ['without statistics', ''],
    ['with statistics', 'ANALYZE'],
  ])(`the statement ${name} scans no table and sorts nothing (%s)`, (_, prepare) => {
    if (prepare) db.sqlite.run(prepare)
    const plan = db.sqlite
      .query<{ detail: string }, number[]>(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...(sql.match(/\?/g) ?? []).map(() => 1))
      .map((step) => step.detail)
    expect(
      plan.filter((step) => (step.startsWith('SCAN') && !SMALL.test(step)) || step.includes('TEMP B-TREE')),
    ).toEqual([])
  })

test('a scan is seen for what it is', () => {
  const plan = db.sqlite.query<{ detail: string }, []>('EXPLAIN QUERY PLAN select * from jobs where dir = NULL').all()
  expect(plan[0]?.detail).toStartWith('SCAN')
})

test('no value that is bound has a statement prepared anew: each stands behind a plus (db/hot.ts)', () => {
  for (const { sql } of Object.values(rows)) expect(sql).not.toMatch(/(?<!\+)\?/)
})
