import { USER_RIGHTS } from '../db/schema.ts'

/** The eight rights of Coalition, each for one's own jobs or for all. */
export const RIGHTS = USER_RIGHTS
export type Right = (typeof RIGHTS)[number]

/** Ready sets. A wrangler manages workers, limits and affinities too; an admin also users, tokens, join tokens, audit. */
export const ROLES = {
  artist: ['create', 'view', 'view_all', 'edit', 'delete'],
  wrangler: RIGHTS,
  admin: RIGHTS,
} as const satisfies Record<string, readonly Right[]>
export type Role = keyof typeof ROLES

/** Who asks. `local`: from loopback; `trusted`: from a network that is trusted by name; both may do everything, as Coalition's. */
export type Actor =
  | { kind: 'nobody' }
  | { kind: 'local' | 'trusted'; name: '' }
  | { kind: 'worker'; name: string }
  | {
      kind: 'user'
      name: string
      role: Role
      rights: ReadonlySet<Right>
      by: 'session' | 'token'
      /** Id of the token. */
      token?: number
      scopes?: readonly string[]
    }

export type User = Extract<Actor, { kind: 'user' }>

/** Who a credential belongs to. */
export interface People {
  identify(credential: { token?: string; session?: string }, now: number): User | undefined
}
