import { describe, expect, test } from 'bun:test'
import { chunksOf, chunkText, ordered, parseFrames, parseTemplate, planFrames } from '../../src/domain/frames.ts'
import { FarmError } from '../../src/errors.ts'

const refusal = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof FarmError && error.kind === 'invalid') return `${error.field}: ${error.message}`
    throw error
  }
  throw new Error('it was not refused')
}

describe('frames', () => {
  test.each([
    ['7', [7]],
    ['1-5', [1, 2, 3, 4, 5]],
    ['1-10x3', [1, 4, 7, 10]],
    ['1-9x3', [1, 4, 7]],
    ['1,5,10-12', [1, 5, 10, 11, 12]],
    [' 1 , 2 ', [1, 2]],
    ['5-1', [5, 4, 3, 2, 1]],
    ['10-1x4', [10, 6, 2]],
    ['-3', [-3]],
    ['-3--1', [-3, -2, -1]],
    ['-1-1', [-1, 0, 1]],
    ['1--1', [1, 0, -1]],
    ['3-3', [3]],
  ])('%p are %p', (text, frames) => {
    expect(parseFrames(text)).toEqual(frames)
  })

  test.each([
    ['', "has ''"],
    ['1-', "has '1-'"],
    ['a', "has 'a'"],
    ['1-5x0', 'a step is 1 or more'],
    ['1-5x-2', "has '1-5x-2'"],
    ['1..5', "has '1..5'"],
    ['1.5', "has '1.5'"],
    ['1,,2', "has ''"],
    ['1-10,5', 'frame 5 twice'],
    ['2000000000', 'frames go from'],
    ['1-1000001', 'more than 1000000 frames'],
    ['1-600000,700001-1200000', 'more than 1000000 frames'],
  ])('%p are refused', (text, why) => {
    expect(refusal(() => parseFrames(text))).toContain(why)
  })
})

describe('chunks', () => {
  const cut = (frames: string, size: number, steps = false) => chunksOf(parseFrames(frames), size, steps).map(chunkText)
  test.each([
    ['1-10', 4, false, ['1-4', '5-8', '9-10']],
    ['1-3', 1, false, ['1', '2', '3']],
    ['10-1', 4, false, ['7-10', '3-6', '1-2']],
    ['1,2,3,10,11', 3, false, ['1-3', '10-11']],
    ['1,5,10-12', 5, false, ['1', '5', '10-12']],
    ['1-9x2', 3, false, ['1', '3', '5', '7', '9']],
    ['1-9x2', 3, true, ['1-5x2', '7-9x2']],
    ['9-1x2', 3, true, ['5-9x2', '1-3x2']],
  ])('of %p by %p, with a step: %p, are %p', (frames, size, steps, chunks) => {
    expect(cut(frames, size, steps)).toEqual(chunks)
  })

  test('hold every frame once, whatever the frames, the size and the step', () => {
    for (const frames of ['1-97', '50-1', '-20-20x3', '1,2,4,8,16,32,33,34', '100-3x7,1-2'])
      for (const size of [1, 2, 3, 7, 100])
        for (const steps of [false, true]) {
          const held = chunksOf(parseFrames(frames), size, steps).flatMap((chunk) => parseFrames(chunkText(chunk)))
          expect(held.toSorted((a, b) => a - b)).toEqual(parseFrames(frames).toSorted((a, b) => a - b))
        }
  })
})

describe('the order', () => {
  const of = (order: string, count: number) =>
    ordered(
      Array.from({ length: count }, (_, i) => i),
      order,
    )
  test.each([
    ['given', 4, [0, 1, 2, 3]],
    ['reversed', 4, [3, 2, 1, 0]],
    ['ends-first', 9, [0, 8, 4, 2, 6, 1, 3, 5, 7]],
    ['ends-first', 1, [0]],
    ['ends-first', 0, []],
    ['ends-first', 2, [0, 1]],
    ['every:3', 8, [0, 3, 6, 1, 2, 4, 5, 7]],
  ])('%p of %p is %p', (order, count, places) => {
    expect(of(order, count)).toEqual(places)
  })
  test('is a permutation', () => {
    for (let count = 0; count < 70; count++)
      for (const order of ['given', 'reversed', 'ends-first', 'every:4'])
        expect(of(order, count).toSorted((a, b) => a - b)).toEqual(of('given', count))
  })
  test.each(['', 'random', 'every:0', 'every:', 'ENDS-FIRST'])('%p is refused', (order) => {
    expect(refusal(() => of(order, 3))).toContain('ends-first or every:N')
  })
})

describe('a command', () => {
  const chunk = { start: 7, end: 9, step: 2 }
  test.each([
    ['r {frame}', 'r 7'],
    ['r {frame:04}', 'r 0007'],
    ['r {frame:4}', 'r 0007'],
    ['r -s {start:03} -e {end} -j {step}', 'r -s 007 -e 9 -j 2'],
    ['{frame}{frame}', '77'],
    ["awk '{{print $1}}' {frame}", "awk '{print $1}' 7"],
    ['{{frame}}', '{frame}'],
  ])('%p becomes %p', (command, filled) => {
    expect(parseTemplate(command).fill(chunk)).toBe(filled)
  })
  test('a sign takes a place of the width', () => {
    expect(parseTemplate('{frame:04}').fill({ start: -7, end: -7, step: 1 })).toBe('-007')
  })
  test.each(['{fram}', '{}', '{', '}', '{frame', '{frame:x}', '{frame:}', '{FRAME}', '{{frame}'])(
    '%p is refused',
    (command) => {
      expect(refusal(() => parseTemplate(command))).toContain('write {{ and }} for braces themselves')
    },
  )
  test.each([
    [{ frames: '1-4', command: '' }, 'command: A submission with frames needs a command'],
    [{ frames: '1-4', command: 'r' }, 'command: command names no frame'],
    [{ frames: '1-4', chunk: 2, command: 'r {frame}' }, 'command: {frame} is one frame'],
    [{ frames: '1-4', chunk: 2, command: 'r {start}' }, 'command: With chunk'],
  ])('%p is refused', (input, why) => {
    expect(refusal(() => planFrames(input))).toStartWith(why)
  })
})
