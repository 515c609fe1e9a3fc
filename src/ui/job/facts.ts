/** What was said of a job, as names and values: only what says something. Pure. */
import type { Job } from '../../models.ts'
import { count, duration } from '../parts/format.ts'

export interface Fact {
  name: string
  value: string
  /** Shown as it is written, in the letters of a terminal. */
  code?: true
}

const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
export const dateOf = (seconds: number): string => date.format(seconds * 1000)

const seconds = (number: number) => (number > 0 ? duration(number) : '')
const number = (value: number, what = '') => (value > 0 ? `${count(value)}${what}` : '')

export function factsOf(job: Job): Fact[] {
  const group = job.command === ''
  const facts: (Fact | false)[] = [
    { name: 'User', value: job.user },
    { name: 'Priority', value: String(job.priority) },
    { name: 'Affinity', value: job.affinity },
    { name: 'Limits', value: job.limits },
    { name: 'Memory', value: number(job.memory, ' MB') },
    { name: 'Cores', value: number(job.cores) },
    { name: 'GPUs', value: number(job.gpus) },
    group && { name: 'At a time', value: number(job.max_workers, ' at most') },
    group && { name: 'Stops at', value: number(job.error_limit, ' in ERROR') },
    { name: 'Frames', value: job.frames },
    !group && { name: 'Runs', value: `${count(job.run_done)} of ${count(job.retry + 1)}` },
    { name: 'Tried again', value: retries(job) },
    { name: 'Not before', value: job.start_after > 0 ? dateOf(job.start_after) : '' },
    { name: 'Time-out', value: seconds(job.timeout) },
    { name: 'Silent at most', value: seconds(job.idle_timeout) },
    { name: 'Runs at least', value: seconds(job.min_run_time) },
    { name: 'Fails on', value: job.fatal, code: true },
    { name: 'Succeeds on', value: job.success, code: true },
    { name: 'Progress', value: job.progress_pattern, code: true },
    { name: 'Started', value: job.start_time > 0 ? dateOf(job.start_time) : '' },
    { name: 'Directory', value: job.dir, code: true },
    { name: 'Environment', value: job.environment.replaceAll('\\n', '\n'), code: true },
    { name: 'Command', value: job.command, code: true },
  ]
  return facts.filter((fact) => fact !== false && fact.value !== '') as Fact[]
}

function retries({ command, retry, retry_delay, retry_growth }: Job): string {
  if (retry === 0 || (command === '' && retry_delay === 0)) return ''
  const times = `${count(retry)} ${retry === 1 ? 'time' : 'times'}`
  if (retry_delay === 0) return times
  return `${times}, after ${duration(retry_delay)}${retry_growth > 1 ? `, each ${retry_growth} × longer` : ''}`
}

/** Pictures that a browser shows. */
const PICTURE = /\.(png|apng|jpe?g|gif|webp|avif|svg)$/i
const SAFE = /^(https?|file|ftp):$/

/**
 * What a job's link leads to. Only pictures of this server are shown: the page's policy lets nothing else in, for a picture
 * from anywhere would tell that place who looks at the farm, and when.
 */
export function linkOf(
  url: string,
  here: string,
): { href: string; picture: 'shown' | 'elsewhere' | 'none' } | undefined {
  const parsed = url ? URL.parse(url, here) : null
  if (!parsed || !SAFE.test(parsed.protocol)) return undefined
  if (!PICTURE.test(parsed.pathname)) return { href: parsed.href, picture: 'none' }
  return { href: parsed.href, picture: parsed.origin === new URL(here).origin ? 'shown' : 'elsewhere' }
}
