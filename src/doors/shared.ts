import type { Farm } from '../farm.ts'
import type { Credentials } from './credentials.ts'
import type { PeopleRows } from './peopleRows.ts'

/** What all that changes people works on. */
export interface Shared {
  farm: Pick<Farm, 'core' | 'write' | 'now'>
  rows: PeopleRows
  credentials: Credentials
}

/** A change of people, tokens or sessions: when it is answered, nobody is known by what was before. */
export const change = <T>({ farm, credentials }: Shared, operation: (now: number) => T): Promise<T> =>
  farm.write((tx) => {
    tx.after(() => credentials.forget())
    return operation(tx.now)
  })
