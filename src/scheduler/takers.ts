/**
 * Why no worker takes what could run: nobody is able to, a limit is full, others go first, or those that could are busy. Asked
 * for a leaf, and for what a group has ready.
 */
import type { WhyReason } from '../answers.ts'
import type { JobRow } from '../db/schema.ts'
import type { Core } from '../domain/core.ts'
import type { Kind } from '../domain/roster.ts'
import { fitsIn, type Usage } from '../domain/usage.ts'
import { askerOfPresent, kindFits, namesFit, othersFit } from './asker.ts'
import { countBefore, type Fitting, fittingWorkers, MOST_COUNTED } from './queue.ts'
import { asked, counted, list, MOST_NAMED } from './words.ts'

/** `needed` is all that it needs, its groups' needs included; `isFree`: nothing holds it, so what goes first is of interest. */
export function untaken(core: Core, row: JobRow, needed: number, root: number, isFree: boolean): WhyReason[] {
  const fitting = fittingWorkers(core, needed, root)
  const reasons = fullLimits(core, needed, fitting)
  if (fitting.names.length === 0) return [...reasons, noWorker(core, needed, root)]
  return isFree && reasons.length === 0 ? queue(core, row, needed, root, fitting) : reasons
}

/** Active workers that failed too often in a root job. */
export const blockedIn = (core: Core, kinds: readonly Kind[], root: number): string[] =>
  kinds.flatMap((kind) => [...kind.members].filter((name) => core.blocklist.of(name).has(root)))

function blockedWords(blocked: readonly string[], root: number): string {
  const names = blocked.slice(0, MOST_NAMED)
  if (blocked.length > names.length) names.push(`${blocked.length - names.length} more`)
  return `${list(names)} failed too often in job ${root} and ${blocked.length === 1 ? 'is' : 'are'} blocked for it`
}

export const blocklisted = (blocked: readonly string[], root: number): WhyReason => ({
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
    const none = active === 1 ? 'The one active worker has not' : `None of the ${active} active workers has`
    const text =
      needs.length === 0
        ? 'No active worker takes jobs that need nothing.'
        : `${none} ${list(needs)} in one line of its affinity.`
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
  return needs
    .at(needed)
    .limits.filter((limit) => usage.isFull(limit, ''))
    .filter((limit) => names.every((name) => usage.isFull(limit, roster.hostOf(name) ?? name)))
    .map((limit) => fullLimit(usage, limit))
}

function fullLimit(usage: Usage, limit: string): WhyReason {
  const { max = 0, per = 'run' } = usage.limits.get(limit) ?? {}
  const used = usage.used(limit)
  const text = `The limit ${limit} is ${counted(max, per)}, and ${used} ${used === 1 ? 'is' : 'are'} in use.`
  return { kind: 'limit', text, limit, count: used }
}

/** It could run: how many go first, and why those that are free do not take it. */
function queue(core: Core, row: JobRow, needed: number, root: number, fitting: Fitting): WhyReason[] {
  // The kind of worker for which it waits least.
  const before = Math.min(...fitting.kinds.map((each) => countBefore(core, row, each)))
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
  if (idle.some((name) => askerOfPresent(core, name)?.may(needed, root))) return reasons
  const { avoid } = core.needs.at(needed)
  const left = idle.find((name) => name === avoid && othersFit(core, needed, core.roster.hostOf(name) ?? name, root))
  if (left !== undefined) reasons.push(leftToOthers(core, row, left))
  const free = idle.filter((name) => name !== left)
  if (free.length > 0) return [...reasons, ...noRoom(core, needed, free)]
  const count = fitting.names.length - (left === undefined ? 0 : 1)
  const kinds = [...core.roster.kinds].filter((kind) => kindFits(core, kind, needed))
  const blocked = blockedIn(core, kinds, root)
  const others = blocked.length > 0 ? `; ${blockedWords(blocked, root)}` : ''
  const other = left === undefined ? '' : 'other '
  reasons.push({
    kind: 'busy',
    text: `${count === 1 ? `The one ${other}worker that fits is` : `All ${count} ${other}workers that fit are`} busy${others}.`,
    count,
    ...(blocked.length > 0 && { workers: blocked.slice(0, MOST_NAMED) }),
  })
  return reasons
}

/** Of the workers that are free, one is left out: it failed on that. */
function leftToOthers({ avoided }: Core, { id }: JobRow, worker: string): WhyReason {
  const until = avoided.get(id)
  return {
    kind: 'avoided',
    text: `It failed on ${worker}, and is left to others for up to a minute.`,
    worker,
    ...(until !== undefined && { since: until }),
  }
}

/** Workers that fit are free, and none of them may begin: by a limit of hosts that has no more, or for want of room on its own. */
function noRoom({ needs, usage, roster }: Core, needed: number, free: readonly string[]): WhyReason[] {
  const need = needs.at(needed)
  const hostOf = (name: string) => roster.hostOf(name) ?? name
  const full = need.limits.filter((limit) => free.some((name) => usage.isFull(limit, hostOf(name))))
  const reasons = full.map((limit) => fullLimit(usage, limit))
  const open = free.filter((name) => !full.some((limit) => usage.isFull(limit, hostOf(name))))
  if (open.length > 0)
    reasons.push({
      kind: 'room',
      text: `${open.length} of the workers that fit ${open.length === 1 ? 'is' : 'are'} idle, and none of their hosts has ${asked(need)} left.`,
      count: open.length,
    })
  return reasons
}
