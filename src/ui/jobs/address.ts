/** What the address bar says of the jobs: the group, the filter and where it looks, the order. */
import { useCallback } from 'react'
import { useLocation, useParams } from 'wouter'
import { jobAddress } from '../parts/JobLink.tsx'
import { useListAddress } from '../table/useListAddress.ts'

/** Where a filter looks: in all that is below, kept as the tree; in this list; and without a tree, in all that is below. */
export const PLACES = ['tree', 'here', 'flat'] as const
export type Where = (typeof PLACES)[number]

/** Which jobs are listed. */
export type JobsAddress = Pick<ReturnType<typeof useJobsAddress>, 'group' | 'filter' | 'where' | 'sort'>

export function useJobsAddress() {
  const { id } = useParams<{ id?: string }>()
  const { said, filter, sort, put, onFilter, onSort } = useListAddress()
  const [, go] = useLocation()
  const onWhere = useCallback((next: Where) => put({ in: next === 'tree' ? undefined : next }), [put])
  const enter = useCallback((group: number) => go(group === 0 ? '/jobs' : `/jobs/${group}`), [go])
  /** To the page of a job. */
  const look = useCallback((id: number) => go(jobAddress(id)), [go])
  return {
    /** The group whose jobs are listed; 0: the root. */
    group: Number(id ?? 0) || 0,
    filter,
    where: PLACES.find((place): place is Where => place === said.get('in')) ?? 'tree',
    sort,
    onFilter,
    onWhere,
    onSort,
    enter,
    look,
  }
}
