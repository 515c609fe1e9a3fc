/** States, counters and what else follows from the leaves and their dependencies, all jobs at once. */
import type { Db } from '../db/open.ts'
import { groupState } from '../domain/states.ts'
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

interface Counted extends Node {
  paused: boolean
  ours: Sums
  /** As Coalition 4 should have counted: what ran was working, and an empty group was a job in its own state. */
  theirs: Sums
  duration: number
  start_time: number
}

/**
 * Counts from the leaves up, group by group with the deepest first, and compares with what Coalition 4 had. Groups come
 * with those above first (`mendHierarchy`).
 */
export function countAnew(db: Db, groups: readonly Node[], findings: Findings): void {
  const { sqlite } = db
  const nodes = countLeaves(db, groups)
  const old = sqlite.query<Counters & { state: string }, [number]>('select * from old_counters where id = ?')
  const save = sqlite.query(`
    update jobs set state = ?, start_time = ?, duration = ?, finished = ?, errors = ?, total = ?, total_finished = ?,
      total_errors = ? where id = ?`)
  for (let i = groups.length - 1; i >= 0; i--) {
    const node = nodes.get(groups[i]?.id ?? 0)
    if (!node) continue
    const { id, ours, theirs, duration, start_time } = node
    const had = old.get(id)
    if (had) compare(id, had, theirs, findings)
    const above = nodes.get(node.parent)
    if (above) {
      above.ours.group(ours)
      above.theirs.group(theirs)
      if (theirs.total === 0 && had) above.theirs.leaves(had.state, 1)
      above.duration += duration
      above.start_time = Math.max(above.start_time, start_time)
    }
    const { finished, errors, total, total_finished, total_errors } = ours
    const state = groupState(ours, node.paused, 0)
    save.run(state, start_time, duration, finished, errors, total, total_finished, total_errors, id)
  }
  const stray = `select * from old_counters where id in (select id from jobs where command <> '')`
  for (const had of sqlite.query<Counters & { id: number; state: string }, []>(stray).iterate())
    compare(had.id, had, new Sums(), findings)
  holdBack(db)
}

function countLeaves({ sqlite }: Db, groups: readonly Node[]): Map<number, Counted> {
  const nodes = new Map<number, Counted>()
  for (const node of groups) {
    const counted = { ...node, paused: false, ours: new Sums(), theirs: new Sums(), duration: 0, start_time: 0 }
    nodes.set(node.id, counted)
  }
  for (const { id } of sqlite
    .query<{ id: number }, []>(`select id from jobs where command = '' and paused = 1`)
    .iterate()) {
    const node = nodes.get(id)
    if (node) node.paused = true
  }
  const leaves = `
    select parent, iif(old_working.id is null, state, 'WORKING') as old, state, count(*) as count, sum(duration) as duration,
      max(start_time) as start_time
    from jobs left join old_working on old_working.id = jobs.id where command <> '' group by 1, 2, 3`
  for (const row of sqlite.query<Leaves, []>(leaves).iterate()) {
    const node = nodes.get(row.parent)
    if (!node) continue
    node.ours.leaves(row.state, row.count)
    node.theirs.leaves(row.old, row.count)
    node.duration += row.duration
    node.start_time = Math.max(node.start_time, row.start_time)
  }
  return nodes
}

interface Leaves {
  parent: number
  state: string
  old: string
  count: number
  duration: number
  start_time: number
}

function compare(id: number, had: Counters, counted: Sums, findings: Findings): void {
  const differ = OLD_COUNTERS.filter((name) => had[name] !== counted[name])
  if (differ.length === 0) return
  const list = differ.map((name) => `${name} ${had[name]}, counted ${counted[name]}`)
  findings.note('counters', `job ${id}: ${list.join('; ')}`)
}

/** What others wait for is known as such. What is not FINISHED holds back those that wait for it (`states.ts`, restingState); the rest of the leaves is ready. */
function holdBack({ sqlite }: Db): void {
  sqlite.run(`
    update jobs set waits_for = (select count(*) from dependencies where job_id = jobs.id),
      unfinished = (select count(*) from dependencies join jobs needed on needed.id = dependency
        where job_id = jobs.id and needed.state <> 'FINISHED')
    where waits_for > 0`)
  sqlite.run('update jobs set waited = 1 where id in (select dependency from dependencies)')
  sqlite.run(`update jobs set state = 'PENDING' where unfinished > 0 and state = 'WAITING'`)
  sqlite.run(`update jobs set ready = 1 where command <> '' and state = 'WAITING'`)
}
