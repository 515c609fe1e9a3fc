/** A list as the ids in their order: what a page needs to scroll anywhere in 100,000 jobs, and to select them, without their rows. */
import { and, eq, gt, gte, lte, type SQL, sql } from 'drizzle-orm'
import type { JobOrder, JobTotals } from '../answers.ts'
import { jobs } from '../db/schema.ts'
import type { Core } from './core.ts'
import { type JobFilter, jobConditions } from './lists.ts'
import { compareKeys, type Key, type OrderField, type OrderKey, orderKey } from './orderKeys.ts'
import { treeOf, waysTo } from './orderTree.ts'
import { jobRow } from './rows.ts'
import { jobsAsSeen, SEEN } from './seen.ts'

const isGroup = sql`${jobs.command} = ''`

export interface Order {
  sort?: OrderField
  descending?: boolean
  /** All that is below, flat, and not just the children. */
  deep?: boolean
  /** The same, with the groups that lead there, as a tree. */
  tree?: boolean
}

/** Rows looked at before others get their turn: some 20 ms. */
const STEP = 20_000

interface Row {
  id: number
  parent: number
  key: Key
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
  { sort = 'id', descending = false, deep: flat = false, tree = false }: Order,
): Promise<JobOrder> {
  const deep = flat || tree
  if (parent !== 0) jobRow(core, parent)
  const group = core.tree.get(parent)
  const conditions = jobConditions(core, filter)
  const whole = conditions.length === 0 && !deep
  const inside = deep && parent !== 0 ? groupsBelow(core, parent) : undefined
  const by = orderKey(core, now, sort, descending)
  const rows: Pick<Row, 'id' | 'parent' | 'key'>[] = []
  const totals: JobTotals = { jobs: 0, finished: 0, errors: 0, working: 0, duration: 0 }
  for await (const row of scan(core, now, parent, deep, by, conditions, whole)) {
    // What is being made or deleted is in no group of the tree.
    if (inside ? !inside.has(row.parent) : !core.tree.get(row.parent)) continue
    rows.push({ id: row.id, parent: row.parent, key: by.read(row.key) })
    if (whole || (deep && row.leaves !== 1)) continue
    totals.jobs += row.leaves
    totals.finished += row.finished
    totals.errors += row.errors
    totals.working += row.working
    totals.duration += row.duration
  }
  const ways = tree ? waysTo(rows, parent, (id) => core.tree.get(id)?.parent?.id ?? parent) : undefined
  if (ways) {
    rows.push(...leading(core, ways, by))
    rows.sort((a, b) => a.id - b.id)
  }
  // The ids come in their order already, and a sort keeps the order of equals.
  if (sort !== 'id' || descending)
    rows.sort(descending ? (a, b) => compareKeys(b.key, a.key) : (a, b) => compareKeys(a.key, b.key))
  if (whole && group)
    Object.assign(totals, {
      jobs: group.total,
      finished: group.total_finished,
      errors: group.total_errors,
      working: group.total_working,
      duration: group.duration + Math.max(0, group.total_working * now - group.working_since),
    })
  return { ...(ways ? treeOf(rows, parent, ways) : { ids: rows.map(({ id }) => id) }), totals }
}

/** The rows of groups, in one statement: they were not found, but have their place in the order. */
function leading({ db, resets }: Core, ids: ReadonlySet<number>, { value, read }: OrderKey) {
  return db
    .select({ id: jobs.id, parent: jobs.parent, key: value })
    .from(resets.next.get() ? SEEN : jobs)
    .where(sql`${jobs.id} in (select value from json_each(${JSON.stringify([...ids])}))`)
    .all()
    .map((row) => ({ ...row, key: read(row.key) }))
}

function groupsBelow({ tree }: Core, parent: number): Set<number> {
  const top = tree.get(parent)
  return new Set(top && tree.below(top).map((group) => group.id))
}

async function* scan(
  core: Core,
  now: number,
  parent: number,
  deep: boolean,
  { value }: OrderKey,
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
    key: value,
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
