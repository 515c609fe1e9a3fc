/** The stream at /api/stream: what is told to whom, in which order, and what happens to those who miss some of it. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { Viewer } from '../support/page.ts'
import { type TestServer, testServer, until } from '../support/server.ts'

let server: TestServer
const viewers: Viewer[] = []

beforeEach(async () => {
  server = await testServer()
})
afterEach(async () => {
  for (const viewer of viewers.splice(0)) viewer.socket.close()
  await server.stop()
})

async function view(...[watch]: Parameters<Viewer['look']>): Promise<Viewer> {
  const viewer = await Viewer.at(server.url, watch)
  viewers.push(viewer)
  return viewer
}

/** Looks at something that changes last of all: when it is told, all before it was, too. */
const pause = (id: number) => server.post('/api/pausejobs', [id])
const states = (viewer: Viewer, id: number) =>
  viewer
    .told('jobs')
    .filter((job) => job.id === id)
    .map((job) => job.state)

test('what a page begins to look at is told as it is, and then each change, as the API answers it', async () => {
  const id = await server.add({ title: 'a', command: 'x' })
  const viewer = await view({ jobs: [id] })
  expect(viewer.told('jobs')).toEqual([await server.job(id)])
  await pause(id)
  await viewer.until(() => states(viewer, id).at(-1) === 'PAUSED', 'the pause')
  expect(viewer.told('jobs').at(-1)).toEqual(await server.job(id))
})

test('only what is looked at is told', async () => {
  const [seen, unseen, group] = [
    await server.add({ title: 'seen', command: 'x' }),
    await server.add({ title: 'unseen', command: 'x' }),
    await server.add({ title: 'group' }),
  ]
  const viewer = await view({ jobs: [seen], parents: [group] })
  await pause(unseen)
  await server.add({ parent: 0, title: 'another', command: 'x' })
  await pause(seen)
  await viewer.until(() => states(viewer, seen).at(-1) === 'PAUSED', 'the pause')
  expect(new Set(viewer.told('jobs').map(({ id }) => id))).toEqual(new Set([seen]))
  expect(viewer.told('members')).toEqual([])
  expect(viewer.told('touched')).toEqual([])
  expect(viewer.told('workers')).toEqual([])
  expect(viewer.told('events')).toEqual([])
  expect(viewer.told('farm')).toEqual([])
})

test('an open group says when a child comes, changes, is moved away or is deleted', async () => {
  const group = await server.add({ title: 'group' })
  const viewer = await view({ parents: [group] })
  const child = await server.add({ parent: group, title: 'child', command: 'x' })
  await viewer.until(() => viewer.told('members').length === 1, 'the new child')
  await server.post('/api/jobs', { [child]: { priority: 3 } })
  await viewer.until(() => viewer.last.touched !== undefined && viewer.last.members === undefined, 'the change')
  await server.post('/api/jobs', { [child]: { parent: 0 } })
  await viewer.until(() => viewer.told('members').length === 2, 'the move')
  await server.post('/api/jobs', { [child]: { parent: group } })
  await viewer.until(() => viewer.told('members').length === 3, 'the move back')
  await server.delete('/api/jobs', [child])
  await viewer.until(() => viewer.told('members').length === 4, 'the deletion')
  expect(viewer.told('members')).toEqual([group, group, group, group])
  expect(viewer.told('jobs')).toEqual([])
})

test('a job that is deleted, by itself or with its group, is gone', async () => {
  const group = await server.add({ title: 'group' })
  const child = await server.add({ parent: group, title: 'child', command: 'x' })
  const single = await server.add({ title: 'single', command: 'x' })
  const viewer = await view({ jobs: [child, single], parents: [group] })
  await server.delete('/api/jobs', [single])
  await viewer.until(() => viewer.told('gone').includes(single), 'the single one')
  await server.delete('/api/jobs', [group])
  await viewer.until(() => viewer.told('gone').includes(child), 'the child')
  expect(new Set(viewer.told('gone'))).toEqual(new Set([group, child, single]))
})

