import { Elysia } from 'elysia'
import type { WorkerCredentials } from '../doors/workers.ts'
import { JoinRequest, WorkerNames } from '../models.ts'
import { takes } from './body.ts'
import { documented, listOf, ONE, ref } from './documented.ts'
import type { Guard } from './guard.ts'
import { done, json } from './json.ts'

/** How workers come to credentials of their own. */
export const joinRoutes = (workers: WorkerCredentials, guard: Guard) =>
  new Elysia({ prefix: '/api/workers' })
    .post(
      '/join',
      async ({ body, request }) => {
        const { address } = guard.visitorOf(request)
        return json({ credential: await workers.join(body.token, body.worker, address) })
      },
      {
        ...takes(JoinRequest),
        ...documented({
          tag: 'Workers',
          summary: 'Join',
          description:
            'Exchanges the join token for the credential of one worker, once for each name. It speaks for that name and no other, until it is revoked.',
          answer: ref('JoinAnswer'),
          problems: [400, 403, 409, 422],
        }),
      },
    )
    .post(
      '/jointoken',
      async () => json({ token: await workers.renewJoinToken() }),
      documented({
        tag: 'Workers',
        summary: 'Make a join token',
        description: 'The one before is good no more; workers that have joined stay. Only its hash is kept.',
        answer: ref('JoinToken'),
        problems: [401, 403],
      }),
    )
    .delete(
      '/jointoken',
      async () => {
        await workers.revokeJoinToken()
        return done()
      },
      documented({
        tag: 'Workers',
        summary: 'Take the join token back',
        description: 'No worker that is new gets in. One that stands in the configuration stays good.',
        answer: ONE,
        example: 1,
        problems: [401, 403],
      }),
    )
    .get(
      '/credentials',
      () => json(workers.list()),
      documented({
        tag: 'Workers',
        summary: 'The workers that have joined',
        answer: listOf('WorkerCredential'),
        problems: [401, 403],
      }),
    )
    .delete(
      '/credentials',
      async ({ body }) => {
        await workers.revoke(body)
        return done()
      },
      {
        ...takes(WorkerNames),
        ...documented({
          tag: 'Workers',
          summary: 'Revoke the credentials of workers',
          description:
            'They are heard no more, and their names are free. To keep them out, make another join token too.',
          answer: ONE,
          example: 1,
          problems: [400, 401, 403, 404, 422],
        }),
      },
    )
