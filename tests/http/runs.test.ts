/** The workers' own protocol: pick, heartbeat, end, release. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Event, Worker } from '../../src/models.ts'
import type { HeartbeatAnswer, RunAnswer } from '../../src/protocol.ts'
import { type TestServer, testServer } from '../support/server.ts'
import { expectProblem } from './problem.ts'

let server: TestServer
beforeEach(async () => {
  server = await testServer()
})
afterEach(() => server.stop())

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64')
const workers = async () => (await server.get<Worker[]>('/api/workers')).body
const events = async () => (await server.get<Event[]>('/api/events')).body
const logOf = async (id: number) => (await server.get<string>(`/api/jobs/${id}/log`)).body

async function beat(run: number, report: object = {}): Promise<HeartbeatAnswer> {
  const { status, text, body } = await server.post<HeartbeatAnswer>(`/api/runs/${run}/heartbeat`, {
    worker: 'w',
    ...report,
  })
  if (status !== 200) throw new Error(text)
  return body
}
async function end(run: number, exit_code: number, report: object = {}): Promise<RunAnswer> {
  const { status, text, body } = await server.post<RunAnswer>(`/api/runs/${run}/end`, {
    worker: 'w',
    exit_code,
    ...report,
  })
  if (status !== 200) throw new Error(text)
  return body
}
const release = async (run: number, worker = 'w') =>
  (await server.post<RunAnswer>(`/api/runs/${run}/release`, { worker })).body

/** A job that worker `w` runs: ids of both. */
async function running(job: object = {}): Promise<{ id: number; run: number }> {
  const id = await server.add({ title: 'job', command: 'echo', ...job })
  const assignment = await server.pick('w')
  if (assignment?.job.id !== id) throw new Error(`w got ${JSON.stringify(assignment)}`)
  return { id, run: assignment.run }
}

describe('pick', () => {
  test('answers null when there is nothing, and makes the worker', async () => {
    const body = { cpu: [12.5, 3], free_memory: 100, total_memory: 200 }
    expect(await server.post('/api/workers/new%20one%2F1/pick', body)).toMatchObject({
      text: 'null',
      type: 'application/json',
    })
    expect(await workers()).toMatchObject([
      {
        name: 'new one/1',
        state: 'WAITING',
        cpu: '[12.5,3]',
        free_memory: 100,
        total_memory: 200,
        active: 1,
        ip: '127.0.0.1',
      },
    ])
  })

  test('answers the run and all that the worker needs of the job', async () => {
    const job = { title: 'T', command: 'echo é', dir: '/tmp', user: 'u', environment: 'A=1\\nB=2', timeout: 7 }
    const id = await server.add(job)
    expect(await server.pick('w')).toEqual({ run: 1, job: { id, ...job, memory: 0, cores: 0, gpus: 0 } })
    expect(await server.job(id)).toMatchObject({ state: 'WORKING', worker: 'w' })
    expect(await workers()).toMatchObject([{ state: 'WORKING', last_job: id, current_event: 1 }])
  })

  test('gives each job to one worker only, however many ask at once', async () => {
    for (let i = 0; i < 5; i++) await server.add({ command: 'x' })
    const got = await Promise.all(Array.from({ length: 20 }, (_, i) => server.pick(`w${i}`)))
    const ids = got.flatMap((assignment) => (assignment ? [assignment.job.id] : []))
    expect(ids.sort()).toEqual([1, 2, 3, 4, 5])
  })

  test('by a worker that holds a run says that it crashed: the job waits again, the run does not count', async () => {
    const { id, run } = await running()
    const again = await server.pick('w')
    expect(again).toMatchObject({ job: { id } })
    expect(again?.run).not.toBe(run)
    expect((await events()).map(({ state }) => state)).toEqual(['LOST', 'WORKING'])
    expect(await server.job(id)).toMatchObject({ run_done: 0 })
    expect(await beat(run, { log: base64('old') })).toMatchObject({ go_on: false })
  })

  test('by a worker that is stopped answers nothing', async () => {
    await server.pick('w')
    await server.post('/api/stopworkers', ['w'])
    await server.add({ command: 'x' })
    expect(await server.pick('w')).toBeNull()
    await server.post('/api/startworkers', ['w'])
    expect(await server.pick('w')).not.toBeNull()
  })
})

