import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { User } from '../../models.ts'
import { listUsers } from '../data/calls.ts'
import { queries, recorded } from '../data/live.ts'
import { RowStore } from '../data/rows.ts'
import { useWatch } from '../data/stream.ts'
import { byName } from '../data/workers.ts'
import { useNews } from '../parts/useNews.ts'
import type { Sort } from '../table/Header.tsx'
import { inOrder, linesOf } from '../table/listed.ts'
import { USER_COLUMNS } from './columns.tsx'
import { passes } from './words.ts'

const KEY = ['users']
const AGAIN_MS = 500
export const userRows = new RowStore<string, User>()
export const renewUsers = () => queries.invalidateQueries({ queryKey: KEY })

async function ask(signal: AbortSignal): Promise<User[]> {
  const users = await listUsers(signal)
  for (const user of users) userRows.put(user.name, user)
  return users.sort((a, b) => byName(a.name, b.name))
}

/** The users that the filter lets through, in order. */
export function useUsers(filter: string, sort: Sort | undefined) {
  const { data, error } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask(signal),
    staleTime: 0,
  })
  // Whatever changes a user is in the audit, a sign-in too.
  useWatch({ audit: true })
  useNews(recorded, KEY, AGAIN_MS)
  const users = useMemo(() => {
    const found = data?.filter((user) => passes(user, filter))
    return found && inOrder(found, USER_COLUMNS, sort)
  }, [data, filter, sort])
  const lines = useMemo(() => linesOf((users ?? []).map(({ name }) => name)), [users])
  return { users, lines, error }
}