test('numbers count up, and the state that is told last is the last', async () => {
  const id = await server.add({ title: 'a', command: 'x' })
  const viewer = await view({ jobs: [id] })
  for (let i = 0; i < 30; i++) await server.post('/api/jobs', { [id]: { priority: i } })
  await viewer.until(() => viewer.told('jobs').at(-1)?.priority === 29, 'the last priority')
  const numbers = viewer.frames.map(({ seq }) => seq)
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  const priorities = viewer.told('jobs').map(({ priority }) => priority)
  expect(priorities.slice(1)).toEqual(priorities.slice(1).toSorted((a, b) => a - b))
  // Thirty edits take some milliseconds: they are not thirty frames.
  expect(viewer.frames.length).toBeLessThan(30)
})

test('an operation that is refused tells nothing, not even what it did before it was', async () => {
  const [first, other] = [
    await server.add({ title: 'first', command: 'x' }),
    await server.add({ title: 'other', command: 'x' }),
  ]
  const viewer = await view({ jobs: [first], parents: [0], farm: true })
  const before = viewer.frames.length
  const refused = await server.post('/api/jobs', {
    [first]: { title: 'changed', priority: 7 },
    [other]: { dependencies: [other] },
  })
  expect(refused.status).toBe(422)
  await pause(first)
  await viewer.until(() => states(viewer, first).at(-1) === 'PAUSED', 'the pause')
  expect(viewer.frames.slice(before)).toHaveLength(1)
  expect(viewer.told('jobs').map(({ title }) => title)).toEqual(['first', 'first'])
})

test('a reset of a group tells its rows on the screen, though no leaf was changed one by one', async () => {
  const group = await server.add({ title: 'group' })
  const child = await server.add({ parent: group, title: 'child', command: 'x' })
  await pause(child)
  const viewer = await view({ jobs: [group, child], parents: [group] })
  await server.post('/api/resetjobs', [group])
  await viewer.until(() => states(viewer, child).at(-1) === 'WAITING', 'the reset')
})

test('a run is told to those who look at its job, its worker, all runs, the farm and its log', async () => {
  const id = await server.add({ title: 'a', command: 'x' })
  const other = await server.add({ title: 'b', command: 'x', priority: 1 })
  const viewer = await view({
    jobs: [id],
    workers: true,
    events: { job: id },
    farm: true,
    logs: [{ job: id, offset: 0 }],
  })
  const elsewhere = await view({ events: { job: other } })
  const run = await server.pick('w')
  await viewer.until(() => states(viewer, id).at(-1) === 'WORKING', 'the start')
  await server.post(`/api/runs/${run?.run}/heartbeat`, { worker: 'w', log: btoa('PROGRESS:40\n'), log_offset: 0 })
  await viewer.until(() => viewer.told('jobs').at(-1)?.progress === 0.4, 'the progress')
  await viewer.until(() => viewer.told('logs').length > 0, 'the log')
  expect(viewer.told('logs')).toEqual([{ job: id, offset: 0, next: 12, text: 'PROGRESS:40\n' }])
  await server.post(`/api/runs/${run?.run}/end`, { worker: 'w', exit_code: 0 })
  await viewer.until(() => viewer.told('farm').at(-1)?.jobs.finished === 1, 'the end')
  expect(states(viewer, id).at(-1)).toBe('FINISHED')
  expect(viewer.told('events').map(({ state }) => state)).toEqual(['WORKING', 'FINISHED'])
  expect(viewer.told('workers').map(({ name, state }) => `${name} ${state}`)).toEqual(['w WORKING', 'w WAITING'])
  expect(elsewhere.told('events')).toEqual([])
})

