/**
 * Every call that a client of Coalition 4 makes, sent as that client sends it: its Python module, its web page, its
 * `control.py`. (The worker's own calls: `worker.test.ts`.)
 */
import { afterEach, beforeEach, describe, expect, spyOn, test } from 'bun:test'
import type { Job, Worker } from '../../src/models.ts'
import type { TestServer } from '../support/server.ts'
import { type Answered, type Client, openScene, type Sent, send } from './scene.ts'

let server: TestServer
beforeEach(async () => {
  server = await openScene()
})
afterEach(() => server.stop())

interface Row extends Omit<Sent, 'body'> {
  call: string
  /** A function makes it of what the server handed out before. */
  body?: unknown | (() => Promise<unknown>)
  /** What it answers with status 200: exactly, where it is no object; else at least this. */
  answer: unknown
  after?: () => Promise<void>
}

const job = (id: number, has: Partial<Job>) => async () => {
  expect(await server.job(id)).toMatchObject(has)
}
const worker = async (name: string) => {
  const found = (await server.get<Worker[]>('/api/workers')).body.find((each) => each.name === name)
  if (!found) throw new Error(`there is no worker ${name}`)
  return found
}
const gone = (path: string) => async () => expect((await server.get(path)).status).toBe(404)
const whole = (id: number, change: Record<string, unknown>) => async () => ({
  [String(id)]: { ...(await server.job(id)), ...change },
})

/** What `newJob()` sends where the script says nothing. */
const NEW_JOB = {
  parent: 0,
  title: '',
  command: '',
  dir: '',
  environment: '',
  state: 'WAITING',
  paused: false,
  priority: 1000,
  timeout: 0,
  affinity: '',
  user: '',
  progress_pattern: '',
  dependencies: [] as unknown,
}
const newJob = (given: Partial<Record<keyof typeof NEW_JOB | 'retry' | 'url', unknown>>) => ({
  method: 'PUT',
  path: '/api/jobs',
  body: { ...NEW_JOB, ...given },
  answer: 5,
})
const edit = (edits: unknown) => ({ method: 'POST', path: '/api/jobs', body: edits, answer: 1 })

