/** What the views of workers, runs and names calculate, as tables. */
import { describe, expect, test } from 'bun:test'
import type { Event, Worker } from '../../src/models.ts'
import { rowsOf, runAt } from '../../src/ui/activity/rows.ts'
import { askedFor, moved, panned, secondsOf, spanOf, ticks, zoomed } from '../../src/ui/activity/span.ts'
import { changesOf, consequences } from '../../src/ui/affinities/changes.ts'
import { parseFilter } from '../../src/ui/jobs/filter.ts'
import { memory } from '../../src/ui/parts/format.ts'
import { linesOf, sorted } from '../../src/ui/table/listed.ts'
import { passes, WORKER_FILTERS } from '../../src/ui/workers/filter.ts'
import { loadsOf, shownState } from '../../src/ui/workers/state.ts'
import { completed, namesIn, suggested } from '../../src/ui/workers/words.ts'

const worker = (change: Partial<Worker>) =>
  ({ name: 'w', host: '', ip: '', affinity: '', state: 'WAITING', active: 1, ...change }) as Worker
const run = (change: Partial<Event>) =>
  ({ id: 1, worker: 'w', job_id: 1, job_title: '', state: 'FINISHED', start: 100, duration: 10, ...change }) as Event

describe('workers', () => {
  const CASES: [line: string, of: Partial<Worker>, fits: boolean][] = [
    ['', {}, true],
    ['state:waiting', {}, true],
    ['state:waiting', { active: 0 }, false],
    ['state:stopped state:timeout', { active: 0 }, true],
    ['state:stopped state:timeout', { state: 'TIMEOUT' }, true],
    ['host:rack', { host: 'rack-7' }, true],
    ['host:w', {}, true],
    ['affinity:gpu', { affinity: 'LINUX\nGPU,LINUX' }, true],
    ['affinity:gp', { affinity: 'GPU' }, false],
    ['affinity:gpu state:working', { affinity: 'GPU' }, false],
    ['NODE', { name: 'node-1' }, true],
    ['10.0', { ip: '10.0.0.1' }, true],
    ['nobody', {}, false],
  ]
  test.each(CASES)('%p lets %p through: %p', (line, of, fits) => {
    expect(passes(worker(of), parseFilter(line, WORKER_FILTERS))).toBe(fits)
  })

  test('are sorted by a value; equal ones stay in their order', () => {
    const workers = [3, 1, 3, 2].map((finished, i) => worker({ name: `w${i}`, finished }))
    const by = (descending: boolean) => sorted(workers, ({ finished }) => finished, descending).map(({ name }) => name)
    expect(by(false)).toEqual(['w1', 'w3', 'w0', 'w2'])
    expect(by(true)).toEqual(['w0', 'w2', 'w3', 'w1'])
    expect(linesOf(['a', 'b']).indexOf('b')).toBe(1)
  })

  test('that are stopped read so; a load that is none is none', () => {
    expect(shownState({ active: 0, state: 'WORKING' })).toBe('STOPPED')
    expect(shownState({ active: 1, state: 'TIMEOUT' })).toBe('TIMEOUT')
    expect(loadsOf({ cpu: '[12.5,250,"x"]' })).toEqual([12.5, 100, 0])
    expect(loadsOf({ cpu: 'none' })).toEqual([])
  })

  test('memory is said in the unit that is read best', () => {
    expect([800, 16_000, 131_072, 4_000_000].map(memory)).toEqual(['800 MB', '15.6 GB', '128 GB', '3.8 TB'])
  })
})

