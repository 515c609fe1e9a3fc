import { expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { openDatabase } from '../../src/db/open.ts'
import { createFarm } from '../../src/farm.ts'
import type { Assignment } from '../../src/protocol.ts'
import { Waiters } from '../../src/scheduler/waiters.ts'
import { type TestFarm, tempFolder, testFarm } from '../support/farm.ts'

/** Far longer than a test takes: who is answered was woken. */
const LONG = 50

/** What came of a pick, as soon as something did. */
function watch(pick: Promise<Assignment | null>): { answered: boolean; job?: number | undefined } {
  const seen: { answered: boolean; job?: number | undefined } = { answered: false }
  void pick.then((assignment) => Object.assign(seen, { answered: true, job: assignment?.job.id }))
  return seen
}

/** A change that makes nothing ready: when it is answered, all that was to be woken before it has been. */
async function settle(test: TestFarm): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await test.group()
}

test('a waiting worker gets a job as soon as it is submitted', async () => {
  await using farm = testFarm()
  const waiting = farm.pick('w1', LONG)
  const job = await farm.leaf()
  expect((await waiting)?.job.id).toBe(job)
})

test('a waiting worker gets what a dependency, a start, a reset or an end makes ready', async () => {
  await using farm = testFarm()
  await farm.worker('idle')
  const first = await farm.leaf()
  const second = await farm.leaf({ dependencies: [first] })
  const run = await farm.begin('w1')
  const freed = farm.pick('idle', LONG)
  await farm.end(run)
  const taken = await freed
  expect(taken?.job.id).toBe(second)

  await farm.farm.pauseJobs([second])
  const started = farm.pick('idle', LONG)
  await farm.farm.startJobs([second])
  expect((await started)?.job.id).toBe(second)

  await farm.end({ run: 3, name: 'idle' })
  const again = farm.pick('idle', LONG)
  await farm.farm.resetJobs([second])
  expect((await again)?.job.id).toBe(second)
})

test('a job that is submitted in the very commit in which a worker finds nothing wakes it', async () => {
  await using farm = testFarm()
  // Not known yet, so its question goes through a commit; the job comes in the same one, after it.
  const waiting = farm.pick('w1', LONG)
  const submitted = farm.leaf()
  expect((await waiting)?.job.id).toBe(await submitted)
})

test('workers that cannot take what was submitted go on waiting', async () => {
  await using farm = testFarm()
  await farm.worker('linux', 'LINUX')
  await farm.worker('windows', 'WINDOWS')
  const linux = watch(farm.pick('linux', LONG))
  const windows = watch(farm.pick('windows', LONG))
  const job = await farm.leaf({ affinity: 'WINDOWS' })
  await settle(farm)
  expect(windows).toEqual({ answered: true, job })
  expect(linux).toEqual({ answered: false })
})

test('a worker that is not active is not woken, and gets no job', async () => {
  await using farm = testFarm()
  await farm.worker('w1')
  await farm.farm.setWorkersActive(['w1'], false)
  const waiting = watch(farm.pick('w1', LONG))
  const job = await farm.leaf()
  await settle(farm)
  expect(waiting).toEqual({ answered: false })
  expect(farm.state(job)).toBe('WAITING')
})

test('of workers that wait, the one that came first gets the job', async () => {
  await using farm = testFarm()
  for (const name of ['w1', 'w2', 'w3']) await farm.worker(name)
  const second = watch(farm.pick('w2', LONG))
  const first = watch(farm.pick('w1', LONG))
  const third = watch(farm.pick('w3', LONG))
  const a = await farm.leaf()
  await settle(farm)
  expect([second, first, third]).toEqual([{ answered: true, job: a }, { answered: false }, { answered: false }])
  const b = await farm.leaf()
  await settle(farm)
  expect([first, third]).toEqual([{ answered: true, job: b }, { answered: false }])
})

test('of workers that wait, the one for whose first line the job is gets it, however long others have waited', async () => {
  await using farm = testFarm()
  await farm.worker('both', 'LINUX', 'GPU')
  await farm.worker('gpu', 'GPU')
  await farm.worker('plain')
  const [both, gpu, plain] = ['both', 'gpu', 'plain'].map((name) => farm.pick(name, LONG))
  const needsNothing = await farm.leaf()
  expect((await plain)?.job.id).toBe(needsNothing)
  const needsGpu = await farm.leaf({ affinity: 'GPU' })
  expect((await gpu)?.job.id).toBe(needsGpu)
  // Whom it suits best is busy by now.
  const second = await farm.leaf()
  expect((await both)?.job.id).toBe(second)
})

test('workers that wait take of each line of theirs as much as is ready, and leave the rest to whom it suits better', async () => {
  await using farm = testFarm()
  const [gpu, plain] = [
    ['g1', 'g2', 'g3', 'g4'],
    ['p1', 'p2', 'p3'],
  ]
  for (const name of gpu) await farm.worker(name, 'GPU')
  for (const name of plain) await farm.worker(name)
  const waiting = [...gpu, ...plain].map((name) => farm.pick(name, LONG))
  const last = watch(waiting[gpu.length - 1] as Promise<Assignment | null>)
  const group = await farm.group({ paused: 1 })
  for (const affinity of ['GPU', 'GPU', 'GPU', '', '', '']) await farm.leaf({ parent: group, affinity })
  await farm.farm.startJobs([group])
  await Promise.all(waiting.filter((_, i) => i !== gpu.length - 1))
  await settle(farm)
  expect(last).toEqual({ answered: false })
})