const MODULE: Row[] = [
  { call: 'newJob(): a group', ...newJob({}), after: job(5, { command: '', state: 'WAITING', dir: '', paused: 0 }) },
  {
    call: 'newJob with everything',
    ...newJob({
      parent: 1,
      title: 'Ünal 漢字',
      command: "echo 'é'",
      dir: '/tmp',
      environment: 'A=1\\nB=2',
      priority: 255,
      timeout: 60,
      affinity: 'gpu,linux',
      user: 'render',
      progress_pattern: '#%percent',
      dependencies: [2, 4],
      url: 'http://x/y.png',
    }),
    after: job(5, {
      parent: 1,
      title: 'Ünal 漢字',
      environment: 'A=1\\nB=2',
      priority: 255,
      timeout: 60,
      affinity: 'gpu,linux',
      state: 'PENDING',
      dependencies: [2, 4],
    }),
  },
  {
    call: "newJob(state='PAUSED'), which also sends paused: false",
    ...newJob({ command: 'x', state: 'PAUSED' }),
    after: job(5, { state: 'PAUSED', paused: 1 }),
  },
  { call: 'newJob(paused=True)', ...newJob({ command: 'x', paused: true }), after: job(5, { state: 'PAUSED' }) },
  {
    call: 'newJob(retry=10), of an older module',
    ...newJob({ command: 'x', retry: 10 }),
    after: job(5, { retry: 10 }),
  },
  {
    call: 'newJob with None for all that it may leave out',
    ...newJob({
      title: 'n',
      command: 'x',
      dir: null,
      environment: null,
      state: null,
      paused: null,
      priority: null,
      timeout: null,
      affinity: null,
      user: null,
      progress_pattern: null,
      dependencies: null,
    }),
    after: job(5, { title: 'n', dir: '.', priority: 1000, timeout: 0, state: 'WAITING', dependencies: [] }),
  },
  {
    call: 'newJob with dependencies in a text',
    ...newJob({ command: 'x', dependencies: '2, 4' }),
    after: job(5, { dependencies: [2, 4], state: 'PENDING' }),
  },
  { call: 'getJob', method: 'GET', path: '/api/jobs/3', answer: { id: 3, state: 'PENDING', dependencies: [2] } },
  { call: 'getJobChildren', method: 'GET', path: '/api/jobs/1/children', answer: [{ id: 2 }, { id: 3 }] },
  { call: 'getJobChildren of the root', method: 'GET', path: '/api/jobs/0/children', answer: [{ id: 1 }, { id: 4 }] },
  { call: 'getJobDependencies', method: 'GET', path: '/api/jobs/3/dependencies', answer: [{ id: 2, title: 'sim' }] },
  {
    call: 'setJobDependencies',
    method: 'POST',
    path: '/api/jobs/3/dependencies',
    body: [2, 4],
    answer: 1,
    after: job(3, { dependencies: [2, 4] }),
  },
  {
    call: 'setJobDependencies(id, []), which sends no body',
    method: 'POST',
    path: '/api/jobs/3/dependencies',
    answer: 1,
    after: job(3, { dependencies: [], state: 'WAITING' }),
  },
  {
    call: 'with conn: job.title = …; job.priority = …',
    ...edit({ 2: { title: 'simulation', priority: 7 }, 3: { url: 'http://x' } }),
    after: job(2, { title: 'simulation', priority: 7, command: 'sim', affinity: 'linux' }),
  },
  { call: "with conn: job.state = 'PAUSED'", ...edit({ 2: { state: 'PAUSED' } }), after: job(2, { paused: 1 }) },
  { call: 'with conn: job.paused = True', ...edit({ 1: { paused: true } }), after: job(1, { state: 'PAUSED' }) },
  { call: "with conn: job.state = 'WAITING'", ...edit({ 4: { state: 'WAITING' } }) },
  {
    call: 'with conn: job.dependencies = a list',
    ...edit({ 4: { dependencies: [2] } }),
    after: job(4, { dependencies: [2] }),
  },
  {
    call: 'with conn: job.dependencies = a text',
    ...edit({ 4: { dependencies: '2 3' } }),
    after: job(4, { dependencies: [2, 3] }),
  },
  {
    call: 'with conn: an attribute that becomes None is left as it was',
    ...edit({ 2: { affinity: null, user: null, title: 'sim 2' } }),
    after: job(2, { affinity: 'linux', user: 'anna', title: 'sim 2' }),
  },
  {
    call: 'with conn: every attribute as it was handed out, and one that changed',
    ...edit(whole(3, { title: 'beauty' })),
    after: job(3, { title: 'beauty', state: 'PENDING', dependencies: [2], parent: 1, user: 'bert' }),
  },
  {
    call: 'with conn: every attribute of a job that ran, and paused = True',
    ...edit(whole(4, { paused: true })),
    after: job(4, { state: 'PAUSED', run_done: 1, worker: 'node-2' }),
  },
  { call: 'getAffinities', method: 'GET', path: '/api/affinities', answer: { 1: 'linux', 2: 'gpu', 3: '', 63: '' } },
  {
    call: 'setAffinities',
    method: 'POST',
    path: '/api/affinities',
    body: { 1: 'rocky', 63: 'maya' },
    answer: 1,
    after: job(2, { affinity: 'rocky' }),
  },
  {
    call: 'setAffinities({}), which sends no body',
    method: 'POST',
    path: '/api/affinities',
    answer: 1,
    after: job(2, { affinity: 'linux' }),
  },
  {
    call: 'setAffinities with None',
    method: 'POST',
    path: '/api/affinities',
    body: { 2: null },
    answer: 1,
    after: async () => expect((await server.get('/api/affinities')).body).toMatchObject({ 1: 'linux', 2: '' }),
  },
  {
    call: 'getWorkers',
    method: 'GET',
    path: '/api/workers',
    answer: [
      { name: 'node-1', state: 'WAITING', active: 1, cpu: '[12.5,3]', free_memory: 12000, total_memory: 16000 },
      { name: 'node-2', error: 1, last_job: 4, ip: '127.0.0.1' },
    ],
  },
  {
    call: 'editWorkers with whole workers handed back',
    method: 'POST',
    path: '/api/workers',
    body: async () => ({
      'node-1': { ...(await worker('node-1')), affinity: 'gpu,linux\nlinux' },
      'node-2': { ...(await worker('node-2')), active: 0 },
    }),
    answer: 1,
    after: async () => {
      expect(await worker('node-1')).toMatchObject({ affinity: 'gpu,linux\nlinux', active: 1 })
      expect(await worker('node-2')).toMatchObject({ active: 0, error: 1, last_job: 4 })
    },
  },
]