describe('names of affinity', () => {
  const ALL = namesIn(['LINUX,GPU', 'NUKE', '', 'GPU\nHOUDINI'])
  /** The cursor is at the |. */
  const typed = (text: string) => ({ text: text.replace('|', ''), at: text.indexOf('|') })

  test('are suggested by what is typed, without those of the line', () => {
    expect(ALL).toEqual(['GPU', 'HOUDINI', 'LINUX', 'NUKE'])
    expect(suggested(ALL, typed('|'))).toEqual(['GPU', 'HOUDINI', 'LINUX', 'NUKE'])
    expect(suggested(ALL, typed('LINUX,u|'))).toEqual(['GPU', 'HOUDINI', 'NUKE'])
    expect(suggested(ALL, typed('LINUX\nn|'))).toEqual(['NUKE', 'HOUDINI', 'LINUX'])
    expect(suggested(ALL, typed('GPU,LINUX|'))).toEqual(['HOUDINI', 'NUKE'])
  })

  test.each([
    ['|', 'NUKE'],
    ['nu|', 'NUKE'],
    ['LINUX|', 'LINUX,NUKE'],
    ['LINUX,n|\nGPU', 'LINUX,NUKE\nGPU'],
  ])('%p is completed to %p', (text, wanted) => {
    expect(completed(ALL, typed(text), 'NUKE').text).toBe(wanted)
  })

  test('that change say what it does', () => {
    const before = { 1: 'LINUX', 2: 'GPU', 3: '' }
    expect(changesOf(before, { 1: 'LINUX ', 2: 'CUDA', 3: 'new' })).toEqual({ 2: 'CUDA', 3: 'new' })
    expect(consequences(before, { 3: 'new' })).toEqual([])
    expect(consequences(before, { 1: 'DEBIAN', 2: '' })).toEqual([
      'LINUX becomes DEBIAN, on all jobs and workers.',
      'GPU (2) loses its number; jobs and workers keep the name.',
    ])
  })
})

describe('the time of the activity', () => {
  test('is read from the address; what makes no sense is the last hour', () => {
    const of = (text: string) => spanOf(new URLSearchParams(text))
    expect(of('')).toEqual({ last: 3600 })
    expect(of('last=15m')).toEqual({ last: 900 })
    expect(of('from=100&to=200')).toEqual({ from: 100, to: 200 })
    expect(of('from=200&to=100')).toEqual({ last: 3600 })
    expect(of('from=1e30&to=2e30')).toEqual({ last: 3600 })
    expect(['1d', 'x', '0s'].map(secondsOf)).toEqual([86_400, 3600, 10])
  })

  test('is zoomed around a moment that stays, within bounds, and moved', () => {
    expect(zoomed({ from: 0, to: 100 }, 25, 0.5)).toEqual({ from: 12.5, to: 62.5 })
    expect(zoomed({ from: 0, to: 12 }, 6, 0.1)).toEqual({ from: 1, to: 11 })
    expect(panned({ from: 0, to: 10 }, -5)).toEqual({ from: -5, to: 5 })
  })

  test('keeps its length when one end is set beyond the other', () => {
    expect(moved({ from: 100, to: 200 }, 'from', 150)).toEqual({ from: 150, to: 200 })
    expect(moved({ from: 100, to: 200 }, 'from', 300)).toEqual({ from: 300, to: 400 })
    expect(moved({ from: 300, to: 400 }, 'to', 200)).toEqual({ from: 100, to: 200 })
  })

  test('asks for more than it shows, and for nothing new when it moves a little', () => {
    const { from, to } = askedFor({ from: 100_000, to: 103_600 })
    expect([from < 100_000 - 1000, to > 103_600 + 1000]).toEqual([true, true])
    expect(askedFor({ from: 100_100, to: 103_700 })).toEqual({ from, to })
  })

  test('has ticks at round times of the clock, few enough to read', () => {
    expect(ticks({ from: 30, to: 330 }, 6, 0)).toEqual([60, 120, 180, 240, 300])
    expect(ticks({ from: 0, to: 7200 }, 3, 1800)).toEqual([1800, 5400])
    expect(ticks({ from: 0, to: 366 * 86_400 }, 8, 0)).toHaveLength(8)
  })
})

describe('runs', () => {
  test('are a row for each worker, by their start', () => {
    const events = [run({ id: 3, start: 300 }), run({ id: 2, worker: 'a' }), run({ id: 1, start: 100 })]
    const rows = rowsOf(events, (a, b) => a.localeCompare(b))
    expect(rows.map(({ worker, runs }) => [worker, runs.map(({ id }) => id)])).toEqual([
      ['a', [2]],
      ['w', [1, 3]],
    ])
  })

  test('are found at a moment, and a little beside it', () => {
    const row = { worker: 'w', runs: [run({ id: 1 }), run({ id: 2, start: 120, state: 'WORKING', duration: 0 })] }
    const found = [90, 99, 105, 114, 119, 200, 500].map((at) => runAt(row, at, 2, 300)?.id)
    expect(found).toEqual([undefined, 1, 1, undefined, 2, 2, undefined])
  })
})
