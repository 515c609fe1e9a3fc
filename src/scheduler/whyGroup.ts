/** Why nothing of a group runs: what is in it, why that is held back, and why nobody takes what is ready. */
import { and, eq, inArray, ne } from 'drizzle-orm'
import type { WhyReason } from '../answers.ts'
import { type JobRow, jobs } from '../db/schema.ts'
import type { Core } from '../domain/core.ts'
import type { Group } from '../domain/group.ts'
import { pathNeeds } from '../domain/path.ts'
import { jobAt } from '../domain/rows.ts'
import { ownHolds, stateOf } from './holds.ts'
import { blockedIn, blocklisted, untaken } from './takers.ts'
import { list, MOST_NAMED } from './words.ts'

/** What is in a group; and of what is ready there, why nobody takes it. */
export function ofGroup(
  core: Core,
  now: number,
  row: JobRow,
  group: Group,
  root: number,
  isFree: boolean,
): WhyReason[] {
  const { total, total_working: working, total_finished: finished, total_errors: errors } = group
  if (total === 0) return [{ kind: 'empty', text: 'It is a group, and holds no job that could run.', job: group.id }]
  const ready = readyIn(group)
  const held = total - working - finished - errors - ready
  const counts = [
    `${working} running`,
    `${ready} ${isFree ? 'ready' : 'waiting'}`,
    ...(held > 0 ? [`${held} held back`] : []),
    `${finished} finished`,
    `${errors} in error`,
  ]
  const text = `It is a group of ${total}: ${counts.join(', ')}.`
  const isIdle = isFree && working === 0
  const byFrame = held > 0 ? frameByFrame(core, group.id) : []
  const reasons: WhyReason[] = [
    { kind: 'group', text, job: group.id, total, working, waiting: ready, finished, errors },
    ...byFrame,
    ...(isIdle && ready === 0 && byFrame.length === 0 ? example(core, now, group) : []),
    ...untakenIn(core, row, group, root, isIdle),
  ]
  const blocked = blockedIn(core, [...core.roster.kinds], root)
  if (ready > 0 && blocked.length > 0 && !reasons.some(({ kind }) => kind === 'blocklist'))
    reasons.push(blocklisted(blocked, root))
  return reasons
}

const readyIn = (group: Group): number => group.ready.values().reduce((sum, count) => sum + count, 0)

/** Of a group in which nothing runs and nothing is ready: one that is held back, and by what. */
function example(core: Core, now: number, group: Group): WhyReason[] {
  const id = heldIn(core, group)
  const row = id === undefined ? undefined : jobAt(core, id)
  if (!row) return []
  return ownHolds(core, now, row, core.tree.get(row.id)).map((reason) => {
    const text = `Of what is held back, job ${row.id}: ${reason.text}`
    return { ...reason, text }
  })
}

/** The first leaf that is held, or the group that holds it. As nothing is ready or runs, all that has not ended is held. */
function heldIn(core: Core, top: Group): number | undefined {
  for (let group: Group | undefined = top; group; ) {
    const leaf = core.db
      .select({ id: jobs.id })
      .from(jobs)
      .where(
        and(eq(jobs.parent, group.id), inArray(jobs.state, ['PENDING', 'PAUSED', 'WAITING']), ne(jobs.command, '')),
      )
      .limit(1)
      .get()
    if (leaf) return leaf.id
    group = [...group.children].find((child) => child.total > child.total_finished + child.total_errors)
    if (group?.held) return group.id
  }
  return undefined
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
  const ready = readyIn(group)
  return [...byText.values()].map(({ reason, about }) =>
    about === ready ? reason : { ...reason, text: `Of ${about} that are ready: ${reason.text}` },
  )
}
