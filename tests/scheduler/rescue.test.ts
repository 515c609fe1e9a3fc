import { expect, test } from 'bun:test'
import { testFarm } from '../support/farm.ts'

test('a run past its time-out ends in ERROR, and its worker is told and free', async () => {
  await using farm = testFarm()
  const job = await farm.leaf({ timeout: 50 })
  const run = await farm.begin('w1')
  farm.clock.advance(49)
  await farm.farm.step()
  expect(farm.state(job)).toBe('WORKING')
  expect(farm.heartbeat(run).go_on).toBe(true)

  farm.clock.advance(1)
  await farm.farm.step()
  expect(farm.job(job)).toMatchObject({ state: 'ERROR', run_done: 1, duration: 50 })
  expect(farm.heartbeat(run).go_on).toBe(false)
  expect(farm.workerNamed('w1')).toMatchObject({ state: 'WAITING', error: 1, current_event: 0 })
  expect(farm.events(job)).toMatchObject([{ state: 'ERROR', duration: 50 }])
  expect(farm.logText(job)).toContain('time-out of 50 s')
})

test('a run past its time-out is tried again as any other error', async () => {
  await using farm = testFarm()
  const job = await farm.leaf({ timeout: 10, retry: 1 })
  await farm.begin()
  farm.clock.advance(10)
  await farm.farm.step()
  expect(farm.state(job)).toBe('WAITING')
  await farm.begin()
  farm.clock.advance(9)
  await farm.farm.step()
  expect(farm.state(job)).toBe('WORKING')
  farm.clock.advance(1)
  await farm.farm.step()
  expect(farm.state(job)).toBe('ERROR')
})

test('a run without a time-out may last', async () => {
  await using farm = testFarm()
  const job = await farm.leaf()
  const run = await farm.begin()
  for (let day = 0; day < 30; day++) {
    farm.clock.advance(86_400)
    farm.heartbeat(run)
    await farm.farm.step()
  }
  expect(farm.job(job)).toMatchObject({ state: 'WORKING', duration: 30 * 86_400 })
})

test('more overdue runs than one transaction takes are all ended by one step', async () => {
  await using farm = testFarm()
  const group = await farm.group()
  await Promise.all(Array.from({ length: 250 }, () => farm.leaf({ parent: group, timeout: 10 })))
  await Promise.all(Array.from({ length: 250 }, (_, i) => farm.pick(`w${i}`)))
  expect(farm.job(group).total_working).toBe(250)
  farm.clock.advance(11)
  await farm.farm.step()
  expect(farm.job(group)).toMatchObject({ total_working: 0, total_errors: 250 })
})

test('the job of a worker that fell silent waits again, and its run does not count', async () => {
  await using farm = testFarm({ workerTimeout: 60 })
  const job = await farm.leaf()
  const run = await farm.begin('w1')
  farm.clock.advance(60)
  await farm.farm.step()
  expect(farm.state(job)).toBe('WORKING')

  farm.clock.advance(1)
  await farm.farm.step()
  expect(farm.job(job)).toMatchObject({ state: 'WAITING', run_done: 0 })
  expect(farm.workerNamed('w1')).toMatchObject({ state: 'TIMEOUT', finished: 0, error: 0, current_event: 0 })
  expect(farm.events(job)).toMatchObject([{ state: 'LOST' }])
  expect(farm.farm.health().workers).toEqual({ total: 1, working: 0, timeout: 1 })
  expect(farm.heartbeat(run).go_on).toBe(false)
})

test('a heartbeat keeps a worker alive', async () => {
  await using farm = testFarm({ workerTimeout: 60 })
  const job = await farm.leaf()
  const run = await farm.begin('w1')
  for (let minute = 0; minute < 5; minute++) {
    farm.clock.advance(59)
    farm.heartbeat(run)
    await farm.farm.step()
  }
  expect(farm.state(job)).toBe('WORKING')
})

