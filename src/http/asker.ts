/** Who sent a request, by what it carries. */
import type { Actor, People } from '../doors/actor.ts'
import { FarmError } from '../errors.ts'

const COOKIE = 'coalition_session'
/** A browser takes a cookie of that name only with Secure, from this host, for all of it: no other host plants one. */
const COOKIE_OVER_TLS = `__Host-${COOKIE}`

export interface Credential {
  token?: string
  session?: string
}

export function credentialOf(request: Request): Credential {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  const session = sessionIn(request.headers.get('cookie') ?? '')
  return { ...(token !== undefined && { token }), ...(session !== undefined && { session }) }
}

function sessionIn(cookies: string): string | undefined {
  for (const cookie of cookies.split(';')) {
    const at = cookie.indexOf('=')
    if ([COOKIE, COOKIE_OVER_TLS].includes(cookie.slice(0, at).trim())) return cookie.slice(at + 1).trim()
  }
  return undefined
}

/** Who shows nothing asks as the place from which he asks; who shows what is not good is nobody, and should know. */
export function actorOf(people: People & { now(): number }, request: Request): Actor {
  const credential = credentialOf(request)
  if (credential.token === undefined && credential.session === undefined) return { kind: 'local', name: '' }
  const user = people.identify(credential, people.now())
  if (user) return user
  // A cookie grows old by itself; a token is sent on purpose.
  if (credential.token === undefined) return { kind: 'local', name: '' }
  throw new FarmError('unauthenticated', 'This token is not good, or not any more: `coalition signin` gets another.')
}

const isSecure = (request: Request): boolean => new URL(request.url).protocol === 'https:'

/** No script reads it, no other site's form brings it, and over TLS it never travels in clear. */
export function sessionCookie(request: Request, secret: string, seconds: number): string {
  const tls = isSecure(request)
  const flags = ['Path=/', 'HttpOnly', 'SameSite=Lax', `Max-Age=${seconds}`, ...(tls ? ['Secure'] : [])]
  return [`${tls ? COOKIE_OVER_TLS : COOKIE}=${secret}`, ...flags].join('; ')
}