const page = (
  call: string,
  method: string,
  path: string,
  body: unknown,
  answer: unknown,
  after?: () => Promise<void>,
) => ({ call, method, path, body, answer, after }) satisfies Row
const read = (call: string, path: string, answer: unknown) => page(call, 'GET', path, undefined, answer)

const NUMBERS = Array.from({ length: 63 }, (_, i) => String(i + 1))
const PAGE: Row[] = [
  read('the jobs of the root', '/api/jobs', [{ id: 1 }, { id: 4 }]),
  read('the jobs of a group', '/api/jobs/1/children', [{ id: 2 }, { id: 3 }]),
  read('who waits for whom in it', '/api/jobs/1/childrendependencies', [{ id: 3, dependency: 2 }]),
  read('who waits for whom at the root', '/api/jobs/0/childrendependencies', []),
  read('a parent, for the path above the list', '/api/jobs/1', { id: 1, parent: 0, title: 'Shot 010' }),
  read('the jobs that a job waits for', '/api/jobs/3/dependencies', [{ id: 2 }]),
  read('a log', '/api/jobs/4/log', 'oops\n'),
  read('the log of a job that never ran', '/api/jobs/3/log', ''),
  read('the users', '/api/jobs/users/', [{ user: '' }, { user: 'anna' }, { user: 'bert' }]),
  read('the states', '/api/jobs/states/', [{ state: 'WAITING' }, { state: 'PENDING' }, { state: 'ERROR' }]),
  read('the workers of jobs', '/api/jobs/workers/', [{ worker: 'node-2' }]),
  read('the priorities', '/api/jobs/priorities/', [{ priority: 1000 }, { priority: 2000 }]),
  read('the affinities of jobs', '/api/jobs/affinities/', [{ affinity: '' }, { affinity: 'linux' }]),
  read('the workers', '/api/workers', [{ name: 'node-1' }, { name: 'node-2' }]),
  read('the activities of a job', '/api/events?job=4&howlong=86400', [
    { job_id: 4, job_title: 'clean', worker: 'node-2', state: 'ERROR' },
  ]),
  read('the activities of an idle worker', '/api/events?worker=node-1&howlong=86400', []),
  read('the numbered affinities', '/api/affinities', { 1: 'linux', 2: 'gpu', 63: '' }),
  page('start', 'POST', '/api/startjobs', [4], 1, job(4, { state: 'WAITING', run_done: 1 })),
  page('pause', 'POST', '/api/pausejobs', [2, 1], 1, job(1, { state: 'PAUSED' })),
  page('reset', 'POST', '/api/resetjobs', [4], 1, job(4, { state: 'WAITING', run_done: 0, start_time: 0 })),
  page('reset errors', 'POST', '/api/reseterrorjobs', [4, 1], 1, job(4, { state: 'WAITING', run_done: 0 })),
  page('remove', 'DELETE', '/api/jobs', [1], 1, gone('/api/jobs/3')),
  page('remove without a selection', 'DELETE', '/api/jobs', [], 1),
  page('cut and paste', 'POST', '/api/jobs', { 3: { parent: 0 }, 2: { parent: 0 } }, 1, job(3, { parent: 0 })),
  page(
    'update jobs',
    'POST',
    '/api/jobs',
    { 2: { title: 'a', affinity: 'gpu,#1' } },
    1,
    job(2, { affinity: 'gpu,linux' }),
  ),
  page(
    'update dependencies, cleared',
    'POST',
    '/api/jobs',
    { 3: { dependencies: null } },
    1,
    job(3, { dependencies: [2] }),
  ),
  page('update workers', 'POST', '/api/workers', { 'node-1': { affinity: '#2\nlinux' } }, 1, async () =>
    expect(await worker('node-1')).toMatchObject({ affinity: 'gpu\nlinux' }),
  ),
  page('stop workers', 'POST', '/api/stopworkers', ['node-1'], 1, async () =>
    expect(await worker('node-1')).toMatchObject({ active: 0 }),
  ),
  page('start workers', 'POST', '/api/startworkers', ['node-2', 'node-1'], 1, async () =>
    expect(await worker('node-2')).toMatchObject({ active: 1 }),
  ),
  page('terminate workers', 'POST', '/api/terminateworkers', ['node-1'], 1, async () =>
    expect(await worker('node-1')).toMatchObject({ state: 'TERMINATED' }),
  ),
  page('delete workers', 'DELETE', '/api/workers', ['node-1'], 1, async () =>
    expect(worker('node-1')).rejects.toThrow(),
  ),
  page(
    'save all 63 affinities',
    'POST',
    '/api/affinities',
    Object.fromEntries(NUMBERS.map((id) => [id, { 1: 'gpu', 2: 'linux' }[id] ?? ''])),
    1,
    job(2, { affinity: 'gpu' }),
  ),
]

