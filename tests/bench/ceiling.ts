/**
 * What the HTTP library can do on this machine: the same bodies, read and validated by Elysia, answered with a constant.
 * A process of its own, as the server is one; says its address as the server does.
 */
import { Elysia, t } from 'elysia'
import { JobInput } from '../../src/models.ts'

const worker = { hostname: t.String(), load: t.String(), free_memory: t.Numeric(), total_memory: t.Numeric() }
const run = { hostname: t.String(), jobId: t.Numeric() }

const app = new Elysia()
  .post('/workers/pickjob', () => "(1, 'echo test', '.', 'render', '')", { body: t.Object(worker) })
  .post('/workers/heartbeat', () => 'true', { body: t.Object({ ...worker, ...run, log: t.String() }) })
  .post('/workers/endjob', () => '1', { body: t.Object({ ...run, errorCode: t.Numeric() }) })
  .put('/api/jobs', () => new Response('1', { headers: { 'content-type': 'application/json' } }), {
    body: t.Unsafe<object>(JobInput),
  })
  .listen({ hostname: '127.0.0.1', port: 0, reusePort: false, development: false })

console.log(`ceiling listening on http://127.0.0.1:${app.server?.port}`)
