/** What a client's words about a job mean, of a new one and of one that is changed. */
import type { JobRow } from '../db/schema.ts'
import { invalid } from '../errors.ts'
import type { JobInput } from '../models.ts'
import { affinityNames } from './affinities.ts'
import type { Tx } from './core.ts'
import type { Group } from './group.ts'
import { memoryClass, type Need, NOTHING, namesOf } from './needs.ts'
import { linePattern } from './patterns.ts'
import { progressPattern } from './progress.ts'
import { jobAt, SETTINGS } from './rows.ts'

type Settings = Omit<JobInput, 'dependencies'>

/** What is left out of a new job (`behaviour.md`, "Job"). */
export const DEFAULTS = {
  parent: 0,
  title: '',
  command: '',
  dir: '.',
  environment: '',
  retry: 0,
  timeout: 0,
  priority: 1000,
  user: '',
  url: '',
  progress_pattern: '',
  needs_id: 0,
  deadline: 0,
  frames: '',
  reset: 0,
  memory: 0,
  cores: 0,
  gpus: 0,
  max_workers: 0,
  error_limit: 0,
  start_after: 0,
  retry_delay: 0,
  retry_growth: 1,
  min_run_time: 0,
  idle_timeout: 0,
  fatal: '',
  success: '',
}

/** What is worked out, and not kept as it is said. */
const WORKED_OUT = ['needs_id', 'deadline', 'frames', 'reset'] as const
type Plain = Exclude<(typeof SETTINGS)[number], (typeof WORKED_OUT)[number]>
const PLAIN = SETTINGS.filter((name): name is Plain => !(WORKED_OUT as readonly string[]).includes(name))
type Said = { [K in Plain]?: NonNullable<Settings[K]> } & { needs_id?: number }

/** What an input says of the columns that a user sets; `needs` is the set that the job has. */
export function settingsOf(tx: Tx, input: Settings, field = (name: string) => name, needs = NOTHING): Said {
  if (input.progress_pattern) progressPattern(input.progress_pattern, field('progress_pattern'))
  for (const name of ['fatal', 'success'] as const) if (input[name]) linePattern(input[name], field(name))
  const said: Record<string, unknown> = {}
  for (const name of PLAIN) if (input[name] !== undefined) said[name] = input[name]
  const needed = needsIn(tx, input)
  if (needed) said.needs_id = tx.needs.with(needs, needed)
  return said
}

function needsIn(tx: Tx, { affinity, limits, memory, cores, gpus }: Settings): Partial<Need> | undefined {
  if ([affinity, limits, memory, cores, gpus].every((each) => each === undefined)) return undefined
  const need: Partial<Need> = {}
  if (affinity !== undefined) need.affinity = affinityNames(tx, affinity)
  if (limits !== undefined) need.limits = namesOf(limits)
  if (memory !== undefined) need.memory = memory && memoryClass(memory)
  if (cores !== undefined) need.cores = cores
  if (gpus !== undefined) need.gpus = gpus
  return need
}

/** What only a group can have. */
export function refuseOfLeaf(
  job: Pick<JobRow, 'command' | 'max_workers' | 'error_limit'>,
  field: (name: string) => string,
): void {
  for (const name of ['max_workers', 'error_limit'] as const)
    if (job[name] > 0 && job.command !== '')
      throw invalid(field(name), `${name} is ${job[name]}, and it is for groups: a job with a command has 0.`)
}

/**
 * Whether an input pauses the job or lets it go; the states that are the server's say nothing. A job that is handed back
 * whole says it twice, in `paused` and in `state`: what was changed is the one that is not so already (`now`).
 */
export function pausedIn({ paused, state }: Settings, now?: boolean): boolean | undefined {
  const flag = paused === undefined ? undefined : Boolean(paused)
  const word = state === 'PAUSED' ? true : state === 'WAITING' ? false : undefined
  if (now !== undefined && flag !== undefined && word !== undefined && flag !== word) return !now
  return flag ?? word
}

/** The group that a caller names as parent; `field` is where. */
export function groupAt(tx: Tx, id: number, field = 'parent'): Group {
  const group = tx.tree.get(id)
  if (group) return group
  if (jobAt(tx, id))
    throw invalid(
      field,
      `Job ${id} has a command, so it can hold no other jobs: name a group (a job without a command), or 0 for the root.`,
    )
  throw invalid(field, `There is no job ${id} to be the parent: name a group, or 0 for the root.`)
}
