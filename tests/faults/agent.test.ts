/** An agent that is killed takes its runs along, and the jobs wait again at once; its name stays one worker's. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Event, Job, Worker } from '../../src/models.ts'
import type { Assignment, HeartbeatAnswer } from '../../src/protocol.ts'
import { createSandbox, POSIX, type Sandbox, type Server, until } from '../e2e/sandbox.ts'
import { lives } from '../support/processes.ts'

setDefaultTimeout(300_000)

let sandbox: Sandbox
let server: Server
/** With the worker_timeout that everybody has, 60 s: what happens here is not for its sake. */
beforeAll(async () => {
  sandbox = createSandbox()
  server = await sandbox.serve(sandbox.freshFolder())
})
afterAll(() => sandbox.cleanUp())

const call = <T>(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown) =>
  server.client.call<T>(method, path, body)
const add = (command: string) => call<number>('PUT', '/api/jobs', { command })
const job = (id: number) => call<Job>('GET', `/api/jobs/${id}`)
const log = (id: number) => call<string>('GET', `/api/jobs/${id}/log`)
const state = (id: number, wanted: string) => until(async () => (await job(id)).state === wanted, `${id} ${wanted}`)
const LINUX = process.platform === 'linux'

/** Prints its own pid and those of its children: one in the background, and on Linux a daemon in its own session. */
const familyOf = (child: string) =>
  [
    'echo "pid=$$"',
    `sh -c '${child} echo "pid=$$"; while :; do sleep 1; done' &`,
    ...(LINUX && Bun.which('setsid') ? [`(setsid sh -c 'echo "pid=$$"; exec sleep 600' &)`] : []),
    'sleep 0.2; echo ready; sleep 600',
  ].join('\n')
const FAMILY = familyOf('')
const STUBBORN = familyOf('trap "" TERM;')

async function family(id: number): Promise<number[]> {
  await until(async () => (await log(id)).includes('ready'), `the processes of job ${id}`)
  return [...(await log(id)).matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid))
}

/** The guard of an agent, by the command line that the agent gave it. */
function guardOf(name: string): number {
  const found = readdirSync('/proc').find((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      return line.includes('worker-guard') && line.includes(`"${name}"`) && line.includes(sandbox.temporary)
    } catch {
      return false
    }
  })
  return Number(found ?? 0)
}

const KILLED_SECONDS = 10

test.skipIf(!POSIX)('an agent that is killed takes its runs along, and their jobs wait again', async () => {
  const id = await add(STUBBORN)
  const worker = await sandbox.worker(server, 'victim')
  const pids = await family(id)
  expect(pids.length).toBeGreaterThan(1)
  expect(pids.map(lives)).not.toContain(false)
  worker.kill('SIGKILL')
  await until(() => !pids.some(lives), 'the end of its processes', KILLED_SECONDS)
  await state(id, 'WAITING')
  expect(await job(id)).toMatchObject({ run_done: 0 })
  expect(await call<Event[]>('GET', `/api/events?job=${id}`)).toMatchObject([{ state: 'STOPPED' }])
  await until(() => readdirSync(sandbox.temporary).length === 0, 'its folder to go')
  await call('DELETE', '/api/jobs', [id])
})

test.skipIf(!POSIX)('a successor has the name at once', async () => {
  const id = await add('echo "pid=$$"; exec sleep 600')
  const first = await sandbox.worker(server, 'again')
  await until(async () => (await log(id)).includes('pid='), 'the run')
  first.kill('SIGKILL')
  await first.exited
  const second = await sandbox.worker(server, 'again')
  await until(async () => (await call<Event[]>('GET', `/api/events?job=${id}`)).length === 2, 'the second run')
  expect(await job(id)).toMatchObject({ state: 'WORKING', worker: 'again', run_done: 0 })
  await call('DELETE', '/api/jobs', [id])
  expect(await second.stop()).toBe(0)
})