test('only the silent worker is lost, whoever spoke in which order', async () => {
  await using farm = testFarm({ workerTimeout: 60 })
  for (const name of ['w1', 'w2', 'w3']) await farm.worker(name)
  farm.clock.advance(40)
  await farm.pick('w1')
  await farm.pick('w3')
  farm.clock.advance(40)
  await farm.farm.step()
  expect(farm.farm.listWorkers().map(({ name, state }) => [name, state])).toEqual([
    ['w1', 'WAITING'],
    ['w2', 'TIMEOUT'],
    ['w3', 'WAITING'],
  ])
})

test('a lost worker is back when it speaks, in whatever way, and is lost again after its next silence', async () => {
  await using farm = testFarm({ workerTimeout: 60 })
  const job = await farm.leaf()
  const run = await farm.begin('w1')
  const silence = async () => {
    farm.clock.advance(61)
    await farm.farm.step()
  }
  const state = () => farm.workerNamed('w1').state
  await silence()
  expect(state()).toBe('TIMEOUT')
  farm.heartbeat(run)
  expect(state()).toBe('WAITING')
  await silence()
  expect(state()).toBe('TIMEOUT')
  expect(await farm.end(run)).toMatchObject({ state: 'LOST' })
  expect(state()).toBe('WAITING')
  expect(farm.state(job)).toBe('WAITING')
  await silence()
  expect(await farm.picked('w1')).toBe(job)
  expect(state()).toBe('WORKING')
})

test('more lost workers than one transaction takes are all dealt with by one step', async () => {
  await using farm = testFarm({ workerTimeout: 60 })
  await Promise.all(Array.from({ length: 450 }, (_, i) => farm.pick(`w${i}`)))
  farm.clock.advance(61)
  await farm.farm.step()
  expect(farm.farm.health().workers).toMatchObject({ total: 450, timeout: 450 })
})

test('a worker that asks for a job while it is thought to work has crashed: its job waits again first', async () => {
  await using farm = testFarm()
  const job = await farm.leaf()
  const first = await farm.begin('w1')
  const second = await farm.begin('w1')
  expect(second).toMatchObject({ job })
  expect(second.run).not.toBe(first.run)
  expect(farm.events(job).map((event) => event.state)).toEqual(['LOST', 'WORKING'])
  expect(farm.heartbeat(first).go_on).toBe(false)
  expect(farm.heartbeat(second).go_on).toBe(true)
  expect(farm.job(job).run_done).toBe(0)
})

test('a worker that gives its job back did nothing wrong', async () => {
  await using farm = testFarm()
  const job = await farm.leaf()
  const run = await farm.begin('w1')
  expect(await farm.farm.releaseRun(run.run, 'w2')).toMatchObject({ state: 'WORKING' })
  expect(await farm.farm.releaseRun(run.run, 'w1')).toMatchObject({ state: 'STOPPED' })
  expect(farm.job(job)).toMatchObject({ state: 'WAITING', run_done: 0 })
  expect(farm.workerNamed('w1')).toMatchObject({ state: 'WAITING', error: 0 })
})

test('a worker that is not active gets no job, and what it ran waits again', async () => {
  await using farm = testFarm()
  const job = await farm.leaf()
  const run = await farm.begin('w1')
  await farm.farm.setWorkersActive(['w1'], false)
  expect(farm.state(job)).toBe('WAITING')
  expect(farm.heartbeat(run).go_on).toBe(false)
  expect(await farm.pick('w1')).toBeNull()
  await farm.farm.setWorkersActive(['w1'], true)
  expect(await farm.picked('w1')).toBe(job)
})

test('a deleted worker loses its job, and is new when it comes again', async () => {
  await using farm = testFarm()
  const job = await farm.leaf()
  await farm.begin('w1')
  await farm.farm.deleteWorkers(['w1'])
  expect(farm.farm.listWorkers()).toEqual([])
  expect(farm.state(job)).toBe('WAITING')
  farm.clock.advance(5)
  await farm.pick('w1')
  expect(farm.workerNamed('w1').start_time).toBe(farm.clock.now)
})
