/** What the page calculates, as tables. */
import { describe, expect, test } from 'bun:test'
import type { AuditRecord, Job } from '../../src/models.ts'
import { changeText, objectsOf } from '../../src/ui/audit/words.ts'
import { utilisation } from '../../src/ui/farm/utilisation.ts'
import { remaining } from '../../src/ui/jobs/estimate.ts'
import { csv } from '../../src/ui/jobs/export.ts'
import { common, type JobField, localTime, sent } from '../../src/ui/jobs/fields.ts'
import { filterQuery, formatFilter, ONCE, parseFilter, withChip } from '../../src/ui/jobs/filter.ts'
import { flatten } from '../../src/ui/jobs/lines.ts'
import { average, duration, moment } from '../../src/ui/parts/format.ts'
import { isPressed } from '../../src/ui/shell/keys.ts'
import { moved } from '../../src/ui/table/order.ts'
import { all, go, kept, nothing, pick } from '../../src/ui/table/selection.ts'
import { machinesOf } from '../../src/ui/workers/state.ts'

const NOW = 1_800_000_000

describe('utilisation', () => {
  const history = (busy: (number | null)[], active: (number | null)[]) => ({
    ...{ step: 60, finished: [], errors: [], lost: [], times: busy.map((_, i) => 60 * i) },
    busy,
    active,
  })
  test('is what was busy of what was active', () => {
    expect(utilisation(history([1, 3], [4, 4]))).toEqual({ share: 0.5 })
    expect(utilisation(history([5], [4]))).toEqual({ share: 1 })
  })
  test('is of the time of which both are known, and says since when', () => {
    expect(utilisation(history([9, 1, null, 3], [null, 2, 2, 2]))).toEqual({ share: 1, since: 60 })
    expect(utilisation(history([1, 1], [null, 0]))).toBeUndefined()
    expect(utilisation(history([], []))).toBeUndefined()
  })
})

describe('the filter line', () => {
  const table: [line: string, query: Record<string, string>][] = [
    ['fire', { title: 'fire' }],
    ['fire and "water works"', { title: 'fire and water works' }],
    ['state:error', { state: 'error' }],
    ['state:error state:paused,pending', { state: 'error,paused,pending' }],
    ['USER:ann', { user: 'ann' }],
    ['user:ann user:bob', { user: 'ann,bob' }],
    ['affinity:GPU worker:w1 affinity:LINUX worker:w2', { affinity: 'GPU,LINUX', worker: 'w1,w2' }],
    ['user:"Ann B"', { user: 'Ann B' }],
    ['priority:>500', { min_priority: '501' }],
    ['priority:<-5', { max_priority: '-6' }],
    ['priority:>=500 fire', { min_priority: '500', title: 'fire' }],
    ['priority:10..20', { min_priority: '10', max_priority: '20' }],
    ['priority:7', { priority: '7' }],
    ['priority:high', { priority: 'high' }],
    ['started:2h', { since: String(NOW - 7200) }],
    ['started:>1d', { until: String(NOW - 86_400) }],
    ['shot:010', { title: 'shot:010' }],
    ['', {}],
  ]
  for (const [line, query] of table)
    test(`${line || 'nothing'}`, () => {
      expect(filterQuery(parseFilter(line), NOW)).toEqual(query)
      expect(filterQuery(parseFilter(formatFilter(parseFilter(line))), NOW)).toEqual(query)
    })
})

test('a chip takes the place of one that cannot be beside it', () => {
  const { chips } = parseFilter('started:2h user:ann state:error priority:>5')
  const after = (line: string) =>
    formatFilter({ chips: parseFilter(line).chips.reduce((all, chip) => withChip(all, chip, ONCE), chips), text: '' })
  expect(after('started:1d')).toBe('user:ann state:error priority:>5 started:1d')
  expect(after('user:bob')).toBe('started:2h user:ann state:error priority:>5 user:bob')
  expect(after('state:error state:paused priority:<9')).toBe(
    'started:2h user:ann priority:>5 state:error state:paused priority:<9',
  )
})

