/** Filters, order and pages of long lists. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Event, Job, JobInput } from '../../src/models.ts'
import { type TestServer, testServer } from '../support/server.ts'

const CHILDREN = 2500
const USERS = ['anna', 'bert', 'Ünal']
const AFFINITIES = ['', 'LINUX', 'LINUX,maya', 'WINDOWS']

let server: TestServer
let group: number

/** Ties everywhere: priorities, users, titles and states repeat. */
const child = (i: number): JobInput => ({
  parent: group,
  title: i % 3 === 0 ? `Beauty ${i % 7}` : `shadow ${i % 5}`,
  command: `echo ${i}`,
  priority: (i % 4) - 1,
  user: USERS[i % USERS.length],
  affinity: AFFINITIES[i % AFFINITIES.length],
  paused: i % 10 === 0 ? 1 : 0,
})

beforeAll(async () => {
  server = await testServer()
  group = await server.add({ title: 'long' })
  for (let i = 0; i < CHILDREN; i += 100)
    await Promise.all(Array.from({ length: 100 }, (_, k) => server.add(child(i + k))))
}, 60_000)
afterAll(() => server.stop())

const list = async (query = '', path = `/api/jobs/${group}/children`) => {
  const { status, text, body } = await server.get<Job[]>(`${path}?${query}`)
  if (status !== 200) throw new Error(`${query}: ${status} ${text}`)
  return body
}
const ids = (jobs: readonly { id: number }[]) => jobs.map(({ id }) => id)

/** All pages of a list, one after the other. */
async function walk(query: string, limit: number): Promise<number[]> {
  const found: number[] = []
  for (let after: number | undefined; ; after = found.at(-1)) {
    const page = await list(`${query}&limit=${limit}${after === undefined ? '' : `&after=${after}`}`)
    expect(page.length).toBeLessThanOrEqual(limit)
    found.push(...ids(page))
    if (page.length < limit) return found
    if (found.length > 2 * CHILDREN) throw new Error(`${query}: the pages go round in a circle`)
  }
}

test('a list of 2,500 comes whole, each job once, oldest first, as one JSON list', async () => {
  const answer = await server.get<Job[]>(`/api/jobs/${group}/children`)
  expect(answer.type).toBe('application/json')
  expect(answer.body).toHaveLength(CHILDREN)
  expect(ids(answer.body)).toEqual(ids(answer.body).toSorted((a, b) => a - b))
  expect(new Set(ids(answer.body)).size).toBe(CHILDREN)
})

test('the answer is the same list whether it fills its last page or not', async () => {
  const all = await list()
  for (const limit of [999, 1000, 1001, 2000, 2499, 2500, 2501])
    expect(ids(await list(`limit=${limit}`))).toEqual(ids(all.slice(0, limit)))
})

describe('pages', () => {
  for (const sort of [
    '',
    'id',
    '-id',
    'priority',
    '-priority',
    'title',
    '-title',
    'user',
    '-state',
    'start_time',
    '-progress',
  ])
    test(`of ${sort || 'the default order'} make up the whole list, ties included`, async () => {
      const query = sort ? `sort=${sort}` : ''
      const whole = ids(await list(query))
      expect(whole).toHaveLength(CHILDREN)
      expect(await walk(query, 700)).toEqual(whole)
    })

  test('of one job each', async () => {
    const query = 'user=anna&priority=0&sort=-title'
    const whole = ids(await list(query))
    expect(whole.length).toBeGreaterThan(100)
    expect(await walk(query, 1)).toEqual(whole)
  })

  test('end with an empty list, also when the last one was full', async () => {
    const last = (await list('sort=-id')).at(-1)?.id
    expect(await list(`sort=-id&limit=10&after=${last}`)).toEqual([])
    expect(await list('title=nobody')).toEqual([])
  })

  test('go on where they were when jobs come and go meanwhile', async () => {
    const other = await server.add({ title: 'moving' })
    const made: number[] = []
    for (let i = 0; i < 6; i++) made.push(await server.add({ parent: other, title: `${i}`, command: 'x' }))
    const path = `/api/jobs/${other}/children`
    const first = ids(await list('limit=2', path))
    await server.delete('/api/jobs', [made[0], made[2]])
    const late = await server.add({ parent: other, title: 'late', command: 'x' })
    const second = ids(await list(`after=${first.at(-1)}`, path))
    expect([first, second]).toEqual([made.slice(0, 2), [...made.slice(3), late]])
  })
})

test('order is by the field, and by age where it is equal; a minus turns both round', async () => {
  const up = await list('sort=priority')
  const expected = up.toSorted((a, b) => a.priority - b.priority || a.id - b.id)
  expect(ids(up)).toEqual(ids(expected))
  expect(ids(await list('sort=-priority'))).toEqual(ids(expected.toReversed()))
})