test('a limit of hosts that is full lets a worker that waits on one of these hosts have more of it', async () => {
  await using farm = testFarm()
  const never = new AbortController().signal
  const ask = (name: string, wait: number) => farm.farm.pick(name, { wait, host: 'h' }, never)
  await farm.farm.setLimits({ nuke: { max: 1, per: 'host' } })
  for (const name of ['h-1', 'h-2']) await ask(name, 0)
  await farm.leaf({ limits: 'nuke' })
  await ask('h-1', 0)
  const waiting = ask('h-2', LONG)
  const second = await farm.leaf({ limits: 'nuke' })
  expect((await waiting)?.job.id).toBe(second)
})

test('many jobs at once find as many of the workers that wait, one each', async () => {
  await using farm = testFarm()
  const names = Array.from({ length: 8 }, (_, i) => `w${i}`)
  for (const name of names) await farm.worker(name)
  const waiting = names.map((name) => farm.pick(name, LONG))
  const jobs = await Promise.all(names.map(() => farm.leaf()))
  const taken = (await Promise.all(waiting)).map((assignment) => assignment?.job.id)
  expect(taken.toSorted()).toEqual(jobs.toSorted())
})

test('a worker that hung up gets no job', async () => {
  await using farm = testFarm()
  await farm.worker('w1')
  const hangUp = new AbortController()
  const waiting = farm.pick('w1', LONG, hangUp.signal)
  hangUp.abort()
  expect(await waiting).toBeNull()
  const job = await farm.leaf()
  await settle(farm)
  expect(farm.state(job)).toBe('WAITING')
})

test('a worker that hung up before it began to wait gets no job', async () => {
  await using farm = testFarm()
  const hangUp = new AbortController()
  // Not known, so its question is on its way to the disk when it hangs up.
  const waiting = farm.pick('w1', LONG, hangUp.signal)
  hangUp.abort()
  expect(await waiting).toBeNull()
  const job = await farm.leaf()
  await settle(farm)
  expect(farm.state(job)).toBe('WAITING')
})

test('the time to wait ends with nothing', async () => {
  await using farm = testFarm()
  expect(await farm.pick('w1', 0.01)).toBeNull()
})

test('a second question of a worker ends its first', async () => {
  await using farm = testFarm()
  await farm.worker('w1')
  const first = farm.pick('w1', LONG)
  const second = farm.pick('w1', LONG)
  expect(await first).toBeNull()
  const job = await farm.leaf()
  expect((await second)?.job.id).toBe(job)
})

test('a change of a worker that waits ends its waiting, and it comes again as what it is now', async () => {
  await using farm = testFarm()
  await farm.worker('w1')
  const waiting = farm.pick('w1', LONG)
  await farm.farm.editWorkers({ w1: { affinity: 'LINUX' } })
  expect(await waiting).toBeNull()
  const again = farm.pick('w1', LONG)
  const job = await farm.leaf({ affinity: 'LINUX' })
  expect((await again)?.job.id).toBe(job)
})

test('a worker that waits is alive', async () => {
  await using farm = testFarm({ workerTimeout: 60 })
  await farm.worker('w1')
  const waiting = farm.pick('w1', LONG)
  for (let minute = 0; minute < 3; minute++) {
    farm.clock.advance(59)
    await farm.farm.step()
  }
  expect(farm.workerNamed('w1').state).toBe('WAITING')
  const job = await farm.leaf()
  expect((await waiting)?.job.id).toBe(job)
})

test('stopping the farm lets those that wait go', async () => {
  const farm = testFarm()
  const waiting = farm.pick('w1', LONG)
  await farm.worker('w2')
  await farm[Symbol.asyncDispose]()
  expect(await waiting).toBeNull()
})

test('an attempt that fails is told to the worker it was for, and nobody else', async () => {
  let work = true
  const waiters = new Waiters({
    ofKind: () => (work ? { line: 0, count: 1 } : undefined),
    of: () => work,
    isSpecial: () => false,
  })
  const never = new AbortController().signal
  // Nothing is ready while they come.
  work = false
  const first = waiters.wait('w1', '', LONG, never, () => Promise.reject(new Error('the disk is full')))
  const second = waiters.wait('w2', '', LONG, never, () => Promise.resolve(null))
  work = true
  const failed = first.catch((error: Error) => error.message)
  await waiters.wake()
  expect(await failed).toBe('the disk is full')
  expect(waiters.size).toBe(1)
  work = false
  waiters.release(['w2'])
  expect(await second).toBeNull()
})

test('of two questions of a worker the last one waits, though the first is on its way to the disk', async () => {
  const held: (() => void)[] = []
  let holds = true
  const flush = (answer: () => void) => void (holds ? held.push(answer) : answer())
  const db = openDatabase(':memory:')
  const logs = tempFolder()
  const farm = createFarm(Object.assign(db, { flush }), { logs })
  const never = new AbortController().signal
  const first = farm.pick('w1', { wait: LONG }, never)
  while (held.length === 0) await Bun.sleep(1)
  const second = watch(farm.pick('w1', { wait: LONG }, never))
  holds = false
  for (const answer of held) answer()
  expect(await first).toBeNull()
  const job = await farm.addJob({ command: 'x' })
  while (!second.answered) await Bun.sleep(1)
  expect(second.job).toBe(job)
  await farm.stop()
  db.close()
  rmSync(logs, { recursive: true })
})

test('a thousand idle workers have a thousand frames, one each', async () => {
  await using farm = testFarm()
  const names = Array.from({ length: 1000 }, (_, i) => `w${i}`)
  const waiting = Promise.all(names.map((name) => farm.pick(name, LONG)))
  while (farm.farm.core.live.workers.size < names.length) await Bun.sleep(1)
  await settle(farm)
  const group = await farm.farm.addJob({ command: 'x {frame}', frames: '1-1000' })
  const got = await waiting
  expect(new Set(got.map((each) => each?.job.id)).size).toBe(1000)
  expect(farm.farm.getJob(group).total_working).toBe(1000)
})
