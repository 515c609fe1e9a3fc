/** Jobs as CSV and JSON, with the columns that are shown. Pure. */
import type { Job } from '../../models.ts'
import type { Column } from '../table/columns.ts'
import type { Place } from './columnKinds.tsx'

type Columns = readonly Pick<Column<Job, Place>, 'id' | 'label' | 'value'>[]

/** Spreadsheets take a text that begins so for a formula: a title is none. */
const FORMULA = /^[=+\-@\t\r]/

function field(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = FORMULA.test(value) ? `'${value}` : value
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const line = (values: readonly (string | number)[]) => values.map(field).join(',')

/** How jobs become a text, each by itself: the rows of many are never there at once. */
export interface ExportForm {
  line(job: Job): string
  text(lines: readonly string[]): string
  file: { name: string; type: string }
}

export const csv = (columns: Columns): ExportForm => ({
  line: (job) => line(columns.map(({ value }) => value(job))),
  text: (lines) => [line(columns.map(({ label }) => label)), ...lines].join('\r\n'),
  file: { name: 'jobs.csv', type: 'text/csv' },
})

export const json: ExportForm = {
  line: (job) => JSON.stringify(job, null, 2),
  text: (lines) => `[${lines.join(',\n')}]`,
  file: { name: 'jobs.json', type: 'application/json' },
}
