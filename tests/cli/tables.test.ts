import { describe, expect, test } from 'bun:test'
import {
  type Column,
  formatDuration,
  formatFields,
  formatPercent,
  formatTable,
  paintState,
} from '../../src/cli/tables.ts'
import { meanLoad } from '../../src/cli/workers.ts'

interface Row {
  id: number
  state: string
  title: string
}
const columns: Column<Row>[] = [
  { title: 'ID', value: (row) => row.id, right: true },
  { title: 'STATE', value: (row) => row.state, paint: paintState },
  { title: 'TITLE', value: (row) => row.title, shrinks: true },
]
const rows: Row[] = [
  { id: 7, state: 'ERROR', title: 'a long title that needs room' },
  { id: 1234, state: 'WAITING', title: 'short' },
]

describe('a table', () => {
  test('has no lines, no spaces at the ends, and its numbers to the right', () => {
    expect(formatTable(rows, columns, { colour: false }).split('\n')).toEqual([
      '  ID  STATE    TITLE',
      '   7  ERROR    a long title that needs room',
      '1234  WAITING  short',
    ])
  })

  test('of nothing is its head', () => {
    expect(formatTable([], columns, { colour: false })).toBe('ID  STATE  TITLE')
  })

  test('gives way to a narrow terminal in the columns that may shrink, and in those only', () => {
    const lines = formatTable(rows, columns, { colour: false, columns: 30 }).split('\n')
    expect(Math.max(...lines.map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(30)
    expect(lines[1]).toStartWith('   7  ERROR    a long')
  })

  test('has no empty column on a terminal, and all of them in a pipe', () => {
    const untitled = rows.map((row) => ({ ...row, title: '' }))
    expect(formatTable(untitled, columns, { colour: false, columns: 80 })).not.toContain('TITLE')
    expect(formatTable(untitled, columns, { colour: false })).toContain('TITLE')
  })

  test('paints states on a terminal only, and keeps its columns straight', () => {
    const painted = formatTable(rows, columns, { colour: true })
    expect(painted).toContain('\u001b[')
    expect(Bun.stripANSI(painted)).toBe(formatTable(rows, columns, { colour: false }))
  })

  test('lets no escape sequence and no line break of a title through', () => {
    const table = formatTable([{ id: 1, state: 'ERROR', title: 'a\u001b[2J\nb\u009bc' }], columns, { colour: false })
    expect(table).toBe('ID  STATE  TITLE\n 1  ERROR  a [2J b c')
  })

  test('counts wide characters as the terminal does', () => {
    const wide = [{ id: 1, state: 'ERROR', title: '日本語' }]
    const right: Column<Row>[] = [...columns.slice(2), ...columns.slice(0, 1)]
    expect(formatTable(wide, right, { colour: false })).toBe('TITLE   ID\n日本語   1')
  })
})

test('fields stand below one another, further lines of a value too', () => {
  expect(formatFields({ id: 1, environment: 'A=1\nB=2', url: '' })).toBe(
    'id           1\nenvironment  A=1\n             B=2\nurl',
  )
})

test.each([
  [0, '0:00'],
  [7, '0:07'],
  [725.9, '12:05'],
  [3600, '1:00:00'],
  [360_000, '100:00:00'],
  [-1, '0:00'],
])('%d seconds are %p', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})

test('99.9 percent are not done', () => {
  expect(formatPercent(0.999)).toBe('99%')
  expect(formatPercent(1)).toBe('100%')
})

test.each([
  ['[10, 20, 30]', '20%'],
  ['[]', ''],
  ['', ''],
  ['{"a":1}', ''],
  ['["x"]', ''],
])('the load %p reads %p', (cpu, text) => {
  expect(meanLoad(cpu)).toBe(text)
})
