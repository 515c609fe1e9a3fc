/** What the audit says of jobs: fields with their values before and after, without secrets. */
import type { Change } from '../domain/audit.ts'
import type { Tx } from '../domain/core.ts'
import { hideInCommand, hideInEnvironment } from '../domain/hidden.ts'
import { jobAt } from '../domain/rows.ts'
import type { Dependency, JobInput, NewJob } from '../models.ts'

/** Of so many jobs of a call the fields are told. */
export const FIRST = 20
/** Characters of a command or an environment that are looked at: a record keeps the first 200. */
const LOOKED_AT = 4096

/** Of a new job. */
const OF_NEW = ['title', 'command', 'user', 'parent', 'frames'] as const
/** Those that a client may set; what else it hands back is the server's. */
const SETTABLE = [
  'parent', 'title', 'command', 'dir', 'environment', 'retry', 'timeout', 'priority', 'user', 'url', 'progress_pattern',
  'memory', 'cores', 'gpus', 'max_workers', 'error_limit', 'start_after', 'retry_delay', 'retry_growth', 'min_run_time',
  'idle_timeout', 'fatal', 'success', 'affinity', 'limits', 'dependencies', 'paused', 'state',
] as const // biome-ignore format: a list of names

type Field = (typeof SETTABLE)[number]

function textOf(field: string, value: unknown): string {
  if (field === 'environment') return hideInEnvironment(String(value).slice(0, LOOKED_AT))
  if (field === 'paused') return String(Number(value))
  if (Array.isArray(value)) return value.slice(0, FIRST).map(dependencyText).join(',')
  return typeof value === 'string' ? hideInCommand(value.slice(0, LOOKED_AT)) : String(value)
}

const dependencyText = (each: Dependency): string =>
  typeof each === 'number' ? String(each) : each.kind === 'all' ? String(each.job) : `${each.kind}:${each.job}`

/** Before the change. What is as it was is not told: clients of Coalition hand back whole jobs. */
export function changesOfJobs(tx: Tx, edits: Record<string, JobInput>): Change[] {
  const changes: Change[] = []
  for (const [id, edit] of Object.entries(edits).slice(0, FIRST)) {
    const before = settingsOf(tx, Number(id))
    if (!before) continue
    for (const field of SETTABLE) {
      const value = edit[field]
      if (value === undefined) continue
      const [was, is] = [textOf(field, before(field)), textOf(field, value)]
      if (was !== is) changes.push([id, field, was, is])
      else if (field === 'command' || field === 'environment')
        if (before(field) !== value && value !== was)
          // A secret in it, or what is past the beginning.
          changes.push([id, field, was, `${is} (changed)`])
    }
  }
  return changes
}

function settingsOf(tx: Tx, id: number): ((field: Field) => unknown) | undefined {
  const row = jobAt(tx, id)
  if (!row) return undefined
  return (field) => {
    if (field === 'affinity') return tx.needs.text(row.needs_id)
    if (field === 'limits') return tx.needs.at(row.needs_id).limits.join(',')
    if (field === 'dependencies')
      return tx.rows.dependenciesOf.all({ job_id: id }).map(({ dependency, kind }) => ({ job: dependency, kind }))
    return row[field]
  }
}

/** After it: what came by `PUT` as it was sent, what came by a form as it is now. */
export function addedJobs(tx: Tx, ids: readonly number[], body: NewJob | NewJob[] | string | undefined): Change[] {
  const sent = typeof body === 'object' ? (Array.isArray(body) ? body : [body]) : undefined
  const changes: Change[] = []
  for (let i = 0; i < ids.length && i < FIRST; i++) {
    const id = ids[i] ?? 0
    const job = sent ? sent[i] : jobAt(tx, id)
    if (!job) continue
    for (const field of OF_NEW) {
      const value = job[field]
      if (value) changes.push([String(id), field, null, textOf(field, value)])
    }
    if ('children' in job && job.children) changes.push([String(id), 'children', null, String(job.children.length)])
  }
  return changes
}

/** What was there, as nothing else will tell it. */
export function deletedJobs(tx: Tx, ids: readonly (string | number)[]): Change[] {
  const changes: Change[] = []
  for (const id of ids.slice(0, FIRST)) {
    const row = jobAt(tx, Number(id))
    if (row) changes.push([String(id), 'title', row.title, null])
  }
  return changes
}
