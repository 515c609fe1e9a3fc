import { Elysia } from 'elysia'
import type { Farm } from '../farm.ts'
import { WorkerEdit, WorkerEdits, WorkerNames } from '../models.ts'
import { takes } from './body.ts'
import { documented, listOf, ONE } from './documented.ts'
import { done, json } from './json.ts'
import { mendEdits } from './oldInput.ts'

const changing = (summary: string, description: string) =>
  documented({ tag: 'Workers', summary, description, answer: ONE, example: 1, problems: [400, 404, 422] })

/** The workers of `rest_api.rst`. */
export const workerRoutes = (farm: Farm, prefix: string) =>
  new Elysia({ prefix })
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
      {
        ...takes(WorkerEdits, { references: [WorkerEdit], mend: mendEdits, empty: {} }),
        ...changing('Modify workers', 'Properties by name. All the changes are made, or none.'),
      },
    )
    .delete(
      '/workers',
      async ({ body }) => {
        await farm.deleteWorkers(body)
        return done()
      },
      {
        ...takes(WorkerNames),
        ...changing('Delete workers', 'What they run is stopped and waits again. One that speaks again is made anew.'),
      },
    )
    .post(
      '/terminateworkers',
      async ({ body }) => {
        await farm.terminateWorkers(body)
        return done()
      },
      {
        ...takes(WorkerNames),
        ...changing(
          'Terminate workers',
          'What they run is stopped and waits again; they read TERMINATED until they ask for a job again: what they still say of their runs brings none back.',
        ),
      },
    )
    .post(
      '/stopworkers',
      async ({ body }) => {
        await farm.setWorkersActive(body, false)
        return done()
      },
      {
        ...takes(WorkerNames),
        ...changing('Stop workers', 'They get no job, and what they run is stopped and waits again.'),
      },
    )
    .post(
      '/startworkers',
      async ({ body }) => {
        await farm.setWorkersActive(body, true)
        return done()
      },
      { ...takes(WorkerNames), ...changing('Start workers', 'They get jobs again.') },
    )
