/** The lists of the view, asked for and kept: the one at the top by the filter, and those of the open groups. */
import { keepPreviousData, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo } from 'react'
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
  'eta',
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

/** Lists that typing to find asks, besides the one at the top: more groups are seldom open. */
const MOST_SEARCHED = 20

interface Toggled {
  open: ReadonlySet<number>
  /** Of those that the filter has opened. */
  closed: ReadonlySet<number>
}

export function useJobLines({ group, filter, where, sort }: JobsAddress, { open, closed }: Toggled) {
  const order: Record<string, string> = sort ? { sort: `${sort.descending ? '-' : ''}${sort.field}` } : {}
  const own = filterQuery(parseFilter(filter), serverNow())
  const filtered = Object.keys(own).length > 0
  const below = where === 'flat' ? { deep: '1' } : where === 'tree' && filtered ? { tree: '1' } : undefined
  const params = { ...own, ...order, ...below }
  const top = useQuery(listOf(group, params))
  const found = useMemo(() => foundTree(top.data), [top.data])
  const flat = where === 'flat'
  const groups = useMemo(() => (flat ? [] : [...open].filter((id) => !found?.children.has(id))), [flat, open, found])
  const lists = useQueries({
    queries: groups.map((id) => listOf(id, order)),
    combine: dataOf,
  })
  useNewsBelow(below !== undefined, group)
  const lines = useMemo<JobLines>(() => {
    const children = new Map(groups.map((id, i) => [id, lists[i]?.ids]))
    return flatten(found ? (found.children.get(group) ?? []) : (top.data?.ids ?? []), (id) => {
      const hits = found?.children.get(id)
      return hits ? (closed.has(id) ? undefined : hits) : children.get(id)
    })
  }, [top.data, found, lists, groups, group, closed])
  const isFound = useCallback((id: number) => found?.children.has(id) ?? false, [found])
  /** Ids of those on the list whose title begins so: the server knows the titles that nobody has looked at. */
  const search = async (starts: string, signal: AbortSignal): Promise<ReadonlySet<number>> => {
    const ask = (id: number, query: Record<string, string>) =>
      orderJobs(id, new URLSearchParams({ ...query, starts }).toString(), signal)
    const asked = [ask(group, params), ...groups.slice(0, MOST_SEARCHED).map((id) => ask(id, order))]
    return new Set((await Promise.all(asked)).flatMap(({ ids, through = [] }) => without(ids, through)))
  }
  return { lines, top, groups, isFound, filtered: filtered || flat, through: found?.through, hits: found?.hits, search }
}

function without(ids: readonly number[], left: readonly number[]): number[] {
  const out = new Set(left)
  return ids.filter((id) => !out.has(id))
}

/** What the filter found, by group; undefined: the list is no tree. */
function foundTree(order: JobOrder | undefined) {
  const { ids, parents, through } = order ?? {}
  if (!ids || !parents || !through) return undefined
  const children = new Map<number, number[]>()
  ids.forEach((id, i) => {
    const parent = parents[i] as number
    const siblings = children.get(parent)
    if (siblings) siblings.push(id)
    else children.set(parent, [id])
  })
  return { children, through: new Set(through), hits: ids.length - through.length }
}

/** What is below has no open groups that would say when it changes: the farm's counts do. */
function useNewsBelow(deep: boolean, group: number): void {
  const client = useQueryClient()
  useEffect(() => {
    if (!deep) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let wait = DEEP_AGAIN_MS
    const leave = farm.subscribe(() => {
      timer ??= setTimeout(async () => {
        const began = performance.now()
        await client.invalidateQueries({ queryKey: ['order', group] })
        // A farm of a million takes a second to look through: a page has a twentieth of the server's time at most.
        wait = Math.max(DEEP_AGAIN_MS, 20 * (performance.now() - began))
        timer = undefined
      }, wait)
    })
    return () => {
      leave()
      clearTimeout(timer)
    }
  }, [client, deep, group])
}