test.skipIf(!LINUX)('what an agent leaves whose guard was killed too, its successor ends', async () => {
  const id = await add(FAMILY)
  const worker = await sandbox.worker(server, 'twice')
  const pids = await family(id)
  const guard = guardOf('twice')
  expect(guard).toBeGreaterThan(0)
  // First the one that would start the other again.
  worker.kill('SIGSTOP')
  process.kill(guard, 'SIGKILL')
  worker.kill('SIGKILL')
  await worker.exited
  expect(pids.some(lives)).toBe(true)
  await call('POST', '/api/pausejobs', [id])
  const successor = await sandbox.worker(server, 'twice')
  await until(() => !pids.some(lives), 'the end of its processes', KILLED_SECONDS)
  await until(() => /twice working for/.test(successor.stderr), 'the successor to begin')
  expect(readdirSync(sandbox.temporary)).toHaveLength(1)
  expect(await successor.stop()).toBe(0)
  expect(readdirSync(sandbox.temporary)).toEqual([])
  await call('DELETE', '/api/jobs', [id])
})

test.skipIf(!LINUX)('a guard that is killed is replaced by one that knows what runs', async () => {
  const id = await add(FAMILY)
  const worker = await sandbox.worker(server, 'guarded')
  const pids = await family(id)
  const guard = guardOf('guarded')
  process.kill(guard, 'SIGKILL')
  await until(() => ![0, guard].includes(guardOf('guarded')), 'another guard')
  worker.kill('SIGKILL')
  await until(() => !pids.some(lives), 'the end of its processes', KILLED_SECONDS)
  await state(id, 'WAITING')
  await call('DELETE', '/api/jobs', [id])
})

test.skipIf(!POSIX)('a second agent of the same name is told so, on this machine and on another', async () => {
  const id = await add('echo started; exec sleep 600')
  const first = await sandbox.worker(server, 'twin')
  await until(async () => (await log(id)) === 'started\n', 'the run')

  const here = await sandbox.run(['worker', server.url, '--name', 'twin'])
  expect(here.code).toBe(1)
  expect(here.stderr).toMatch(/A worker 'twin' for \S+ runs on this machine already: .*--name/)

  // Another place for temporary files is all that another machine differs by.
  const elsewhere = join(sandbox.folder, 'elsewhere')
  mkdirSync(elsewhere, { recursive: true })
  const there = sandbox.start(['worker', server.url, '--name', 'twin'], { TMPDIR: elsewhere })
  await until(() => /Another worker at 127\.0\.0\.1 is called 'twin': .*--name/.test(there.stderr), 'the refusal')
  expect(await job(id)).toMatchObject({ state: 'WORKING', worker: 'twin' })
  expect(await call<Event[]>('GET', `/api/events?job=${id}`)).toHaveLength(1)
  expect(await first.stop()).toBe(0)
  await call('DELETE', '/api/jobs', [id])
  expect(await there.stop()).toBe(0)
})

test('a pick that comes twice, or late, is answered the same, and costs no run', async () => {
  const ids = [await add('one'), await add('two')]
  const pick = (body: object) => call<Assignment | null>('POST', '/api/workers/echo/pick', body)
  const first = await pick({ session: 'a', pick: 7 })
  expect(first).toMatchObject({ job: { id: ids[0] } })
  expect(await Promise.all([7, 7].map((n) => pick({ session: 'a', pick: n })))).toEqual([first, first])
  expect(await pick({ session: 'a', pick: 6 })).toBeNull()
  expect(
    await call<HeartbeatAnswer>('POST', `/api/runs/${first?.run}/heartbeat`, { worker: 'echo', session: 'a' }),
  ).toMatchObject({ go_on: true })
  await expect(pick({ session: 'b', pick: 1 })).rejects.toThrow("Another worker at 127.0.0.1 is called 'echo'")
  expect((await call<Worker[]>('GET', '/api/workers')).find(({ name }) => name === 'echo')).toMatchObject({
    last_job: ids[0],
  })
  // A new question of the same agent: it does not know of the run it was given.
  expect(await pick({ session: 'a', pick: 8 })).toMatchObject({ job: { id: ids[0] } })
  await call('POST', '/api/workers/echo/leave', { session: 'a' })
  expect((await job(ids[0] ?? 0)).state).toBe('WAITING')
  expect(await pick({ session: 'a', pick: 8 })).toBeNull()
  expect(await pick({ session: 'b', pick: 1 })).toMatchObject({ job: { id: ids[0] } })
  await call('POST', '/api/workers/echo/leave', { session: 'a' })
  expect((await job(ids[0] ?? 0)).state).toBe('WORKING')
  await call('DELETE', '/api/jobs', ids)
})
