/** What a person sets of a job: the fields of the forms, by what they are about. */
import type { Dependency, Job, JobInput } from '../../models.ts'

export interface JobField {
  name: keyof JobInput & keyof Job
  label: string
  kind: 'text' | 'area' | 'number' | 'dependencies' | 'time'
  hint?: string
}

export interface FieldGroup {
  title: string
  fields: readonly JobField[]
}

export const FIELD_GROUPS: readonly FieldGroup[] = [
  {
    title: 'Basics',
    fields: [
      { name: 'title', label: 'Title', kind: 'text' },
      { name: 'priority', label: 'Priority', kind: 'number', hint: 'Higher goes first' },
      { name: 'command', label: 'Command', kind: 'area', hint: 'Empty: a group, which holds other jobs' },
      { name: 'environment', label: 'Environment', kind: 'area', hint: 'KEY=value, one a line' },
      { name: 'dir', label: 'Directory', kind: 'text' },
      { name: 'affinity', label: 'Affinity', kind: 'text', hint: 'What its worker must have: LINUX,GPU' },
      {
        name: 'dependencies',
        label: 'Waits for',
        kind: 'dependencies',
        hint: 'Ids; 12:any or 12:frame for less than all',
      },
      { name: 'user', label: 'User', kind: 'text' },
      { name: 'url', label: 'Link', kind: 'text', hint: 'To the result' },
      {
        name: 'progress_pattern',
        label: 'Progress',
        kind: 'text',
        hint: 'Pattern in the output; empty: PROGRESS:%percent',
      },
    ],
  },
  {
    title: 'Failure',
    fields: [
      { name: 'retry', label: 'Retry', kind: 'number', hint: 'Runs that may be tried again' },
      { name: 'retry_delay', label: 'Retry delay', kind: 'number', hint: 'Seconds before the next try' },
      {
        name: 'retry_growth',
        label: 'Delay grows by',
        kind: 'number',
        hint: 'Factor from one try to the next; 1: not',
      },
      {
        name: 'error_limit',
        label: 'Error limit',
        kind: 'number',
        hint: 'Of a group: so many errors hold the rest; 0: never',
      },
      { name: 'fatal', label: 'Fatal output', kind: 'text', hint: 'A line that matches fails the run' },
      { name: 'success', label: 'Good output', kind: 'text', hint: 'A line that matches makes a bad exit code good' },
      {
        name: 'min_run_time',
        label: 'Shortest run',
        kind: 'number',
        hint: 'Seconds; what ends well before has failed',
      },
    ],
  },
  {
    title: 'Limits and resources',
    fields: [
      { name: 'limits', label: 'Limits', kind: 'text', hint: 'Names of limits that its runs count in' },
      { name: 'max_workers', label: 'Workers at once', kind: 'number', hint: 'Of a group; 0: any number' },
      { name: 'memory', label: 'Memory', kind: 'number', hint: 'MB a run takes; 0: not counted' },
      { name: 'cores', label: 'Cores', kind: 'number', hint: 'A run takes; 0: not counted' },
      { name: 'gpus', label: 'GPUs', kind: 'number', hint: 'A run takes' },
    ],
  },
  {
    title: 'Time',
    fields: [
      { name: 'start_after', label: 'Start after', kind: 'time', hint: 'Here, not on the server; empty: at once' },
      { name: 'timeout', label: 'Timeout', kind: 'number', hint: 'Seconds a run may last; 0: no limit' },
      {
        name: 'idle_timeout',
        label: 'Silent for',
        kind: 'number',
        hint: 'Seconds without output that fail a run; 0: no limit',
      },
    ],
  },
]
export const FIELDS: readonly JobField[] = FIELD_GROUPS.flatMap(({ fields }) => fields)

const two = (number: number) => String(number).padStart(2, '0')

/** As an input of a date and a time has it, in the time zone of who looks. */
export function localTime(seconds: number): string {
  if (seconds === 0) return ''
  const at = new Date(seconds * 1000)
  const day = `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`
  return `${day}T${time}${at.getSeconds() > 0 ? `:${two(at.getSeconds())}` : ''}`
}

/** `12 14:any`. */
export const dependencyText = ({ dependencies, dependency_kinds }: Job): string =>
  dependencies.map((id) => (dependency_kinds[id] ? `${id}:${dependency_kinds[id]}` : String(id))).join(' ')

/** As it is typed. */
export function shown(job: Job, { name, kind }: JobField): string {
  if (kind === 'dependencies') return dependencyText(job)
  return kind === 'time' ? localTime(Number(job[name])) : String(job[name])
}

/** As it is sent. What makes no sense is sent as it was typed: the server says what is wrong with it. */
export function sent(text: string, { kind }: JobField): string | number | Dependency<number | string>[] {
  if (kind === 'number') return number(text)
  if (kind === 'time') return text === '' ? 0 : Math.floor(new Date(text).getTime() / 1000)
  if (kind === 'dependencies')
    return text
      .split(/[\s,#]+/)
      .filter(Boolean)
      .map((each) => {
        const [, job, kind] = /^(\d+):(\w+)$/.exec(each) ?? []
        return job === undefined ? number(each) : ({ job: Number(job), kind } as Dependency<number>)
      })
  return text
}

const number = (text: string) => (/^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text)

/** Of each field the value that all of the jobs have; undefined: they differ. */
export type Common = Record<string, string | undefined>

/** With some more jobs; `before` undefined: these are the first. */
export function common(jobs: readonly Job[], before?: Common): Common {
  return Object.fromEntries(
    FIELDS.map((field) => {
      const [first] = jobs
      const value = before ? before[field.name] : first && shown(first, field)
      return [field.name, jobs.every((job) => shown(job, field) === value) ? value : undefined]
    }),
  )
}

/** Whether a form has something to say about a field that nobody has to know. */
export const isSet = (field: JobField, text: string | undefined): boolean =>
  text === undefined || !['', '0', field.name === 'retry_growth' ? '1' : ''].includes(text)
