/** What the page of a job calculates, as tables. */
import { describe, expect, test } from 'bun:test'
import type { Job } from '../../src/models.ts'
import { factsOf, linkOf } from '../../src/ui/job/facts.ts'
import { Frames } from '../../src/ui/job/frames/frames.ts'
import { durationsOf, spreadOf } from '../../src/ui/job/frames/outliers.ts'
import { frameAt, nearestFrame, shownStates, stripLayout } from '../../src/ui/job/frames/stripLayout.ts'
import { drawn } from '../../src/ui/job/graphLayout.ts'
import { segments, styled } from '../../src/ui/job/log/ansi.ts'
import { bytesWord } from '../../src/ui/job/log/bytes.ts'
import { cutsOf, LONGEST_LINE, linesOf, rowsOfBytes, textOf } from '../../src/ui/job/log/lines.ts'
import { piecesOf } from '../../src/ui/job/words.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('the lines of a log', () => {
  test.each<[string, string[], boolean]>([
    ['', [], true],
    ['a\nb\n', ['a', 'b'], true],
    ['a\r\nb', ['a', 'b'], false],
    ['10%\r20%\rdone\n', ['10%', '20%', 'done'], true],
    ['\n\n', ['', ''], true],
  ])('%j', (text, wanted, closed) => {
    const all = bytes(text)
    const { starts, ends, closed: is } = linesOf(all)
    expect(starts.map((start, i) => textOf(all.subarray(start, ends[i])))).toEqual(wanted)
    expect(is).toBe(closed)
  })

  test('a line without end is pieces, and no character is cut', () => {
    const all = bytes('é'.repeat(LONGEST_LINE))
    const { starts, ends } = linesOf(all)
    expect(starts.length).toBe(2)
    expect(starts.map((start, i) => textOf(all.subarray(start, ends[i]))).join('')).toBe('é'.repeat(LONGEST_LINE))
  })

  test('what only moves a cursor is gone, tabs are spaces, and what is no text is none', () => {
    expect(textOf(bytes('a\x1b[2K\x1b]0;title\x07b\x1b[31mc\x1b[0m\x07'))).toBe('ab\x1b[31mc\x1b[0m')
    expect(textOf(bytes('ab\tc\t\x1b[1md'))).toBe(`ab${' '.repeat(6)}c${' '.repeat(7)}\x1b[1md`)
  })

  test('rows are counted as they are cut', () => {
    for (const text of [
      '',
      'abc',
      'a'.repeat(20),
      'a'.repeat(21),
      '漢字'.repeat(7),
      '\x1b[31mabcdefghijkl\x1b[0m',
      '😀'.repeat(6),
    ])
      expect([text, rowsOfBytes(bytes(text), 10)]).toEqual([text, cutsOf(styled(text).text, 10).length])
    expect(cutsOf('漢字漢字漢字', 5)).toEqual([0, 2, 4])
  })
})

describe('colours', () => {
  test('become classes, the nearest of eight', () => {
    expect(styled('\x1b[1;31mred\x1b[0m \x1b[38;2;0;200;10mgreen\x1b[39;44m on\x1b[0m')).toEqual({
      text: 'red green on',
      spans: [
        { from: 0, to: 3, className: 'ansi-red ansi-bold' },
        { from: 4, to: 9, className: 'ansi-green' },
        { from: 9, to: 12, className: 'ansi-on-blue' },
      ],
    })
    expect(styled('\x1b[7;91;40mx').spans[0]?.className).toBe('ansi-black ansi-on-red')
  })

  test('and matches cut a text into pieces of one look', () => {
    const line = styled('an \x1b[31mError\x1b[0m: error')
    expect(segments(line, 0, line.text.length, 'ERR').filter(({ mark }) => mark)).toEqual([
      { text: 'Err', className: 'ansi-red', mark: true },
      { text: 'err', className: '', mark: true },
    ])
    expect(segments(line, 4, 8, '').map(({ text }) => text)).toEqual(['rror'])
  })
})

describe('the strip', () => {
  test('is as large as it can be, and fits 100,000 frames at a pixel each', () => {
    expect(stripLayout(240, 970)).toEqual({ side: 18, perLine: 53, lines: 5, share: 1 })
    expect(stripLayout(100_000, 970)).toEqual({ side: 1, perLine: 970, lines: 104, share: 1 })
    const million = stripLayout(1_000_000, 970)
    expect(million.share).toBe(7)
    expect(million.lines).toBeLessThanOrEqual(150)
    expect(stripLayout(0, 970).lines).toBe(1)
  })

  test('finds the frame at a point, and the nearest one beside it', () => {
    const layout = stripLayout(240, 970)
    expect(frameAt(layout, 240, 18 * 3 + 1, 18 * 2 + 1)).toBe(2 * 53 + 3)
    expect(frameAt(layout, 240, 960, 85)).toBe(-1)
    expect(nearestFrame(layout, 240, 5000, 5000)).toBe(239)
    expect(nearestFrame(layout, 240, -5, -5)).toBe(0)
  })

  test('shows, of those that share a pixel, what needs a look', () => {
    const layout = { side: 1, perLine: 2, lines: 1, share: 3 }
    expect([...shownStates(layout, Uint8Array.of(0, 2, 0, 0, 3, 0))]).toEqual([2, 3])
  })

  test('counts its states as they change', () => {
    const frames = new Frames({ ids: [[5, 2], [9, 1]], states: 'wwf', durations: [0, 0, 7] }) // biome-ignore format: a table
    expect([...frames.ids]).toEqual([5, 6, 9])
    frames.change(6, 'r', 0)
    frames.change(77, 'e', 0)
    expect(frames.counts).toEqual([1, 1, 0, 1, 0, 0])
    expect([...frames.states]).toEqual([3, 1, 0])
  })
})

