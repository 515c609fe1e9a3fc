/** What the page of one job asks beside the job: frames, graph, events, the log as bytes and searched. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { GroupFrames, JobGraph, LogMatches } from '../../src/answers.ts'
import type { Event } from '../../src/models.ts'
import { type TestServer, testServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await testServer()
}, 60_000)
afterAll(() => server.stop())

async function get<T>(path: string): Promise<T> {
  const { status, text, body } = await server.get<T>(path)
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`)
  return body
}
async function run(exit_code: number, log = ''): Promise<number> {
  const assignment = await server.pick('w')
  await server.post(`/api/runs/${assignment?.run}/end`, { worker: 'w', exit_code, log: btoa(log) })
  return assignment?.job.id as number
}
/** Where the server keeps the log of a job. */
const logFile = (id: number) => join(server.data, 'logs', String(Math.floor(id / 1000)), `${id}.log`)

/** A job whose log holds these bytes. */
async function logged(bytes: string | Uint8Array): Promise<number> {
  const id = await server.add({ title: 'log', command: 'x', state: 'PAUSED' })
  mkdirSync(dirname(logFile(id)), { recursive: true })
  writeFileSync(logFile(id), bytes)
  // Which logs there are, a server finds out once.
  await server.restart()
  return id
}

test('the frames of a group are all leaves below it, group by group, as the jobs say', async () => {
  const top = await server.add({ title: 'top' })
  const inner = await server.add({ title: 'inner', parent: top })
  await server.put('/api/jobs', [
    { command: 'x', parent: top },
    { command: 'x', parent: inner, state: 'PAUSED' },
    { command: 'x', parent: inner },
    { command: 'x', parent: top },
    { command: 'x', parent: top },
  ])
  await run(0)
  await run(1)
  await server.pick('w')
  const { ids, states, durations } = await get<GroupFrames>(`/api/jobs/${top}/frames`)
  const flat = ids.flatMap(([first, count]) => Array.from({ length: count }, (_, i) => first + i))
  const jobs = await Promise.all(flat.map((id) => server.job(id)))
  expect(jobs.map(({ parent }) => parent)).toEqual([top, top, top, inner, inner])
  const letters = { WAITING: 'w', PENDING: 'p', PAUSED: 'h', WORKING: 'r', FINISHED: 'f', ERROR: 'e' }
  expect(states).toBe(jobs.map(({ state }) => letters[state]).join(''))
  expect(new Set(states).size).toBeGreaterThan(3)
  expect(durations).toEqual(jobs.map(({ state, duration }) => (state === 'WORKING' ? 0 : duration)))
  expect((await get<GroupFrames>(`/api/jobs/${flat[0]}/frames`)).ids).toEqual([[flat[0] as number, 1]])
  expect(await server.get('/api/jobs/9999/frames')).toMatchObject({ status: 404 })
  await server.delete('/api/jobs', [top])
})

test('30,000 frames are read in steps, and come as one range', async () => {
  const top = await server.add({ title: 'many' })
  const { body: ids } = await server.put<number[]>(
    '/api/jobs',
    Array.from({ length: 30_000 }, () => ({ command: 'x', parent: top })),
  )
  const frames = await get<GroupFrames>(`/api/jobs/${top}/frames`)
  expect(frames.ids).toEqual([[ids[0] as number, 30_000]])
  expect(frames.states).toBe('w'.repeat(30_000))
  await server.delete('/api/jobs', [top])
}, 60_000)

test('the graph goes two steps each way, and says what it leaves out', async () => {
  const chain: number[] = []
  for (let i = 0; i < 7; i++)
    chain.push(await server.add({ title: `c${i}`, command: 'x', dependencies: i ? [chain[i - 1] as number] : [] }))
  const graph = await get<JobGraph>(`/api/jobs/${chain[3]}/graph`)
  expect(graph.jobs.map(({ id }) => id).sort((a, b) => a - b)).toEqual(chain.slice(1, 6))
  expect(graph.jobs[0]).toMatchObject({ id: chain[3], title: 'c3', state: 'PENDING', group: false })
  expect(graph.edges).toHaveLength(4)
  expect(graph.edges).toContainEqual({ job: chain[3] as number, dependency: chain[2] as number, kind: 'all' })
  expect(graph.left).toBe(2)
  const group = await server.add({ title: 'g' })
  const waits = await server.add({ command: 'x' })
  await server.post(`/api/jobs/${waits}/dependencies`, [{ job: group, kind: 'any' }])
  expect((await get<JobGraph>(`/api/jobs/${group}/graph`)).edges).toEqual([
    { job: waits, dependency: group, kind: 'any' },
  ])
  await server.delete('/api/jobs', [...chain, group, waits])
})

