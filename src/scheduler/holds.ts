/** What holds a job back, itself or by a group that it is in: whoever could take it. */
import type { WhyReason } from '../answers.ts'
import type { JobRow } from '../db/schema.ts'
import type { Core } from '../domain/core.ts'
import type { Group } from '../domain/group.ts'
import { jobAt } from '../domain/rows.ts'
import { list, MOST_NAMED } from './words.ts'

/** Of a job that has not ended, its own: a pause, what it waits for, a time, and of a group the rules for what is in it. */
export function ownHolds(core: Core, now: number, row: JobRow, group: Group | undefined): WhyReason[] {
  const { id: job, state } = row
  const reasons: WhyReason[] = []
  if (group ? group.paused : row.paused === 1) reasons.push({ kind: 'paused', text: 'It is paused: start it.', job })
  reasons.push(...waiting(core, job, true))
  if (group) reasons.push(...heldGroup(group, now, 'It'))
  else if (row.wake_at > now) reasons.push(asleep(row, now))
  else if (state === 'WAITING' && row.ready === 0)
    reasons.push({ kind: 'resetting', text: 'It is being reset: in a moment it may be picked.', job })
  return reasons
}

/** What holds all that is in a group. */
export function holdsBelow(core: Core, now: number, group: Group): WhyReason[] {
  const { id: job } = group
  const who = `Its group ${job}`
  const paused: WhyReason[] = group.paused ? [{ kind: 'paused_group', text: `${who} is paused: start that.`, job }] : []
  return [...paused, ...waiting(core, job, false), ...heldGroup(group, now, who)]
}

/** A time holds it: its own, or that of the next try. */
function asleep({ id, start_after, retry_at }: JobRow, now: number): WhyReason {
  const until = Math.max(start_after, retry_at)
  if (start_after >= retry_at) return notBefore('It', id, start_after)
  return {
    kind: 'retry_delay',
    text: `It failed, and is tried again in ${waitOf(until - now)}: start it to try now.`,
    job: id,
    since: until,
  }
}

const MINUTE = 60
const HOUR = 60 * MINUTE

/** To the second only where somebody would wait for it; rounded up, because it is no sooner. */
function waitOf(seconds: number): string {
  if (seconds < 2 * MINUTE) return `${seconds} s`
  return seconds < 2 * HOUR ? `${Math.ceil(seconds / MINUTE)} min` : `${Math.ceil(seconds / HOUR)} h`
}

const notBefore = (who: string, job: number, time: number): WhyReason => ({
  kind: 'start_after',
  text: `${who} does not start before ${new Date(time * 1000).toISOString()}.`,
  job,
  since: time,
})

/** What holds back all that is below a group, besides a pause and what it waits for. */
function heldGroup(group: Group, now: number, who: string): WhyReason[] {
  const { id: job, max_workers, error_limit, total_errors, wake_at } = group
  const reasons: WhyReason[] = []
  if (wake_at > now) reasons.push(notBefore(who, job, wake_at))
  if (group.isFull)
    reasons.push({
      kind: 'max_workers',
      text: `${who} runs ${max_workers} at a time, as its max_workers says, and does.`,
      job,
      count: max_workers,
    })
  if (group.isBroken)
    reasons.push({
      kind: 'error_limit',
      text: `${who} has ${total_errors} in ERROR, and stops at ${error_limit}: reset those, or raise its error_limit.`,
      job,
      errors: total_errors,
      count: error_limit,
    })
  return reasons
}

/** What a job, or a group that it is in, waits for; of that, what does not go on by itself is told. */
function waiting(core: Core, id: number, own: boolean): WhyReason[] {
  const unmet = core.rows.dependenciesOf.all({ job_id: id }).filter(({ met }) => met === 0)
  if (unmet.length === 0) return []
  const named = unmet.slice(0, MOST_NAMED)
  const jobs = named.map(({ dependency }) => dependency)
  const names = named.map(({ dependency, kind }) => {
    const state = stateOf(core, dependency)
    const stuck = state === 'ERROR' ? ' (in ERROR)' : state === 'PAUSED' ? ' (PAUSED)' : ''
    return `${kind === 'any' ? 'any of ' : ''}job ${dependency}${stuck}`
  })
  if (unmet.length > named.length) names.push(`${unmet.length - named.length} more`)
  return [
    {
      kind: own ? 'dependencies' : 'group_dependencies',
      text: `${own ? 'It' : `Its group ${id}`} waits for ${list(names)} to be FINISHED.`,
      job: id,
      jobs,
      count: unmet.length,
    },
  ]
}

export const stateOf = (core: Core, id: number) => core.tree.get(id)?.state ?? jobAt(core, id)?.state
