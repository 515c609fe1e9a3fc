/** Every call of `rest_api.rst`, as the document shows it. */
import { afterEach, describe, expect, test } from 'bun:test'
import type { JobInput } from '../../src/models.ts'
import { type Answer, Raw, type TestServer, testServer } from '../support/server.ts'
import { type DocumentedCall, documentedCalls, LIST_SLIPS, SOURCE } from './document.ts'

/** The id of the first job in the document. */
const FIRST = 123
const calls = documentedCalls(SOURCE)

let server: TestServer
afterEach(() => server.stop())

/** Jobs 123, 124, … */
async function addJobs(...jobs: JobInput[]): Promise<void> {
  for (const job of jobs) await server.add({ title: 'Job', command: 'echo test', ...job })
}
const group: JobInput = { command: '' }

/** Workers of the document, each with what it holds. */
async function addWorkers(): Promise<void> {
  for (const name of ['worker-1', 'worker-2']) await server.pick(name)
}

interface Case {
  /** Makes what the call is about. */
  given: () => Promise<void>
  /** What the call has done, beside its answer. */
  outcome?: (answer: Answer) => Promise<void>
}

const states = (ids: number[]) => Promise.all(ids.map(async (id) => (await server.job(id)).state))
const three = () => addJobs({}, {}, {})

const cases: Record<string, Case> = {
  'GET /api/jobs': {
    given: () => addJobs({}, {}),
    outcome: async ({ body }) => expect((body as { id: number }[]).map(({ id }) => id)).toEqual([123, 124]),
  },
  'GET /api/jobs/(int:id)': {
    given: () => addJobs({}),
    outcome: async ({ body }) => expect(body).toMatchObject({ id: 123 }),
  },
  'PUT /api/jobs': {
    given: async () => {},
    outcome: async () => {
      const { body } = documented('PUT /api/jobs')
      expect(await server.job(FIRST)).toMatchObject(body as object)
    },
  },
  'POST /api/jobs': {
    given: () => addJobs({}, {}),
    outcome: async () => {
      for (const id of [123, 124])
        expect(await server.job(id)).toMatchObject({ title: `Job renamed ${id}`, command: 'echo renamed' })
    },
  },
  'GET /api/jobs/(int:id)/children': {
    given: () => addJobs(group, { parent: 123 }, { parent: 123 }),
    outcome: async ({ body }) => expect((body as { id: number }[]).map(({ id }) => id)).toEqual([124, 125]),
  },
  'GET /api/jobs/(int:id)/dependencies': {
    given: async () => {
      await three()
      await server.post('/api/jobs/123/dependencies', [124, 125])
    },
    outcome: async ({ body }) => expect((body as { id: number }[]).map(({ id }) => id)).toEqual([124, 125]),
  },
  'POST /api/jobs/(int:id)/dependencies': {
    given: three,
    outcome: async () => expect((await server.job(123)).dependencies).toEqual([124, 125]),
  },
  'GET /api/jobs/(int:id)/log': {
    given: async () => {
      await addJobs({})
      await printed('Job 123 done')
    },
    outcome: async ({ body }) => expect(body).toBe('Job 123 done'),
  },
  'DELETE /api/jobs': {
    given: three,
    outcome: async () => expect((await server.get('/api/jobs')).body).toEqual([]),
  },
  'POST /api/resetjobs': {
    given: async () => {
      await three()
      await server.post('/api/pausejobs', [123])
    },
    outcome: async () => expect(await states([123, 124, 125])).toEqual(['WAITING', 'WAITING', 'WAITING']),
  },
  'POST /api/startjobs': {
    given: async () => {
      await three()
      await server.post('/api/pausejobs', [123, 125])
    },
    outcome: async () => expect(await states([123, 124, 125])).toEqual(['WAITING', 'WAITING', 'WAITING']),
  },
  'POST /api/pausejobs': {
    given: three,
    outcome: async () => expect(await states([123, 124, 125])).toEqual(['PAUSED', 'PAUSED', 'PAUSED']),
  },
  'GET /api/workers': {
    given: addWorkers,
    outcome: async ({ body }) =>
      expect((body as { name: string }[]).map(({ name }) => name)).toEqual(['worker-1', 'worker-2']),
  },
  'POST /api/workers': {
    given: addWorkers,
    outcome: async () =>
      expect(await workers()).toMatchObject([
        { affinity: 'LINUX', active: 0 },
        { affinity: 'LINUX', active: 0 },
      ]),
  },
  'DELETE /api/workers': { given: addWorkers, outcome: async () => expect(await workers()).toEqual([]) },
  'POST /api/stopworkers': {
    given: addWorkers,
    outcome: async () => expect(await workers()).toMatchObject([{ active: 0 }, { active: 0 }]),
  },
  'POST /api/startworkers': {
    given: async () => {
      await addWorkers()
      await server.post('/api/stopworkers', ['worker-1', 'worker-2'])
    },
    outcome: async () => expect(await workers()).toMatchObject([{ active: 1 }, { active: 1 }]),
  },
  'GET /api/events': {
    given: async () => {
      await addJobs({}, {})
      await addWorkers()
    },
    outcome: async ({ body }) => expect(body).toMatchObject([{ job_id: 123, worker: 'worker-1', state: 'WORKING' }]),
  },
}

