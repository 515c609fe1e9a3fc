import { describe, expect, test } from 'bun:test'
import { slotNames } from '../../src/worker/agent.ts'
import { isMarked, parsePs, parseStat, tree } from '../../src/worker/processes.ts'
import { createVitals, load } from '../../src/worker/vitals.ts'
import { backoffSeconds, wait } from '../../src/worker/wait.ts'

describe('the load of a core', () => {
  const times = (user: number, idle: number) => ({ times: { user, idle, nice: 0, sys: 0, irq: 0 } })
  test.each([
    ['all busy', [times(0, 0)], [times(100, 0)], [100]],
    ['idle', [times(5, 0)], [times(5, 100)], [0]],
    ['a third', [times(0, 0)], [times(1, 2)], [33]],
    ['no time between', [times(1, 1)], [times(1, 1)], [0]],
    ['two cores', [times(0, 0), times(0, 0)], [times(1, 1), times(0, 4)], [50, 0]],
    ['a core that came', [times(0, 0)], [times(1, 1), times(9, 1)], [50, 0]],
    ['a clock set back', [times(9, 9)], [times(1, 1)], [0]],
  ])('%s', (_, before, after, expected) => {
    expect(load(before, after)).toEqual(expected)
  })
})

test('the vitals are whole numbers that a host can have', () => {
  const { cpu, free_memory, total_memory } = createVitals()()
  expect(cpu.length).toBeGreaterThan(0)
  expect(cpu.every((percent) => Number.isInteger(percent) && percent >= 0 && percent <= 100)).toBe(true)
  expect(Number.isInteger(free_memory) && free_memory > 0 && free_memory <= total_memory).toBe(true)
})

describe('the processes of a run', () => {
  test('are its group, its descendants in any group, and theirs', () => {
    const process = (pid: number, parent: number, group: number) => ({ pid, parent, group })
    const all = [
      process(1, 0, 1),
      process(13, 12, 12), // listed before its parent
      process(10, 5, 10),
      process(11, 10, 10),
      process(12, 11, 12), // left the group
      process(14, 1, 10), // its parent died
      process(15, 14, 15),
      process(20, 5, 20),
      process(5, 1, 5),
    ]
    expect(
      tree(all, 10)
        .map(({ pid }) => pid)
        .sort(),
    ).toEqual([10, 11, 12, 13, 14, 15])
    expect(tree(all, 99)).toEqual([])
  })

  test('are told by their environment, when all of the marks stand in it', () => {
    const environ = 'A=1\0RUN=12\0SERVER=http://farm\0'
    expect(isMarked(environ, ['RUN=12', 'SERVER=http://farm'])).toBe(true)
    expect(isMarked(environ, ['RUN=1', 'SERVER=http://farm'])).toBe(false)
    expect(isMarked(environ, ['RUN=12', 'SERVER=http://other'])).toBe(false)
    expect(isMarked(environ, [])).toBe(false)
  })

  test('are read from /proc, whatever a program calls itself', () => {
    expect(parseStat('12 (a) b) S 3 4 4 0')).toEqual({ pid: 12, parent: 3, group: 4 })
    expect(parseStat('12 (sleep) Z 3 4 4 0')).toBeUndefined()
    expect(parseStat('nonsense')).toBeUndefined()
  })

  test('are read from ps, without the dead', () => {
    expect(parsePs('    1     0     1 Ss\n   12     3     4 S+\n   13     3     4 Z\n')).toEqual([
      { pid: 1, parent: 0, group: 1 },
      { pid: 12, parent: 3, group: 4 },
    ])
  })
})

test('several slots are several workers, one slot has the plain name', () => {
  expect(slotNames('node', 1)).toEqual(['node'])
  expect(slotNames('node', 3)).toEqual(['node-1', 'node-2', 'node-3'])
})

test('a worker asks a server that is away ever less often, and never less than every 10 s', () => {
  const times = [1, 2, 3, 4, 20, 10_000].map((failures) => backoffSeconds(failures, 0.999_999))
  expect(times.map((seconds) => Math.round(seconds * 100) / 100)).toEqual([0.25, 0.5, 1, 2, 10, 10])
  expect(backoffSeconds(20, 0)).toBe(5)
})

test('a wait ends early when its signal fires, and leaves no listener behind', async () => {
  const abort = new AbortController()
  const began = performance.now()
  const waiting = wait(60_000, abort.signal)
  abort.abort()
  await waiting
  await wait(60_000, abort.signal)
  expect(performance.now() - began).toBeLessThan(5000)
})
