/** What the address bar says of the view: the group, the filter, the order. A view can be sent to a colleague. */
import { useCallback, useMemo } from 'react'
import { useLocation, useParams, useSearchParams } from 'wouter'
import { jobAddress } from '../parts/JobLink.tsx'
import type { Sort } from '../table/Header.tsx'

/** Where a filter looks: in all that is below, kept as the tree; in this list; and without a tree, in all that is below. */
export const PLACES = ['tree', 'here', 'flat'] as const
export type Where = (typeof PLACES)[number]

export interface JobsAddress {
  /** The group whose jobs are listed; 0: the root. */
  group: number
  /** The filter line. */
  filter: string
  where: Where
  sort: Sort | undefined
}

export function useJobsAddress() {
  const { id } = useParams<{ id?: string }>()
  const [search, setSearch] = useSearchParams()
  const [, go] = useLocation()
  const text = search.toString()
  const address = useMemo<JobsAddress>(() => {
    const said = new URLSearchParams(text)
    const sort = said.get('sort')
    return {
      group: Number(id ?? 0) || 0,
      filter: said.get('q') ?? '',
      where: PLACES.find((place) => place === said.get('in')) ?? 'tree',
      sort: sort ? { field: sort.replace(/^-/, ''), descending: sort.startsWith('-') } : undefined,
    }
  }, [id, text])
  const change = useCallback(
    ({ filter, where, sort }: Partial<JobsAddress>) =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before)
          const put = (name: string, value: string) => (value ? after.set(name, value) : after.delete(name))
          if (filter !== undefined) put('q', filter)
          if (where !== undefined) put('in', where === 'tree' ? '' : where)
          if (sort !== undefined) put('sort', `${sort.descending ? '-' : ''}${sort.field}`)
          return after
        },
        { replace: true },
      ),
    [setSearch],
  )
  const unsort = useCallback(
    () =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before)
          after.delete('sort')
          return after
        },
        { replace: true },
      ),
    [setSearch],
  )
  const enter = useCallback((group: number) => go(group === 0 ? '/jobs' : `/jobs/${group}`), [go])
  /** To the page of a job. */
  const look = useCallback((id: number) => go(jobAddress(id)), [go])
  return { address, change, unsort, enter, look }
}
