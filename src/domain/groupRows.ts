import { sql } from 'drizzle-orm'
import { hot } from '../db/hot.ts'
import type { Db } from '../db/open.ts'
import { type JobRow, jobs, resetGroups } from '../db/schema.ts'
import { Group } from './group.ts'
import { SEEN } from './seen.ts'

const columns = {
  id: jobs.id,
  parent: jobs.parent,
  priority: jobs.priority,
  needs_id: jobs.needs_id,
  paused: jobs.paused,
  unfinished: jobs.unfinished,
  max_workers: jobs.max_workers,
  error_limit: jobs.error_limit,
  wake_at: jobs.wake_at,
  user: jobs.user,
  state: jobs.state,
  start_time: jobs.start_time,
  finished: jobs.finished,
  errors: jobs.errors,
  working: jobs.working,
  total: jobs.total,
  total_finished: jobs.total_finished,
  total_errors: jobs.total_errors,
  total_working: jobs.total_working,
  duration: jobs.duration,
  working_since: jobs.working_since,
  reset: jobs.reset,
  waited: jobs.waited,
}
/** What a group keeps in memory, and in its row. */
export const COUNTERS = [
  'paused',
  'unfinished',
  'wake_at',
  'state',
  'start_time',
  'finished',
  'errors',
  'working',
  'total',
  'total_finished',
  'total_errors',
  'total_working',
  'duration',
  'working_since',
  'reset',
] as const

/** What is said of a group that holds nothing yet. */
type Bare =
  | 'id'
  | 'priority'
  | 'needs_id'
  | 'paused'
  | 'unfinished'
  | 'max_workers'
  | 'error_limit'
  | 'wake_at'
  | 'state'
  | 'waited'

export function emptyGroup(row: Pick<JobRow, Bare>, user: string): Group {
  const group = new Group(row.id, row.priority, row.needs_id)
  group.paused = row.paused === 1
  group.unfinished = row.unfinished
  group.max_workers = row.max_workers
  group.error_limit = row.error_limit
  group.wake_at = row.wake_at
  group.user = user
  group.state = row.state
  group.waited = row.waited === 1
  return group
}

/** A group as its row has it, alone. */
export function groupOf(row: Pick<JobRow, keyof typeof columns>, user: string): Group {
  const group = emptyGroup(row, user)
  for (const name of COUNTERS) if (name !== 'paused') Object.assign(group, { [name]: row[name] })
  return group
}

/** From rows to the tree, and back: the groups, the ready leaves by group and set, the counters of a group. */
export function prepareGroupRows(db: Db) {
  const placeholders = Object.fromEntries(COUNTERS.map((name) => [name, sql.placeholder(name)]))
  return {
    save: hot(
      db,
      db
        .update(jobs)
        .set(placeholders)
        .where(sql`${jobs.id} = ${sql.placeholder('id')}`),
    ),
    groups: hot<Pick<JobRow, keyof typeof columns>>(
      db,
      db.select(columns).from(SEEN).where(sql`${jobs.command} = ''`).orderBy(jobs.id),
    ),
    resetErrors: hot<{ job_id: number; errors: number }>(
      db,
      db
        .select({ job_id: resetGroups.job_id, errors: resetGroups.errors })
        .from(resetGroups)
        .where(sql`${resetGroups.errors} > 0`),
    ),
    ready: hot<{ parent: number; needs_id: number; 'count(*)': number }>(
      db,
      db
        .select({ parent: jobs.parent, needs_id: jobs.needs_id, count: sql`count(*)` })
        .from(jobs)
        .where(sql`ready = 1`)
        .groupBy(jobs.parent, jobs.needs_id),
    ),
    /** Leaves that run and are in no group, by user. */
    rootRuns: () =>
      db
        .select({ user: jobs.user, count: sql<number>`count(*)` })
        .from(jobs)
        .where(sql`${jobs.parent} = 0 and ${jobs.state} = 'WORKING' and ${jobs.run} > 0`)
        .groupBy(jobs.user)
        .all(),
    /** What the leaves that are in no group add to the farm. */
    rootLeaves: () =>
      db
        .select({
          finished: sql<number>`coalesce(sum(state = 'FINISHED'), 0)`,
          errors: sql<number>`coalesce(sum(state = 'ERROR'), 0)`,
          working: sql<number>`coalesce(sum(state = 'WORKING'), 0)`,
          total: sql<number>`count(*)`,
          duration: sql<number>`coalesce(sum(iif(state = 'WORKING', 0, duration)), 0)`,
          working_since: sql<number>`coalesce(sum(iif(state = 'WORKING', start_time, 0)), 0)`,
        })
        .from(jobs)
        .where(sql`${jobs.parent} = 0 and ${jobs.command} <> ''`)
        .get(),
  }
}
