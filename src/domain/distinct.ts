/**
 * The distinct values of a column over all jobs, for filters: read by skipping from one to the next in an index, never by a
 * scan. A job that is being deleted has none: of each value the groups are skipped through until one is there, of which
 * there are thousands where there are a million jobs.
 */
import { type SQL, sql } from 'drizzle-orm'
import { JOB_STATES, type JobState } from '../db/schema.ts'
import type { Core } from './core.ts'
import type { Group } from './group.ts'
import { shownIn } from './seen.ts'

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
  return skip<T>(core, sql.raw(column), sql`jobs`).filter((value) =>
    parentsOf(core, `${column} = ?`, value).some((group) => group !== undefined),
  )
}

/** The parents of all jobs with a value, by seeks in an index of the value and the parent; undefined: nobody sees those jobs. */
function* parentsOf(
  { db, tree }: Pick<Core, 'db' | 'tree'>,
  condition: string,
  value: string | number,
): Generator<Group | undefined> {
  const next = db.sqlite.query<{ parent: number }, [string | number, number]>(
    `select parent from jobs where ${condition} and parent > ? order by parent limit 1`,
  )
  for (let row = next.get(value, FIRST); row; row = next.get(value, row.parent)) yield tree.get(row.parent)
}
/** Before all parents. */
const FIRST = Number.MIN_SAFE_INTEGER

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
    for (const group of parentsOf({ db, tree }, held, state))
      if (group && (group.reset === 0 || shows.get(group.id, state, group.reset))) return true
  }
  if (state === 'PAUSED') return false
  const resting = state === 'PENDING' ? 'waits_for > 0 and unfinished > 0' : 'unfinished = 0'
  const readsAsReset = db.sqlite.query<unknown, [number, number, number]>(
    `select 1 from jobs where parent = ? and ${resting} and command <> ''
      and (reset < ? or (state = 'ERROR' and reset < ?)) limit 1`,
  )
  for (const group of tree.below(tree.root))
    if (shownIn(group) > 0 && readsAsReset.get(group.id, group.reset, group.resetErrors)) return true
  return false
}
