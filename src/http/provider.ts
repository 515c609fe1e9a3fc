/** Signing in at the studio's provider of OpenID Connect. */
import { Elysia } from 'elysia'
import type { Crowd } from '../doors/people.ts'
import { notFound } from '../errors.ts'
import { ProviderAnswer } from '../models.ts'
import { takes } from './body.ts'
import { documented, ref } from './documented.ts'
import type { Guard } from './guard.ts'
import { json } from './json.ts'
import { entering } from './session.ts'

/** Where the provider sends the browser: the page, which hands what it finds in its address to the call below. */
const CALLBACK = '/oidc/callback'

/**
 * Both are called by the page, and by POST: what a page of another site asks for is refused before it gets here, and a link
 * does nothing. Where the browser is sent is the provider's address and no parameter says another.
 */
export const providerRoutes = (people: Crowd, guard: Guard) => {
  const { opened, overTls, flowOf, flowCookie } = entering(people, guard)
  const provider = () => {
    if (people.provider) return people.provider
    throw notFound('Nobody signs in by a provider here: [oidc] in coalition.toml names one.')
  }
  const redirectOf = (request: Request): string => {
    const { redirectBase } = provider()
    if (redirectBase !== '') return redirectBase + CALLBACK
    const host = guard.doors.hostOf(request.headers, () => guard.visitorOf(request).address)
    return `${overTls(request) ? 'https' : 'http'}://${host ?? new URL(request.url).host}${CALLBACK}`
  }

  return new Elysia({ prefix: '/api/signin/provider' })
    .post(
      '',
      async ({ request }) => {
        const { cookie, url } = await provider().begin(flowOf(request), redirectOf(request))
        return json({ url }, 200, { 'set-cookie': flowCookie(request, cookie) })
      },
      documented({
        tag: 'People',
        summary: 'Begin to sign in at the provider',
        description:
          'Answers where the browser has to go, and sets a cookie for ten minutes: no other browser can finish it.',
        answer: ref('ProviderAddress'),
        problems: [403, 404, 503],
      }),
    )
    .post(
      '/answer',
      async ({ request, body }) => {
        const { address } = guard.visitorOf(request)
        const session = await provider().finish(flowOf(request), redirectOf(request), body.answer, address)
        return opened(request, session, { clears: true })
      },
      {
        ...takes(ProviderAnswer),
        ...documented({
          tag: 'People',
          summary: 'Sign in with what the provider answered',
          description:
            'Answers who that is, and sets the cookie of a session. Role and rights follow the groups that the provider tells, at each sign-in.',
          answer: ref('Me'),
          problems: [400, 401, 403, 404, 422, 429, 503],
        }),
      },
    )
}
