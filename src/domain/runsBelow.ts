import { desc, eq, inArray, sql } from 'drizzle-orm'
import { events, jobs } from '../db/schema.ts'
import type { Event } from '../models.ts'
import type { Core } from './core.ts'
import { getEvents } from './events.ts'
import { groupsWithin } from './frameStates.ts'
import { isGroup, jobRow } from './rows.ts'

/** Leaves asked for their last run before others get their turn: some 10 ms. */
const STEP = 2000
/** Of one leaf: it may have been tried a million times. */
const MOST_OF_ONE = 1000

/** The newest runs of a job and of all below it, the newest first. Of those of leaves that are deleted nobody knows where they were. */
export async function runsBelow(core: Core, now: number, id: number, limit: number): Promise<Event[]> {
  const leaves = isGroup(jobRow(core, id)) ? await lastRunLeaves(core, id, limit) : [id]
  const runs: number[] = []
  for (let i = 0; i < leaves.length; i += 100) {
    const some = leaves.slice(i, i + 100)
    const rows = core.db
      .select({ id: events.id })
      .from(events)
      .where(inArray(events.job_id, some))
      .orderBy(desc(events.id))
      .limit(some.length * MOST_OF_ONE)
      .all()
    for (const row of rows) runs.push(row.id)
    runs.sort((a, b) => b - a).splice(limit)
  }
  return getEvents(core, now, runs)
}

/** The newest runs are of the leaves whose last run is newest. */
async function lastRunLeaves(core: Core, id: number, limit: number): Promise<number[]> {
  const found: { id: number; run: number }[] = []
  const newest = sql<number | null>`(select max(e.id) from events e where e.job_id = jobs.id)`
  let read = 0
  for (const parent of groupsWithin(core, id))
    for (let last = 0; ; ) {
      const rows = core.db
        .select({ id: jobs.id, run: newest })
        .from(jobs)
        .where(sql`${eq(jobs.parent, parent)} and ${jobs.id} > ${last} and ${jobs.command} <> ''`)
        .orderBy(jobs.id)
        .limit(STEP)
        .all()
      for (const { id: leaf, run } of rows) {
        if (run !== null) found.push({ id: leaf, run })
        last = leaf
      }
      read += rows.length + 10
      if (read >= STEP) {
        read = 0
        found.sort((a, b) => b.run - a.run).splice(limit)
        await Bun.sleep(0)
      }
      if (rows.length < STEP) break
    }
  return found
    .sort((a, b) => b.run - a.run)
    .slice(0, limit)
    .map((each) => each.id)
}