describe('a heartbeat', () => {
  test('says go on, and how much of the output the server has', async () => {
    const { id, run } = await running()
    expect(await beat(run)).toEqual({ go_on: true, log_size: 0 })
    expect(await beat(run, { log: base64('hello '), log_offset: 0 })).toEqual({ go_on: true, log_size: 6 })
    expect(await beat(run, { log: base64('wörld'), log_offset: 6 })).toEqual({ go_on: true, log_size: 12 })
    expect(await logOf(id)).toBe('hello wörld')
  })

  test('sent again is not written twice; of an overlap only the new part is', async () => {
    const { id, run } = await running()
    const chunk = { log: base64('0123'), log_offset: 0 }
    expect(await beat(run, chunk)).toMatchObject({ log_size: 4 })
    expect(await beat(run, chunk)).toMatchObject({ log_size: 4 })
    expect(await beat(run, { log: base64('234567'), log_offset: 2 })).toMatchObject({ log_size: 8 })
    expect(await beat(run, { log: base64('34'), log_offset: 3 })).toMatchObject({ log_size: 8 })
    expect(await logOf(id)).toBe('01234567')
  })

  test('that leaves a gap is not taken, and the answer says where to go on', async () => {
    const { id, run } = await running()
    await beat(run, { log: base64('ab'), log_offset: 0 })
    expect(await beat(run, { log: base64('xyz'), log_offset: 5 })).toEqual({ go_on: true, log_size: 2 })
    expect(await logOf(id)).toBe('ab')
    expect(await beat(run, { log: base64('cdexyz'), log_offset: 2 })).toMatchObject({ log_size: 8 })
    expect(await logOf(id)).toBe('abcdexyz')
  })

  test('counts its bytes from the beginning of its run, not of the job', async () => {
    const { id, run } = await running({ retry: 1 })
    await end(run, 1, { log: base64('first'), log_offset: 0 })
    const second = await server.pick('w')
    expect(await beat(second?.run ?? 0, { log: base64('second'), log_offset: 0 })).toEqual({ go_on: true, log_size: 6 })
    expect(await logOf(id)).toMatch(/^first\n.*\nsecond$/s)
  })

  test('split anywhere, sent twice or out of order, makes the same log', async () => {
    const { id, run } = await running()
    const output = Buffer.from('ä€😀\n'.repeat(50))
    for (let at = 0, size = 1; at < output.length; size = (size % 7) + 1) {
      const chunk = { log: base64(output.subarray(at, at + size)), log_offset: at }
      await beat(run, { log: base64('future'), log_offset: at + 1000 })
      await beat(run, chunk)
      at = (await beat(run, chunk)).log_size
    }
    expect(await logOf(id)).toBe(output.toString())
  })

  test('reads the progress from the log, split anywhere, or takes the word of the worker', async () => {
    const { id, run } = await running()
    await beat(run, { log: base64('PROGR') })
    await beat(run, { log: base64('ESS:42 ') })
    expect(await server.job(id)).toMatchObject({ progress: 0.42 })
    await beat(run, { progress: 0.75 })
    expect(await server.job(id)).toMatchObject({ progress: 0.75 })
    await end(run, 0)
    expect(await server.job(id)).toMatchObject({ progress: 1, state: 'FINISHED' })
  })

  test('keeps load and memory of the machine', async () => {
    const { run } = await running()
    await beat(run, { cpu: [99.5], free_memory: 1, total_memory: 2 })
    expect(await workers()).toMatchObject([{ cpu: '[99.5]', free_memory: 1, total_memory: 2 }])
  })

  test('of a run that was taken away says stop, and writes nothing', async () => {
    for (const take of [
      (id: number) => server.post('/api/pausejobs', [id]),
      (id: number) => server.post('/api/resetjobs', [id]),
      (id: number) => server.delete('/api/jobs', [id]),
      () => server.post('/api/stopworkers', ['w']),
    ]) {
      const { id, run } = await running()
      await take(id)
      expect(await beat(run, { log: base64('late') })).toMatchObject({ go_on: false })
      expect(await end(run, 0, { log: base64('late') })).toMatchObject({ state: 'STOPPED' })
      const { status, body } = await server.get<string>(`/api/jobs/${id}/log`)
      if (status === 200) expect(body).not.toContain('late')
      await server.post('/api/startworkers', ['w'])
      await server.delete('/api/jobs', status === 200 ? [id] : [])
    }
  })

  test('after a restart of the server goes on where it was', async () => {
    const { id, run } = await running()
    await beat(run, { log: base64('before '), log_offset: 0 })
    await server.restart()
    expect(await beat(run, { log: base64('fore after'), log_offset: 2 })).toMatchObject({ go_on: true, log_size: 12 })
    expect(await end(run, 0)).toMatchObject({ state: 'FINISHED' })
    expect(await logOf(id)).toBe('before after')
  })
})

