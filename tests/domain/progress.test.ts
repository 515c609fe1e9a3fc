import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { ProgressReader, progressPattern } from '../../src/domain/progress.ts'
import { FarmError } from '../../src/errors.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test.each([
  ['', 'PROGRESS:45\n', 0.45],
  ['', 'PROGRESS:45.5%', 0.455],
  ['', 'PROGRESS:0', 0],
  ['', 'PROGRESS:100', 1],
  ['', 'PROGRESS:250', 1],
  ['', 'progress:45', undefined],
  ['', 'PROGRESS: none', undefined],
  ['#%percent', '#7', 0.07],
  ['ALF_PROGRESS %percent%', 'ALF_PROGRESS 62%', 0.62],
  ['done=%one', 'done=0.25', 0.25],
  ['done=%one', 'done=.5', 0.5],
  ['done=%one', 'done=3', 1],
  ['(?:Frame|Tile) .* %percent', 'Tile 3 of 9, at 30', 0.3],
  ['%percent of 100|%one of 1\\b', '0.5 of 1', 0.5],
  ['no number', 'no number here', undefined],
])('the pattern %p reads %p as %p', (pattern, log, progress) => {
  expect(progressPattern(pattern).last(log)).toBe(progress)
})

test('the last match counts', () => {
  expect(progressPattern('').last('PROGRESS:10\nPROGRESS:90\nPROGRESS:20\nbye\n')).toBe(0.2)
})

test('a number that comes in two chunks is read whole', () => {
  const reader = new ProgressReader(progressPattern(''))
  expect(reader.read(bytes('start\nPROGR'))).toBeUndefined()
  expect(reader.read(bytes('ESS:'))).toBeUndefined()
  expect(reader.read(bytes('4'))).toBe(0.04)
  expect(reader.read(bytes('5\n'))).toBe(0.45)
})

test('a chunk without a match says nothing, whatever came before', () => {
  const reader = new ProgressReader(progressPattern(''))
  expect(reader.read(bytes('PROGRESS:45\n'))).toBe(0.45)
  for (let line = 0; line < 50; line++) reader.read(bytes('rendering, and nothing else\n'))
  expect(reader.read(bytes('rendering\n'))).toBeUndefined()
})

test('a character split between chunks is read whole', () => {
  const reader = new ProgressReader(progressPattern('terminé à %percent'))
  const log = bytes('terminé à 33')
  for (const byte of log.subarray(0, -1)) reader.read(Uint8Array.of(byte))
  expect(reader.read(log.subarray(-1))).toBe(0.33)
})

test('of a chunk that is a flood, the end is searched', () => {
  const reader = new ProgressReader(progressPattern(''))
  reader.read(bytes('PROGRESS:1'))
  expect(reader.read(bytes(`0\n${'x'.repeat(1_000_000)}\nPROGRESS:90\n`))).toBe(0.9)
  expect(reader.read(bytes('PROGRESS:95\n'))).toBe(0.95)
})

test('a pattern that would hang a backtracking engine returns', () => {
  const pattern = progressPattern('(a+)+$%percent')
  expect(pattern.last(`${'a'.repeat(50_000)}!`)).toBeUndefined()
})

test.each(['(?=x)%percent', '(%percent)\\1', '(?<!x)%one', '[%percent', '(', '*'])(
  'the pattern %p is refused, by name and with the remedy',
  (pattern) => {
    let refused: unknown
    try {
      progressPattern(pattern, '7.progress_pattern')
    } catch (error) {
      refused = error
    }
    expect(refused).toBeInstanceOf(FarmError)
    expect(refused).toMatchObject({ kind: 'invalid', field: '7.progress_pattern' })
    expect(String(refused)).toContain(`'${pattern}'`)
  },
)

test.each(['%percent', '%one'])('a word before %s is found as the regular expression would find it', (number) => {
  const word = 'P:P:'
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('P', ':', 'P:P:', '.', '1', '70', '5.', ' ', '\n'), { maxLength: 40 }),
      (parts) => {
        const text = parts.join('')
        expect(progressPattern(word + number).last(text)).toBe(progressPattern(`(?:${word})${number}`).last(text))
      },
    ),
  )
})
