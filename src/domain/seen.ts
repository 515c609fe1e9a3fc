/**
 * Jobs as everybody sees them, which is not always as their rows are. Two things are noted in one small transaction and
 * then worked off in steps (background.ts), and must be seen as done from the first moment on:
 *
 * - A job that is being deleted, or made, is not there: the tree knows no group by its parent's id (or, of a group, by its
 *   own). So whoever finds a row by its id asks the tree.
 * - A group that is being reset has a number (`reset_groups`; in memory `Group.reset`), and each row the number of the last
 *   reset that it shows. A row with an earlier one reads as reset. Whoever writes a leaf starts from what is seen of it, and
 *   the number is written along (leaves.ts), so every write settles the leaf that it touches: nothing has to wait for the steps, and
 *   nothing has to be taken back.
 *
 * Of a row that reads as reset some columns are right as they are, and must be kept so: `ready` and `needs_id` (the index by
 * which leaves are picked, which the tree counts), `unfinished` and `waits_for`. It holds no run. That the worker which
 * failed it last may try it again, which is in the set of its needs, is so when the row is written.
 */
import { getTableColumns, Subquery, sql } from 'drizzle-orm'
import { type JobRow, jobs } from '../db/schema.ts'
import type { Group } from './group.ts'
import { restingState } from './states.ts'
import type { Tree } from './tree.ts'

/** What reset does to a job, besides its state (`behaviour.md`, "reset"). */
export const RESET = { paused: 0, start_time: 0, duration: 0, ping_time: 0, progress: 0, run_done: 0 } as const
/** Of a group also these. */
const RESET_COUNTERS = {
  finished: 0, errors: 0, working: 0, total_finished: 0, total_errors: 0, total_working: 0, working_since: 0,
} as const // biome-ignore format: a list of names

/** The number that a leaf's row must show to be taken as it is. */
export const shownIn = (group: Group): number => Math.max(group.reset, group.resetErrors)

type Shown = Pick<JobRow, 'command' | 'state' | 'reset'>

/** Whether a leaf of this group, with this row, reads as reset. */
export const readsAsReset = (group: Group, { state, reset }: Shown): boolean =>
  group.reset > reset || (state === 'ERROR' && group.resetErrors > reset)

/**
 * Of what held a leaf only the time that its user said is left. That may have passed while it waited for another try: then
 * it waits for nothing when the row is written.
 */
const holdsOf = ({ wake_at, start_after }: JobRow) => ({ retry_at: 0, wake_at: wake_at > 0 ? start_after : 0 })

/** What is seen of a row; undefined: nothing. */
export function asSeen(tree: Tree, row: JobRow): JobRow | undefined {
  const isGroup = row.command === ''
  const group = tree.get(isGroup ? row.id : row.parent)
  if (!group) return undefined
  const state = restingState(false, row.unfinished)
  if (isGroup) return group.reset > row.reset ? { ...row, ...RESET, ...RESET_COUNTERS, state } : row
  return readsAsReset(group, row) ? { ...row, ...RESET, ...holdsOf(row), state } : row
}

/** What is seen of a row, `j`, that reads as reset, `r`. */
export const AS_RESET: Record<string, string> = {
  ...Object.fromEntries(Object.keys({ ...RESET, ...RESET_COUNTERS }).map((name) => [name, '0'])),
  state: `iif(j.unfinished > 0, 'PENDING', 'WAITING')`,
  retry_at: '0',
  // That of a group is nothing that it did.
  wake_at: `iif(j.wake_at > 0 and j.command <> '', j.start_after, j.wake_at)`,
  reset: `iif(j.command = '', r.every, max(r.every, r.errors))`,
}
const columns = Object.keys(getTableColumns(jobs)).map((name) =>
  name in AS_RESET ? `iif(r.job_id is null, j.${name}, ${AS_RESET[name]}) as ${name}` : `j.${name}`,
)

/** The same in SQL, under the name and in the place of the table; SQLite uses the indexes of `jobs` by parent and id through it. */
export const SEEN_ROWS = `select ${columns.join(', ')} from jobs j left join ${readingAsReset('j')}`
export const SEEN = new Subquery(sql.raw(SEEN_ROWS), getTableColumns(jobs), 'jobs')

/** The reset as which a row of `jobs` reads, `r`, to be joined to it. */
export function readingAsReset(job: string): string {
  return `reset_groups r on r.job_id = iif(${job}.command = '', ${job}.id, ${job}.parent)
    and (r.every > ${job}.reset or (r.errors > ${job}.reset and ${job}.state = 'ERROR' and ${job}.command <> ''))`
}

/** Rows that are not being made, or deleted, to be written after `with recursive`. */
export const HIDDEN = `hidden(id) as (select id from jobs where parent < 0 and command = ''
  union all select below.id from hidden join jobs below on below.parent = hidden.id and below.command = '')`
export const IS_THERE = `jobs.parent >= 0 and jobs.parent not in (select id from hidden)`

/** What to select the children of a group from: the table itself unless one of them is being reset. */
export function jobsAsSeen(tree: Tree, parent: number): typeof jobs | typeof SEEN {
  const group = tree.get(parent)
  if (!group) return jobs
  if (shownIn(group) > 0) return SEEN
  for (const child of group.children) if (child.reset > 0) return SEEN
  return jobs
}
