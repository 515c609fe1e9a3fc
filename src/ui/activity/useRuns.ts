import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import type { Event } from '../../models.ts'
import type { Watch } from '../../watch.ts'
import { getJobs, listEvents } from '../data/calls.ts'
import { serverNow } from '../data/clock.ts'
import { jobRuns } from '../data/jobCalls.ts'
import { queries } from '../data/live.ts'
import { stream, useWatch } from '../data/stream.ts'
import { runRows } from '../runs/columns.tsx'
import { askedFor, rangeOf, type Span } from './span.ts'

/** Runs on the page at most: the newest of the time that is looked at. */
export const MOST_RUNS = 10_000
const KEY = 'activity'

export interface RunFilter {
  job: string
  worker: string
}

/** The runs of a time, live. What does not make sense as a filter is sent as it is: the server says what is wrong with it. */
export function useRuns(span: Span, { job, worker }: RunFilter) {
  const asked = askedFor(rangeOf(span, serverNow()))
  const going = 'last' in span
  const query: Record<string, string> = {
    // What ran in this time, however long before it began.
    ended_since: String(asked.from),
    ...(!going && { until: String(asked.to) }),
    ...(job && { job }),
    ...(worker && { worker }),
    sort: '-id',
    limit: String(MOST_RUNS),
  }
  const result = useQuery({
    queryKey: [KEY, query],
    queryFn: ({ signal }) => askFor(query, signal),
    placeholderData: keepPreviousData,
    structuralSharing: false,
    // Runs that ended while nobody looked are not told again.
    staleTime: 0,
    gcTime: 0,
  })
  const isGroup = result.data?.isGroup === true
  // Of what is no job there are no runs, also none that are told.
  const filter = useMemo<Filter | undefined>(
    () =>
      job === '' || IS_ID.test(job)
        ? { ...(job && { [isGroup ? 'within' : 'job']: Number(job) }), ...(worker && { worker }) }
        : undefined,
    [job, worker, isGroup],
  )
  useWatch(filter ? { events: filter } : NOTHING)
  const fresh = useFresh(filter)
  const latest = going ? Number.POSITIVE_INFINITY : asked.to
  const runs = useMemo(() => {
    const all = new Map((result.data?.runs ?? []).map((event) => [event.id, event]))
    for (const event of fresh) if (event.start <= latest) all.set(event.id, event)
    const list = [...all.values()].sort((a, b) => b.id - a.id).slice(0, MOST_RUNS)
    for (const event of list) if (runRows.get(event.id) !== event) runRows.put(event.id, event)
    return list
  }, [result.data, fresh, latest])
  return { runs, error: result.error, isPending: result.isPending, cut: (result.data?.runs.length ?? 0) >= MOST_RUNS }
}

const IS_ID = /^[1-9]\d{0,14}$/

/** What a group ran is looked for below it, whenever that was; the time is a matter of the view then. */
async function askFor(
  query: Record<string, string>,
  signal: AbortSignal,
): Promise<{ runs: Event[]; isGroup: boolean }> {
  const { job = '', worker } = query
  const [row] = IS_ID.test(job) ? await getJobs([Number(job)]) : []
  if (row?.command !== '') return { runs: await listEvents(query, signal), isGroup: false }
  const runs = await jobRuns(row.id, MOST_RUNS, signal)
  return { runs: worker ? runs.filter((run) => run.worker === worker) : runs, isGroup: true }
}

type Filter = NonNullable<Watch['events']>
/** So long after another filter what is told may be by the one before, and of what is within a group only the server knows. */
const STRAY_MS = 1000

/** What the stream told since these were looked at. */
function useFresh(filter: Filter | undefined): readonly Event[] {
  const [fresh, setFresh] = useState<{ of: typeof filter; events: readonly Event[] }>({ of: filter, events: [] })
  useEffect(() => {
    const again = () => void queries.invalidateQueries({ queryKey: [KEY] })
    let isStray = filter?.within !== undefined
    let strays = 0
    const timer = setTimeout(() => {
      isStray = false
      if (strays > 0) again()
    }, STRAY_MS)
    const leave = stream.listen(({ events = [], eventsMissed }) => {
      if (eventsMissed) again()
      if (isStray) {
        strays += events.length
        return
      }
      const mine = events.filter(
        (event) =>
          filter && (filter.job ?? event.job_id) === event.job_id && (filter.worker ?? event.worker) === event.worker,
      )
      if (mine.length === 0) return
      setFresh((before) => {
        const known = new Map((before.of === filter ? before.events : []).map((event) => [event.id, event]))
        for (const event of mine) known.set(event.id, event)
        return { of: filter, events: [...known.values()].slice(-MOST_RUNS) }
      })
    })
    return () => {
      clearTimeout(timer)
      leave()
    }
  }, [filter])
  return fresh.of === filter ? fresh.events : NONE
}
const NONE: readonly Event[] = []
const NOTHING = {}