function expectAnswer({ status, type, text, body }: Answered, answer: unknown): void {
  if (status !== 200) throw new Error(`answered ${status}: ${text}`)
  expect(type).toBe('application/json')
  if (Array.isArray(answer)) expect(body).toHaveLength(answer.length)
  if (typeof answer === 'object') expect(body).toMatchObject(answer as object)
  else expect(body).toBe(answer)
}

const VARIANTS: [name: string, path: (path: string) => string][] = [
  ['', (path) => path],
  [' below /api/webfrontend', (path) => path.replace('/api/', '/api/webfrontend/')],
  [
    ' with the slash at the end the other way',
    (path) => path.replace(/(\/?)(\?|$)/, (_, slash, rest) => (slash ? '' : '/') + rest),
  ],
]

for (const [client, rows] of Object.entries({ module: MODULE, page: PAGE }) as [Client, Row[]][])
  describe(`the ${client}`, () => {
    for (const { call, method, path, body, answer, after } of rows)
      for (const [name, variant] of VARIANTS)
        test(`${call}: ${method} ${path.split('?')[0]}${name}`, async () => {
          const sent = { method, path: variant(path), body: typeof body === 'function' ? await body() : body }
          expectAnswer(await send(server.url, client, sent), answer)
          await after?.()
        })
  })

test("jQuery keeps the browser's cache out with a parameter that means nothing", async () => {
  for (const { method, path, answer } of PAGE)
    if (method === 'GET') {
      const sent = { method, path: `${path}${path.includes('?') ? '&' : '?'}_=1700000000123` }
      expectAnswer(await send(server.url, 'page', sent), answer)
    }
})

describe('control.py', () => {
  /** What `urlencode` makes of its settings: None is a word. */
  const WORDS = {
    parent: '0',
    title: 'New job',
    cmd: 'echo a+b & "é"',
    dir: '.',
    priority: '1000',
    retry: '10',
    timeout: '0',
    affinity: '',
    dependencies: '2 4',
    localprogress: 'None',
    globalprogress: 'None',
  }
  const query = (words: Record<string, string>) => new URLSearchParams(words).toString()

  for (const path of ['/json/addjob', '/xmlrpc/addjob'])
    for (const method of ['GET', 'POST'])
      test(`add: ${method} ${path}`, async () => {
        const words = query(WORDS)
        const sent = method === 'GET' ? { method, path: `${path}?${words}` } : { method, path, body: words }
        expect(await send(server.url, 'form', sent)).toMatchObject({ status: 200, text: '5' })
        expect(await server.job(5)).toMatchObject({
          title: 'New job',
          command: 'echo a+b & "é"',
          retry: 10,
          dependencies: [2, 4],
          progress_pattern: '',
        })
      })

  test('a pattern that was given is kept, the local one before the global one', async () => {
    for (const [localprogress, globalprogress, pattern] of [
      ['None', 'f %percent', 'f %percent'],
      ['l %one', 'f %percent', 'l %one'],
      ['', 'f %percent', 'f %percent'],
    ] as const) {
      const words = query({ ...WORDS, localprogress, globalprogress })
      const { body } = await send(server.url, 'form', { method: 'GET', path: `/json/addjob?${words}` })
      expect(await server.job(Number(body))).toMatchObject({ progress_pattern: pattern })
    }
  })

  test('environment None, paused in words and in numbers, and a parent that is not there', async () => {
    const add = async (words: Record<string, string>) =>
      (await send(server.url, 'form', { method: 'POST', path: '/xmlrpc/addjob', body: query({ ...WORDS, ...words }) }))
        .body
    expect(await server.job(Number(await add({ env: 'None' })))).toMatchObject({ environment: '' })
    for (const words of [{ paused: '1' }, { paused: '0', state: 'PAUSED' }, { state: 'PAUSED' }] as Record<
      string,
      string
    >[])
      expect(await server.job(Number(await add(words)))).toMatchObject({ state: 'PAUSED' })
    expect(await server.job(Number(await add({ paused: '0', state: 'WAITING' })))).toMatchObject({ paused: 0 })
    const log = spyOn(console, 'error').mockImplementation(() => {})
    try {
      expect(await add({ parent: '77' })).toBe(-1)
      expect(String(log.mock.calls[0])).toContain('no job 77')
    } finally {
      log.mockRestore()
    }
  })
})

