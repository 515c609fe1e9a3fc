/** A run counts once, and only for the worker that holds it: stopped and continued workers, bad networks, repeated ends. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Event, Job, Worker } from '../../src/models.ts'
import type { Assignment, RunAnswer } from '../../src/protocol.ts'
import { createSandbox, POSIX, type Sandbox, type Server, until } from '../e2e/sandbox.ts'
import { lives } from '../support/processes.ts'
import { BadNetwork, type Faults } from './network.ts'
import { rounds, seeded } from './rounds.ts'

setDefaultTimeout(3_600_000)

/** Heartbeats come every 2 s: a worker that lives is never silent for so long. */
const WORKER_TIMEOUT = 4

let sandbox: Sandbox
let meeting: string
beforeAll(() => {
  sandbox = createSandbox()
  meeting = sandbox.freshFolder()
  mkdirSync(meeting)
})
afterAll(() => sandbox.cleanUp())

const serve = () => sandbox.serve(sandbox.freshFolder(), { words: ['--worker-timeout', String(WORKER_TIMEOUT)] })
const waitFor = (name: string) => `until test -e ${join(meeting, name)}; do sleep 0.02; done`
const say = (name: string) => writeFileSync(join(meeting, name), '')
const of = ({ client }: Server) => ({
  add: (job: object) => client.call<number>('PUT', '/api/jobs', job),
  job: (id: number) => client.call<Job>('GET', `/api/jobs/${id}`),
  log: (id: number) => client.call<string>('GET', `/api/jobs/${id}/log`),
  events: (id: number) => client.call<Event[]>('GET', `/api/events?job=${id}`),
  workers: () => client.call<Worker[]>('GET', '/api/workers'),
})

/** They mostly wait: together they take as long as the longest. */
const concurrently = POSIX ? test.concurrent : test.skip

concurrently('a worker that was stopped past worker_timeout is told to stop what went elsewhere', async () => {
  const server = await serve()
  const farm = of(server)
  // Each run says who it is; the first leaves a child behind, which has to go with it.
  const job = await farm.add({
    command: `echo "$COALITION_WORKER pid=$$"; sleep 600 & ${waitFor('finish')}; echo "end of $COALITION_WORKER"`,
  })
  const sleeper = await sandbox.worker(server, 'sleeper')
  await until(async () => (await farm.log(job)).includes('sleeper pid='), 'the first run')
  const pid = Number(/pid=(\d+)/.exec(await farm.log(job))?.[1])
  sleeper.kill('SIGSTOP')
  await until(async () => (await farm.job(job)).state === 'WAITING', 'the job to wait again')
  expect(await farm.log(job)).toMatch(/sleeper was silent for 4 s: its run 1 is lost, and the job waits again\n$/)
  const other = await sandbox.worker(server, 'other')
  await until(async () => (await farm.log(job)).includes('other pid='), 'the second run')

  expect(lives(pid)).toBe(true)
  sleeper.kill('SIGCONT')
  await until(() => !lives(pid), 'the end of the first run')
  await until(() => /#1 stopped by the server/.test(sleeper.stderr), 'the sleeper to say so')
  expect(await farm.job(job)).toMatchObject({ state: 'WORKING', worker: 'other', run_done: 0 })
  expect((await farm.workers()).find(({ name }) => name === 'sleeper')).toMatchObject({ state: 'WAITING' })
  say('finish')
  await until(async () => (await farm.job(job)).state === 'FINISHED', 'the second run to end')
  expect(await farm.job(job)).toMatchObject({ worker: 'other', run_done: 1 })
  expect(await farm.events(job)).toMatchObject([
    { worker: 'sleeper', state: 'LOST' },
    { worker: 'other', state: 'FINISHED' },
  ])
  const log = await farm.log(job)
  expect(log).not.toContain('end of sleeper')
  // The output of the second run in one piece, and after it what was said meanwhile.
  expect(log).toMatch(
    /\] \S+ run on other\nother pid=\d+\nend of other\n\[coalition\] \S+ sleeper came back with its lost run 1: it was told to stop it\n$/,
  )
  for (const program of [sleeper, other, server]) expect(await program.stop()).toBe(0)
})

concurrently('an end that a stopped worker brings too late is not counted', async () => {
  const server = await serve()
  const farm = of(server)
  const job = await farm.add({
    command: `echo "$COALITION_WORKER"; ${waitFor('late')}; touch ${join(meeting, 'went')}`,
  })
  const late = await sandbox.worker(server, 'late')
  await until(async () => (await farm.log(job)) === 'late\n', 'the first run')
  late.kill('SIGSTOP')
  await until(async () => (await farm.job(job)).state === 'WAITING', 'the job to wait again')
  say('late')
  await until(() => existsSync(join(meeting, 'went')), 'the command to end')
  await server.client.call('POST', '/api/pausejobs', [job])
  late.kill('SIGCONT')
  await until(async () => (await farm.log(job)).includes('late came back'), 'the log to say so')
  expect(await farm.job(job)).toMatchObject({ state: 'PAUSED', run_done: 0 })
  expect(await farm.events(job)).toMatchObject([{ state: 'LOST' }])
  expect((await farm.workers())[0]).toMatchObject({ finished: 0, error: 0 })
  for (const program of [late, server]) expect(await program.stop()).toBe(0)
})

