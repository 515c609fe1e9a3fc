/** The distinct values of a column over all jobs, for filters: read by skipping from one to the next in an index, never by a scan. */
import { type SQL, sql } from 'drizzle-orm'
import { JOB_STATES, type JobState } from '../db/schema.ts'
import type { Core } from './core.ts'

/** `behaviour.md`, "Other calls of Coalition 4": each answers a list of objects with this one key. */
export const DISTINCT = ['user', 'state', 'worker', 'priority', 'affinity'] as const
export type Distinct = (typeof DISTINCT)[number]

export function distinctValues(core: Core, column: Distinct): Record<string, string | number>[] {
  return values(core, column).map((value) => ({ [column]: value }))
}

function values(core: Core, column: Distinct): (string | number)[] {
  switch (column) {
    case 'user':
      return skip<string>(core, sql`user`, sql`jobs`)
    case 'priority':
      return skip<number>(core, sql`priority`, sql`jobs`)
    case 'affinity':
      return [...new Set(skip<number>(core, sql`needs_id`, sql`jobs`).map((id) => core.needs.text(id)))].sort()
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

const tookAJob = ({ db }: Core, worker: string): boolean =>
  db.get(sql`select 1 from events join jobs on jobs.id = events.job_id
    where events.worker = ${worker} and jobs.worker = ${worker} limit 1`) !== undefined

/** Groups are in memory; of leaves the tree knows how many are in each state but two, and those have an index. */
function anyIn({ db, tree }: Core, state: JobState): boolean {
  const { root } = tree
  for (const group of tree.below(root)) if (group !== root && group.state === state) return true
  if (state === 'FINISHED') return root.total_finished > 0
  if (state === 'ERROR') return root.total_errors > 0
  if (state === 'WORKING') return root.total_working > 0
  if (state === 'WAITING') return [...tree.below(root)].some((group) => group.leaves.size > 0)
  return (
    db.get(
      sql`select 1 from jobs where state = ${state} and state in ('PENDING', 'PAUSED') and command <> '' limit 1`,
    ) !== undefined
  )
}
