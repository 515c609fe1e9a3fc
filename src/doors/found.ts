/** What somebody else says of a person who signed in there, and what that makes of them here. */
import { RIGHTS, type Right, ROLES, type Role } from './actor.ts'

export interface Found {
  role: Role
  /** null: those of the role. */
  rights: readonly Right[] | null
  /** Nothing was asked of them: it is for who is new, and others stay what an admin made them. */
  forNew?: true
}

/** The greater first: who is an admin and an artist is an admin. */
const BY_RANK: readonly Role[] = ['admin', 'wrangler', 'artist']

/**
 * `holds` answers for each role and each right whether it was given. Those of rights add to those of the role. Undefined:
 * nothing was. Where nothing is asked for (`all`), all are artists.
 */
export async function foundBy(
  all: boolean,
  holds: (what: Role | Right) => boolean | Promise<boolean>,
): Promise<Found | undefined> {
  if (all) return { role: 'artist', rights: null, forNew: true }
  for (const role of BY_RANK) if (await holds(role)) return { role, rights: await more(role, holds) }
  const rights: Right[] = []
  for (const right of RIGHTS) if (await holds(right)) rights.push(right)
  return rights.length > 0 ? { role: 'artist', rights } : undefined
}

async function more(role: Role, holds: (what: Right) => boolean | Promise<boolean>): Promise<Found['rights']> {
  const own: readonly string[] = ROLES[role]
  const all: Right[] = []
  for (const right of RIGHTS) if (own.includes(right) || (await holds(right))) all.push(right)
  return all.length === own.length ? null : all
}
