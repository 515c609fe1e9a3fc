/** What the stream tells, put where components follow it: rows, the farm's counts, and the lists that have to be asked again. */
import { QueryCache, QueryClient } from '@tanstack/react-query'
import type { Health, JobOrder } from '../../answers.ts'
import { Refused } from '../../client.ts'
import type { Job } from '../../models.ts'
import type { Frame } from '../../watch.ts'
import { hearRefusal } from './me.ts'
import { RowStore } from './rows.ts'
import { Store } from './store.ts'
import { stream } from './stream.ts'
import { hearWorkers } from './workers.ts'

export const jobRows = new RowStore<number, Job>()
export const farm = new Store<Health | undefined>(undefined)
/** Counts up when the audit has something new: who is what may have changed too. */
export const recorded = new Store(0)

/** Nothing grows old by itself: the stream says what has to be asked again. What nobody looked at, it did not tell. */
export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: hearRefusal }),
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnMount: 'always',
      refetchOnWindowFocus: false,
      // What the server refuses, it refuses again.
      retry: (failures, error) => failures < 2 && !(error instanceof Refused),
    },
  },
})

/** The lists of ids, by group; `volatile`: their order or filter is by something that changes while the farm works. */
export const orderKey = (parent: number, query: string, volatile: boolean) =>
  ['order', parent, { query, volatile }] as const
type OrderKey = ReturnType<typeof orderKey>

/** A list that changes all the time is asked again so often at most. */
const AGAIN_MS = 1000
const asked = new Map<string, number>()
const waiting = new Map<string, ReturnType<typeof setTimeout>>()

/** Asks for the lists of a group again: at once, then once a second while it goes on changing. */
function renew(parent: number, volatileOnly: boolean): void {
  const name = `${parent} ${volatileOnly}`
  if (waiting.has(name)) return
  const wait = Math.max(0, (asked.get(name) ?? 0) + AGAIN_MS - Date.now())
  const ask = () => {
    waiting.delete(name)
    asked.set(name, Date.now())
    void queries.invalidateQueries({
      queryKey: ['order', parent],
      predicate: ({ queryKey }) => !volatileOnly || (queryKey as unknown as OrderKey)[2].volatile,
    })
  }
  waiting.set(name, setTimeout(ask, wait))
}

function withoutId(order: JobOrder, id: number): JobOrder {
  const at = order.ids.indexOf(id)
  if (at < 0) return order
  return {
    ...order,
    ids: order.ids.toSpliced(at, 1),
    ...(order.parents && { parents: order.parents.toSpliced(at, 1) }),
  }
}

function hear(frame: Frame): void {
  if (frame.anew) void queries.invalidateQueries()
  for (const job of frame.jobs ?? []) jobRows.put(job.id, job)
  for (const id of frame.gone ?? []) {
    const parent = jobRows.get(id)?.parent
    jobRows.remove(id)
    if (parent !== undefined)
      queries.setQueriesData<JobOrder>({ queryKey: ['order', parent] }, (order) => order && withoutId(order, id))
  }
  for (const parent of frame.members ?? []) renew(parent, false)
  for (const parent of frame.touched ?? []) renew(parent, true)
  if (frame.farm) farm.set(frame.farm)
  if (frame.recorded) recorded.set(recorded.get() + 1)
}

export function startLive(): void {
  stream.listen(hear)
  stream.listen(hearWorkers)
  stream.start()
}
