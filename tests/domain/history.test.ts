/** What the farm remembers of its last day, live and after a restart. */
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { History, KEPT_MINUTES, type PastRun } from '../../src/domain/history.ts'
import { START, TestClock, TestFarm, tempFolder, testFarm } from '../support/farm.ts'

const HOUR = 3600
const last = <T>(list: readonly T[]) => list.at(-1)

test('runs that end are counted in their minute, well, badly and lost; one that a user took away is not', async () => {
  await using farm = testFarm({ workerTimeout: 60 })
  const jobs = await Promise.all([...'abcde'].map((title) => farm.leaf({ title })))
  await farm.runOnce(0)
  await farm.runOnce(1)
  farm.clock.advance(60)
  await farm.runOnce(0)
  const taken = await farm.begin()
  await farm.farm.pauseJobs([taken.job])
  await farm.begin()
  farm.clock.advance(61)
  await farm.farm.step()
  expect(jobs).toHaveLength(5)
  const { times, finished, errors, lost, step } = farm.farm.history(3, 1)
  expect(step).toBe(60)
  expect(times).toEqual([START, START + 60, START + 120])
  expect([finished, errors, lost]).toEqual([
    [1, 1, 0],
    [1, 0, 0],
    [0, 0, 1],
  ])
})

test('what was busy and active is an average over the minute', async () => {
  await using farm = testFarm()
  await farm.worker('worker-1')
  await farm.worker('worker-2')
  await farm.leaf()
  for (let i = 0; i < 4; i++) {
    if (i === 3) await farm.begin()
    await farm.farm.step()
    farm.clock.advance(10)
  }
  const { busy, active } = farm.farm.history(2, 1)
  expect([busy, active]).toEqual([
    [null, 0.25],
    [null, 2],
  ])
})

test('several minutes are one point, and points stay where they are when time goes on', () => {
  const history = new History()
  const at = (minute: number) => 6000 * 60 + minute * 60
  for (let minute = 0; minute < 20; minute++) {
    history.ended('FINISHED', at(minute))
    history.look(at(minute), minute, 20)
  }
  const early = history.read(at(19), 20, 5)
  expect(early).toMatchObject({ step: 300, finished: [5, 5, 5, 5], busy: [2, 7, 12, 17], active: [20, 20, 20, 20] })
  expect(history.read(at(21), 20, 5).times.slice(0, 4)).toEqual(early.times)
})

test('a minute of the day before is not mistaken for this one', () => {
  const history = new History()
  history.ended('ERROR', START)
  const tomorrow = START + KEPT_MINUTES * 60
  expect(last(history.read(tomorrow, 1, 1).errors)).toBe(0)
  expect(history.read(tomorrow, KEPT_MINUTES, 1).errors.some((count) => count > 0)).toBe(false)
  history.ended('ERROR', tomorrow)
  expect(last(history.read(tomorrow, 1, 1).errors)).toBe(1)
})

test('runs that are recalled fill the minutes they ran in, to the second', () => {
  const runs: PastRun[] = [
    { start: START + 30, duration: 60, end: 'FINISHED' },
    { start: START, duration: 185, end: 'ERROR' },
    { start: START + 130, duration: 0, end: 'WORKING' },
    { start: START - 3 * 24 * HOUR, duration: 60, end: 'FINISHED' },
  ]
  const history = new History()
  history.recall(runs, START + 200)
  // By hand, second by second.
  const expected = [0, 1, 2, 3].map((minute) => {
    let busy = 0
    const known = minute === 3 ? 20 : 60
    for (let second = START + 60 * minute; second < START + 60 * minute + known; second++)
      for (const { start, duration, end } of runs)
        if (second >= start && second < (end === 'WORKING' ? START + 200 : start + duration)) busy++
    return Math.round((100 * busy) / known) / 100
  })
  const { busy, finished, errors, active } = history.read(START + 200, 4, 1)
  expect(busy).toEqual(expected)
  expect([finished, errors]).toEqual([
    [0, 1, 0, 0],
    [0, 0, 0, 1],
  ])
  expect(active).toEqual([null, null, null, null])
})

test('a server that starts again knows what it did', async () => {
  const folder = tempFolder()
  const clock = new TestClock()
  const options = { path: join(folder, 'coalition.db'), logs: join(folder, 'logs'), clock }
  const before = new TestFarm(options)
  for (let i = 0; i < 6; i++) await before.leaf()
  for (const code of [0, 1, 1, 1]) {
    const run = await before.begin()
    clock.advance(30)
    await before.end(run, code)
  }
  await before.begin()
  const known = before.farm.history(5, 1)
  const { items } = before.farm.attention()
  await before[Symbol.asyncDispose]()
  await using after = new TestFarm(options)
  const { busy, ...counted } = after.farm.history(5, 1)
  expect(counted).toEqual({ ...known, busy: undefined, active: [null, null, null, null, null] } as never)
  expect(busy).toEqual([0, 0, 1, 1, null])
  expect(items.find(({ kind }) => kind === 'worker_errors')).toMatchObject({ worker: 'worker-1', count: 3 })
  expect(after.farm.attention().items).toEqual(items)
})
