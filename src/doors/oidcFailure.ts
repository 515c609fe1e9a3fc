/** Why a sign-in at the provider failed, in words for who signs in; what only an admin can mend goes to the server's log. */
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client'
import { FarmError } from '../errors.ts'

const AWAY = 'The provider of the studio does not answer as it should: try again, or ask an admin.'
const STALE = 'This sign-in took too long, or was finished already: sign in again.'
const NOT_FOR_US =
  'What the provider says is not for this sign-in, or not any more, so nobody was signed in: sign in again, or ask an admin.'

/** Something was answered, and is not to be believed: claims, times, signatures, the issuer of the answer. */
const NOT_BELIEVED: readonly unknown[] = [
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_INVALID_RESPONSE',
]

export function oidcFailure(error: unknown, issuer: string): FarmError {
  if (error instanceof FarmError) return error
  if (error instanceof AuthorizationResponseError)
    return new FarmError(
      'unauthenticated',
      `The provider did not sign you in: ${said(error.error_description ?? error.error)}. Try again, or ask an admin.`,
    )
  if (error instanceof ResponseBodyError && error.error === 'invalid_grant')
    return new FarmError('unauthenticated', STALE)
  if (!(error instanceof ClientError && NOT_BELIEVED.includes(error.code))) return unavailable(error, issuer)
  note(error, issuer)
  return new FarmError('unauthenticated', NOT_FOR_US)
}

/** It does not answer, or not what it should: of itself, where it says whom one signs in at. */
export function unavailable(error: unknown, issuer: string): FarmError {
  note(error, issuer)
  return new FarmError('unavailable', AWAY)
}

/** Never the error itself: it holds the answer, and with it tokens. */
const note = (error: unknown, issuer: string): void =>
  console.error(`signing in at ${issuer} failed: ${reasons(error)}`)

/** What it says, and what it says of why; each a line of some words. */
function reasons(error: unknown): string {
  const found: string[] = []
  for (let at = error; at instanceof Error && found.length < 5; at = at.cause) {
    const code = at instanceof ResponseBodyError ? at.error : 'code' in at ? String(at.code) : ''
    found.push(said(code ? `${at.message} (${code})` : at.message))
  }
  return found.join(': ') || 'for no reason that it tells'
}

/** Text of somebody else's, for one line. */
const said = (text: string): string =>
  text
    .replace(/\p{C}+/gu, ' ')
    .slice(0, 300)
    .toWellFormed()
