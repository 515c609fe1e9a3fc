import { Elysia } from 'elysia'
import * as answers from '../answers.ts'
import { WEB_FRONTEND } from '../doors/access.ts'
import { Doors } from '../doors/doors.ts'
import { type Crowd, createPeople } from '../doors/people.ts'
import { Refusals } from '../doors/refusals.ts'
import { createWorkerCredentials, type WorkerCredentials } from '../doors/workers.ts'
import type { Farm } from '../farm.ts'
import * as models from '../models.ts'
import * as protocol from '../protocol.ts'
import { readable } from './address.ts'
import { affinityRoutes } from './affinities.ts'
import { auditRoutes } from './audit.ts'
import { coalitionRoutes, hotRoutes } from './coalition.ts'
import { docs } from './docs.ts'
import { documented, ref } from './documented.ts'
import { eventRoutes } from './events.ts'
import { farmRoutes } from './farm.ts'
import { createGuard, type Guard } from './guard.ts'
import { jobPageRoutes } from './jobPage.ts'
import { jobRoutes } from './jobs.ts'
import { joinRoutes } from './join.ts'
import { json } from './json.ts'
import { limitRoutes } from './limits.ts'
import { meRoutes } from './me.ts'
import { pageRoutes } from './page.ts'
import { onFailure, type Route, refuseBrokenEscapes } from './problems.ts'
import { providerRoutes } from './provider.ts'
import { recording } from './recording.ts'
import { runRoutes } from './runs.ts'
import { streamRoutes } from './stream.ts'
import { submitRoutes } from './submit.ts'
import { tokenRoutes } from './tokens.ts'
import { userRoutes as peopleRoutes } from './users.ts'
import { whyRoutes } from './why.ts'
import { workerRoutes } from './workers.ts'

// What is left are the models that the document names; these are parts of them, and bounds.
const { Id: _id, WorkerName: _name, MAX_ID: _max, LIST_LIMIT: _limit, ...wire } = models
const { MAX_WAIT_SECONDS: _wait, ...reports } = protocol
const { ATTENTION_KINDS: _kinds, ...said } = answers

/** The calls of `rest_api.rst`, and those that Coalition 4 has beside them. */
const userRoutes = (farm: Farm, prefix: string, guard: Guard) =>
  new Elysia()
    .use(jobRoutes(farm, prefix, guard, { fromPage: prefix === WEB_FRONTEND }))
    .use(workerRoutes(farm, prefix))
    .use(eventRoutes(farm, prefix))
    .use(affinityRoutes(farm, prefix))

/** Every route there is. `more`: what the farm does not know of the server's health. */
export const createApp = (
  farm: Farm,
  more: () => Partial<answers.Health> = () => ({}),
  people: Crowd = createPeople(farm),
  workers: WorkerCredentials = createWorkerCredentials(farm),
  doors: Doors = new Doors({ onLoopbackOnly: true }, people, workers),
  refusals: Refusals = new Refusals(farm),
) => {
  const routes: Route[] = []
  const guard = createGuard(farm, doors)
  // normalize would take away what a client sent too much: it is told instead.
  const app = new Elysia({ normalize: false, serve: { routes: hotRoutes(farm, guard) } })
    .wrap(recording(guard, refusals, people.isUser))
    .wrap(
      (handle) =>
        <S>(request: Request, server: S) =>
          handle(readable(request), server),
    )
    .use(guard.hooks())
    .onRequest(refuseBrokenEscapes)
    .onError(onFailure(routes))
    .model(wire)
    .model(said)
    .model(reports)
    // jQuery keeps the browser's cache out with a parameter that means nothing.
    .onTransform(({ query }) => {
      delete (query as Record<string, unknown>)._
    })
    .use(pageRoutes(guard))
    .use(userRoutes(farm, '/api', guard))
    // Coalition 4's page speaks below this prefix.
    .use(userRoutes(farm, WEB_FRONTEND, guard))
    .use(joinRoutes(workers, guard))
    .use(runRoutes(farm))
    .use(limitRoutes(farm))
    .use(farmRoutes(farm))
    .use(whyRoutes(farm))
    .use(meRoutes(people, guard))
    .use(providerRoutes(people, guard))
    .use(peopleRoutes(people))
    .use(tokenRoutes(people, guard))
    .use(auditRoutes(farm, refusals))
    .use(jobPageRoutes(farm))
    .use(coalitionRoutes(farm, guard))
    .use(submitRoutes(farm, guard))
    .get(
      '/api/health',
      () => json({ ...farm.health(), ...more() }),
      documented({ tag: 'Server', summary: 'Version, uptime and counts', answer: ref('Health') }),
    )
    .use(streamRoutes(farm, guard))
    .use(docs())
  routes.push(...app.routes)
  return app
}

export type App = ReturnType<typeof createApp>
