/** States, counters and what else follows from the leaves and their dependencies, all jobs at once. */
import type { Database } from 'bun:sqlite'
import type { Db } from '../db/open.ts'
import { mend } from '../domain/check.ts'
import { recount } from '../domain/recount.ts'
import { integer } from './convert.ts'
import type { Findings } from './findings.ts'
import type { Node } from './hierarchy.ts'
import type { OldRow } from './source.ts'

const OLD_COUNTERS = [
  'finished', 'errors', 'working', 'total', 'total_finished', 'total_errors', 'total_working',
] as const // biome-ignore format: a list
type Counters = Record<(typeof OLD_COUNTERS)[number], number>

export const countersOf = (row: OldRow<'Jobs'>): Counters => ({
  finished: integer(row.finished),
  errors: integer(row.errors),
  working: integer(row.working),
  total: integer(row.total),
  total_finished: integer(row.total_finished),
  total_errors: integer(row.total_errors),
  total_working: integer(row.total_working),
})

/** What Coalition 4 had counted, of the jobs that had counted something; it lives as long as the connection. */
export function createOldCounters({ sqlite }: Db) {
  // Temporary tables are in memory otherwise, and this one can have a row for each group.
  sqlite.run('pragma temp_store = file')
  sqlite.run(`create temp table old_counters (id integer primary key, state text, ${OLD_COUNTERS.join(', ')})`)
  sqlite.run('create temp table old_working (id integer primary key)')
  const insert = sqlite.query(
    `insert or ignore into old_counters values (?, ?, ${OLD_COUNTERS.map(() => '?').join(', ')})`,
  )
  const working = sqlite.query('insert or ignore into old_working values (?)')
  return {
    counted: (id: number, state: string, counters: Counters) =>
      insert.run(id, state, ...OLD_COUNTERS.map((name) => counters[name])),
    /** A leaf that ran: it is counted as working there, and waits here. */
    worked: (id: number) => working.run(id),
  }
}

/** `waits_for`, before the circles are looked for. */
export function countDependencies({ sqlite }: Db): void {
  sqlite.run(`
    update jobs set waits_for = had.count
    from (select job_id, count(*) as count from dependencies group by job_id) had where had.job_id = jobs.id`)
}

/** As Coalition 4 should have counted: what ran was working, and an empty group was a job in its own state. */
class Sums implements Counters {
  finished = 0
  errors = 0
  working = 0
  total = 0
  total_finished = 0
  total_errors = 0
  total_working = 0

  /** Direct children of one state. */
  leaves(state: string, count: number): void {
    this.total += count
    if (state === 'FINISHED') {
      this.finished += count
      this.total_finished += count
    } else if (state === 'ERROR') {
      this.errors += count
      this.total_errors += count
    } else if (state === 'WORKING') {
      this.working += count
      this.total_working += count
    }
  }

  group(below: Sums): void {
    this.total += below.total
    this.total_finished += below.total_finished
    this.total_errors += below.total_errors
    this.total_working += below.total_working
  }
}

/**
 * Counts from the leaves up, and compares with what Coalition 4 had. Groups come with those above first (`mendHierarchy`).
 */
export function countAnew({ sqlite }: Db, groups: readonly Node[], findings: Findings): void {
  compareAll(sqlite, groups, findings)
  const begin = sqlite.query('update jobs set start_time = ? where id = ?')
  for (const { id, latest } of recount(sqlite).groups.values()) begin.run(latest, id)
  mend(sqlite)
}

function compareAll(sqlite: Database, groups: readonly Node[], findings: Findings): void {
  const sums = new Map(groups.map(({ id }) => [id, new Sums()]))
  const leaves = `
    select parent, iif(old_working.id is null, state, 'WORKING') as state, count(*) as count
    from jobs left join old_working on old_working.id = jobs.id where command <> '' group by 1, 2`
  for (const { parent, state, count } of sqlite
    .query<{ parent: number; state: string; count: number }, []>(leaves)
    .iterate())
    sums.get(parent)?.leaves(state, count)
  const old = sqlite.query<Counters & { state: string }, [number]>('select * from old_counters where id = ?')
  for (const { id, parent } of groups.toReversed()) {
    const counted = sums.get(id) ?? new Sums()
    const had = old.get(id)
    if (had) compare(id, had, counted, findings)
    const above = sums.get(parent)
    above?.group(counted)
    if (counted.total === 0 && had) above?.leaves(had.state, 1)
  }
  const stray = `select * from old_counters where id in (select id from jobs where command <> '')`
  for (const had of sqlite.query<Counters & { id: number }, []>(stray).iterate())
    compare(had.id, had, new Sums(), findings)
}

function compare(id: number, had: Counters, counted: Sums, findings: Findings): void {
  const differ = OLD_COUNTERS.filter((name) => had[name] !== counted[name])
  if (differ.length === 0) return
  const list = differ.map((name) => `${name} ${had[name]}, counted ${counted[name]}`)
  findings.note('counters', `job ${id}: ${list.join('; ')}`)
}
