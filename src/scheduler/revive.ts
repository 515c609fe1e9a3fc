import { and, eq } from 'drizzle-orm'
import { events, jobs, workers } from '../db/schema.ts'
import type { Core } from '../domain/core.ts'
import type { LiveRun } from '../domain/live.ts'

/** Of the output of a run that goes on, so much is searched again for what its job looks for there: the last of it. */
const SEARCHED_AGAIN = 16 * 1024 * 1024
const CHUNK = 1024 * 1024

/** Takes up what was going on when the server stopped. Silence is counted from now: nobody could speak meanwhile. */
export function revive(core: Core): void {
  const { db, live, logs } = core
  for (const row of db.select().from(workers).all()) live.addWorker({ ...row, run: 0, lost: row.state === 'TIMEOUT' })
  for (const { job, log_start, held } of db
    .select({ job: jobs, log_start: events.log_start, held: events.needs_id })
    .from(events)
    .innerJoin(jobs, and(eq(jobs.id, events.job_id), eq(jobs.run, events.id)))
    .where(eq(events.state, 'WORKING'))
    .all()) {
    const { id, run, worker, ping_time, progress } = job
    // A power cut may cost a log its end, with where this run began: its worker then sends all of its output again.
    const begin = Math.min(log_start, logs.size(id))
    if (begin < log_start) db.update(events).set({ log_start: begin }).where(eq(events.id, run)).run()
    live.addRun({ run, worker, ping_time, progress, log_start: begin, held }, job)
    const living = live.runs.get(run)
    if (living) readAgain(core, living)
  }
}

/** What a run printed before the server stopped counts for its end as well. */
function readAgain({ logs }: Core, { job, log_start, verdict }: LiveRun): void {
  if (!verdict) return
  const size = logs.size(job)
  for (let at = Math.max(log_start, size - SEARCHED_AGAIN); at < size; at += CHUNK)
    verdict.read(logs.read(job, at, Math.min(CHUNK, size - at)))
}
