/**
 * Why a job is not running: in words, and in fields. By the same rules as the pick (pick.ts), asked the other way round; a
 * test holds the two together.
 */
import type { Why, WhyReason } from '../answers.ts'
import type { JobRow } from '../db/schema.ts'
import type { Core } from '../domain/core.ts'
import type { Group } from '../domain/group.ts'
import { pathNeeds, rootOf, upFrom } from '../domain/path.ts'
import { jobAt, jobRow } from '../domain/rows.ts'
import { blockedIn, blocklisted, untaken } from './takers.ts'
import { list, MOST_NAMED, why } from './words.ts'

/** Why a job does not run now. No reason at all: a worker that fits takes it as soon as it asks. */
export function whyJob(core: Core, now: number, id: number): Why {
  const row = jobRow(core, id)
  const { paused, worker, run, run_done, retry } = row
  const group = core.tree.get(id)
  const reasons: WhyReason[] = []
  const state = group ? group.state : row.state
  if (state === 'WORKING' && run > 0)
    return why(state, [{ kind: 'running', text: `It runs on ${worker}.`, worker, run }])
  if (state === 'FINISHED') return why(state, [{ kind: 'finished', text: 'It is FINISHED: reset it to run it again.' }])
  if (group ? group.paused : paused === 1) reasons.push({ kind: 'paused', text: 'It is paused: start it.', job: id })
  if (state === 'ERROR' && !group)
    return why(state, [
      ...reasons,
      {
        kind: 'error',
        text: `It failed: ${run_done} ${run_done === 1 ? 'run' : 'runs'}, and retry is ${retry}. Reset it to try again.`,
        run_done,
        retry,
      },
    ])
  reasons.push(...waiting(core, id, true))
  if (group) reasons.push(...heldGroup(group, now, 'It'))
  else if (row.wake_at > now) reasons.push(asleep(row, now))
  else if (state === 'WAITING' && row.ready === 0)
    reasons.push({ kind: 'resetting', text: 'It is being reset: in a moment it may be picked.', job: id })
  for (const above of upFrom(core.tree.get(row.parent))) {
    if (above.paused)
      reasons.push({ kind: 'paused_group', text: `Its group ${above.id} is paused: start that.`, job: above.id })
    reasons.push(...waiting(core, above.id, false), ...heldGroup(above, now, `Its group ${above.id}`))
  }
  const root = rootOf(core, row)
  if (group) return why(state, [...reasons, ...ofGroup(core, row, group, root, reasons.length === 0)])
  const needed = pathNeeds(core, row.parent, row.needs_id)
  return why(state, [...reasons, ...untaken(core, row, needed, root, reasons.length === 0)])
}

/** A time holds it: its own, or that of the next try. */
function asleep({ id, start_after, retry_at }: JobRow, now: number): WhyReason {
  const until = Math.max(start_after, retry_at)
  if (start_after >= retry_at) return notBefore('It', id, start_after)
  return {
    kind: 'retry_delay',
    text: `It failed, and is tried again in ${until - now} s: start it to try now.`,
    job: id,
    since: until,
  }
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

const stateOf = (core: Core, id: number) => core.tree.get(id)?.state ?? jobAt(core, id)?.state

/** What is in a group; and of what is ready there, why nobody takes it. */
function ofGroup(core: Core, row: JobRow, group: Group, root: number, isFree: boolean): WhyReason[] {
  const { total, total_working: working, total_finished: finished, total_errors: errors } = group
  if (total === 0) return [{ kind: 'empty', text: 'It is a group, and holds no job that could run.', job: group.id }]
  const ready = [...group.ready.values()].reduce((sum, count) => sum + count, 0)
  const held = total - working - finished - errors - ready
  const counts = [
    `${working} running`,
    `${ready} ready`,
    ...(held > 0 ? [`${held} held back`] : []),
    `${finished} finished`,
    `${errors} in error`,
  ]
  const text = `It is a group of ${total}: ${counts.join(', ')}.`
  const reasons: WhyReason[] = [
    { kind: 'group', text, job: group.id, total, working, waiting: ready, finished, errors },
    ...(held > 0 ? frameByFrame(core, group.id) : []),
    ...untakenIn(core, row, group, root, isFree && working === 0),
  ]
  const blocked = blockedIn(core, [...core.roster.kinds], root)
  if (ready > 0 && blocked.length > 0 && !reasons.some(({ kind }) => kind === 'blocklist'))
    reasons.push(blocklisted(blocked, root))
  return reasons
}

/** Its frames wait for those of other groups: each says itself for which. */
function frameByFrame(core: Core, id: number): WhyReason[] {
  const jobs = core.rows.dependenciesOf
    .all({ job_id: id })
    .filter(({ kind, met, dependency }) => kind === 'frame' && met === 1 && stateOf(core, dependency) !== 'FINISHED')
    .map(({ dependency }) => dependency)
  if (jobs.length === 0) return []
  const names = list(jobs.slice(0, MOST_NAMED).map((job) => `job ${job}`))
  const text = `Frame by frame it waits for ${names}.`
  return [{ kind: 'dependencies', text, job: id, jobs: jobs.slice(0, MOST_NAMED), count: jobs.length }]
}

/**
 * The same words are said once, with how many jobs they are about where that is not all that is ready. What goes first is
 * counted for the most of them alone: it is the one thing here that reads rows.
 */
function untakenIn(core: Core, row: JobRow, group: Group, root: number, isFree: boolean): WhyReason[] {
  const path = pathNeeds(core, row.parent, group.needs)
  const sets = [...group.ready].sort(([, a], [, b]) => b - a).slice(0, MOST_NAMED)
  const byText = new Map<string, { reason: WhyReason; about: number }>()
  for (const [i, [set, count]] of sets.entries())
    for (const reason of untaken(core, row, core.needs.union(path, set), root, isFree && i === 0)) {
      const about = (byText.get(reason.text)?.about ?? 0) + count
      byText.set(reason.text, { reason, about })
    }
  const ready = [...group.ready.values()].reduce((sum, count) => sum + count, 0)
  return [...byText.values()].map(({ reason, about }) =>
    about === ready ? reason : { ...reason, text: `Of ${about} that are ready: ${reason.text}` },
  )
}
