import { Elysia, t } from 'elysia'
import { RUN_STATES, type RunState } from '../db/schema.ts'
import { PAGE } from '../domain/lists.ts'
import type { Farm } from '../farm.ts'
import { documented, listOf } from './documented.ts'
import { jsonList } from './json.ts'
import { integer, limitParam, oneOf, optionalText } from './params.ts'

const eventQuery = t.Object({
  job: integer('The events of this job', 1),
  worker: optionalText('The events of this worker', 'worker-1'),
  howlong: integer('All the events that began in the last howlong seconds', 60, 0),
  state: optionalText('States, separated by commas', 'FINISHED,ERROR'),
  since: integer('Began at this time or later, seconds since the epoch', 1763900000),
  until: integer('Began at this time or earlier', 1763900000),
  ended_since: integer('Ended at this time or later, or still runs; with until: what ran in a time', 1763900000),
  sort: optionalText('id (the newest last) or -id (the newest first)', '-id'),
  limit: limitParam,
  after: integer('Go on after the event of this id, the last of the page before', 1, 1),
})

/** The events of `rest_api.rst`: one for each run. Filters combine. */
export const eventRoutes = (farm: Farm, prefix: string) =>
  new Elysia({ prefix }).get(
    '/events',
    ({ query: { state, sort, limit, after, ...filter } }) => {
      const states = state === undefined ? undefined : oneOf<RunState>('state', state.split(','), RUN_STATES)
      const [order] = sort === undefined ? ['id' as const] : oneOf('sort', [sort], ['id', '-id'] as const)
      return jsonList(
        farm.listEvents({ ...filter, state: states }, { limit, after, descending: order === '-id' }),
        PAGE,
      )
    },
    {
      query: eventQuery,
      ...documented({
        tag: 'Events',
        summary: 'Events',
        description: 'One for each run, made at its start and completed at its end; the newest last. Filters combine.',
        answer: listOf('Event'),
        problems: [422],
      }),
    },
  )
