import { describe, expect, test } from 'bun:test'
import { groupState, restingState, stateAfterRun } from '../../src/domain/states.ts'

describe("a group's state follows its leaves", () => {
  // finished, errors, working of total; paused; unfinished dependencies
  const table = [
    { counts: [0, 0, 0, 0], is: 'WAITING', because: 'an empty group is WAITING' },
    { counts: [0, 0, 0, 0], unfinished: 1, is: 'PENDING', because: 'an empty group can be held by its dependencies' },
    { counts: [0, 0, 0, 3], is: 'WAITING', because: 'nothing has begun' },
    { counts: [0, 0, 0, 3], unfinished: 2, is: 'PENDING', because: 'its own dependencies hold it' },
    { counts: [1, 0, 0, 3], is: 'WAITING', because: 'some are FINISHED, none works' },
    { counts: [1, 0, 1, 3], is: 'WORKING', because: 'any WORKING' },
    { counts: [1, 0, 1, 3], unfinished: 1, is: 'WORKING', because: 'WORKING goes before PENDING' },
    { counts: [3, 0, 0, 3], is: 'FINISHED', because: 'all FINISHED' },
    { counts: [3, 0, 0, 3], unfinished: 1, is: 'FINISHED', because: 'what is FINISHED waits for nothing' },
    { counts: [2, 1, 0, 3], is: 'ERROR', because: 'any ERROR' },
    { counts: [1, 1, 1, 3], is: 'ERROR', because: 'ERROR goes before WORKING' },
    { counts: [3, 0, 0, 3], paused: true, is: 'PAUSED', because: 'it is paused itself' },
    { counts: [0, 1, 1, 3], paused: true, unfinished: 1, is: 'PAUSED', because: 'PAUSED goes before all else' },
  ] as const
  for (const { counts, is, because, ...holding } of table)
    test(`${is}: ${because}`, () => {
      const [total_finished, total_errors, total_working, total] = counts
      const { paused, unfinished } = { paused: false, unfinished: 0, ...holding }
      expect(groupState({ total, total_finished, total_errors, total_working }, paused, unfinished)).toBe(is)
    })
})

test.each([
  [false, 0, 'WAITING'],
  [false, 2, 'PENDING'],
  [true, 0, 'PAUSED'],
  [true, 2, 'PAUSED'],
] as const)('a leaf at rest, paused %p, with %p unfinished dependencies, is %s', (paused, unfinished, state) => {
  expect(restingState(paused, unfinished)).toBe(state)
})

test.each([
  // The first run has just ended: run_done is 1.
  ['FINISHED', 1, 0, 0, 'FINISHED'],
  ['FINISHED', 1, 0, 1, 'FINISHED'],
  ['ERROR', 1, 0, 0, 'ERROR'],
  ['ERROR', 1, 1, 0, 'WAITING'],
  ['ERROR', 2, 2, 0, 'WAITING'],
  ['ERROR', 3, 2, 0, 'ERROR'],
  ['ERROR', 1, 1, 1, 'PENDING'],
  ['STOPPED', 0, 0, 0, 'WAITING'],
  ['STOPPED', 0, 0, 1, 'PENDING'],
  ['LOST', 5, 0, 0, 'WAITING'],
] as const)(
  'a run that ends %s as number %p with %p retries and %p unfinished dependencies leaves %s',
  (end, runDone, retry, unfinished, state) => {
    expect(stateAfterRun(end, runDone, retry, unfinished)).toBe(state)
  },
)
