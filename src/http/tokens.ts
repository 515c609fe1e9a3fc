import { Elysia, t } from 'elysia'
import type { Crowd } from '../doors/people.ts'
import { NewToken } from '../models.ts'
import { takes } from './body.ts'
import { documented, listOf, ONE, ref } from './documented.ts'
import type { Guard } from './guard.ts'
import { done, json } from './json.ts'
import { idOf, optionalText } from './params.ts'

const tokenParam = t.Object({ id: idOf('Id of the token') })
const tokenQuery = t.Object({ user: optionalText('The tokens of this user', 'ann') })

/** What scripts and the command line sign in with. */
export const tokenRoutes = (people: Crowd, guard: Guard) =>
  new Elysia({ prefix: '/api/tokens' })
    .get('', ({ request, query }) => json(people.tokens.list(guard.visitorOf(request).actor, query.user)), {
      query: tokenQuery,
      ...documented({
        tag: 'People',
        summary: 'Tokens',
        description:
          'One’s own; those of another user, for an admin. What was revoked or has expired is shown for 90 days more.',
        answer: listOf('Token'),
        problems: [401, 403, 422],
      }),
    })
    .post('', async ({ request, body }) => json(await people.tokens.add(guard.visitorOf(request).actor, body)), {
      ...takes(NewToken),
      ...documented({
        tag: 'People',
        summary: 'Make a token',
        description: 'The token is answered this once: the server keeps a hash of it, and cannot tell it again.',
        answer: ref('MadeToken'),
        problems: [400, 401, 403, 404, 409, 422],
      }),
    })
    .delete(
      '/:id',
      async ({ request, params }) => {
        await people.tokens.revoke(guard.visitorOf(request).actor, params.id)
        return done()
      },
      {
        params: tokenParam,
        ...documented({
          tag: 'People',
          summary: 'Revoke a token',
          description: 'It is of no use from the answer on.',
          answer: ONE,
          example: 1,
          problems: [401, 403, 404, 422],
        }),
      },
    )
