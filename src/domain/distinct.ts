/**
 * The distinct values of a column over all jobs, for filters: read by skipping from one to the next in an index, never by a
 * scan. A job that is being deleted, or made, has none; while there are such, each value is looked for in a group that is
 * there: its groups in the index and the groups of the tree, both in the order of their ids, leap over one another. Groups
 * that were made together have ids side by side, so a few leaps do; each group of each value by itself took 8 s for 20
 * values in 11,000 groups.
 */
import { type SQL, sql } from 'drizzle-orm'
import { JOB_STATES, type JobState } from '../db/schema.ts'
import type { Core } from './core.ts'
import type { Group } from './group.ts'

/** `behaviour.md`, "Other calls of Coalition 4": each answers a list of objects with this one key. */
export const DISTINCT = ['user', 'state', 'worker', 'priority', 'affinity'] as const
export type Distinct = (typeof DISTINCT)[number]

export function distinctValues(core: Core, column: Distinct): Record<string, string | number>[] {
  return values(core, column).map((value) => ({ [column]: value }))
}

function values(core: Core, column: Distinct): (string | number)[] {
  switch (column) {
    case 'user':
      return ofJobs<string>(core, 'user')
    case 'priority':
      return ofJobs<number>(core, 'priority')
    case 'affinity':
      return [...new Set(ofJobs<number>(core, 'needs_id').map((id) => core.needs.text(id)))].sort()
    case 'worker':
      // No index of jobs by worker, which every pick would have to move: events have one, and name all that ever ran.
      return skip<string>(core, sql`worker`, sql`events`).filter((name) => tookAJob(core, name))
    case 'state':
      return JOB_STATES.filter((state) => anyIn(core, state))
  }
}

/** Steps from each value to the next higher one: a seek each, whatever the number of rows. */
function skip<T>({ db }: Core, column: SQL, table: SQL): T[] {
  return db
    .all<{ value: T }>(
      sql`with recursive steps(value) as (
        select min(${column}) from ${table}
        union all
        select (select min(${column}) from ${table} where ${column} > steps.value) from steps where steps.value is not null
      ) select value from steps where value is not null`,
    )
    .map((row) => row.value)
}

function ofJobs<T extends string | number>(core: Core, column: 'user' | 'priority' | 'needs_id'): T[] {
  const values = skip<T>(core, sql.raw(column), sql`jobs`)
  if (!core.removal.hidden.get()) return values
  const there = idsOf(core)
  return values.filter((value) => groupsWith(core, there, `${column} = ?`, value).next().value !== undefined)
}

/** The root and all groups, by id. */
const idsOf = ({ tree }: Pick<Core, 'tree'>) =>
  tree
    .below(tree.root)
    .map((group) => group.id)
    .sort((a, b) => a - b)

/** The groups that hold a job with a value, by seeks in an index of the value and the parent. */
function* groupsWith(
  { db, tree }: Pick<Core, 'db' | 'tree'>,
  there: readonly number[],
  condition: string,
  value: string | number,
): Generator<Group> {
  const from = db.sqlite.query<{ parent: number }, [string | number, number]>(
    `select parent from jobs where ${condition} and parent >= ? order by parent limit 1`,
  )
  for (let at = 0; at < there.length; ) {
    const parent = from.get(value, there[at] as number)?.parent
    if (parent === undefined) return
    at = firstFrom(there, parent, at)
    const group = there[at] === parent ? tree.get(parent) : undefined
    if (!group) continue
    yield group
    at++
  }
}

/** The first place from `low` on whose id is not below `id`. */
function firstFrom(ids: readonly number[], id: number, low: number): number {
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ids[middle] as number) < id) low = middle + 1
    else high = middle
  }
  return low
}

function tookAJob({ db, tree }: Core, worker: string): boolean {
  const jobs = db.sqlite.query<{ parent: number }, [string, string]>(
    `select jobs.parent from events join jobs on jobs.id = events.job_id where events.worker = ? and jobs.worker = ?`,
  )
  for (const { parent } of jobs.iterate(worker, worker)) if (tree.get(parent)) return true
  return false
}

/** Groups are in memory; of leaves the tree knows how many are in each state but three, and those are looked for by group. */
function anyIn(core: Core, state: JobState): boolean {
  const { root } = core.tree
  for (const group of core.tree.below(root)) if (group !== root && group.state === state) return true
  if (state === 'FINISHED') return root.total_finished > 0
  if (state === 'ERROR') return root.total_errors > 0
  if (state === 'WORKING') return root.total_working > 0
  if (state === 'WAITING') for (const group of core.tree.below(root)) if (group.leaves.size > 0) return true
  return anyLeaf(core, state)
}

function anyLeaf({ db, tree }: Core, state: 'WAITING' | 'PENDING' | 'PAUSED'): boolean {
  if (state !== 'WAITING') {
    const shows = db.sqlite.query<unknown, [number, string, number]>(
      `select 1 from jobs where parent = ? and state = ? and command <> '' and reset >= ? limit 1`,
    )
    const held = `state in ('PENDING', 'PAUSED') and command <> '' and state = ?`
    for (const group of groupsWith({ db, tree }, idsOf({ tree }), held, state))
      if (group.reset === 0 || shows.get(group.id, state, group.reset)) return true
  }
  if (state === 'PAUSED') return false
  // What waits for a time is not ready.
  if (state === 'WAITING') {
    const asleep = db.sqlite.query<{ parent: number }, []>(
      `select parent from jobs where wake_at > 0 and state = 'WAITING' and command <> ''`,
    )
    for (const { parent } of asleep.iterate()) if (tree.get(parent)) return true
  }
  const [index, resting] =
    state === 'PENDING'
      ? ['jobs_waiting', 'j.waits_for > 0 and j.unfinished > 0']
      : ['jobs_by_parent', 'j.unfinished = 0']
  const reading = db.sqlite.query<{ parent: number }, []>(
    `select j.parent from reset_groups r cross join jobs j indexed by ${index} on j.parent = r.job_id and ${resting}
      where j.command <> '' and (j.reset < r.every or (j.reset < r.errors and j.state = 'ERROR'))`,
  )
  for (const { parent } of reading.iterate()) if (tree.get(parent)) return true
  return false
}
