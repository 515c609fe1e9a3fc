/** Reading: events as the API answers them, one page at a time. */
import { and, eq, gte, inArray, lt, lte, type SQL, sql } from 'drizzle-orm'
import { type EventRow, events, LONG_RUN, type RunState } from '../db/schema.ts'
import type { Event } from '../models.ts'
import type { Core } from './core.ts'
import { type Paging, pages } from './lists.ts'

export interface EventFilter {
  job?: number
  worker?: string
  state?: readonly RunState[]
  /** Those that began in the last so many seconds. */
  howlong?: number
  /** Start, seconds since the epoch. */
  since?: number
  until?: number
  /** Those that ended at this time or later, or run: with `until`, those that ran in a time. */
  ended_since?: number
}

/** Events, the newest last, a page at a time. */
export function* listEvents(core: Core, now: number, filter: EventFilter, paging: Paging<'id'>): Generator<Event[]> {
  const { job, worker, state, until, ended_since: ended = 0 } = filter
  const since = Math.max(filter.since ?? 0, filter.howlong === undefined ? 0 : now - filter.howlong)
  const conditions = [
    job === undefined ? undefined : eq(events.job_id, job),
    worker === undefined ? undefined : eq(events.worker, worker),
    state && inArray(events.state, [...state]),
    since > 0 ? and(gte(events.id, firstEventSince(core, since)), gte(events.start, since)) : undefined,
    until === undefined ? undefined : lte(events.start, until),
  ]
  let left = paging.limit ?? Number.POSITIVE_INFINITY
  for (const part of ended > 0 ? endedSince(core, ended, paging.descending) : [undefined]) {
    if (left <= 0) return
    for (const rows of pages(
      { ...paging, limit: left },
      events.id,
      events.id,
      (where, order, limit) =>
        core.db
          .select()
          .from(events)
          .where(and(...conditions, part, where))
          .orderBy(...order)
          .limit(limit)
          .all(),
      (id) => core.rows.event.get({ id }),
    )) {
      left -= rows.length
      yield rows.map((row) => toEvent(row, now))
    }
  }
}

/**
 * The runs that ended at a time or later, or run, in two parts by id, of which neither reads the history before. Nearly all
 * of them began `LONG_RUN` before that time or later, which is a place in the order of ids. What began earlier runs, or was
 * a long run: these have an index each.
 */
function endedSince(core: Core, ended: number, descending = false): SQL[] {
  const first = firstEventSince(core, ended - LONG_RUN)
  const recent = sql`${gte(events.id, first)} and (${events.state} = 'WORKING' or ${events.start} + ${events.duration} >= ${ended})`
  const old = sql`${events.id} in (
    select id from events where state = 'WORKING' and ${lt(sql`id`, first)}
    union all
    select id from events where duration >= ${sql.raw(String(LONG_RUN))} and start + duration >= ${ended} and ${lt(sql`id`, first)})`
  return descending ? [recent, old] : [old, recent]
}

/** Those of the runs that are there. */
export function getEvents({ rows }: Core, now: number, ids: Iterable<number>): Event[] {
  const found: Event[] = []
  for (const id of ids) {
    const row = rows.event.get({ id })
    if (row) found.push(toEvent(row, now))
  }
  return found
}

const toEvent = ({ log_start, needs_id, duration, ...event }: EventRow, now: number): Event => ({
  ...event,
  duration: event.state === 'WORKING' ? Math.max(0, now - event.start) : duration,
})

/** Ids count up with time, so "since" is a place in the order of ids: without it, history would be read from its beginning. */
function firstEventSince({ db }: Core, since: number): number {
  const first = db
    .select({ id: events.id })
    .from(events)
    .where(gte(events.start, since))
    .orderBy(events.start, events.id)
    .limit(1)
  return first.get()?.id ?? Number.MAX_SAFE_INTEGER
}
