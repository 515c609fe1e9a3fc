/**
 * Why a job is not running: in words, and in fields. By the same rules as the pick (pick.ts), asked the other way round; a
 * test holds the two together.
 */
import type { Why, WhyReason } from '../answers.ts'
import type { JobRow } from '../db/schema.ts'
import type { Core } from '../domain/core.ts'
import type { Group } from '../domain/group.ts'
import { pathNeeds, rootOf, upFrom } from '../domain/path.ts'
import type { Kind } from '../domain/roster.ts'
import { isGroup, jobRow } from '../domain/rows.ts'
import { fitsIn } from '../domain/usage.ts'
import { askerOfPresent, kindFits, namesFit } from './asker.ts'
import { countBefore, type Fitting, fittingWorkers, MOST_COUNTED } from './queue.ts'
import { asked, list, MOST_NAMED, why } from './words.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE

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
  if (isGroup(row)) return why(state, [...reasons, ...ofGroup(core, group as Group, root, reasons.length > 0)])
  const needed = pathNeeds(core, row.parent, row.needs_id)
  const fitting = fittingWorkers(core, needed, root)
  reasons.push(...fullLimits(core, needed, fitting))
  if (fitting.names.length === 0) reasons.push(noWorker(core, needed, root))
  else if (reasons.length === 0) reasons.push(...queue(core, row, needed, root, fitting))
  return why(state, reasons)
}

/** A time holds it: its own, or that of the next try. */
function asleep({ id, start_after, retry_at }: JobRow, now: number): WhyReason {
  const until = Math.max(start_after, retry_at)
  if (start_after >= retry_at) return notBefore('It', id, start_after)
  return {
    kind: 'retry_delay',
    text: `It failed, and is tried again in ${waitOf(until - now)}.`,
    job: id,
    since: until,
  }
}

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

