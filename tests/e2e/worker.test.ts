/** The built executable as server and as worker, with real commands: what a farm does all day, and on its bad days. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Event, Job, JobInput, Worker } from '../../src/models.ts'
import { lives } from '../support/processes.ts'
import { createSandbox, filesBelow, POSIX, type Sandbox, type Server, until } from './sandbox.ts'

/** Programs start here by the dozen, and the machine may be busy with other things. */
setDefaultTimeout(120_000)

let sandbox: Sandbox
/** Where jobs meet the test: they wait for files, and leave some. */
let meeting: string
beforeAll(() => {
  sandbox = createSandbox()
  meeting = sandbox.freshFolder()
  mkdirSync(meeting)
})
afterAll(() => sandbox.cleanUp())

/** Shell: goes on when the test says so. */
const waitFor = (name: string) => `until test -e ${join(meeting, name)}; do sleep 0.02; done`
const say = (name: string) => writeFileSync(join(meeting, name), '')

const of = (server: Server) => ({
  add: (job: JobInput) => server.client.call<number>('PUT', '/api/jobs', job),
  job: (id: number) => server.client.call<Job>('GET', `/api/jobs/${id}`),
  log: (id: number) => server.client.call<string>('GET', `/api/jobs/${id}/log`),
  events: (id?: number) => server.client.call<Event[]>('GET', `/api/events${id === undefined ? '' : `?job=${id}`}`),
  workers: () => server.client.call<Worker[]>('GET', '/api/workers'),
  state: async (id: number, state: string, seconds?: number) => {
    const job = async () => (await server.client.call<Job>('GET', `/api/jobs/${id}`)).state
    await until(async () => (await job()) === state, `job ${id} to be ${state}`, seconds)
  },
})

describe.skipIf(!POSIX)('a group of jobs on a worker with two slots', () => {
  let server: Server
  let farm: ReturnType<typeof of>

  beforeAll(async () => {
    server = await sandbox.serve(sandbox.freshFolder())
    farm = of(server)
  })

  test('runs by priority, again after an error, after what it depends on, and says how far it is', async () => {
    const group = await farm.add({ title: 'shot', paused: 1 })
    const jobs = {
      last: { priority: 1, command: 'echo last' },
      high: { priority: 3000, command: 'echo high' },
      flaky: {
        retry: 2,
        priority: 2000,
        command: `test -e ${join(meeting, 'once')} || { touch ${join(meeting, 'once')}; echo no; exit 3; }; echo yes`,
      },
      half: { priority: 2500, command: `echo PROGRESS:50; ${waitFor('half')}; echo PROGRESS:100` },
      bad: { priority: 1500, command: 'echo to stderr >&2; exit 7' },
    } satisfies Record<string, JobInput>
    const ids: Record<string, number> = {}
    for (const [title, job] of Object.entries(jobs)) ids[title] = await farm.add({ parent: group, title, ...job })
    const { last = 0, high = 0, flaky = 0, half = 0, bad = 0 } = ids
    const after = await farm.add({ title: 'after', command: 'echo after', dependencies: [flaky, half] })
    const never = await farm.add({ title: 'never', command: 'echo never', dependencies: [group] })

    const worker = await sandbox.worker(server, 'node', { slots: 2 })
    await server.client.call('POST', '/api/startjobs', [group])
    await until(async () => (await farm.job(half)).progress === 0.5, 'the half')
    // The other slot does all the rest meanwhile, except what waits for this one.
    for (const id of [high, flaky, last]) await farm.state(id, 'FINISHED')
    await farm.state(bad, 'ERROR')
    expect(await farm.job(half)).toMatchObject({ state: 'WORKING', run_done: 0 })
    expect(await farm.job(after)).toMatchObject({ state: 'PENDING', start_time: 0 })
    expect(await farm.job(group)).toMatchObject({ state: 'ERROR', total: 5, working: 1, finished: 3, errors: 1 })
    say('half')
    await farm.state(after, 'FINISHED')

    const events = await farm.events()
    expect(events.map(({ job_title, state }) => `${job_title} ${state}`)).toEqual([
      'high FINISHED',
      'half FINISHED',
      'flaky ERROR',
      'flaky FINISHED',
      'bad ERROR',
      'last FINISHED',
      'after FINISHED',
    ])
    expect(new Set(events.map((event) => event.worker))).toEqual(new Set(['node-1', 'node-2']))
    expect(await farm.job(flaky)).toMatchObject({ run_done: 2, retry: 2, state: 'FINISHED', progress: 1 })
    expect(await farm.log(flaky)).toMatch(/^no\n.*yes\n$/s)
    expect(await farm.job(half)).toMatchObject({ state: 'FINISHED', progress: 1 })
    expect(await farm.log(half)).toBe('PROGRESS:50\nPROGRESS:100\n')
    expect(await farm.log(bad)).toStartWith('to stderr\n')
    expect(await farm.job(never)).toMatchObject({ state: 'PENDING', start_time: 0 })
    expect(await farm.job(group)).toMatchObject({ state: 'ERROR', total_finished: 4, total_errors: 1 })

    const shown = await sandbox.run(['jobs', 'log', String(half), '--server', server.url])
    expect(shown).toEqual({ code: 0, stdout: 'PROGRESS:50\nPROGRESS:100\n', stderr: '' })
    expect((await sandbox.run(['jobs', 'wait', String(group), '--server', server.url])).code).toBe(1)
    expect(await worker.stop()).toBe(0)
  })

  test('gives its jobs back on SIGTERM, with all their processes ended', async () => {
    const ids = [1, 2].map((n) => farm.add({ title: `long ${n}`, command: 'sleep 600 & echo "pid=$!"; wait' }))
    const jobs = await Promise.all(ids)
    const worker = await sandbox.worker(server, 'leaver', { slots: 2 })
    const pids: number[] = []
    for (const id of jobs) {
      await until(async () => /pid=\d+\n/.test(await farm.log(id)), `the output of job ${id}`)
      pids.push(Number(/\d+/.exec(await farm.log(id))?.[0]))
    }
    expect(pids.map(lives)).toEqual([true, true])
    expect(await worker.stop()).toBe(0)
    expect(pids.map(lives)).toEqual([false, false])
    for (const id of jobs) {
      expect(await farm.job(id)).toMatchObject({ state: 'WAITING', run_done: 0 })
      expect(await farm.events(id)).toMatchObject([{ state: 'STOPPED' }])
    }
    expect(filesBelow(sandbox.temporary)).toEqual([])
    await server.client.call('DELETE', '/api/jobs', jobs)
  })

  afterAll(async () => {
    if (POSIX) expect(await server.stop()).toBe(0)
  })
})