concurrently('a server that stood still past worker_timeout loses nobody', async () => {
  const server = await serve()
  const farm = of(server)
  const job = await farm.add({ command: `echo begun; ${waitFor('stood')}; echo end` })
  const worker = await sandbox.worker(server, 'patient', { slots: 2 })
  await until(async () => (await farm.log(job)) === 'begun\n', 'the run')
  server.kill('SIGSTOP')
  // The standstill itself is what is tested.
  await Bun.sleep((WORKER_TIMEOUT + 2) * 1000)
  server.kill('SIGCONT')
  // Time for a step of the scheduler, before the workers are heard again.
  await Bun.sleep(1500)
  expect((await farm.workers()).map(({ state }) => state).sort()).toEqual(['WAITING', 'WORKING'])
  say('stood')
  await until(async () => (await farm.job(job)).state === 'FINISHED', 'the run to end')
  expect(await farm.events(job)).toMatchObject([{ state: 'FINISHED' }])
  expect(await farm.log(job)).toBe('begun\nend\n')
  for (const program of [worker, server]) expect(await program.stop()).toBe(0)
})

test('an end counts once however often, and by whomever, it is sent', async () => {
  const server = await serve()
  const farm = of(server)
  const job = await farm.add({ command: 'x' })
  const next = await farm.add({ command: 'y', dependencies: [job] })
  const { client } = server
  const { run } = await client.call<Assignment>('POST', '/api/workers/w/pick', {})
  const end = (worker: string, exit_code: number) =>
    client.call<RunAnswer>('POST', `/api/runs/${run}/end`, { worker, exit_code, log: 'eAo=', log_offset: 0 })
  expect(await end('thief', 1)).toMatchObject({ state: 'WORKING' })
  const answers = await Promise.all([0, 0, 1, 0, 1, 0].map((code) => end('w', code)))
  expect(new Set(answers.map(({ state }) => state)).size).toBe(1)
  const [{ state } = { state: '' }] = answers
  for (const code of [0, 1]) expect(await end('w', code)).toMatchObject({ state, log_size: 2 })
  expect(await farm.job(job)).toMatchObject({ state, run_done: 1 })
  expect(await farm.log(job)).toBe('x\n')
  const worker = (await farm.workers()).find(({ name }) => name === 'w')
  expect((worker?.finished ?? 0) + (worker?.error ?? 0)).toBe(1)
  // Nor does it end what the worker does next.
  if (state === 'FINISHED') {
    const second = await client.call<Assignment>('POST', '/api/workers/w/pick', {})
    expect(second.job.id).toBe(next)
    await end('w', 0)
    expect(await farm.job(next)).toMatchObject({ state: 'WORKING' })
  }
  expect(await server.stop()).toBe(0)
})

/** A network as bad as none should be, and still everything has to come through. */
const BAD: Faults = { lose: 0.15, loseAnswer: 0.15, repeat: 0.15, echo: 0.1, delay: 0.3, latest: 400 }

test.skipIf(!POSIX)('behind a network that loses, delays and repeats, each job is done once and its log is whole', () =>
  seeded('network', async (random) => {
    const server = await sandbox.serve(sandbox.freshFolder())
    const farm = of(server)
    const network = new BadNetwork(server.url, random, BAD)
    const marks = join(sandbox.folder, 'marks')
    mkdirSync(marks)
    const jobs: { id: number; lines: number; mark: string }[] = []
    const add = async () => {
      const lines = 1 + random.int(2000)
      const mark = join(marks, String(jobs.length))
      // Its one line is written at the end: a run that was lost by the network, and killed, does not get there.
      const command = `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "line $i äöü"; done; sleep 0.${random.int(5)}; echo "$COALITION_RUN" >> ${mark}`
      const id = await farm.add({ command })
      jobs.push({ id, lines, mark })
      return id
    }
    for (let i = 0; i < rounds(25); i++) await add()
    const worker = await sandbox.worker({ ...server, url: network.url, client: server.client }, 'far', { slots: 4 })
    const finished = (id: number) => until(async () => (await farm.job(id)).state === 'FINISHED', `job ${id}`, 300)
    for (const { id } of jobs) await finished(id)
    // Chance leaves out one kind of fault once in some hundred times: the work goes on until there was each.
    while (Math.min(...Object.values(network.done)) === 0 && jobs.length < 500) await finished(await add())
    expect(await worker.stop()).toBe(0)
    await network.stop()
    console.log(`the network: ${JSON.stringify(network.done)}`)
    let lost = 0
    for (const { id, lines, mark } of jobs) {
      const events = await farm.events(id)
      expect(events.filter(({ state }) => state === 'FINISHED')).toHaveLength(1)
      expect(events.filter(({ state }) => !['FINISHED', 'LOST'].includes(state))).toEqual([])
      lost += events.length - 1
      expect(await farm.job(id)).toMatchObject({ run_done: 1 })
      expect(readFileSync(mark, 'utf8')).toBe(`${events.findLast(({ state }) => state === 'FINISHED')?.id}\n`)
      const text = Array.from({ length: lines }, (_, i) => `line ${i + 1} äöü\n`).join('')
      expect((await farm.log(id)).includes(text)).toBe(true)
    }
    console.log(`${jobs.length} jobs, ${lost} runs lost on the way`)
    expect(Math.min(...Object.values(network.done))).toBeGreaterThan(0)
    expect(await server.stop()).toBe(0)
  }),
)
