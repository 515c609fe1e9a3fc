import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { Job } from '../../src/models.ts'
import { type TestServer, testServer } from '../support/server.ts'
import { expectProblem } from './problem.ts'

let server: TestServer
beforeAll(async () => {
  server = await testServer()
})
afterAll(() => server.stop())

test('a list of jobs answers the list of their ids, one job its id', async () => {
  const one = await server.put<number>('/api/jobs', { title: 'one' })
  const several = await server.put<number[]>('/api/jobs', [
    { title: 'group', name: 'g', children: [{ command: 'a' }, { command: 'b {{}}' }] },
    { title: 'after', command: 'c', dependencies: ['g', one.body] },
  ])
  expect(several.status).toBe(200)
  expect(several.body).toEqual([one.body + 1, one.body + 4])
  const after = await server.get<Job>(`/api/jobs/${several.body[1]}`)
  expect(after.body).toMatchObject({ state: 'PENDING', dependencies: [one.body, one.body + 1] })
})

test('frames answer the id of their group', async () => {
  const { body: id } = await server.put<number>('/api/jobs', {
    title: 'shot',
    frames: '1-6',
    chunk: 3,
    command: 'r {start} {end}',
  })
  const { body: children } = await server.get<Job[]>(`/api/jobs/${id}/children`)
  expect(children.map((job) => [job.title, job.command, job.frames])).toEqual([
    ['shot 1-3', 'r 1 3', '1-3'],
    ['shot 4-6', 'r 4 6', '4-6'],
  ])
})

test.each<[unknown, string, string]>([
  [{ frames: '1-x', command: '{frame}' }, 'frames', "has '1-x'"],
  [{ frames: '1-4', command: '{frme}' }, 'command', "has '{frme}'"],
  [{ frames: '1-4', chunk: 0, command: '{start}{end}' }, 'chunk', 'chunk is 0'],
  [{ frames: '1-4', frame_order: 'any', command: '{frame}' }, 'frame_order', "is 'any'"],
  [[{ title: 'a' }, { title: 5 }], '1.title', '1.title is 5'],
  [[{ children: [{ titel: 'a' }] }], '0.children.0.titel', 'There is no property'],
  [[{ name: '12' }], '0.name', 'not a number'],
  [[], 'body', 'write a list'],
])('%j is refused by its field', async (body, field, words) => {
  const before = await server.get('/api/jobs')
  expect(expectProblem(await server.put('/api/jobs', body), 422, field)).toContain(words)
  expect((await server.get('/api/jobs')).text).toBe(before.text)
})