describe('the lines of a tree', () => {
  const children: Record<number, number[]> = { 1: [11, 12], 11: [111], 2: [] }
  const lines = flatten([1, 2, 3], (id) => children[id])
  test('have the children of open groups below them', () => {
    expect(Array.from({ length: lines.count }, (_, i) => [lines.at(i), lines.depthAt(i)])).toEqual([
      [1, 0],
      [11, 1],
      [111, 2],
      [12, 1],
      [2, 0],
      [3, 0],
    ])
  })
  test('know the group they are in', () => {
    expect([0, 1, 2, 3, 4].map((index) => lines.parentOf(index))).toEqual([-1, 0, 1, 0, -1])
    expect([lines.indexOf(12), lines.indexOf(99)]).toEqual([3, -1])
  })
})

describe('a selection', () => {
  const lines = flatten([1, 2, 3, 4, 5], () => undefined)
  const keys = (selection: { keys: ReadonlySet<number> }) => [...selection.keys].toSorted()
  const two = pick(nothing<number>(), lines, 2, {})

  test('is one by a click, more by Ctrl, a range by Shift, from where it began', () => {
    expect(keys(two)).toEqual([2])
    expect(keys(pick(two, lines, 4, { add: true }))).toEqual([2, 4])
    expect(keys(pick(two, lines, 2, { add: true }))).toEqual([])
    const range = pick(two, lines, 4, { range: true })
    expect(keys(range)).toEqual([2, 3, 4])
    expect(keys(pick(range, lines, 1, { range: true }))).toEqual([1, 2])
  })
  test('follows the keyboard, which stops at the ends', () => {
    expect(go(two, lines, 99, {}).active).toBe(5)
    expect(go(two, lines, -1, {}).active).toBe(1)
    expect(keys(go(two, lines, 3, { add: true }))).toEqual([2])
    expect(keys(all(two, lines))).toEqual([1, 2, 3, 4, 5])
  })
  test('loses what is gone from the list', () => {
    const fewer = flatten([1, 3], () => undefined)
    expect(kept(all(two, lines), fewer)).toMatchObject({ keys: new Set([1, 3]), active: undefined })
    expect(kept(two, lines)).toBe(two)
  })
})

test('a column goes before another', () => {
  expect(moved(['a', 'b', 'c'], 'c', 0)).toEqual(['c', 'a', 'b'])
  expect(moved(['a', 'b', 'c'], 'a', 1)).toEqual(['b', 'a', 'c'])
  expect(moved(['a', 'b', 'c'], 'a', -1)).toEqual(['a', 'b', 'c'])
})

describe('a key', () => {
  const press = (key: string, modifiers = {}) => ({
    key,
    code: /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...modifiers,
  })
  const table: [keys: string, pressed: ReturnType<typeof press>, is: boolean][] = [
    ['Ctrl+K', press('k', { ctrlKey: true }), true],
    ['Ctrl+K', press('k', { metaKey: true }), true],
    ['Ctrl+K', press('k'), false],
    ['Alt+R', press('r', { altKey: true }), true],
    ['Alt+R', press('R', { altKey: true, shiftKey: true }), false],
    ['Alt+Shift+R', press('R', { altKey: true, shiftKey: true }), true],
    ['Alt+S', { ...press('ß', { altKey: true }), code: 'KeyS' }, true],
    ['?', press('?', { shiftKey: true }), true],
    ['Delete', press('Delete'), true],
    ['Delete', press('Delete', { shiftKey: true }), false],
  ]
  for (const [keys, pressed, is] of table)
    test(`${JSON.stringify(pressed)} is ${is ? '' : 'not '}${keys}`, () => {
      expect(isPressed(keys, pressed)).toBe(is)
    })
})

test('a duration reads as people write it', () => {
  expect([0, 59, 61, 3661, 90_061, 1_181_000].map(duration)).toEqual([
    '0s',
    '59s',
    '1:01',
    '1:01:01',
    '1d 01:01',
    '13d 16h',
  ])
})

test('an average of short runs has tenths', () => {
  expect([0.46, 9.94, 9.96, 75.4].map(average)).toEqual(['0.5s', '9.9s', '10s', '1:15'])
})

test('a moment says the day when it is another one, and the year', () => {
  const at = (text: string) => new Date(text).getTime() / 1000
  const now = at('2026-11-23T12:00:00')
  const moments = ['2026-11-23T07:08:09', '2026-05-18T03:33:20', '2033-05-18T03:33:20'].map((text) =>
    moment(at(text), now),
  )
  expect(moments).toEqual(['07:08:09', '18 May, 03:33', '18 May 2033'])
  expect(moment(0, now)).toBe('')
})

