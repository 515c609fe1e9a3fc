/** What a provider says of a person, read: the calculation. */
import { FarmError } from '../errors.ts'
import type { Right, Role } from './actor.ts'
import { type Found, foundBy } from './found.ts'
import { knownForm } from './names.ts'

export type Claims = Readonly<Record<string, unknown>>

export interface ClaimRules {
  userClaim: string
  groupsClaim: string
  /** By role or right. */
  groups: Readonly<Record<string, readonly string[]>>
}

/** By its whole name, which may have dots (`https://studio/groups`), else inside others (`realm_access.roles`). */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  return path
    .split('.')
    .reduce<unknown>(
      (at, name) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? (at as Claims)[name] : undefined,
      claims,
    )
}

/** Whether all is said that is asked for; what is not in the ID token the provider is asked for. */
export const saysAll = (claims: Claims, { userClaim, groupsClaim, groups }: ClaimRules): boolean =>
  claimAt(claims, userClaim) !== undefined &&
  (Object.keys(groups).length === 0 || claimAt(claims, groupsClaim) !== undefined)

/** The name by which the farm knows them. */
export function nameIn(claims: Claims, claim: string): string {
  const said = claimAt(claims, claim)
  const name = typeof said === 'string' ? knownForm(said) : undefined
  if (name === undefined)
    throw new FarmError(
      'forbidden',
      `The provider does not say your name (claim ${claim}), or none that can be used here: an admin has to look at oidc.user_claim and oidc.scopes in coalition.toml.`,
    )
  // Whoever may write any address into their profile would be anybody.
  if (claim === 'email' && claims.email_verified !== true && claims.email_verified !== 'true')
    throw new FarmError(
      'forbidden',
      `The provider has not verified the address ${name}: verify it there, or ask an admin.`,
    )
  return name
}

/** One group can come as a text. Throws for somebody in none of the groups. */
export async function foundIn(claims: Claims, name: string, { groupsClaim, groups }: ClaimRules): Promise<Found> {
  const said = claimAt(claims, groupsClaim)
  const theirs: unknown[] = Array.isArray(said) ? said : [said]
  const holds = (what: Role | Right) => groups[what]?.some((group) => theirs.includes(group)) ?? false
  const found = await foundBy(Object.keys(groups).length === 0, holds)
  if (found) return found
  throw new FarmError(
    'forbidden',
    `${name} is known to the provider, and is in no group that has a right on this farm: ask an admin.`,
  )
}