describe('what differs on purpose', () => {
  const expectRefused = (answer: Answered, words: string) => {
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.type).toBe('application/problem+json')
    expect(answer.text).toContain(words)
  }

  test('SQL of the caller is not run, and the answer is a problem', async () => {
    for (const path of ['/api/jobs/where/', '/api/jobs/count/where/', '/api/workers/where/'])
      expectRefused(
        await send(server.url, 'page', { method: 'GET', path: `${path}?where_clause=1&min=0&max=10` }),
        path.includes('/jobs/where') ? 'use the filters' : 'where',
      )
  })

  test('the typed filters do its work', async () => {
    const ids = async (query: string) => {
      const { body } = await send(server.url, 'page', { method: 'GET', path: `/api/jobs/1/children?${query}` })
      return (body as Job[]).map(({ id }) => id)
    }
    expect(await ids('user=anna')).toEqual([2])
    expect(await ids('state=WAITING,PENDING&sort=-id')).toEqual([3, 2])
    expect(await ids('affinity=linux&min_priority=1&title=SI')).toEqual([2])
  })

  test('the page may send numbers and ids as texts, and the environment as env; others are told', async () => {
    const body = { 2: { title: 'x', priority: '50', timeout: '7', dependencies: ['4'], env: 'A=1' } }
    const page = (method: string, path: string, body: unknown) =>
      send(server.url, 'page', { method, path: `/api/webfrontend${path}`, body })
    expect(await page('POST', '/jobs', body)).toMatchObject({ status: 200 })
    expect(await server.job(2)).toMatchObject({ priority: 50, timeout: 7, dependencies: [4], environment: 'A=1' })
    expect(await page('POST', '/pausejobs', ['2'])).toMatchObject({ status: 200 })
    expect(await server.job(2)).toMatchObject({ state: 'PAUSED' })
    expect(await page('PUT', '/jobs', { title: 'new', parent: '1', priority: '9', command: 'x' })).toMatchObject({
      status: 200,
    })
    expect(await page('POST', '/jobs/2/dependencies', ['4'])).toMatchObject({ status: 200 })

    const before = await server.job(2)
    expectRefused(await page('POST', '/jobs', { 2: { title: 'y', priority: 'high' } }), '2.priority')
    const text = { 2: { title: 'y', priority: '50' } }
    expectRefused(await send(server.url, 'page', { method: 'POST', path: '/api/jobs', body: text }), '2.priority')
    expect(await server.job(2)).toEqual(before)
  })

  test("a state that is the server's says nothing", async () => {
    await send(server.url, 'module', {
      method: 'POST',
      path: '/api/jobs',
      body: { 2: { state: 'FINISHED', title: 'x' } },
    })
    expect(await server.job(2)).toMatchObject({ state: 'WAITING', title: 'x' })
    expect(await server.job(3)).toMatchObject({ state: 'PENDING' })
  })

  test("a group's affinity holds for the jobs in it", async () => {
    await server.post('/api/jobs', { 1: { affinity: 'gpu' }, 2: { affinity: '' } })
    expect(await server.pick('node-1')).toBeNull()
    await server.post('/api/workers', { 'node-1': { affinity: 'gpu' } })
    expect((await server.pick('node-1'))?.job.id).toBe(2)
  })

  test('priorities are kept as given', async () => {
    await send(server.url, 'module', {
      method: 'POST',
      path: '/api/jobs',
      body: { 2: { priority: 1000000 }, 3: { priority: -5 } },
    })
    expect([(await server.job(2)).priority, (await server.job(3)).priority]).toEqual([1000000, -5])
  })

  test('a job that is not there is 404, where Coalition 4 answered null or 1', async () => {
    for (const [method, path, body] of [
      ['GET', '/api/jobs/99', undefined],
      ['POST', '/api/jobs', { 99: { title: 'x' } }],
      ['POST', '/api/resetjobs', [99]],
      ['POST', '/api/workers', { nobody: { active: 0 } }],
    ] as const)
      expect(await send(server.url, 'module', { method, path, body })).toMatchObject({ status: 404 })
  })
})
