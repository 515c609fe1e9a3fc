import { Elysia, t } from 'elysia'
import type { Crowd } from '../doors/people.ts'
import { NewUser, UserEdit } from '../models.ts'
import { takes } from './body.ts'
import { documented, listOf, ONE, ref } from './documented.ts'
import { done, json } from './json.ts'

const nameParam = t.Object({
  name: t.String({ maxLength: 1024, description: 'Name of the user', examples: ['ann'] }),
})

/** The users; for admins (doors/access.ts). */
export const userRoutes = (people: Crowd) =>
  new Elysia({ prefix: '/api/users' })
    .get(
      '',
      () => json(people.users.list()),
      documented({ tag: 'People', summary: 'The users', answer: listOf('User'), problems: [401, 403] }),
    )
    .post('', async ({ body }) => json(await people.users.add(body)), {
      ...takes(NewUser),
      ...documented({
        tag: 'People',
        summary: 'Add a user',
        description: 'Without a password they sign in elsewhere, or by tokens that are made for them.',
        answer: ref('User'),
        problems: [400, 401, 403, 409, 422],
      }),
    })
    .get('/:name', ({ params }) => json(people.users.get(params.name)), {
      params: nameParam,
      ...documented({ tag: 'People', summary: 'A user', answer: ref('User'), problems: [401, 403, 404, 422] }),
    })
    .post('/:name', async ({ params, body }) => json(await people.users.edit(params.name, body)), {
      params: nameParam,
      ...takes(UserEdit),
      ...documented({
        tag: 'People',
        summary: 'Edit a user',
        description: 'What is not named stays. A new password ends the sessions of the user. The last admin stays one.',
        answer: ref('User'),
        problems: [400, 401, 403, 404, 409, 422],
      }),
    })
    .delete(
      '/:name',
      async ({ params }) => {
        await people.users.remove(params.name)
        return done()
      },
      {
        params: nameParam,
        ...documented({
          tag: 'People',
          summary: 'Delete a user',
          description: 'With the sessions and the tokens. Jobs stay. The last admin goes last.',
          answer: ONE,
          example: 1,
          problems: [401, 403, 404, 409, 422],
        }),
      },
    )
