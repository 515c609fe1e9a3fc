import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'wouter'
import type { Sort } from './Header.tsx'

/** What the address says of a list, the filter and the order, and what else a view puts there. */
export function useListAddress() {
  const [said, setSearch] = useSearchParams()
  const put = useCallback(
    (name: string, value: string | undefined) =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before)
          if (value) after.set(name, value)
          else after.delete(name)
          return after
        },
        { replace: true },
      ),
    [setSearch],
  )
  const by = said.get('sort')
  const sort = useMemo<Sort | undefined>(
    () => (by ? { field: by.replace(/^-/, ''), descending: by.startsWith('-') } : undefined),
    [by],
  )
  const onSort = useCallback(
    (next: Sort | undefined) => put('sort', next && `${next.descending ? '-' : ''}${next.field}`),
    [put],
  )
  return { said, filter: said.get('q') ?? '', sort, put, onSort }
}
