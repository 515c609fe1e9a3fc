import { Elysia } from 'elysia'
import type { Farm } from '../farm.ts'
import { WorkerEdits, WorkerNames } from '../models.ts'
import { documented, listOf, ONE } from './documented.ts'
import { done, json, parseBody } from './json.ts'

const changing = (summary: string, description: string) =>
  documented({ tag: 'Workers', summary, description, answer: ONE, example: 1, problems: [400, 404, 422] })

/** The workers of `rest_api.rst`. */
export const workerRoutes = (farm: Farm, prefix: string) =>
  new Elysia({ prefix })
    .onParse(parseBody)
    .get(
      '/workers',
      () => json(farm.listWorkers()),
      documented({ tag: 'Workers', summary: 'The workers', answer: listOf('Worker') }),
    )
    .post(
      '/workers',
      async ({ body }) => {
        await farm.editWorkers(body)
        return done()
      },
      { body: WorkerEdits, ...changing('Modify workers', 'Properties by name. All the changes are made, or none.') },
    )
    .delete(
      '/workers',
      async ({ body }) => {
        await farm.deleteWorkers(body)
        return done()
      },
      {
        body: WorkerNames,
        ...changing('Delete workers', 'What they run is stopped and waits again. One that speaks again is made anew.'),
      },
    )
    .post(
      '/stopworkers',
      async ({ body }) => {
        await farm.setWorkersActive(body, false)
        return done()
      },
      {
        body: WorkerNames,
        ...changing('Stop workers', 'They get no job, and what they run is stopped and waits again.'),
      },
    )
    .post(
      '/startworkers',
      async ({ body }) => {
        await farm.setWorkersActive(body, true)
        return done()
      },
      { body: WorkerNames, ...changing('Start workers', 'They get jobs again.') },
    )