/** What a job, or a group that it is in, waits for. */
function waiting(core: Core, id: number, own: boolean): WhyReason[] {
  const unmet = core.rows.dependenciesOf.all({ job_id: id }).filter(({ met }) => met === 0)
  if (unmet.length === 0) return []
  const named = unmet.slice(0, MOST_NAMED)
  const jobs = named.map(({ dependency }) => dependency)
  const names = named.map(({ dependency, kind }) => (kind === 'any' ? `any of job ${dependency}` : `job ${dependency}`))
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

/** `held`: by what was said before, so that none of it is ready for a worker. */
function ofGroup(core: Core, group: Group, root: number, held: boolean): WhyReason[] {
  const { total, total_working: working, total_finished: finished, total_errors: errors } = group
  if (total === 0) return [{ kind: 'empty', text: 'It is a group, and holds no job that could run.', job: group.id }]
  const ready = [...group.ready.values()].reduce((sum, count) => sum + count, 0)
  const text = `It is a group of ${total}: ${working} running, ${ready} ${held ? 'waiting' : 'ready'}, ${finished} finished, ${errors} in error.`
  const reasons: WhyReason[] = [
    { kind: 'group', text, job: group.id, total, working, waiting: ready, finished, errors },
  ]
  const blocked = blockedIn(core, [...core.roster.kinds], root)
  if (ready > 0 && blocked.length > 0) reasons.push(blocklisted(blocked, root))
  return reasons
}

/** Active workers that failed too often in a root job. */
const blockedIn = (core: Core, kinds: readonly Kind[], root: number): string[] =>
  kinds.flatMap((kind) => [...kind.members].filter((name) => core.blocklist.of(name).has(root)))

function blockedWords(blocked: readonly string[], root: number): string {
  const names = blocked.slice(0, MOST_NAMED)
  if (blocked.length > names.length) names.push(`${blocked.length - names.length} more`)
  return `${list(names)} failed too often in job ${root} and ${blocked.length === 1 ? 'is' : 'are'} blocked for it`
}

const blocklisted = (blocked: readonly string[], root: number): WhyReason => ({
  kind: 'blocklist',
  text: `${blockedWords(blocked, root)}: clear its blocklist.`,
  job: root,
  workers: blocked.slice(0, MOST_NAMED),
  count: blocked.length,
})

/** Why nobody could take it, however idle: the first thing that none has. */
function noWorker(core: Core, needed: number, root: number): WhyReason {
  const { affinity, memory, cores, gpus } = core.needs.at(needed)
  const needs = [...affinity]
  const active = core.roster.size
  if (active === 0) return { kind: 'no_worker', text: 'No worker is active and shows signs of life.', needs }
  const kinds = [...core.roster.kinds]
  const ofAffinity = kinds.filter((kind) => namesFit(core, kind, needed))
  if (ofAffinity.length === 0) {
    const text =
      needs.length === 0
        ? 'No active worker takes jobs that need nothing.'
        : `None of the ${active} active workers has ${list(needs)} in one line of its affinity.`
    return { kind: 'affinity', text, needs }
  }
  const able = ofAffinity.filter((kind) => fitsIn(core.needs.at(needed), kind))
  if (able.length === 0)
    return { kind: 'resources', text: `No active worker of its affinity has ${asked({ memory, cores, gpus })}.`, needs }
  return blocklisted(
    able.flatMap((kind) => [...kind.members]),
    root,
  )
}

/** Limits that let none of those who fit begin now. */
function fullLimits({ needs, usage, roster }: Core, needed: number, { names }: Fitting): WhyReason[] {
  return needs.at(needed).limits.flatMap((limit): WhyReason[] => {
    const rule = usage.limits.get(limit)
    if (!rule || names.some((name) => !usage.isFull(limit, roster.hostOf(name) ?? name))) return []
    const [used, what] = [usage.used(limit), rule.per === 'run' ? 'runs' : 'hosts']
    return usage.isFull(limit, '')
      ? [
          {
            kind: 'limit',
            text: `The limit ${limit} is ${rule.max} ${what}, and ${used} are in use.`,
            limit,
            count: used,
          },
        ]
      : []
  })
}

/** It could run: how many go first, and whether anybody is free. */
function queue(core: Core, row: JobRow, needed: number, root: number, fitting: Fitting): WhyReason[] {
  // The kind of worker for which it waits least.
  const before = Math.min(...fitting.kinds.map((each) => countBefore(core, row, each)))
  const count = fitting.names.length
  const reasons: WhyReason[] = []
  if (before > 0) {
    const number = before > MOST_COUNTED ? `More than ${MOST_COUNTED}` : before
    reasons.push({
      kind: 'queue',
      text: `${number} ready ${before === 1 ? 'job goes' : 'jobs go'} first, by priority and age.`,
      count: Math.min(before, MOST_COUNTED),
    })
  }
  const idle = fitting.names.filter((name) => core.live.workers.get(name)?.run === 0)
  if (idle.length === 0) {
    const kinds = [...core.roster.kinds].filter((kind) => kindFits(core, kind, needed))
    const blocked = blockedIn(core, kinds, root)
    const others = blocked.length > 0 ? `; ${blockedWords(blocked, root)}` : ''
    reasons.push({
      kind: 'busy',
      text: `${count === 1 ? 'The one worker that fits is' : `All ${count} workers that fit are`} busy${others}.`,
      count,
      ...(blocked.length > 0 && { workers: blocked.slice(0, MOST_NAMED) }),
    })
  } else if (!idle.some((name) => mayTake(core, name, needed, root)))
    reasons.push({
      kind: 'room',
      text: `${idle.length} of the workers that fit ${idle.length === 1 ? 'is' : 'are'} idle, and none of their hosts has ${asked(core.needs.at(needed))} left.`,
      count: idle.length,
    })
  return reasons
}

function mayTake(core: Core, name: string, needed: number, root: number): boolean {
  return askerOfPresent(core, name)?.may(needed, root) ?? false
}
