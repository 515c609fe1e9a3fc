import { Elysia } from 'elysia'
import type { Crowd } from '../doors/people.ts'
import { FarmError } from '../errors.ts'
import { FirstAdminInput, PasswordChange, SignIn } from '../models.ts'
import { takes } from './body.ts'
import { documented, ONE, ref } from './documented.ts'
import type { Guard } from './guard.ts'
import { done, json } from './json.ts'
import { entering, sessionCookie } from './session.ts'

/** Signing in and out, and who one is. Whoever cannot call anything else can call these. */
export const meRoutes = (people: Crowd, guard: Guard) => {
  const { me, overTls, opened } = entering(people, guard)

  return new Elysia({ prefix: '/api' })
    .get(
      '/me',
      ({ request }) => json(me(guard.visitorOf(request).actor)),
      documented({
        tag: 'People',
        summary: 'Who asks',
        description: 'By the token or the session that the request carries, or by the place from which it comes.',
        answer: ref('Me'),
        problems: [401],
      }),
    )
    .post(
      '/signin',
      async ({ body, request }) => {
        const session = await people.sessions.signIn(body.name, body.password, guard.visitorOf(request).address)
        return opened(request, session)
      },
      {
        ...takes(SignIn),
        ...documented({
          tag: 'People',
          summary: 'Sign in',
          description:
            'Answers who that is, and sets the cookie of a session. Attempts that fail are slowed, by name and by address.',
          answer: ref('Me'),
          problems: [400, 401, 422, 429],
        }),
      },
    )
    .post(
      '/signout',
      async ({ request }) => {
        const session = guard.doors.sessionIn(request.headers)
        if (session !== undefined) await people.sessions.signOut(session)
        return json(1, 200, { 'set-cookie': sessionCookie(overTls(request), '', 0) })
      },
      documented({
        tag: 'People',
        summary: 'Sign out',
        description: 'Ends the session of the cookie. Tokens stay.',
        answer: ONE,
        example: 1,
      }),
    )
    .post(
      '/me/password',
      async ({ body, request }) => {
        const actor = guard.visitorOf(request).actor
        if (actor.kind !== 'user' || actor.by !== 'session')
          throw new FarmError('unauthenticated', 'Sign in first: a password is changed in a session.')
        await people.users.changePassword(actor.name, body.old, body.password, guard.doors.sessionIn(request.headers))
        return done()
      },
      {
        ...takes(PasswordChange),
        ...documented({
          tag: 'People',
          summary: "Change one's password",
          description: 'The other sessions of the user end. Tokens stay.',
          answer: ONE,
          example: 1,
          problems: [400, 401, 403, 422],
        }),
      },
    )
    .post(
      '/firstadmin',
      async ({ body, request }) => {
        const { opened: session } = await people.first.take(body.secret, body.name, body.password)
        return opened(request, session)
      },
      {
        ...takes(FirstAdminInput),
        ...documented({
          tag: 'People',
          summary: 'Make the first admin',
          description:
            'With the secret of the link that the server prints at its start while it has no user. Good once, for a day.',
          answer: ref('Me'),
          problems: [400, 403, 409, 422],
        }),
      },
    )
}
