import type { Farm } from '../farm.ts'
import type { Actor } from './actor.ts'
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

/** A token made for something does not look after people, unless that is what it was made for. */
const ADMIN = 'admin'

/** Who may look after people, and the tokens of others. */
export function managesPeople(actor: Actor): boolean {
  if (actor.kind === 'local' || actor.kind === 'trusted') return true
  return actor.kind === 'user' && actor.role === 'admin' && wholly(actor)
}

/** With all that the user may: by a session, by a token without scopes, or one that is for this. */
export const wholly = (actor: Extract<Actor, { kind: 'user' }>): boolean =>
  actor.scopes === undefined || actor.scopes.includes(ADMIN)