/** Lines of some length, with letters of two and four bytes, which chunks may cut in two. */
const block = (name: string, lines: number) =>
  Array.from({ length: lines }, (_, i) => `${name} ${i} äöü 🎬 ${'x'.repeat(i % 60)}\n`).join('')

describe.skipIf(!POSIX)('a server that is restarted in the middle of a run', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)('by %s loses neither the run nor a byte of its output', async (signal) => {
    const blocks = ['before', 'while it is away', 'after'].map((name) => block(name, 3000))
    for (const [i, text] of blocks.entries()) writeFileSync(join(meeting, `${signal}-${i}.txt`), text)
    const part = (i: number) => `cat ${join(meeting, `${signal}-${i}.txt`)}`
    const went = join(meeting, `${signal}-went`)

    let server = await sandbox.serve(sandbox.freshFolder())
    const job = await of(server).add({
      title: 'long',
      command: [
        part(0),
        waitFor(`${signal}-away`),
        part(1),
        `touch ${went}`,
        waitFor(`${signal}-back`),
        part(2),
        'exit 0',
      ].join('; '),
    })
    const waiting = await of(server).add({ title: 'next', command: 'echo next', dependencies: [job] })
    const worker = await sandbox.worker(server, 'node')
    await until(async () => (await of(server).log(job)) === blocks[0], 'the first part of the output')

    const { port, data } = server
    server.kill(signal)
    const code = await server.exited
    if (signal === 'SIGTERM') expect(code).toBe(0)
    say(`${signal}-away`)
    await until(() => existsSync(went), 'the job to go on alone')
    server = await sandbox.serve(data, { port })
    const farm = of(server)
    expect(await farm.job(job)).toMatchObject({ state: 'WORKING', worker: 'node', run_done: 0 })
    say(`${signal}-back`)
    await farm.state(waiting, 'FINISHED')

    expect(await farm.job(job)).toMatchObject({ state: 'FINISHED', run_done: 1 })
    // Not toBe: a difference of 300 kB is no reading.
    expect((await farm.log(job)) === blocks.join('')).toBe(true)
    expect(await farm.events(job)).toMatchObject([{ state: 'FINISHED', worker: 'node' }])
    expect(await worker.stop()).toBe(0)
    expect(await server.stop()).toBe(0)
    expect(filesBelow(data).filter((file) => file !== 'coalition.db')).toEqual(['lock', 'logs/0/1.log', 'logs/0/2.log'])
    expect(filesBelow(sandbox.temporary)).toEqual([])
  })
})

test.skipIf(!POSIX)(
  'the job of a worker that falls silent waits again within worker_timeout, and another does it',
  async () => {
    // Heartbeats come every 2 s: a worker that lives is never silent for so long.
    const WORKER_TIMEOUT = 4
    const server = await sandbox.serve(sandbox.freshFolder(), { words: ['--worker-timeout', String(WORKER_TIMEOUT)] })
    const farm = of(server)
    const job = await farm.add({ command: `echo "pid=$$"; ${waitFor('another')}; echo done` })
    const worker = await sandbox.worker(server, 'victim')
    await until(async () => (await farm.log(job)).includes('pid='), 'the job to run')
    const silent = performance.now()
    worker.kill('SIGSTOP')
    expect((await farm.job(job)).state).toBe('WORKING')
    // A clock of whole seconds, looked at every second.
    await farm.state(job, 'WAITING', WORKER_TIMEOUT + 3)
    expect((performance.now() - silent) / 1000).toBeGreaterThan(WORKER_TIMEOUT - 3)
    expect(await farm.job(job)).toMatchObject({ run_done: 0, worker: 'victim' })
    expect(await farm.workers()).toMatchObject([{ name: 'victim', state: 'TIMEOUT' }])

    const next = await sandbox.worker(server, 'next')
    await until(async () => (await farm.job(job)).worker === 'next', 'the other worker')
    say('another')
    await farm.state(job, 'FINISHED')
    expect(await farm.events(job)).toMatchObject([
      { state: 'LOST', worker: 'victim' },
      { state: 'FINISHED', worker: 'next' },
    ])
    worker.kill('SIGKILL')
    expect(await next.stop()).toBe(0)
    expect(await server.stop()).toBe(0)
  },
)
