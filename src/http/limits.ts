import { Elysia } from 'elysia'
import type { Farm } from '../farm.ts'
import { LimitEdits, WorkerNames } from '../models.ts'
import { takes } from './body.ts'
import { documented, listOf, ONE, ref } from './documented.ts'
import { done, json } from './json.ts'
import { idParam } from './params.ts'

/** What holds jobs of the whole farm: named limits, and the workers that failed a job too often. */
export const limitRoutes = (farm: Farm) =>
  new Elysia({ prefix: '/api' })
    .get(
      '/limits',
      () => json(farm.listLimits()),
      documented({
        tag: 'Limits',
        summary: 'The limits of the farm',
        description:
          'By name: how many runs, or distinct hosts, there may be at once of jobs that name it, and how many there are.',
        answer: ref('Limits'),
        example: { nuke: { max: 10, per: 'run', used: 3 } },
      }),
    )
    .post(
      '/limits',
      async ({ body }) => {
        await farm.setLimits(body)
        return done()
      },
      {
        ...takes(LimitEdits),
        ...documented({
          tag: 'Limits',
          summary: 'Set limits',
          description:
            'By name: a number of runs, or {"max": 5, "per": "host"}; null takes the limit away. Others stay. One lowered below what runs lets the runs end.',
          answer: ONE,
          example: 1,
          problems: [400, 422],
        }),
      },
    )
    .get('/jobs/:id/blocklist', ({ params }) => json(farm.listBlocklist(params.id)), {
      params: idParam,
      ...documented({
        tag: 'Jobs',
        summary: 'The workers that failed in a root job',
        description:
          'With how often, and whether they are blocked for it: they get no more of it until that is cleared, or the job is reset.',
        answer: listOf('Blocked'),
        problems: [404, 422],
      }),
    })
    .delete(
      '/jobs/:id/blocklist',
      async ({ params, body }) => {
        await farm.clearBlocklist(params.id, body.length > 0 ? body : undefined)
        return done()
      },
      {
        params: idParam,
        ...takes(WorkerNames, { empty: [] }),
        ...documented({
          tag: 'Jobs',
          summary: 'Clear the blocklist of a root job',
          description: 'Of the workers named; of all, when none is.',
          answer: ONE,
          example: 1,
          problems: [400, 404, 422],
        }),
      },
    )
