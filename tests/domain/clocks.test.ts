import { describe, expect, test } from 'bun:test'
import { awakeClock, wallClockJumps } from '../../src/domain/clocks.ts'
import { createWriter } from '../../src/domain/core.ts'
import { moveDeadlines } from '../../src/scheduler/rescue.ts'
import { testFarm } from '../support/farm.ts'

describe('the awake clock', () => {
  const after = (...gaps: number[]) => {
    let ms = 1000
    const read = awakeClock(() => ms)
    let seconds = read()
    for (const gap of gaps) {
      ms += gap * 1000
      seconds = read()
    }
    return seconds
  }
  test.each([
    ['goes on from one reading to the next', [1, 1, 0.5], 2.5],
    ['counts a busy second or two', [1, 2.5], 3.5],
    ['does not count the hours in which the process did not run', [1, 7200, 1], 3],
  ])('%s', (_, gaps, seconds) => expect(after(...gaps)).toBeCloseTo(seconds))
})

describe('a jump of the wall clock', () => {
  const jumps = (...moves: [wall: number, up: number][]) => {
    let [wall, up] = [1_800_000_000, 500]
    const read = wallClockJumps(
      () => wall,
      () => up,
    )
    return moves.map(([byWall, byUp]) => {
      wall += byWall
      up += byUp
      return read()
    })
  }
  test.each<[string, [number, number][], number[]]>([
    ['is none while both go on', [[1, 1], [1, 1]], [0, 0]],
    ['is none while the machine sleeps, which both count', [[7200, 7200]], [0]],
    ['is none when the clock is slewed a little', [[1.4, 1], [3, 1], [1, 1]], [0, 0, 0]],
    ['is seen once', [[3601, 1], [1, 1]], [3600, 0]],
    ['is seen backwards', [[-7199, 1], [1, 1]], [-7200, 0]],
  ])('%s', (_, moves, expected) => expect(jumps(...moves)).toEqual(expected)) // biome-ignore format: a table
})

test.each([3600, -3600])('a run may last as long as before when the clock was set by %i s', async (jump) => {
  await using farm = testFarm({ workerTimeout: 1_000_000 })
  const job = await farm.leaf({ timeout: 100 })
  const free = await farm.leaf({ priority: 1 })
  await farm.begin('w1')
  await farm.begin('w2')
  farm.clock.advance(40)
  await createWriter(farm.farm.core, farm.clock.read)((tx) => moveDeadlines(tx, jump))
  farm.clock.advance(jump + 50)
  await farm.farm.step()
  expect(farm.state(job)).toBe('WORKING')
  expect(farm.job(job).duration).toBeGreaterThanOrEqual(0)
  farm.clock.advance(11)
  await farm.farm.step()
  expect(farm.state(job)).toBe('ERROR')
  expect(farm.state(free)).toBe('WORKING')
})

test('no duration is below 0, and no worker lost, when the clock is set back', async () => {
  await using farm = testFarm()
  const { group } = await farm.tree({ group: { a: 'a', b: 'b' } })
  const run = await farm.begin('w1')
  await farm.begin('w2')
  farm.clock.advance(-7200)
  await farm.farm.step()
  expect(farm.job(run.job).duration).toBe(0)
  expect(farm.job(group).duration).toBe(0)
  await farm.end(run)
  expect(farm.job(run.job)).toMatchObject({ state: 'FINISHED', duration: 0 })
  expect(farm.events().map(({ duration }) => duration)).toEqual([0, 0])
  expect(farm.farm.listWorkers().map(({ state }) => state)).toEqual(['WAITING', 'WORKING'])
})