describe('what a form says of a job', () => {
  const field = (kind: JobField['kind']) => ({ name: 'title', label: '', kind }) as JobField
  test('is sent as what it is, and what is none as it was typed', () => {
    expect(sent('12', field('number'))).toBe(12)
    expect(sent('1.5', field('number'))).toBe(1.5)
    expect(sent('many', field('number'))).toBe('many')
    expect(sent('12, #14:any 15:frame sim', field('dependencies'))).toEqual([
      12,
      { job: 14, kind: 'any' },
      { job: 15, kind: 'frame' },
      'sim',
    ])
    expect(sent('', field('time'))).toBe(0)
    expect(localTime(Number(sent('2031-05-06T07:08', field('time'))))).toBe('2031-05-06T07:08')
    expect(localTime(Number(sent('2031-05-06T07:08:09', field('time'))))).toBe('2031-05-06T07:08:09')
  })
  test('is what all of them have, however many pieces they come in', () => {
    const job = (title: string, dependencies: number[] = []) =>
      ({ title, priority: 5, dependencies, dependency_kinds: {}, start_after: 0 }) as unknown as Job
    const first = common([job('a'), job('a')])
    expect(first).toMatchObject({ title: 'a', priority: '5', dependencies: '' })
    expect(common([job('b', [1])], first)).toMatchObject({ title: undefined, priority: '5', dependencies: undefined })
    expect(common([job('a')], common([job('a'), job('b')])).title).toBeUndefined()
  })
})

describe('what is left', () => {
  const leaf = (progress: number) => ({ command: 'x', state: 'WORKING', progress }) as Job
  const group = (part: Partial<Job>) => ({ command: '', ...part }) as Job
  test('of a leaf follows its progress', () => {
    expect(remaining(leaf(0.25), 100)).toBe(300)
    expect(remaining(leaf(0), 100)).toBeUndefined()
  })
  test('of a group follows what its leaves took, and how many run', () => {
    expect(remaining(group({ total: 10, total_finished: 4, total_errors: 0, total_working: 2 }), 500)).toBe(250)
    expect(remaining(group({ total: 10, total_finished: 4, total_errors: 0, total_working: 0 }), 500)).toBeUndefined()
  })
})

test('a machine that workers share is counted once', () => {
  const worker = (name: string, host: string, cores: number, total_memory: number) => ({
    name,
    host,
    cores,
    total_memory,
  })
  const shared = [worker('node-1-1', 'node-1', 8, 32_000), worker('node-1-2', 'node-1', 8, 32_000)]
  expect(machinesOf([...shared, worker('old', '', 4, 16_000), worker('older', '', 2, 0)])).toEqual({
    cores: 14,
    memory: 48_000,
  })
  // The first of them has said nothing of its machine so far.
  expect(machinesOf([worker('node-1-1', 'node-1', 0, 0), ...shared])).toEqual({ cores: 8, memory: 32_000 })
  expect(machinesOf([])).toEqual({ cores: 0, memory: 0 })
})

test('the audit names what was changed, and the server, of which there is one, once', () => {
  const record = (kind: string, objects: string[], count = objects.length) => ({ kind, objects, count }) as AuditRecord
  expect(objectsOf(record('server', ['server']))).toBe('server')
  expect(objectsOf(record('limit', ['nuke']))).toBe('limit nuke')
  expect(objectsOf(record('job', ['1', '2', '3', '4'], 9))).toBe('job 1, 2, 3 and 6 more')
  expect(objectsOf(record('job', []))).toBe('')
})

test('the audit says of a change what it was and is, and of what stayed what it is', () => {
  const change = (before: string | null, after: string | null) =>
    changeText({ object: '', field: 'port', before, after })
  expect(change('1', '2')).toBe('port: 1 → 2')
  expect(change('1', '1')).toBe('port: 1')
  expect(change(null, '2')).toBe('port: 2')
  expect(change('1', null)).toBe('port: 1 is gone')
  expect(change('', '2')).toBe('port: (empty) → 2')
})

test('CSV quotes what has to be, and no title is a formula', () => {
  const columns = [
    { id: 'title', label: 'Title', value: (job: Job) => job.title },
    { id: 'priority', label: 'Priority', value: (job: Job) => job.priority },
  ]
  const jobs = [
    { title: 'a "b", c', priority: -5 },
    { title: '=cmd()', priority: 1 },
  ] as Job[]
  const { line, text } = csv(columns)
  expect(text(jobs.map(line))).toBe(`Title,Priority\r\n"a ""b"", c",-5\r\n'=cmd(),1`)
})