test('who looks at the audit is told that something is new in it, without a word of what', async () => {
  const job = await server.add({ title: 'a', command: 'x' })
  const [viewer, other] = [await view({ audit: true }), await view({ jobs: [job] })]
  const number = () => viewer.told('recorded').length
  for (const change of [
    () => server.post('/api/users', { name: 'ann', password: 'correct horse battery' }),
    () => server.post('/api/signin', { name: 'ann', password: 'correct horse battery' }),
    () => pause(job),
    () => server.post('/api/startjobs', [job]),
  ]) {
    const before = number()
    await change()
    await viewer.until(() => number() > before, 'the news')
  }
  await other.until(() => states(other, job).at(-1) === 'WAITING', 'the start')
  expect(other.told('recorded')).toEqual([])
  // What runs is no change of anybody's.
  const run = (await server.pick('node-1'))?.run
  await server.post(`/api/runs/${run}/end`, { worker: 'node-1', exit_code: 0 })
  await other.until(() => states(other, job).at(-1) === 'FINISHED', 'the end')
  expect(number()).toBe(4)
})

test('signs of life are told of the workers on the screen, and of no other', async () => {
  await server.pick('near')
  await server.pick('far')
  const viewer = await view({ vitals: ['near'] })
  await server.post('/api/workers/far/pick', { cpu: [90] })
  await server.post('/api/workers/near/pick', { cpu: [12.5] })
  await viewer.until(() => viewer.told('workers').at(-1)?.cpu === '[12.5]', 'the load')
  expect(viewer.told('workers').filter(({ name }) => name !== 'near')).toEqual([])
})

test('after a break, one who was told up to a number is told what came since', async () => {
  const group = await server.add({ title: 'group' })
  const viewer = await view({ parents: [group, 0] })
  const { epoch, seq } = viewer.last
  await viewer.close()
  await server.add({ parent: group, title: 'missed', command: 'x' })
  const back = await view({ parents: [group, 0], resume: { epoch, seq } })
  await back.until(() => back.told('members').length > 0, 'what was missed')
  expect(back.told('members')).toEqual([group])
  expect(back.told('anew')).toEqual([])
})

test('one who comes back and is slow to say so misses nothing', async () => {
  const group = await server.add({ title: 'group' })
  const viewer = await view({ parents: [group, 0] })
  const { epoch, seq } = viewer.last
  await viewer.close()
  const other = await view({ parents: [group] })
  const back = new Viewer(server.url)
  viewers.push(back)
  await back.until(({ socket }) => socket.readyState === WebSocket.OPEN, 'a connection')
  await server.add({ parent: group, title: 'missed', command: 'x' })
  await other.until(() => other.told('members').length > 0, 'the round that tells it')
  await back.look({ parents: [group, 0], resume: { epoch, seq } })
  await back.until(() => back.told('members').length > 0, 'what was missed')
  expect(back.frames).toHaveLength(1)
})

test('who asks whether somebody is here is told so, and nothing else', async () => {
  const viewer = await view({ parents: [0] })
  const { epoch, seq } = viewer.last
  viewer.socket.send('here?')
  await viewer.until(({ frames }) => frames.length === 2, 'an answer')
  expect(viewer.last).toEqual({ epoch, seq, now: expect.any(Number) })
})

test('after a restart of the server, all begins anew', async () => {
  const id = await server.add({ title: 'a', command: 'x' })
  const viewer = await view({ jobs: [id], parents: [0] })
  const { epoch, seq } = viewer.last
  await server.restart()
  const back = await view({ jobs: [id], parents: [0], resume: { epoch, seq } })
  expect(back.told('anew')).toEqual([true])
  expect(back.told('jobs')).toEqual([await server.job(id)])
})

test('what changed more than can be remembered begins anew', async () => {
  const viewer = await view({ parents: [0], farm: true })
  const groups = Array.from({ length: 25_000 }, (_, i) => ({ title: `g${i}` }))
  expect((await server.put('/api/jobs', groups)).status).toBe(200)
  await viewer.until(() => viewer.told('anew').length > 0, 'the word to begin anew')
})

