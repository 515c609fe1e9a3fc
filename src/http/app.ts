import { Elysia } from 'elysia'
import type { Farm } from '../farm.ts'
import * as models from '../models.ts'
import { coalitionRoutes } from './coalition.ts'
import { docs } from './docs.ts'
import { documented, ref } from './documented.ts'
import { eventRoutes } from './events.ts'
import { jobRoutes } from './jobs.ts'
import { json } from './json.ts'
import { onFailure } from './problems.ts'
import { runRoutes } from './runs.ts'
import { workerRoutes } from './workers.ts'

const { Job, JobInput, JobEdits, Ids, Worker, WorkerEdit, WorkerEdits, WorkerNames, Event, Health, Problem } = models
const { PickRequest, Assignment, HeartbeatRequest, HeartbeatAnswer, EndRequest, ReleaseRequest, RunAnswer } = models

/** Every route there is. */
export const createApp = (farm: Farm) =>
  // normalize would take away what a client sent too much: it is told instead.
  new Elysia({ normalize: false })
    .onError(onFailure)
    .model({ Job, JobInput, JobEdits, Ids, Worker, WorkerEdit, WorkerEdits, WorkerNames, Event, Health, Problem })
    .model({ PickRequest, Assignment, HeartbeatRequest, HeartbeatAnswer, EndRequest, ReleaseRequest, RunAnswer })
    .get('/', ({ redirect }) => redirect('/docs'), { detail: { hide: true } })
    .use(jobRoutes(farm, '/api'))
    .use(workerRoutes(farm, '/api'))
    .use(eventRoutes(farm, '/api'))
    .use(runRoutes(farm))
    .use(coalitionRoutes(farm))
    .get(
      '/api/health',
      () => json(farm.health()),
      documented({ tag: 'Server', summary: 'Version, uptime and counts', answer: ref('Health') }),
    )
    .use(docs())

export type App = ReturnType<typeof createApp>
