/** The order of a list as ids, with its sums: what the page scrolls and selects by. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { JobOrder } from '../../src/answers.ts'
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