describe('an end', () => {
  test('with exit code 0 is FINISHED, with any other ERROR; the last output comes with it', async () => {
    for (const [code, state] of [
      [0, 'FINISHED'],
      [1, 'ERROR'],
      [-9, 'ERROR'],
      [3221225786, 'ERROR'],
    ] as const) {
      const { id, run } = await running()
      expect(await end(run, code, { log: base64(`bye ${code}`), log_offset: 0 })).toMatchObject({ state })
      expect(await server.job(id)).toMatchObject({ state, run_done: 1 })
      expect(await logOf(id)).toBe(`bye ${code}`)
    }
    expect(await workers()).toMatchObject([{ finished: 1, error: 3, state: 'WAITING', current_event: 0 }])
  })

  test('counts once, however often it is sent, and the first one counts', async () => {
    const { id, run } = await running()
    const answers = await Promise.all([end(run, 0), end(run, 0), end(run, 1)])
    expect(answers.map(({ state }) => state)).toEqual(['FINISHED', 'FINISHED', 'FINISHED'])
    expect(await end(run, 5)).toMatchObject({ state: 'FINISHED' })
    expect(await server.job(id)).toMatchObject({ state: 'FINISHED', run_done: 1 })
    expect(await workers()).toMatchObject([{ finished: 1, error: 0 }])
    expect(await events()).toMatchObject([{ state: 'FINISHED' }])
  })

  test('sent again after the job was reset does not end the new run', async () => {
    const { id, run } = await running()
    await end(run, 1)
    await server.post('/api/resetjobs', [id])
    const next = await server.pick('w')
    expect(await end(run, 0)).toMatchObject({ state: 'ERROR' })
    expect(await server.job(id)).toMatchObject({ state: 'WORKING' })
    expect(await beat(next?.run ?? 0)).toMatchObject({ go_on: true })
  })

  test('in ERROR with tries left lets the job wait again', async () => {
    const { id, run } = await running({ retry: 1 })
    expect(await end(run, 1)).toMatchObject({ state: 'ERROR' })
    expect(await server.job(id)).toMatchObject({ state: 'WAITING', run_done: 1 })
  })
})

describe('a report of one who does not hold the run', () => {
  test('is refused and changes nothing', async () => {
    const { id, run } = await running()
    await server.pick('thief')
    const report = { worker: 'thief', log: base64('stolen'), log_offset: 0, progress: 0.9 }
    expect(await beat(run, report)).toEqual({ go_on: false, log_size: 0 })
    expect(await beat(run, { ...report, worker: 'stranger' })).toMatchObject({ go_on: false })
    expect(await end(run, 0, { worker: 'thief', log: base64('stolen') })).toMatchObject({ state: 'WORKING' })
    expect(await release(run, 'thief')).toMatchObject({ state: 'WORKING' })
    expect(await logOf(id)).toBe('')
    expect(await server.job(id)).toMatchObject({ state: 'WORKING', progress: 0, run_done: 0, worker: 'w' })
    expect(await beat(run)).toMatchObject({ go_on: true })
    expect((await workers()).map(({ name, finished }) => [name, finished])).toEqual([
      ['thief', 0],
      ['w', 0],
    ])
  })

  test('is refused when it is of an old run of the same worker and job', async () => {
    const { id, run } = await running()
    await release(run)
    const next = await server.pick('w')
    expect(next?.job.id).toBe(id)
    expect(await beat(run, { log: base64('old'), log_offset: 0 })).toMatchObject({ go_on: false })
    expect(await end(run, 0)).toMatchObject({ state: 'STOPPED' })
    expect(await server.job(id)).toMatchObject({ state: 'WORKING' })
    expect(await logOf(id)).not.toContain('old')
  })
})

describe('a release', () => {
  test('lets the job wait again, and does not count', async () => {
    const { id, run } = await running()
    await beat(run, { log: base64('some') })
    expect(await release(run)).toMatchObject({ state: 'STOPPED', log_size: 4 })
    expect(await server.job(id)).toMatchObject({ state: 'WAITING', run_done: 0 })
    expect(await workers()).toMatchObject([{ state: 'WAITING', finished: 0, error: 0 }])
    expect(await release(run)).toMatchObject({ state: 'STOPPED' })
  })

  test('after the end changes nothing', async () => {
    const { id, run } = await running()
    await end(run, 0)
    expect(await release(run)).toMatchObject({ state: 'FINISHED' })
    expect(await server.job(id)).toMatchObject({ state: 'FINISHED' })
  })
})

test('output that is not base64 is refused, and none of it is written', async () => {
  const { id, run } = await running()
  for (const log of ['a b', 'QQ==QQ==', '*', 'QQ=', 'Q', '====', 'QUJD\n'])
    expect(expectProblem(await server.post(`/api/runs/${run}/heartbeat`, { worker: 'w', log }), 422, 'log')).toContain(
      'base64',
    )
  expect(await logOf(id)).toBe('')
  expect(await beat(run, { log: '' })).toEqual({ go_on: true, log_size: 0 })
})
