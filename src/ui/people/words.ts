/** Users in words, and what of them was changed. Pure. */
import type { User, UserEdit } from '../../models.ts'
import type { UserState } from '../parts/StateMark.tsx'

export type Role = User['role']
export type Right = User['rights'][number]

/** A role that is added to the tables has to be added here, or this does not compile; so has a right. */
export const ROLE_WORDS: Record<Role, string> = {
  artist: 'Their own jobs, and sees all',
  wrangler: 'All jobs, workers and limits',
  admin: 'All of it, and people',
}
export const ROLES = Object.keys(ROLE_WORDS) as readonly Role[]

/** For one's own jobs, and beside it for those of everybody. */
export const RIGHT_WORDS: Record<Right, string> = {
  create: 'create',
  create_all: 'create all',
  view: 'view',
  view_all: 'view all',
  edit: 'edit',
  edit_all: 'edit all',
  delete: 'delete',
  delete_all: 'delete all',
}
export const RIGHTS = Object.keys(RIGHT_WORDS) as readonly Right[]

const SOURCE_WORDS: Record<User['source'], string> = { local: 'this server', ldap: 'LDAP', oidc: 'OpenID' }

/** `create, view all`: who may for all may for his own. */
export function rightsText(rights: readonly Right[]): string {
  const has = (right: string) => rights.some((each) => each === right)
  if (RIGHTS.every(has)) return 'all'
  const said = RIGHTS.filter((right) => has(right) && !has(`${right}_all`))
  return said.map((right) => RIGHT_WORDS[right]).join(', ') || 'none'
}

export const sourceText = ({ source }: User): string => SOURCE_WORDS[source]
export const stateOf = ({ disabled }: User): UserState => (disabled ? 'DISABLED' : 'ACTIVE')

/** Text is looked for in all that a row says of who it is. */
export function passes(user: User, text: string): boolean {
  const wanted = text.toLowerCase()
  return [user.name, user.role, sourceText(user), stateOf(user)].some((each) => each.toLowerCase().includes(wanted))
}

/** Of what was typed, what is otherwise than it is. */
export function changesOf(user: User, { role, rights, password, disabled }: UserEdit): UserEdit {
  return {
    ...(role !== undefined && role !== user.role && { role }),
    ...(rights !== undefined && !isSame(user, rights) && { rights }),
    ...(password && { password }),
    ...(disabled !== undefined && disabled !== Boolean(user.disabled) && { disabled }),
  }
}

function isSame(user: User, rights: readonly Right[] | null): boolean {
  if (rights === null || !user.own_rights) return rights === null && !user.own_rights
  return rights.length === user.rights.length && rights.every((right) => user.rights.includes(right))
}

/** `ann, bob and 3 more`. */
export function whoIs(names: readonly string[]): string {
  const more = names.length - MOST_NAMED
  if (more > 1) return `${names.slice(0, MOST_NAMED).join(', ')} and ${more} more`
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
const MOST_NAMED = 3