test('a page that does not read is owed nothing but the last state', async () => {
  const group = await server.add({ title: 'group' })
  const children = Array.from({ length: 1500 }, (_, i) => ({ parent: group, title: 'x'.repeat(1000), command: `${i}` }))
  const ids = (await server.put<number[]>('/api/jobs', children)).body
  const { host, port } = new URL(server.url)
  let read = 0
  let end = ''
  const slow = await Bun.connect<undefined>({
    hostname: '127.0.0.1',
    port: Number(port),
    socket: {
      data(_, bytes) {
        read += bytes.length
        end = (end + bytes.toString('latin1')).slice(-100_000)
      },
    },
  })
  slow.write(
    `GET /api/stream HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  )
  await until(() => read > 0, 'the connection')
  slow.pause()
  slow.write(masked(JSON.stringify({ jobs: ids, parents: [group] })))
  const quick = await view({ parents: [group] })
  for (let i = 0; i < 40; i++) {
    const edits = Object.fromEntries(ids.map((id) => [id, { priority: i }]))
    expect((await server.post('/api/jobs', edits)).status).toBe(200)
    await quick.until(({ frames }) => frames.length > i, 'the change')
  }
  slow.resume()
  await until(() => end.includes('"priority":39'), 'the last state')
  // Each round is 2.4 MB of rows, 96 MB in all: what the system's buffers and one frame hold is some.
  expect(read / 1e6).toBeLessThan(30)
  slow.terminate()
}, 60_000)

function masked(text: string): Uint8Array {
  const bytes = Buffer.from(text)
  const head = Buffer.from([0x81, 0x80 | 126, bytes.length >> 8, bytes.length & 255, 0, 0, 0, 0])
  return Buffer.concat([head, bytes])
}

test('a page of another site gets no stream', async () => {
  const viewer = new Viewer(server.url, { origin: 'http://evil.example' })
  await until(() => viewer.closed !== undefined, 'the refusal')
  const own = new Viewer(server.url, { origin: server.url })
  viewers.push(own)
  await own.look({ farm: true })
  await own.until(({ frames }) => frames.length > 0, 'the first frame')
})

test('a word that is none ends the connection, and says what was wrong', async () => {
  const viewer = new Viewer(server.url)
  await viewer.look({ jobs: ['x'] } as never)
  await until(() => viewer.closed !== undefined, 'the end')
  expect(viewer.closed?.code).toBe(1008)
  expect(viewer.closed?.reason).toContain('Item 0 of jobs')
})

test('the frames of a group are told as states, whichever group below it they are in', async () => {
  const [top, elsewhere] = [await server.add({ title: 'top' }), await server.add({ command: 'x', priority: 2000 })]
  const inner = await server.add({ title: 'inner', parent: top })
  const frame = await server.add({ command: 'x', parent: inner })
  const viewer = await view({ frames: top, events: { within: top } })
  const other = await server.pick('w')
  expect(other?.job.id).toBe(elsewhere)
  await server.post(`/api/runs/${other?.run}/end`, { worker: 'w', exit_code: 0 })
  const run = await server.pick('w')
  await viewer.until(() => viewer.told('frames').length === 1, 'the run')
  await server.post(`/api/runs/${run?.run}/end`, { worker: 'w', exit_code: 1 })
  await viewer.until(() => viewer.told('frames').length === 2, 'its end')
  expect(viewer.told('frames').map(([id, state]) => [id, state])).toEqual([
    [frame, 'r'],
    [frame, 'e'],
  ])
  expect(viewer.told('events').map(({ job_id, state }) => [job_id, state])).toEqual([
    [frame, 'WORKING'],
    [frame, 'ERROR'],
  ])
  await server.add({ command: 'x', parent: inner })
  await viewer.until(() => viewer.last.framesAnew === true, 'a new one')
})