const workers = async () => (await server.get<object[]>('/api/workers')).body

async function printed(text: string): Promise<void> {
  const assignment = await server.pick('worker-1')
  const log = Buffer.from(text).toString('base64')
  await server.post(`/api/runs/${assignment?.run}/end`, { worker: 'worker-1', exit_code: 0, log })
}

function documented(heading: string): DocumentedCall {
  const call = calls.find((each) => each.heading === heading)
  if (!call) throw new Error(`rest_api.rst has no ${heading}`)
  return call
}

test('every call of the document is tried', async () => {
  server = await testServer()
  expect(calls.map(({ heading }) => heading).sort()).toEqual(Object.keys(cases).sort())
})

describe('rest_api.rst', () => {
  for (const call of calls)
    test(`${call.method} ${call.path}`, async () => {
      const given = cases[call.heading]
      server = await testServer({ firstId: FIRST })
      await given?.given()
      const answer = await server.call(call.method, call.path, call.body)
      expect(answer).toMatchObject({ status: 200, type: 'application/json' })
      expectShape(answer.body, LIST_SLIPS.includes(call.heading) ? [call.answer] : call.answer, call.heading)
      if (typeof call.answer === 'number') expect(answer.text).toBe(String(call.answer))
      await given?.outcome?.(answer)
    })
})

/** Every field that the document shows is there, with a value of the same JSON type; more fields may be. */
function expectShape(actual: unknown, example: unknown, where: string): void {
  if (Array.isArray(example)) {
    if (!Array.isArray(actual)) throw new Error(`${where} answers no list: ${JSON.stringify(actual)}`)
    expect(actual).not.toBeEmpty()
    for (const item of actual) expectShape(item, example[0], where)
  } else if (typeof example === 'object' && example !== null)
    for (const [name, value] of Object.entries(example))
      expectShape((actual as Record<string, unknown>)[name], value, `${where}: ${name}`)
  else expect(`${where}: ${typeof actual}`).toBe(`${where}: ${typeof example}`)
}

test('what changes something answers the number 1, and a new job its id, as JSON', async () => {
  server = await testServer({ firstId: FIRST })
  expect(await server.put('/api/jobs', documented('PUT /api/jobs').body)).toMatchObject({
    text: '123',
    type: 'application/json',
  })
  expect(await server.put('/api/jobs', {})).toMatchObject({ text: '124' })
  const { path, body } = documented('POST /api/jobs')
  expect(await server.post(path, body)).toMatchObject({ text: '1', type: 'application/json', status: 200 })
})

test('the slips of the document, sent as they are printed, are refused with the place where they are', async () => {
  server = await testServer({ firstId: FIRST })
  await addJobs({ title: 'old' }, {})
  const printed = '{ \n  123:\n  {\n    "title": "Job renamed 123",\n  }\n}'
  const { status, body } = await server.post<{ detail: string }>('/api/jobs', new Raw(printed))
  expect(status).toBe(400)
  expect(body.detail).toContain('line 2, column 3')
  expect(await server.job(123)).toMatchObject({ title: 'old' })
})

test('a body is JSON whatever its content type says', async () => {
  server = await testServer()
  const types = [
    undefined,
    'application/json',
    'application/json; charset=utf-8',
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'nonsense',
  ]
  for (const [i, type] of types.entries()) {
    const id = i + 1
    const options = { type }
    expect(await server.put('/api/jobs', { title: 'a', command: 'x' }, options)).toMatchObject({ body: id })
    expect(await server.post('/api/jobs', { [id]: { title: `é ${type}` } }, options)).toMatchObject({ body: 1 })
    expect(await server.job(id)).toMatchObject({ title: `é ${type}` })
    for (const call of ['pausejobs', 'startjobs', 'resetjobs', 'reseterrorjobs'])
      expect(await server.post(`/api/${call}`, [id], options)).toMatchObject({ status: 200, text: '1' })
    expect(await server.post(`/api/jobs/${id}/dependencies`, [], options)).toMatchObject({ text: '1' })
    expect((await server.post<{ job: object }>('/api/workers/w/pick', {}, options)).body.job).toMatchObject({ id })
    for (const call of ['stopworkers', 'startworkers'])
      expect(await server.post(`/api/${call}`, ['w'], options)).toMatchObject({ text: '1' })
    expect(await server.delete('/api/workers', ['w'], options)).toMatchObject({ text: '1' })
    expect(await server.delete('/api/jobs', [id], options)).toMatchObject({ text: '1' })
  }
})

test('a path may end in a slash, and every call is also below /api/webfrontend', async () => {
  server = await testServer()
  const id = await server.add({ title: 'a', command: 'x' })
  for (const path of ['/api/jobs/', '/api/webfrontend/jobs', `/api/jobs/${id}/`, `/api/webfrontend/jobs/${id}`])
    expect(await server.get(path)).toMatchObject({ status: 200, type: 'application/json' })
  expect(await server.put('/api/webfrontend/jobs', { title: 'b' })).toMatchObject({ text: '2' })
  await server.post('/api/jobs/2/dependencies', [1])
  expect((await server.get('/api/jobs/0/childrendependencies')).body).toEqual([{ id: 2, dependency: 1 }])
  expect((await server.get('/api/jobs/0/children')).text).toBe((await server.get('/api/jobs')).text)
})