test('the graph of a job with a thousand dependents holds 200 jobs, and counts the rest', async () => {
  const first = await server.add({ command: 'x' })
  const { body: ids } = await server.put<number[]>(
    '/api/jobs',
    Array.from({ length: 1000 }, () => ({ command: 'x', dependencies: [first] })),
  )
  const graph = await get<JobGraph>(`/api/jobs/${first}/graph`)
  expect(graph.jobs).toHaveLength(200)
  expect(graph.left).toBe(801)
  await server.delete('/api/jobs', [first, ...ids])
}, 60_000)

test('the events of a group are those of all below it, the newest first', async () => {
  const top = await server.add({ title: 'top' })
  const inner = await server.add({ title: 'inner', parent: top })
  await server.add({ command: 'x', parent: inner, retry: 1, priority: 5000 })
  await server.add({ command: 'x', parent: top, retry: 0 })
  const alone = await server.add({ command: 'x' })
  const order = [await run(1), await run(0), await run(1), await run(0)]
  const events = await get<Event[]>(`/api/jobs/${top}/events`)
  expect(events.map(({ job_id }) => job_id)).toEqual(order.filter((id) => id !== alone).toReversed())
  expect(events.map(({ id }) => id)).toEqual(events.map(({ id }) => id).toSorted((a, b) => b - a))
  expect(await get<Event[]>(`/api/jobs/${top}/events?limit=1`)).toEqual(events.slice(0, 1))
  expect((await get<Event[]>(`/api/jobs/${alone}/events`)).map(({ job_id }) => job_id)).toEqual([alone])
})

test('the log as a file is the bytes that were written, all or a part, and never a page', async () => {
  const bytes = Uint8Array.of(0x3c, 0x62, 0x3e, 0xff, 0xfe, 0xc3, 0x0a)
  const id = await logged(bytes)
  const whole = await fetch(`${server.url}/api/jobs/${id}/log/file`)
  expect(new Uint8Array(await whole.arrayBuffer())).toEqual(bytes)
  expect(whole.headers.get('content-type')).toStartWith('text/plain')
  expect(whole.headers.get('x-content-type-options')).toBe('nosniff')
  expect(whole.headers.get('content-disposition')).toBe(`attachment; filename="job-${id}.log"`)
  const part = await fetch(`${server.url}/api/jobs/${id}/log/file?offset=2&limit=3`)
  expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(2, 5))
  expect(['offset', 'next', 'size'].map((name) => part.headers.get(`x-log-${name}`))).toEqual(['2', '5', '7'])
})

test('a text is found wherever it is, in either case, and across what is read at a time', async () => {
  const size = 3 * 1024 * 1024
  const bytes = Buffer.alloc(size, '.')
  const places = [0, 1024 * 1024 - 3, 2 * 1024 * 1024, size - 6]
  for (const place of places) bytes.write('Needle', place)
  const id = await logged(bytes)
  const find = (query: string) => get<LogMatches>(`/api/jobs/${id}/log/matches?${query}`)
  expect(await find('text=nEEDLE')).toEqual({ offsets: places, next: size, size })
  expect((await find('text=needle&offset=1')).offsets).toEqual(places.slice(1))
  expect((await find('text=haystack')).offsets).toEqual([])
  expect((await find('')).offsets).toEqual([])
})

test('a search that finds a thousand goes on where it is told to', async () => {
  const id = await logged('ab'.repeat(1500))
  const first = await get<LogMatches>(`/api/jobs/${id}/log/matches?text=ab`)
  expect([first.offsets.length, first.next]).toEqual([1000, 2000])
  const rest = await get<LogMatches>(`/api/jobs/${id}/log/matches?text=ab&offset=${first.next}`)
  expect([rest.offsets.length, rest.offsets[0], rest.next]).toEqual([500, 2000, 3000])
})

test('letters beyond A to Z are found as they are written', async () => {
  const id = await logged('Ärger ärger ärGER ãrger')
  const find = (text: string) =>
    get<LogMatches>(`/api/jobs/${id}/log/matches?${new URLSearchParams({ text })}`).then(({ offsets }) => offsets)
  expect(await find('ärger')).toEqual([7, 14])
  expect(await find('Ärger')).toEqual([0])
})
