/** Jobs as CSV and JSON, with the columns that are shown. Pure. */
import type { Job } from '../../models.ts'
import type { Column } from '../table/columns.ts'
import type { Place } from './columns.tsx'

type Columns = readonly Pick<Column<Job, Place>, 'id' | 'label' | 'value'>[]

/** Spreadsheets take a text that begins so for a formula: a title is none. */
const FORMULA = /^[=+\-@\t\r]/

function field(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = FORMULA.test(value) ? `'${value}` : value
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const csv = (jobs: readonly Job[], columns: Columns): string =>
  [columns.map(({ label }) => label), ...jobs.map((job) => columns.map(({ value }) => value(job)))]
    .map((row) => row.map(field).join(','))
    .join('\r\n')

export const jsonText = (jobs: readonly Job[]): string => JSON.stringify(jobs, null, 2)
