import { Elysia, t } from 'elysia'
import type { Farm } from '../farm.ts'
import { WorkerName } from '../models.ts'
import { documented, ref } from './documented.ts'
import { json } from './json.ts'
import { idParam } from './params.ts'

/** What people ask most: why does this not run? */
export const whyRoutes = (farm: Farm) =>
  new Elysia({ prefix: '/api' })
    .get('/jobs/:id/why', ({ params }) => json(farm.whyJob(params.id)), {
      params: idParam,
      ...documented({
        tag: 'Jobs',
        summary: 'Why a job is not running now',
        description:
          'In words and in fields: what it waits for, who paused it, which names no worker has, how many jobs go first. By the same rules as the pick.',
        answer: ref('Why'),
        problems: [404, 422],
      }),
    })
    .get('/workers/:name/why', ({ params }) => json(farm.whyWorker(params.name)), {
      params: t.Object({ name: WorkerName }),
      ...documented({
        tag: 'Workers',
        summary: 'Why a worker has nothing to do',
        description: 'In words and in fields; with next, the job that it gets when it asks.',
        answer: ref('Why'),
        problems: [404, 422],
      }),
    })
