import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { listAudit } from '../data/calls.ts'
import { recorded } from '../data/live.ts'
import { useWatch } from '../data/stream.ts'
import { useNews } from '../parts/useNews.ts'
import { auditRows } from './columns.tsx'

const PAGE = 200
/** A busy farm writes records all the time. */
const AGAIN_MS = 500

/** Records, the newest first; more of them are asked for as they are scrolled to. */
export function useAudit(query: Record<string, string>) {
  const result = useInfiniteQuery({
    queryKey: ['audit', query],
    queryFn: ({ pageParam, signal }) =>
      listAudit({ ...query, limit: String(PAGE), ...(pageParam > 0 && { after: String(pageParam) }) }, signal),
    initialPageParam: 0,
    getNextPageParam: (page) => (page.length === PAGE ? page.at(-1)?.id : undefined),
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
  })
  useWatch({ audit: true })
  // Only while the newest are looked at.
  useNews(recorded, ['audit', query], AGAIN_MS, (result.data?.pages.length ?? 0) <= 1)
  const ids = useMemo(() => {
    const records = result.data?.pages.flat() ?? []
    for (const record of records) if (auditRows.get(record.id) === undefined) auditRows.put(record.id, record)
    return records.map(({ id }) => id)
  }, [result.data])
  const { error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = result
  return { ids, error, isPending, more: hasNextPage, askMore: () => !isFetchingNextPage && void fetchNextPage() }
}