test('a duration stands out when it is far above the middle half, and of eight at least', () => {
  expect(spreadOf([1, 1, 1, 1, 1, 1, 9])).toBeUndefined()
  const usual = [60, 61, 62, 63, 60, 61, 62, 63]
  expect(spreadOf(usual)?.fence).toBeGreaterThan(63)
  const { longest, places, outliers } = durationsOf(
    Uint8Array.of(...usual.map(() => 0), 3, 0),
    Float64Array.of(...usual, 999, 400),
    0,
  )
  expect(longest.map((i) => places[i])).toEqual([10])
  expect(outliers.filter((value) => value !== null)).toEqual([400])
})

describe('a reason', () => {
  test('is cut where it names jobs, groups, workers, limits and affinities', () => {
    expect(
      piecesOf({ kind: 'dependencies', text: 'It waits for job 12 and any of job 14 to be FINISHED.', jobs: [12, 14] }),
    ).toEqual([
      'It waits for ',
      { job: 12, text: 'job 12' },
      ' and ',
      { job: 14, text: 'any of job 14' },
      ' to be FINISHED.',
    ])
    expect(piecesOf({ kind: 'affinity', text: 'None has GPU and GPU-2.', needs: ['GPU', 'GPU-2'] })).toEqual([
      'None has ',
      { need: 'GPU' },
      ' and ',
      { need: 'GPU-2' },
      '.',
    ])
    const since = new Date('2026-12-24T18:00:00').getTime() / 1000
    const text = `It does not start before ${new Date(since * 1000).toISOString()}.`
    expect(piecesOf({ kind: 'start_after', text, job: 1, since })).toEqual([
      'It does not start before 24 Dec 2026, 18:00:00.',
    ])
    expect(piecesOf({ kind: 'running', text: 'It runs on a.b+c.', worker: 'a.b+c' })[1]).toEqual({ worker: 'a.b+c' })
    expect(piecesOf({ kind: 'limit', text: 'The limit nuke is 1 runs.', limit: 'nuke' })[1]).toEqual({ limit: 'nuke' })
  })
})

test('a link is one that a browser may open, and a picture is shown when it is of this server', () => {
  const here = 'http://farm:19211/job/1'
  for (const [url, wanted] of [
    ['', undefined],
    ['javascript:alert(1)', undefined],
    ['data:text/html,x', undefined],
    ['/out/a.PNG', 'shown'],
    ['http://farm:19211/a.jpg?x=1', 'shown'],
    ['http://elsewhere/a.png', 'elsewhere'],
    ['file:///out/a.exr', 'none'],
  ] as const)
    expect([url, linkOf(url, here)?.picture]).toEqual([url, wanted])
})

test('facts are what says something', () => {
  const job = {
    command: '',
    user: 'ann',
    priority: 1000,
    affinity: '',
    limits: '',
    retry: 0,
    frames: '',
    environment: '',
    fatal: '',
    success: '',
    progress_pattern: '',
    dir: '',
  }
  const names = factsOf(job as Job).map(({ name }) => name)
  expect(names).toEqual(['User', 'Priority'])
})

test('sizes are words', () => {
  expect([0, 999, 1500, 200e6, 3.21e9].map(bytesWord)).toEqual(['0 B', '999 B', '1.5 kB', '200 MB', '3.2 GB'])
})

test('a graph of 200 jobs is laid out, what is waited for on the left', () => {
  const jobs = Array.from({ length: 200 }, (_, i) => ({
    id: i + 1,
    title: '',
    parent: 0,
    group: false,
    state: 'WAITING' as const,
  }))
  const edges = jobs.slice(1).map(({ id }) => ({ job: id, dependency: Math.ceil(id / 2), kind: 'all' as const }))
  const { nodes, edges: lines } = drawn({ jobs, edges: edges.filter(({ job, dependency }) => job !== dependency) })
  const x = new Map(nodes.map((node) => [node.id, node.x]))
  for (const { job, dependency, path } of lines) {
    expect(x.get(dependency)).toBeLessThan(x.get(job) as number)
    expect(path).toStartWith('M')
  }
})
