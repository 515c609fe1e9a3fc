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

export const csv = <R>(rows: readonly R[], columns: Columns<R>): string =>
  [columns.map(({ label }) => label), ...rows.map((row) => columns.map(({ value }) => value(row)))]
    .map((row) => row.map(field).join(','))
    .join('\r\n')

export const jsonText = (rows: readonly object[]): string => JSON.stringify(rows, null, 2)
