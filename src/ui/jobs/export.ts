/** Rows as CSV and JSON, with the columns that are shown. Pure. */
import type { Column } from '../table/columns.ts'

type Columns<R> = readonly Pick<Column<R, never>, 'id' | 'label' | 'value'>[]

/** Spreadsheets take a text that begins so for a formula: a title is none. */
const FORMULA = /^[=+\-@\t\r]/

function field(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = FORMULA.test(value) ? `'${value}` : value
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const line = (values: readonly (string | number)[]) => values.map(field).join(',')

/** How rows become a text, each by itself: those of many jobs are never there at once. */
export interface ExportForm<R> {
  line(row: R): string
  text(lines: readonly string[]): string
  file: { name: string; type: string }
}

export const csv = <R>(columns: Columns<R>, name = 'jobs'): ExportForm<R> => ({
  line: (row) => line(columns.map(({ value }) => value(row))),
  text: (lines) => [line(columns.map(({ label }) => label)), ...lines].join('\r\n'),
  file: { name: `${name}.csv`, type: 'text/csv' },
})

export const json = <R>(name = 'jobs'): ExportForm<R> => ({
  line: (row) => JSON.stringify(row, null, 2),
  text: (lines) => `[${lines.join(',\n')}]`,
  file: { name: `${name}.json`, type: 'application/json' },
})