describe('filters', () => {
  const expectFilter = async (query: string, fits: (job: Job) => boolean) => {
    const expected = (await list()).filter(fits)
    expect(expected).not.toBeEmpty()
    expect(expected.length).toBeLessThan(CHILDREN)
    expect(ids(await list(query))).toEqual(ids(expected))
  }

  test('by state, one or several, whatever the case', async () => {
    await expectFilter('state=PAUSED', (job) => job.state === 'PAUSED')
    await expectFilter('state=paused', (job) => job.state === 'PAUSED')
    await expectFilter('state=ERROR,PAUSED', (job) => job.state === 'PAUSED')
    expect(await list('state=WAITING,PAUSED')).toHaveLength(CHILDREN)
  })
  test('by user', async () => {
    await expectFilter('user=anna', (job) => job.user === 'anna')
    await expectFilter(`user=${encodeURIComponent('Ünal')}`, (job) => job.user === 'Ünal')
    expect(await list('user=ann')).toEqual([])
    await expectFilter('user=anna,bert', (job) => ['anna', 'bert'].includes(job.user))
    await expectFilter('user=bert,+nobody', (job) => job.user === 'bert')
  })
  test('by a part of the title, whatever the case, signs taken as they are', async () => {
    await expectFilter('title=BEAUTY', (job) => job.title.startsWith('Beauty'))
    await expectFilter('title=w+3', (job) => job.title === 'shadow 3')
    expect(await list('title=%25')).toEqual([])
    expect(await list('title=_')).toEqual([])
    expect(await list(`title=${encodeURIComponent("' or 1=1 --")}`)).toEqual([])
  })
  test('by a name that the job needs', async () => {
    await expectFilter('affinity=LINUX', (job) => job.affinity.split(',').includes('LINUX'))
    await expectFilter('affinity=maya', (job) => job.affinity === 'LINUX,maya')
    expect(await list('affinity=linux')).toEqual([])
    await expectFilter('affinity=maya,nothing', (job) => job.affinity === 'LINUX,maya')
    await expectFilter('affinity=maya,LINUX', (job) => job.affinity.split(',').includes('LINUX'))
  })
  test('by priority and its bounds', async () => {
    await expectFilter('priority=-1', (job) => job.priority === -1)
    await expectFilter('min_priority=1', (job) => job.priority >= 1)
    await expectFilter('max_priority=0', (job) => job.priority <= 0)
    await expectFilter('min_priority=0&max_priority=1', (job) => job.priority >= 0 && job.priority <= 1)
  })
  test('combine with each other, with an order and with pages', async () => {
    const query = 'user=bert&title=beauty&affinity=LINUX&min_priority=0&sort=-priority'
    const fits = (job: Job) => job.user === 'bert' && job.title.startsWith('Beauty') && job.affinity.includes('LINUX')
    const expected = (await list())
      .filter((job) => fits(job) && job.priority >= 0)
      .sort((a, b) => b.priority - a.priority || b.id - a.id)
    expect(ids(await list(query))).toEqual(ids(expected))
    expect(await walk(query, 7)).toEqual(ids(expected))
  })
  test('work on the root too', async () => {
    expect(ids(await list('title=lon', '/api/jobs'))).toEqual([group])
    expect(await list('state=ERROR', '/api/jobs')).toEqual([])
  })
})

test('a list that nobody reads to its end leaves the server well', async () => {
  for (let i = 0; i < 10; i++) {
    const response = await fetch(`${server.url}/api/jobs/${group}/children`)
    await response.body?.getReader().cancel()
  }
  const head = await server.call('HEAD', `/api/jobs/${group}/children`)
  expect(head).toMatchObject({ status: 200, type: 'application/json', text: '' })
  expect(await list('limit=1')).toHaveLength(1)
})

test('events come in pages too, filtered by job, worker, state and time', async () => {
  const started = Math.floor(Date.now() / 1000)
  const runs: number[] = []
  for (const [i, worker] of ['w1', 'w2', 'w1', 'w2', 'w1'].entries()) {
    const assignment = await server.pick(worker)
    runs.push(assignment?.run ?? 0)
    await server.post(`/api/runs/${assignment?.run}/end`, { worker, exit_code: i % 2 })
  }
  const events = async (query = '') => (await server.get<Event[]>(`/api/events?${query}`)).body
  const all = await events()
  expect(ids(all)).toEqual(runs)
  expect(all.map(({ state }) => state)).toEqual(['FINISHED', 'ERROR', 'FINISHED', 'ERROR', 'FINISHED'])
  expect(ids(await events('sort=-id'))).toEqual(runs.toReversed())
  expect(ids(await events(`limit=2&after=${runs[1]}`))).toEqual(runs.slice(2, 4))
  expect(ids(await events(`sort=-id&limit=2&after=${runs[1]}`))).toEqual(runs.slice(0, 1))
  expect((await events('worker=w2')).map(({ worker }) => worker)).toEqual(['w2', 'w2'])
  expect((await events('state=error')).map(({ state }) => state)).toEqual(['ERROR', 'ERROR'])
  expect(ids(await events(`job=${all[2]?.job_id}`))).toEqual([runs[2] ?? 0])
  expect(await events(`job=${all[2]?.job_id}&worker=w2`)).toEqual([])
  expect(ids(await events('howlong=3600'))).toEqual(runs)
  expect(ids(await events(`since=${started}&until=${started + 3600}`))).toEqual(runs)
  expect(await events(`since=${started + 3600}`)).toEqual([])
  expect(await events(`until=${started - 3600}`)).toEqual([])
  expect(ids(await events('howlong=9007199254740991'))).toEqual(runs)
  expect(ids(await events(`ended_since=${started}&until=${started + 3600}`))).toEqual(runs)
  expect(await events(`ended_since=${started + 3600}`)).toEqual([])
  expect(ids(await events(`ended_since=${started}&sort=-id&limit=2`))).toEqual(runs.toReversed().slice(0, 2))
})
