/** What a person sets of a job: the fields of the forms. */
import type { Job, JobInput } from '../../models.ts'

export interface JobField {
  name: keyof JobInput & keyof Job
  label: string
  kind: 'text' | 'area' | 'number' | 'ids'
  hint?: string
}

export const FIELDS: readonly JobField[] = [
  { name: 'title', label: 'Title', kind: 'text' },
  { name: 'command', label: 'Command', kind: 'area', hint: 'Empty: a group, which holds other jobs' },
  { name: 'dir', label: 'Directory', kind: 'text' },
  { name: 'environment', label: 'Environment', kind: 'area', hint: 'KEY=value, one a line' },
  { name: 'priority', label: 'Priority', kind: 'number', hint: 'Higher goes first' },
  { name: 'retry', label: 'Retry', kind: 'number', hint: 'Runs that may be tried again' },
  { name: 'timeout', label: 'Timeout', kind: 'number', hint: 'Seconds; 0: no limit' },
  { name: 'affinity', label: 'Affinity', kind: 'text', hint: 'Names separated by commas' },
  { name: 'user', label: 'User', kind: 'text' },
  { name: 'url', label: 'Link', kind: 'text', hint: 'To the result' },
  { name: 'dependencies', label: 'Waits for', kind: 'ids', hint: 'Ids of jobs, separated by spaces' },
  { name: 'progress_pattern', label: 'Progress pattern', kind: 'text', hint: 'Empty: PROGRESS:%percent' },
]

/** As it is typed. */
export const shown = (job: Job, { name, kind }: JobField): string =>
  kind === 'ids' ? job.dependencies.join(' ') : String(job[name])

/** As it is sent. What is no number is sent as it was typed: the server says what is wrong with it. */
export function sent(text: string, { kind }: JobField): string | number | (string | number)[] {
  if (kind === 'number') return number(text)
  if (kind === 'ids')
    return text
      .split(/[\s,#]+/)
      .filter(Boolean)
      .map(number)
  return text
}

const number = (text: string) => (/^\s*-?\d+\s*$/.test(text) ? Number(text) : text)

/** The value that all of them have; undefined: they differ. */
export function common(jobs: readonly Job[], field: JobField): string | undefined {
  const [first, ...rest] = jobs.map((job) => shown(job, field))
  return rest.every((each) => each === first) ? first : undefined
}
