import { afterAll, expect, test } from 'bun:test'
import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { dump, portrait } from '../support/compare.ts'
import { TestClock, TestFarm, tempFolder } from '../support/farm.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A data folder, and what starts a server on it. */
function dataFolder(workerTimeout = 60) {
  const folder = tempFolder()
  folders.push(folder)
  const clock = new TestClock()
  const start = () => new TestFarm({ path: join(folder, 'coalition.db'), logs: folder, clock, workerTimeout })
  return { folder, clock, start }
}

const bytes = (text: string) => new TextEncoder().encode(text)
const stop = (farm: TestFarm) => farm[Symbol.asyncDispose]()

test('runs go on over a restart: heartbeats and the end count, and the output goes on where it was', async () => {
  const { clock, start } = dataFolder()
  const before = start()
  const job = await before.leaf({ progress_pattern: '#%percent' })
  const run = await before.begin('w1')
  before.heartbeat(run, { output: { bytes: bytes('#25\n'), offset: 0 } })
  await stop(before)

  clock.advance(30)
  await using after = start()
  expect(after.job(job)).toMatchObject({ state: 'WORKING', duration: 30, progress: 0.25, worker: 'w1' })
  expect(after.heartbeat(run, { output: { bytes: bytes('#25\n#75\n'), offset: 0 } })).toEqual({
    go_on: true,
    log_size: 8,
  })
  expect(after.job(job).progress).toBe(0.75)
  expect(after.heartbeat({ ...run, name: 'w2' }).go_on).toBe(false)
  expect(await after.end(run)).toEqual({ state: 'FINISHED', log_size: 8 })
  expect(after.job(job)).toMatchObject({ state: 'FINISHED', run_done: 1, duration: 30 })
  expect(after.workerNamed('w1')).toMatchObject({ state: 'WAITING', finished: 1, current_event: 0 })
})

test('a server that was killed has lost nothing that it answered', async () => {
  const { start } = dataFolder()
  const before = start()
  const { film } = await before.tree({ film: { a: 'x', b: 'y' } })
  await before.runOnce()
  const run = await before.begin()
  const told = dump(before)
  const tree = portrait(before.farm.core.tree)
  // Another server on the same file while the first was never stopped: what it finds is what was committed.
  await using after = start()
  expect(dump(after)).toBe(told)
  expect(portrait(after.farm.core.tree)).toEqual(tree)
  await after.end(run)
  expect(after.state(film)).toBe('FINISHED')
  await stop(before)
})

test('a worker that was silent since before the restart has a full worker_timeout to speak', async () => {
  const { clock, start } = dataFolder(60)
  const before = start()
  const job = await before.leaf()
  await before.begin('w1')
  await stop(before)

  clock.advance(3600)
  await using after = start()
  await after.farm.step()
  expect(after.state(job)).toBe('WORKING')
  clock.advance(60)
  await after.farm.step()
  expect(after.state(job)).toBe('WORKING')
  clock.advance(1)
  await after.farm.step()
  expect(after.state(job)).toBe('WAITING')
  expect(after.workerNamed('w1').state).toBe('TIMEOUT')
})

test('a run that went past its time-out while the server was down is ended at once', async () => {
  const { clock, start } = dataFolder()
  const before = start()
  const job = await before.leaf({ timeout: 100 })
  const run = await before.begin('w1')
  await stop(before)

  clock.advance(101)
  await using after = start()
  await after.farm.step()
  expect(after.state(job)).toBe('ERROR')
  expect(after.heartbeat(run).go_on).toBe(false)
})

test('a worker in TIMEOUT is in TIMEOUT after a restart, until it speaks', async () => {
  const { clock, start } = dataFolder()
  const before = start()
  await before.worker('w1')
  clock.advance(61)
  await before.farm.step()
  await stop(before)

  await using after = start()
  expect(after.workerNamed('w1').state).toBe('TIMEOUT')
  expect(after.farm.health().workers).toMatchObject({ total: 1, timeout: 1 })
  await after.pick('w1')
  expect(after.workerNamed('w1').state).toBe('WAITING')
})

test('signs of life are on disk after a stop', async () => {
  const { clock, start } = dataFolder()
  const before = start()
  const job = await before.leaf()
  const run = await before.begin('w1')
  clock.advance(20)
  before.heartbeat(run, {
    progress: 0.5,
    vitals: { ip: '10.0.0.7', cpu: [12.5, 3], free_memory: 1000, total_memory: 2000 },
  })
  await stop(before)
  await using after = start()
  expect(after.workerNamed('w1')).toMatchObject({
    ip: '10.0.0.7',
    cpu: '[12.5,3]',
    free_memory: 1000,
    total_memory: 2000,
    ping_time: clock.now,
  })
  expect(after.job(job)).toMatchObject({ progress: 0.5, ping_time: clock.now })
})

test('sets of affinities that jobs need survive a restart, and the pick with them', async () => {
  const { start } = dataFolder()
  const before = start()
  await before.worker('w1', 'maya,linux')
  await before.worker('w2', 'linux')
  const { film, frame } = await before.tree({ film: { frame: 'x' } })
  await before.farm.editJobs({ [film]: { affinity: 'linux' }, [frame]: { affinity: 'maya' } })
  await stop(before)
  await using after = start()
  expect(after.job(frame).affinity).toBe('maya')
  expect(await after.pick('w2')).toBeNull()
  expect(await after.picked('w1')).toBe(frame)
})

test('a log that lost its end in a power cut, with where the run began, has the whole output of the run in the end', async () => {
  const { folder, start } = dataFolder()
  const before = start()
  const job = await before.leaf({ retry: 1 })
  const first = await before.begin('w1')
  before.heartbeat(first, { output: { bytes: bytes('the first run\n'), offset: 0 } })
  await before.end(first, 1)
  const run = await before.begin('w1')
  before.heartbeat(run, { output: { bytes: bytes('one\n'), offset: 0 } })
  await stop(before)
  truncateSync(join(folder, '0', `${job}.log`), 3)

  await using after = start()
  expect(after.heartbeat(run, { output: { bytes: bytes('two\n'), offset: 4 } })).toEqual({ go_on: true, log_size: 0 })
  expect(after.heartbeat(run, { output: { bytes: bytes('one\ntwo\n'), offset: 0 } }).log_size).toBe(8)
  expect(after.heartbeat(run, { output: { bytes: bytes('two\n'), offset: 4 } }).log_size).toBe(8)
  expect(await after.end(run)).toEqual({ state: 'FINISHED', log_size: 8 })
  expect(after.logText(job)).toBe('theone\ntwo\n')
})
