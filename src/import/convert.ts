/** Rows of Coalition 4 as rows of ours. Pure: what cannot be taken as it is goes to the findings. */
import { getTableColumns } from 'drizzle-orm'
import {
  type EventRow,
  type JobRow,
  type JobState,
  jobs,
  type RunState,
  WORKER_STATES,
  type WorkerRow,
  type WorkerState,
} from '../db/schema.ts'
import { progressPattern } from '../domain/progress.ts'
import { FarmError } from '../errors.ts'
import type { Findings } from './findings.ts'
import type { OldRow } from './source.ts'

/** Whatever the database gave for a text: SQLite keeps what it was handed, and MySQL has binary columns. */
export function text(value: unknown, absent = ''): string {
  if (value === null || value === undefined) return absent
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value)
}

export function number(value: unknown, absent = 0): number {
  const read = typeof value === 'number' ? value : Number.parseFloat(text(value))
  return Number.isFinite(read) ? read : absent
}

/** Within what JavaScript and the API can say. */
export function integer(value: unknown, absent = 0): number {
  const read = Math.trunc(number(value, absent))
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(-Number.MAX_SAFE_INTEGER, read))
}

const count = (value: unknown) => Math.max(0, integer(value))
const flag = (value: unknown, absent: 0 | 1) =>
  Number(value === null || value === undefined ? absent === 1 : integer(value) !== 0)

/** What follows from the jobs around it and from the server that runs it, and what Coalition 4 had not: the columns' defaults. */
const COMPUTED = [
  'ready', 'unfinished', 'waits_for', 'run', 'deadline', 'working_since', 'finished', 'errors', 'working', 'total',
  'total_finished', 'total_errors', 'total_working', 'reset', 'waited', 'retry_at', 'wake_at', 'frames', 'memory', 'cores', 'gpus',
  'max_workers', 'error_limit', 'start_after', 'retry_delay', 'retry_growth', 'min_run_time', 'idle_timeout', 'fatal',
  'success',
] as const // biome-ignore format: a list
type Imported = Exclude<keyof JobRow, (typeof COMPUTED)[number]>
export const JOB_COLUMNS = Object.keys(getTableColumns(jobs)).filter(
  (name): name is Imported => !(COMPUTED as readonly string[]).includes(name),
)
export type ImportedJob = Omit<Pick<JobRow, Imported>, 'id' | 'needs_id'>

/**
 * The row before anything around it is known. Its state is the leaf's own: what rests is WAITING until its dependencies are
 * counted, and a group's is made of its leaves' later (tree.ts).
 */
export function convertJob(id: number, row: OldRow<'Jobs'>, findings: Findings): ImportedJob {
  const old = text(row.state)
  const paused = flag(row.paused, 0) || Number(old === 'PAUSED')
  const state = leafState(old, paused === 1)
  const command = text(row.command)
  const group = command === ''
  if (!group && old === 'WORKING') findings.note('working', `job ${id}`)
  else if (!KNOWN_STATES.includes(old)) findings.note('state', `job ${id}: "${old}"`)
  // A reset took away the start and left the duration and the progress of the run before it.
  const start_time = count(row.start_time)
  const duration = start_time > 0 ? count(row.duration) : 0
  const progress = start_time > 0 ? Math.min(1, Math.max(0, number(row.progress))) : 0
  const environment = text(row.environment)
  return {
    parent: integer(row.parent),
    title: text(row.title),
    command,
    dir: text(row.dir, '.'),
    // `/xmlrpc/addjob` wrote Python's None as a text.
    environment: environment === 'None' ? '' : environment,
    state,
    paused,
    worker: text(row.worker),
    start_time,
    duration,
    // Coalition 4 had it in another store, which is lost with its server: the end of the run is as good.
    ping_time: group ? 0 : count(row.ping_time) || (start_time > 0 ? start_time + duration : 0),
    run_done: count(row.run_done),
    retry: count(row.retry),
    timeout: count(row.timeout),
    priority: integer(row.priority),
    user: text(row.user),
    url: text(row.url),
    // Of a group it is made of its leaves whenever somebody asks.
    progress: group ? 0 : state === 'FINISHED' ? 1 : progress,
    progress_pattern: usablePattern(id, text(row.progress_pattern), findings),
  }
}

const KNOWN_STATES: readonly string[] = ['WAITING', 'PENDING', 'PAUSED', 'WORKING', 'FINISHED', 'ERROR']

function leafState(old: string, paused: boolean): JobState {
  if (paused) return 'PAUSED'
  return old === 'FINISHED' || old === 'ERROR' ? old : 'WAITING'
}

function usablePattern(id: number, pattern: string, findings: Findings): string {
  try {
    progressPattern(pattern)
    return pattern
  } catch (error) {
    if (!(error instanceof FarmError)) throw error
    findings.note('pattern', `job ${id}: ${pattern}`)
    return ''
  }
}

/** `affinity` is the worker's lines, by name (`affinities.ts`). */
export function convertWorker(row: OldRow<'Workers'>, affinity: string, findings: Findings): WorkerRow | null {
  const name = text(row.name)
  if (!/^[^\p{Cc}]{1,255}$/u.test(name)) {
    findings.note('worker', JSON.stringify(name))
    return null
  }
  const old = text(row.state)
  const start_time = count(row.start_time)
  return {
    name,
    ip: text(row.ip),
    affinity,
    // What it ran waits again, so it waits too.
    state: old !== 'WORKING' && isWorkerState(old) ? old : 'WAITING',
    start_time,
    ping_time: count(row.ping_time) || start_time,
    finished: count(row.finished),
    error: count(row.error),
    // -1 stood for none.
    last_job: count(row.last_job),
    current_event: 0,
    cpu: isCpu(text(row.cpu)) ? text(row.cpu) : '[]',
    free_memory: count(row.free_memory),
    total_memory: count(row.total_memory),
    active: flag(row.active, 1),
    host: '',
    memory: count(row.total_memory),
    cores: 0,
    gpus: 0,
  }
}

const isWorkerState = (state: string): state is WorkerState => (WORKER_STATES as readonly string[]).includes(state)
/** A list of numbers: who reads it trusts that it is JSON. */
const isCpu = (cpu: string) => /^\[\s*(-?\d+(\.\d+)?\s*(,\s*-?\d+(\.\d+)?\s*)*)?\]$/.test(cpu)

export function convertEvent(id: number, row: OldRow<'Events'>, findings: Findings): EventRow {
  const old = text(row.state)
  const ended = old === 'FINISHED' || old === 'ERROR'
  // A run that was stopped, or whose worker fell silent, stayed WORKING for ever.
  if (!ended) findings.note('open', `run ${id} of job ${integer(row.job_id)}`)
  const state: RunState = ended ? old : 'LOST'
  return {
    id,
    worker: text(row.worker),
    job_id: integer(row.job_id),
    job_title: text(row.job_title),
    state,
    start: count(row.start),
    duration: count(row.duration),
    log_start: 0,
    needs_id: 0,
  }
}

/** An id that a row can have here. */
export function usableId(value: unknown, what: string, findings: Findings): number | undefined {
  const id = number(value, Number.NaN)
  if (Number.isSafeInteger(id) && id >= 1) return id
  findings.note('id', `${what} ${text(value, 'NULL')}`)
  return undefined
}
