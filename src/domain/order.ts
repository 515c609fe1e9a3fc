/** A list as the ids in their order: what a page needs to scroll anywhere in 100,000 jobs, and to select them, without their rows. */
import { and, eq, gt, gte, lte, type SQL, sql } from 'drizzle-orm'
import type { JobOrder, JobTotals } from '../answers.ts'
import { jobs } from '../db/schema.ts'
import type { Core } from './core.ts'
import { type JobFilter, jobConditions } from './lists.ts'
import { jobRow } from './rows.ts'
import { jobsAsSeen, SEEN } from './seen.ts'

const isGroup = sql`${jobs.command} = ''`

/** By what a list can be ordered: the value as the page shows it. */
const KEYS = {
  id: sql`${jobs.id}`,
  title: sql`lower(${jobs.title})`,
  url: sql`${jobs.url}`,
  user: sql`lower(${jobs.user})`,
  state: sql`${jobs.state}`,
  priority: sql`${jobs.priority}`,
  finished: sql`iif(${isGroup}, ${jobs.total_finished}, ${jobs.state} = 'FINISHED')`,
  working: sql`iif(${isGroup}, ${jobs.total_working}, ${jobs.state} = 'WORKING')`,
  errors: sql`iif(${isGroup}, ${jobs.total_errors}, ${jobs.state} = 'ERROR')`,
  total: sql`${jobs.total}`,
  progress: sql`iif(${isGroup}, cast(${jobs.total_finished} as real) / max(1, ${jobs.total}), ${jobs.progress})`,
  timeout: sql`${jobs.timeout}`,
  retry: sql`${jobs.retry}`,
  worker: sql`lower(${jobs.worker})`,
  start_time: sql`${jobs.start_time}`,
  duration: sql`${jobs.duration}`,
  run_done: sql`${jobs.run_done}`,
  command: sql`${jobs.command}`,
  dir: sql`${jobs.dir}`,
} satisfies Record<string, SQL>
export type OrderField = keyof typeof KEYS
export const ORDER_FIELDS = Object.keys(KEYS) as OrderField[]

export interface Order {
  sort?: OrderField
  descending?: boolean
  /** All that is below, flat, and not just the children. */
  deep?: boolean
}

/** Rows looked at before others get their turn: some 20 ms. */
const STEP = 20_000

interface Row {
  id: number
  parent: number
  key: number | string
  leaves: number
  finished: number
  errors: number
  working: number
  duration: number
}

/**
 * The ids of the children of a group (0: the root) that pass the filter, in order, the oldest first among equals; and the
 * sums of their leaves. A list of a million is read step by step, so that nobody waits for it.
 */
export async function orderJobs(
  core: Core,
  now: number,
  parent: number,
  filter: JobFilter,
  { sort = 'id', descending = false, deep = false }: Order,
): Promise<JobOrder> {
  if (parent !== 0) jobRow(core, parent)
  const group = core.tree.get(parent)
  const conditions = jobConditions(core, filter)
  const whole = conditions.length === 0 && !deep
  const inside = deep && parent !== 0 ? groupsBelow(core, parent) : undefined
  const rows: Pick<Row, 'id' | 'key'>[] = []
  const totals: JobTotals = { jobs: 0, finished: 0, errors: 0, working: 0, duration: 0 }
  for await (const row of scan(core, now, parent, deep, sort, conditions, whole)) {
    // What is being made or deleted is in no group of the tree.
    if (inside ? !inside.has(row.parent) : !core.tree.get(row.parent)) continue
    rows.push(row)
    if (whole || (deep && row.leaves !== 1)) continue
    totals.jobs += row.leaves
    totals.finished += row.finished
    totals.errors += row.errors
    totals.working += row.working
    totals.duration += row.duration
  }
  // The ids come in their order already, and a sort keeps the order of equals.
  if (sort !== 'id' || descending)
    rows.sort(descending ? (a, b) => compare(b.key, a.key) : (a, b) => compare(a.key, b.key))
  if (whole && group)
    Object.assign(totals, {
      jobs: group.total,
      finished: group.total_finished,
      errors: group.total_errors,
      working: group.total_working,
      duration: group.duration + Math.max(0, group.total_working * now - group.working_since),
    })
  return { ids: rows.map(({ id }) => id), totals }
}

const compare = (a: number | string, b: number | string) => (a < b ? -1 : a > b ? 1 : 0)

function groupsBelow({ tree }: Core, parent: number): Set<number> {
  const top = tree.get(parent)
  return new Set(top && [...tree.below(top)].map((group) => group.id))
}

async function* scan(
  core: Core,
  now: number,
  parent: number,
  deep: boolean,
  sort: OrderField,
  conditions: readonly SQL[],
  whole: boolean,
): AsyncGenerator<Row> {
  const { db, tree, resets } = core
  const among = deep ? gte(jobs.parent, 0) : eq(jobs.parent, parent)
  const zero = sql<number>`0`
  const leaf = (value: SQL, ofGroup: SQL) => (whole ? zero : sql<number>`iif(${isGroup}, ${ofGroup}, ${value})`)
  const columns = {
    id: jobs.id,
    parent: jobs.parent,
    key: sql<number | string>`${KEYS[sort]}`,
    leaves: leaf(sql`1`, deep ? sql`0` : sql`${jobs.total}`),
    finished: leaf(sql`${jobs.state} = 'FINISHED'`, sql`${jobs.total_finished}`),
    errors: leaf(sql`${jobs.state} = 'ERROR'`, sql`${jobs.total_errors}`),
    working: leaf(sql`${jobs.state} = 'WORKING'`, sql`${jobs.total_working}`),
    duration: leaf(
      sql`iif(${jobs.state} = 'WORKING', max(0, ${now} - ${jobs.start_time}), ${jobs.duration})`,
      sql`${jobs.duration} + max(0, ${jobs.total_working} * ${now} - ${jobs.working_since})`,
    ),
  }
  for (let last = 0; ; ) {
    const seen = deep ? (resets.next.get() ? SEEN : jobs) : jobsAsSeen(tree, parent)
    // The end of a step is found in the index alone, whatever the filter lets through.
    const end = db
      .select({ id: jobs.id })
      .from(jobs)
      .where(and(among, gt(jobs.id, last)))
      .orderBy(jobs.id)
      .limit(1)
      .offset(STEP - 1)
      .get()
    yield* db
      .select(columns)
      .from(seen)
      .where(and(among, gt(jobs.id, last), end && lte(jobs.id, end.id), ...conditions))
      .orderBy(jobs.id)
      .all()
    if (!end) return
    last = end.id
    await Bun.sleep(0)
  }
}
