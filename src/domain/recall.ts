/** At the start of the server: what the history and the failures would know if it had never stopped, from the events. */
import type { EventRow } from '../db/schema.ts'
import type { Core } from './core.ts'
import { KEPT_MINUTES, MINUTE, type PastRun } from './history.ts'

/**
 * Runs looked at, at most: a farm that has more in a day has its minutes from as far back as these go. 250,000 are read in
 * 0.4 s; ids count up with time, so they are read in the order in which they lie.
 */
const MOST_RUNS = 250_000

type Past = Pick<EventRow, 'id' | 'worker' | 'job_id' | 'state' | 'start' | 'duration'>

export function recall({ db, history, failures }: Core, now: number): void {
  const since = now - KEPT_MINUTES * MINUTE
  const { first } = db.sqlite
    .query<{ first: number | null }, [number]>(
      'select id as first from events where start >= ? order by start, id limit 1',
    )
    .get(since) ?? { first: null }
  if (first === null) return
  const { newest } = db.sqlite.query<{ newest: number }, []>('select max(id) as newest from events').get() ?? {
    newest: 0,
  }
  const rows = db.sqlite
    .query<Past, [number]>('select id, worker, job_id, state, start, duration from events where id >= ? order by id')
    .iterate(Math.max(first, newest - MOST_RUNS + 1))
  history.recall(past(rows), now)

  function* past(events: Iterable<Past>): Generator<PastRun> {
    for (const { id, worker, job_id, state, start, duration } of events) {
      failures.ended(state, { run: id, job: job_id, worker, at: start + duration })
      yield { start, duration, end: state }
    }
  }
}
