/** A worker that waits for a job: answered as soon as there is one, and forgotten when it hangs up. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { Worker } from '../../src/models.ts'
import { type TestServer, testServer, until } from '../support/server.ts'

let server: TestServer
beforeEach(async () => {
  server = await testServer()
})
afterEach(() => server.stop())

const workers = async () => (await server.get<Worker[]>('/api/workers')).body
const asked = (name: string) =>
  until(async () => (await workers()).some((worker) => worker.name === name), `worker ${name}`)
const WAIT = 30

test('a long poll is answered as soon as a job is submitted', async () => {
  const pick = server.pick('w', WAIT)
  await asked('w')
  const start = performance.now()
  const id = await server.add({ command: 'x' })
  expect(await pick).toMatchObject({ job: { id } })
  expect(performance.now() - start).toBeLessThan(2000)
})

test('a long poll is answered when a job is free again: its dependency ends, it is started, or its group is', async () => {
  const first = await server.add({ command: 'x' })
  const run = (await server.pick('w'))?.run
  const second = await server.add({ command: 'x', dependencies: [first] })
  const pick = server.pick('other', WAIT)
  await asked('other')
  await server.post(`/api/runs/${run}/end`, { worker: 'w', exit_code: 0 })
  expect(await pick).toMatchObject({ job: { id: second } })

  const group = await server.add({ paused: 1 })
  const third = await server.add({ command: 'x', parent: group })
  const next = server.pick('w', WAIT)
  await server.post('/api/startjobs', [group])
  expect(await next).toMatchObject({ job: { id: third } })
})

test('a long poll goes to one worker for one job: the others go on waiting', async () => {
  const picks = ['a', 'b', 'c'].map((name) => server.pick(name, WAIT))
  await Promise.all(['a', 'b', 'c'].map(asked))
  const id = await server.add({ command: 'x' })
  const winner = await Promise.race(picks)
  expect(winner?.job.id).toBe(id)
  const second = await server.add({ command: 'x' })
  const third = await server.add({ command: 'x' })
  const got = await Promise.all(picks)
  expect(got.map((assignment) => assignment?.job.id).sort()).toEqual([id, second, third])
})

test('a long poll is answered with null when its time is over', async () => {
  const start = performance.now()
  expect(await server.pick('w', 0.2)).toBeNull()
  expect(performance.now() - start).toBeGreaterThan(190)
})

test('a long poll ends when the client hangs up, and no job is given to nobody', async () => {
  const names = ['gone1', 'gone2', 'gone3', 'gone4', 'gone5']
  const abort = new AbortController()
  const options = { signal: abort.signal }
  const picks = names.map((name) => server.post(`/api/workers/${name}/pick`, { wait: WAIT }, options).catch(String))
  await Promise.all(names.map(asked))
  abort.abort()
  expect((await Promise.all(picks)).join()).toMatch(/^(AbortError[^,]*,?){5}$/)
  // The server hears of it by the connection, so a job that comes just then may be given; five of them may not.
  let lost = -1
  await until(async () => {
    lost++
    return (await server.job(await server.add({ command: 'x' }))).state === 'WAITING'
  }, 'the server to notice that the clients are gone')
  expect(lost).toBeLessThan(2)
})

test('a long poll keeps the worker alive, and a change of the worker ends it', async () => {
  const pick = server.pick('w', WAIT)
  await asked('w')
  await server.post('/api/workers', { w: { affinity: 'LINUX' } })
  expect(await pick).toBeNull()
})

test('a long poll of one worker is ended by its next one', async () => {
  const first = server.pick('w', WAIT)
  await asked('w')
  const second = server.pick('w', WAIT)
  expect(await first).toBeNull()
  const id = await server.add({ command: 'x' })
  expect(await second).toMatchObject({ job: { id } })
})

test('a long poll does not hold up the end of the server', async () => {
  const pick = server.pick('w', WAIT).catch(() => null)
  await asked('w')
  const start = performance.now()
  await server.restart()
  expect(await pick).toBeNull()
  expect(performance.now() - start).toBeLessThan(4000)
})
