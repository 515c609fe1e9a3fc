import { useCallback, useMemo } from 'react'
import { useAddress } from '../parts/useAddress.ts'
import type { Sort } from './Header.tsx'

/** What the address says of a list, the filter and the order, and what else a view puts there. */
export function useListAddress() {
  const { said, put } = useAddress()
  const by = said.get('sort')
  const sort = useMemo<Sort | undefined>(
    () => (by ? { field: by.replace(/^-/, ''), descending: by.startsWith('-') } : undefined),
    [by],
  )
  const onFilter = useCallback((next: string) => put({ q: next }), [put])
  const onSort = useCallback(
    (next: Sort | undefined) => put({ sort: next && `${next.descending ? '-' : ''}${next.field}` }),
    [put],
  )
  return { said, filter: said.get('q') ?? '', sort, put, onFilter, onSort }
}
