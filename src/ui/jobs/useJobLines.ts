/** The lists of the view, asked for and kept: the one at the top by the filter, and those of the open groups. */
import { keepPreviousData, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import type { JobOrder } from '../../answers.ts'
import { orderJobs } from '../data/calls.ts'
import { serverNow } from '../data/clock.ts'
import { farm, orderKey } from '../data/live.ts'
import type { JobsAddress } from './address.ts'
import { filterQuery, parseFilter } from './filter.ts'
import { flatten, type JobLines } from './lines.ts'

/** What changes while the farm works: lists by these are asked for again then. */
const VOLATILE = [
  'state',
  'worker',
  'progress',
  'finished',
  'working',
  'errors',
  'total',
  'start_time',
  'duration',
  'run_done',
]
const VOLATILE_FILTERS = ['state', 'worker', 'since', 'until']
/** A search through all jobs is asked for again so often at most while the farm works. */
const DEEP_AGAIN_MS = 3000

function listOf(group: number, params: Record<string, string>) {
  const volatile =
    VOLATILE.includes(params.sort?.replace(/^-/, '') ?? '') ||
    VOLATILE_FILTERS.some((name) => params[name] !== undefined)
  const query = new URLSearchParams(params).toString()
  return {
    queryKey: orderKey(group, query, volatile),
    queryFn: ({ signal }: { signal: AbortSignal }) => orderJobs(group, query, signal),
    placeholderData: keepPreviousData,
    // Comparing 100,000 ids with those before costs more than taking the new ones.
    structuralSharing: false,
  }
}

/** Here, so that it is the same function each time: a new one would have all lists compared again. */
const dataOf = (results: readonly { data: JobOrder | undefined }[]) => results.map(({ data }) => data)

export function useJobLines({ group, filter, deep, sort }: JobsAddress, open: ReadonlySet<number>) {
  const order: Record<string, string> = sort ? { sort: `${sort.descending ? '-' : ''}${sort.field}` } : {}
  const own = filterQuery(parseFilter(filter), serverNow())
  const top = useQuery(listOf(group, { ...own, ...order, ...(deep && { deep: '1' }) }))
  const groups = useMemo(() => (deep ? [] : [...open]), [deep, open])
  const below = useQueries({
    queries: groups.map((id) => listOf(id, order)),
    combine: dataOf,
  })
  useDeepNews(deep, group)
  const lines = useMemo<JobLines>(() => {
    const children = new Map(groups.map((id, i) => [id, below[i]?.ids]))
    return flatten(top.data?.ids ?? [], (id) => children.get(id))
  }, [top.data, below, groups])
  return { lines, top, filtered: deep || Object.keys(own).length > 0 }
}

/** A flat list has no open groups that would say when it changes: the farm's counts do. */
function useDeepNews(deep: boolean, group: number): void {
  const client = useQueryClient()
  useEffect(() => {
    if (!deep) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const leave = farm.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined
        void client.invalidateQueries({ queryKey: ['order', group] })
      }, DEEP_AGAIN_MS)
    })
    return () => {
      leave()
      clearTimeout(timer)
    }
  }, [client, deep, group])
}
