/** The cookies of who signs in, and what a page is told of who it is. */
import type { Actor } from '../doors/actor.ts'
import { FLOW_SECONDS } from '../doors/flows.ts'
import type { Crowd } from '../doors/people.ts'
import { managesPeople } from '../doors/rights.ts'
import type { Opened } from '../doors/sessions.ts'
import type { Me } from '../models.ts'
import type { Guard } from './guard.ts'
import { json } from './json.ts'

/**
 * Of a session. No script reads it, and no form of another site brings it. Over TLS it never travels in clear, and its name
 * keeps other hosts of the domain from planting one. Lax and not Strict: who follows a link to a job from a chat is signed in.
 */
export const sessionCookie = (overTls: boolean, secret: string, seconds: number): string =>
  cookie(overTls, 'coalition_session', secret, seconds, 'Lax')

/**
 * Of a sign-in at the provider. The way back from there is a navigation of another site, which carries no Strict cookie; but it
 * only brings the page, and it is the page of this server that then asks with it.
 */
const flowCookie = (overTls: boolean, secret: string): string =>
  cookie(overTls, 'coalition_signin', secret, secret === '' ? 0 : FLOW_SECONDS, 'Strict')
const FLOW = /(?:^|;\s*)(?:__Host-)?coalition_signin=([^;\s]+)/

function cookie(overTls: boolean, name: string, value: string, seconds: number, sameSite: 'Lax' | 'Strict'): string {
  const flags = ['Path=/', 'HttpOnly', `SameSite=${sameSite}`, `Max-Age=${seconds}`, ...(overTls ? ['Secure'] : [])]
  return [`${overTls ? '__Host-' : ''}${name}=${value}`, ...flags].join('; ')
}

export type Entering = ReturnType<typeof entering>

/** What the calls share that sign somebody in. */
export function entering(people: Crowd, guard: Guard) {
  const overTls = (request: Request): boolean =>
    guard.doors.overTls(request.headers, request.url, () => guard.visitorOf(request).address)
  const me = (actor: Actor): Me => {
    const user = actor.kind === 'user' ? actor : undefined
    return {
      kind: actor.kind,
      name: actor.kind === 'nobody' ? '' : actor.name,
      role: user?.role ?? null,
      rights: user ? [...user.rights] : [],
      by: user?.by ?? null,
      own_password: user !== undefined && people.users.get(user.name).source === 'local',
      manages_people: managesPeople(actor),
      ways: { password: people.passwords(), provider: people.provider?.label ?? null },
    }
  }

  return {
    me,
    overTls,

    /** The session that the browser had before ends. `clears`: with it, the cookie of a sign-in at the provider. */
    async opened(request: Request, { secret, seconds }: Opened, { clears = false } = {}): Promise<Response> {
      const before = guard.doors.sessionIn(request.headers)
      if (before !== undefined) await people.sessions.signOut(before)
      const actor = people.identify({ session: secret }, people.now()) ?? { kind: 'nobody' as const }
      const tls = overTls(request)
      const answer = json(me(actor), 200, { 'set-cookie': sessionCookie(tls, secret, seconds) })
      if (clears) answer.headers.append('set-cookie', flowCookie(tls, ''))
      return answer
    },

    flowOf: (request: Request): string | undefined => FLOW.exec(request.headers.get('cookie') ?? '')?.[1],
    flowCookie: (request: Request, secret: string): string => flowCookie(overTls(request), secret),
  }
}
