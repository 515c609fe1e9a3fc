/** The distinct values of all jobs, and who waits for whom: as a recount of the jobs themselves finds them. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Job, JobInput } from '../../src/models.ts'
import { type TestServer, testServer } from '../support/server.ts'

let server: TestServer
beforeEach(async () => {
  server = await testServer()
})
afterEach(() => server.stop())

async function allJobs(parent = 0): Promise<Job[]> {
  const { body } = await server.get<Job[]>(`/api/jobs/${parent}/children`)
  return (await Promise.all(body.map(async (job) => [job, ...(await allJobs(job.id))]))).flat()
}

const FIELDS = {
  users: 'user',
  states: 'state',
  workers: 'worker',
  priorities: 'priority',
  affinities: 'affinity',
} as const

async function expectRecount(): Promise<void> {
  const jobs = await allJobs()
  for (const [call, field] of Object.entries(FIELDS)) {
    const values = new Set<unknown>(jobs.map((job) => job[field]))
    // Jobs that no worker ever took have no worker, rather than one without a name.
    if (field === 'worker') values.delete('')
    const { body } = await server.get<Record<string, unknown>[]>(`/api/jobs/${call}/`)
    const answered = body.map((each) => each[field])
    expect(answered).toHaveLength(values.size)
    expect(new Set(answered)).toEqual(values)
    for (const each of body) expect(Object.keys(each)).toEqual([field])
  }
  for (const parent of [0, ...jobs.filter(({ command }) => command === '').map(({ id }) => id)]) {
    const waits = jobs
      .filter((job) => job.parent === parent)
      .flatMap(({ id, dependencies }) => dependencies.map((dependency) => ({ id, dependency })))
    const { body } = await server.get<typeof waits>(`/api/jobs/${parent}/childrendependencies`)
    const sorted = (list: typeof waits) => list.map(({ id, dependency }) => `${id} ${dependency}`).toSorted()
    expect(sorted(body)).toEqual(sorted(waits))
  }
}

const input = fc.record(
  {
    user: fc.constantFrom('', 'anna', 'Ünal'),
    priority: fc.constantFrom(-1, 1000, 2000),
    affinity: fc.constantFrom('', 'linux', 'gpu,linux', '#3'),
    paused: fc.boolean(),
    retry: fc.constantFrom(0, 1),
  },
  { requiredKeys: [] },
)
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), input, group: fc.boolean(), at: fc.nat(20), waits: fc.nat(20) }),
  fc.record({ do: fc.constant('edit' as const), input, at: fc.nat(20) }),
  fc.record({
    do: fc.constant('change' as const),
    call: fc.constantFrom('POST /api/resetjobs', 'POST /api/startjobs', 'POST /api/pausejobs', 'DELETE /api/jobs'),
    at: fc.nat(20),
  }),
  fc.record({
    do: fc.constant('run' as const),
    worker: fc.constantFrom('w1', 'w2', 'w3'),
    code: fc.constantFrom(0, 1),
  }),
  fc.record({ do: fc.constant('take' as const), worker: fc.constantFrom('w1', 'w2') }),
  fc.record({ do: fc.constant('rename' as const), name: fc.constantFrom('', 'a', 'linux', 'gpu') }),
)

/** What is refused (a parent with a command, a circle, a name twice) is a step that does nothing. */
async function take(each: typeof step extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
  const ids = (await allJobs()).map(({ id }) => id).toSorted((a, b) => a - b)
  const id = 'at' in each ? ids[each.at % Math.max(1, ids.length)] : undefined
  if (each.do === 'add') {
    const waits = ids[each.waits % Math.max(1, ids.length)]
    const job: JobInput = { ...each.input, command: each.group ? '' : 'x' }
    if (id && each.at % 2) job.parent = id
    if (waits && each.waits % 3 === 0) job.dependencies = [waits]
    await server.put('/api/jobs', job)
  } else if (each.do === 'edit' && id) await server.post('/api/jobs', { [id]: each.input })
  else if (each.do === 'change' && id) {
    const [method, path] = each.call.split(' ') as [string, string]
    await server.call(method, path, [id])
  } else if (each.do === 'run' || each.do === 'take') {
    await server.pick(each.worker)
    await server.post('/api/workers', { [each.worker]: { affinity: '*\nlinux,gpu,#3,a' } })
    const assignment = await server.pick(each.worker)
    if (assignment && each.do === 'run')
      await server.post(`/api/runs/${assignment.run}/end`, { worker: each.worker, exit_code: each.code })
  } else if (each.do === 'rename') await server.post('/api/affinities', { 1: each.name })
}

test('distinct values and dependencies of children are those of a recount, after any changes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const roots = (await server.get<Job[]>('/api/jobs')).body.map(({ id }) => id)
      await server.delete('/api/jobs', roots)
      for (const each of steps) await take(each)
      await expectRecount()
    }),
    { numRuns: 25, endOnFailure: true },
  )
  await server.restart()
  await expectRecount()
}, 60_000)

test('dependencies of the children of a job that is not there, or holds none', async () => {
  const leaf = await server.add({ command: 'x' })
  expect(await server.get(`/api/jobs/${leaf}/childrendependencies`)).toMatchObject({ status: 200, text: '[]' })
  expect(await server.get('/api/jobs/99/childrendependencies')).toMatchObject({ status: 404 })
})
