/** The order of a list as ids, with its sums: what the page scrolls and selects by. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { JobOrder } from '../../src/answers.ts'
import { ORDER_FIELDS } from '../../src/domain/orderKeys.ts'
import type { Job } from '../../src/models.ts'
import { type TestServer, testServer } from '../support/server.ts'

let server: TestServer
let group: number
let inner: number

beforeAll(async () => {
  server = await testServer()
  group = await server.add({ title: 'group' })
  inner = await server.add({ parent: group, title: 'inner' })
  const jobs = Array.from({ length: 300 }, (_, i) => ({
    parent: i % 3 === 0 ? inner : group,
    title: `Frame ${i}`,
    command: 'x',
    priority: i % 4,
    user: i % 2 ? 'ann' : 'bob',
  }))
  await server.put('/api/jobs', jobs)
  await server.add({ title: 'elsewhere', command: 'x', user: 'ann' })
  for (const exit_code of [0, 0, 1]) {
    const run = await server.pick('w')
    await server.post(`/api/runs/${run?.run}/end`, { worker: 'w', exit_code })
  }
})
afterAll(() => server.stop())

const order = async (id: number, query = '') => {
  const { status, text, body } = await server.get<JobOrder>(`/api/jobs/${id}/order?${query}`)
  if (status !== 200) throw new Error(`${query}: ${status} ${text}`)
  return body
}
const list = async (id: number, query = '') =>
  (await server.get<Job[]>(`/api/jobs/${id}/children?${query}`)).body.map((job) => job.id)

test('the order is that of the list, whatever the filter and the field', async () => {
  for (const query of ['', 'user=ann', 'title=frame%201&state=WAITING', 'sort=priority', 'min_priority=2&sort=id'])
    expect((await order(group, query)).ids).toEqual(await list(group, query))
})

test('turned round, equals still come oldest first', async () => {
  const { ids } = await order(group, 'sort=-priority')
  const jobs = await Promise.all(ids.map((id) => server.job(id)))
  const sorted = jobs.toSorted((a, b) => b.priority - a.priority || a.id - b.id)
  expect(ids).toEqual(sorted.map(({ id }) => id))
})

test('deep, it is all that is below a group, and nothing else, flat', async () => {
  expect((await order(group, 'deep=1')).ids).toHaveLength(301)
  expect((await order(inner, 'deep=1')).ids).toHaveLength(100)
  expect((await order(group, 'deep=1&user=ann')).ids).toHaveLength(150)
  expect((await order(0, 'deep=1&user=ann')).ids).toHaveLength(151)
})

test('the sums are those of the leaves, counted once, with a filter and without', async () => {
  expect((await order(group)).totals).toMatchObject({ jobs: 300, finished: 2, errors: 1, working: 0 })
  expect((await order(0)).totals).toMatchObject({ jobs: 301, finished: 2, errors: 1 })
  expect((await order(group, 'deep=1')).totals).toMatchObject({ jobs: 300, finished: 2, errors: 1 })
  expect((await order(group, 'title=inner')).totals).toMatchObject({ jobs: 100 })
  expect((await order(group, 'deep=1&state=FINISHED')).totals).toMatchObject({ jobs: 2, finished: 2, errors: 0 })
})

test('a group that is not there, and a field that is none, are refused by name', async () => {
  expect(await server.get('/api/jobs/9999/order')).toMatchObject({ status: 404 })
  const refused = await server.get<{ detail: string; field: string }>('/api/jobs/0/order?sort=colour')
  expect(refused).toMatchObject({ status: 422, body: { field: 'sort' } })
})

test('as a tree, what passes has the groups that lead there before it, and siblings are in their order', async () => {
  const { ids, parents, through, totals } = await order(0, 'tree=1&starts=frame%2029&sort=-title')
  const titles = await Promise.all(ids.map(async (id) => (await server.job(id)).title))
  expect(through?.toSorted()).toEqual([group, inner])
  expect(titles.filter((title) => title.startsWith('Frame'))).toHaveLength(11)
  expect(ids.slice(0, 2)).toEqual([group, inner])
  expect(titles.slice(2, 6)).toEqual(['Frame 297', 'Frame 294', 'Frame 291', 'Frame 299'])
  expect(parents?.slice(0, 6)).toEqual([0, group, inner, inner, inner, group])
  expect(totals.jobs).toBe(11)
  expect((await order(inner, 'tree=1&starts=frame%2029')).ids).toHaveLength(3)
  expect(await order(0, 'tree=1&starts=ame')).toMatchObject({ ids: [], parents: [], through: [] })
})

test('every field that the page shows has an order; what has no value comes last both ways', async () => {
  for (const field of ORDER_FIELDS) expect((await order(group, `sort=${field}`)).ids).toHaveLength(201)
  const [plain, needy] = [await server.add({ command: 'x' }), await server.add({ command: 'x', affinity: 'ZED,LINUX' })]
  expect((await order(0, 'sort=-affinity')).ids[0]).toBe(needy)
  const [slow, quick] = [
    await server.add({ command: 'x', priority: 9000 }),
    await server.add({ command: 'x', priority: 8000 }),
  ]
  const db = new Database(join(server.data, 'coalition.db'))
  const began = Math.floor(Date.now() / 1000) - 100
  for (const [id, progress] of [
    [slow, 0.1],
    [quick, 0.9],
  ] as const)
    db.run(`update jobs set state = 'WORKING', start_time = ${began}, progress = ${progress} where id = ${id}`)
  db.close()
  expect((await order(0, 'sort=eta')).ids.slice(0, 2)).toEqual([quick, slow])
  expect((await order(0, 'sort=-eta')).ids.slice(0, 2)).toEqual([slow, quick])
  expect((await order(0, 'sort=-eta')).ids).toContain(plain)
})

test('rows are answered by their ids, those that are there', async () => {
  const { body } = await server.post<Job[]>('/api/getjobs', [inner, 9999, group])
  expect(body.map(({ id }) => id)).toEqual([inner, group])
  const many = Array.from({ length: 1001 }, (_, i) => i + 1)
  expect(await server.post('/api/getjobs', many)).toMatchObject({ status: 422 })
})
