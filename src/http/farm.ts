import { Elysia, t } from 'elysia'
import { KEPT_MINUTES } from '../domain/history.ts'
import type { Farm } from '../farm.ts'
import { documented, ref } from './documented.ts'
import { json } from './json.ts'
import { integer } from './params.ts'

const HOUR = 60
const historyQuery = t.Object({
  minutes: integer('The last so many minutes; default: 60', 60, 1, KEPT_MINUTES),
  step: integer('Minutes that one point is about; default: 1', 5, 1, HOUR),
})

/** The farm as a whole: what it did, and what a wrangler should look at. */
export const farmRoutes = (farm: Farm) =>
  new Elysia({ prefix: '/api/farm' })
    .get('/history', ({ query: { minutes = HOUR, step = 1 } }) => json(farm.history(minutes, step)), {
      query: historyQuery,
      ...documented({
        tag: 'Farm',
        summary: 'What the farm did, minute by minute',
        description:
          'Runs that ended, and workers that were busy, of the last day at most. Kept in memory, and made anew from the events when the server starts.',
        answer: ref('FarmHistory'),
        problems: [422],
      }),
    })
    .get(
      '/attention',
      () => json(farm.attention()),
      documented({
        tag: 'Farm',
        summary: 'What needs a look',
        description:
          'Workers whose runs fail one after the other, workers that are silent, jobs that failed in the last hour, runs that take much longer than their siblings took.',
        answer: ref('Attention'),
      }),
    )
