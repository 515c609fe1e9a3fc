import { type TokenRow, tokens } from '../db/schema.ts'
import { FarmError, invalid, notFound } from '../errors.ts'
import type { MadeToken, NewToken, Token } from '../models.ts'
import type { Actor } from './actor.ts'
import { knownForm } from './names.ts'
import { inScope, managesPeople } from './rights.ts'
import { hashOf, newToken } from './secrets.ts'
import { change, type Shared } from './shared.ts'

const DAY = 86_400
/** Of one user, that are of use. */
const MOST_TOKENS = 200
/** What is revoked or expired is shown for so long. */
const FORGOTTEN_AFTER = 90 * DAY

const shown = ({ hash: _, scopes, ...row }: TokenRow): Token => ({
  ...row,
  scopes: scopes === '' ? null : (JSON.parse(scopes) as Token['scopes']),
})

export function tokensOf(shared: Shared) {
  const { farm, rows } = shared

  return {
    /** One's own; of everybody, or of one user, for who looks after people. */
    list(actor: Actor, of?: string): Token[] {
      const user = of === undefined ? ownName(actor) : knownForm(of)
      if (user !== ownName(actor) || user === undefined) refuseUnlessManager(actor, "see other people's tokens")
      const found = user === undefined && of === undefined ? rows.tokens.all() : rows.tokensOf.all({ user: user ?? '' })
      return found.map(shown)
    },

    /** The one time that the token itself is told. */
    add(actor: Actor, { name, days, scopes = null, user: of }: NewToken): Promise<MadeToken> {
      const user = of === undefined ? ownName(actor) : knownForm(of)
      if (user === undefined) throw invalid('user', 'user is missing: name the user whom the token is for.')
      if (user !== ownName(actor)) refuseUnlessManager(actor, 'make tokens for other people')
      refuseWider(actor, scopes)
      const token = newToken()
      return change(shared, (now) => {
        if (!rows.user.get({ name: user })) throw notFound(`There is no user ${user}: add the user first.`, 'user')
        rows.forgetTokens.run({ before: now - FORGOTTEN_AFTER })
        const alive = rows.tokensOf
          .all({ user })
          .filter(({ revoked, expires }) => !revoked && (!expires || expires > now))
        if (alive.length >= MOST_TOKENS)
          throw new FarmError(
            'conflict',
            `${user} has ${MOST_TOKENS} tokens: revoke those that are of no use any more.`,
          )
        const made = farm.core.db
          .insert(tokens)
          .values({
            user,
            name,
            scopes: scopes === null ? '' : JSON.stringify(scopes),
            hash: hashOf(token),
            created: now,
            expires: days === undefined || days === 0 ? 0 : Math.ceil(now + days * DAY),
          })
          .returning()
          .get()
        return { ...shown(made), token }
      })
    },

    /** Of no use from the answer on; the row stays for a while, to be seen. */
    revoke: (actor: Actor, id: number): Promise<void> =>
      change(shared, (now) => {
        const row = rows.token.get({ id })
        // Of others' tokens not even the ids are told.
        if (!row || (row.user !== ownName(actor) && !managesPeople(actor)))
          throw notFound(`There is no token ${id} of yours: GET /api/tokens lists them.`, 'id')
        rows.revoke.run({ id, now })
      }),
  }
}

const ownName = (actor: Actor): string | undefined => (actor.kind === 'user' ? actor.name : undefined)

function refuseUnlessManager(actor: Actor, what: string): void {
  if (actor.kind === 'nobody') throw new FarmError('unauthenticated', 'Sign in first: tokens are of somebody.')
  if (!managesPeople(actor)) throw new FarmError('forbidden', `Only an admin may ${what}.`)
}

/** Or a token for one thing would make itself one for all. */
function refuseWider(actor: Actor, scopes: readonly string[] | null): void {
  if (actor.kind !== 'user' || actor.scopes === undefined) return
  const own = actor.scopes
  if (!inScope(actor, 'admin'))
    throw new FarmError('forbidden', 'This token has scopes, and makes no tokens: sign in to make one.')
  if (scopes === null || scopes.some((scope) => !own.includes(scope)))
    throw new FarmError(
      'forbidden',
      `This token makes only tokens that may no more than it: ${own.join(', ')}.`,
      'scopes',
    )
}
