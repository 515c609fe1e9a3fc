/** What a client's words about a job mean, of a new one and of one that is changed. */
import { invalid } from '../errors.ts'
import type { JobInput } from '../models.ts'
import { affinityNames } from './affinities.ts'
import type { Tx } from './core.ts'
import type { Group } from './group.ts'
import { progressPattern } from './progress.ts'
import { jobAt } from './rows.ts'

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
}

/** What an input says of the columns that a user sets. */
export function settingsOf(tx: Tx, input: Settings, field = (name: string) => name) {
  const { title, command, dir, environment, retry, timeout, priority, user, url, progress_pattern, parent, affinity } =
    input
  if (progress_pattern) progressPattern(progress_pattern, field('progress_pattern'))
  const needs_id = affinity === undefined ? undefined : tx.needs.intern(affinityNames(tx, affinity))
  const given = {
    parent,
    title,
    command,
    dir,
    environment,
    retry,
    timeout,
    priority,
    user,
    url,
    progress_pattern,
    needs_id,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<{
    [K in keyof typeof given]-?: NonNullable<(typeof given)[K]>
  }>
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
