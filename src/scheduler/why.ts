/**
 * Why a job is not running, and why a worker has nothing to do: in words, and in fields. By the same rules as the pick
 * (pick.ts), asked the other way round; a test holds the two together.
 */
import { sql } from 'drizzle-orm'
import type { Why, WhyReason } from '../answers.ts'
import { type JobRow, type WorkerRow, workers } from '../db/schema.ts'
import type { Core } from '../domain/core.ts'
import type { Group } from '../domain/group.ts'
import { NOTHING } from '../domain/needs.ts'
import { isGroup, jobAt, jobRow } from '../domain/rows.ts'
import { notFound } from '../errors.ts'
import { cachedLines } from './assign.ts'
import { type Line, pick } from './pick.ts'

/** Ids, names and sets named in one reason; more are counted. */
const MOST_NAMED = 20
/** Jobs before another are counted so far, no further: a queue of ten thousand and one of a million are the same to wait in. */
const MOST_COUNTED = 10_000

/** Why a job does not run now. No reason at all: a worker that fits takes it as soon as it asks. */
export function whyJob(core: Core, id: number): Why {
  const row = jobRow(core, id)
  const { state, paused, worker, run, run_done, retry } = row
  const group = core.tree.get(id)
  const reasons: WhyReason[] = []
  const now = group ? group.state : state
  if (now === 'WORKING' && run > 0) return why(now, [{ kind: 'running', text: `It runs on ${worker}.`, worker, run }])
  if (now === 'FINISHED') return why(now, [{ kind: 'finished', text: 'It is FINISHED: reset it to run it again.' }])
  if (group ? group.paused : paused === 1) reasons.push({ kind: 'paused', text: 'It is paused: start it.', job: id })
  if (now === 'ERROR' && !group)
    return why(now, [
      ...reasons,
      {
        kind: 'error',
        text: `It failed: ${run_done} ${run_done === 1 ? 'run' : 'runs'}, and retry is ${retry}. Reset it to try again.`,
        run_done,
        retry,
      },
    ])
  reasons.push(...waiting(core, id, true))
  for (let above = core.tree.get(row.parent); above && above.id !== 0; above = above.parent ?? undefined) {
    if (above.paused)
      reasons.push({ kind: 'paused_group', text: `Its group ${above.id} is paused: start that.`, job: above.id })
    reasons.push(...waiting(core, above.id, false))
  }
  if (!group && now === 'WAITING' && row.ready === 0)
    reasons.push({ kind: 'resetting', text: 'It is being reset: in a moment it may be picked.', job: id })
  if (isGroup(row)) return why(now, [...reasons, ...ofGroup(group as Group)])
  const needed = needsOf(core, row)
  const fitting = fittingWorkers(core, needed)
  if (fitting.count === 0) reasons.push(noWorker(core, needed))
  else if (reasons.length === 0) reasons.push(...queue(core, row, fitting))
  return why(now, reasons)
}

const why = (state: Why['state'], reasons: WhyReason[]): Why => ({
  state,
  text: reasons.map((reason) => reason.text).join(' ') || 'Nothing holds it: a worker takes it as soon as one asks.',
  reasons,
})

/** What a job, or a group that it is in, waits for. */
function waiting(core: Core, id: number, own: boolean): WhyReason[] {
  const ids = core.rows.dependenciesOf
    .all({ job_id: id })
    .map(({ dependency }) => dependency)
    .filter((dependency) => (core.tree.get(dependency) ?? jobAt(core, dependency))?.state !== 'FINISHED')
  if (ids.length === 0) return []
  const jobs = ids.slice(0, MOST_NAMED)
  const more = ids.length > jobs.length ? ` and ${ids.length - jobs.length} more` : ''
  const who = own ? 'It' : `Its group ${id}`
  const names = `${ids.length === 1 ? 'job' : 'jobs'} ${jobs.join(', ')}${more}`
  return [
    {
      kind: own ? 'dependencies' : 'group_dependencies',
      text: `${who} waits for ${names} to be FINISHED.`,
      job: id,
      jobs,
      count: ids.length,
    },
  ]
}

function ofGroup(group: Group): WhyReason[] {
  const { total, total_working: working, total_finished: finished, total_errors: errors } = group
  if (total === 0) return [{ kind: 'empty', text: 'It is a group, and holds no job that could run.', job: group.id }]
  const ready = [...group.ready.values()].reduce((sum, count) => sum + count, 0)
  const text = `It is a group of ${total}: ${working} running, ${ready} ready, ${finished} finished, ${errors} in error.`
  return [{ kind: 'group', text, job: group.id, total, working, waiting: ready, finished, errors }]
}

/** All that a leaf needs: its own names and those of its groups. */
function needsOf({ tree, needs }: Core, row: JobRow): number {
  let set = row.needs_id
  for (let group = tree.get(row.parent); group; group = group.parent ?? undefined) set = needs.union(set, group.needs)
  return set
}

interface Fitting {
  count: number
  idle: number
  /** Of each kind of worker: the first line that covers the job, and those that go before it. */
  kinds: { line: Line; earlier: readonly Line[] }[]
}

/** Active workers that show signs of life, by their affinity: they are thousands, their kinds dozens. */
const kinds = ({ db }: Core) =>
  db
    .select({ affinity: workers.affinity, count: sql<number>`count(*)`, idle: sql<number>`sum(state = 'WAITING')` })
    .from(workers)
    .where(sql`${workers.active} = 1 and ${workers.state} in ('WAITING', 'WORKING')`)
    .groupBy(workers.affinity)
    .all()

function fittingWorkers(core: Core, needed: number): Fitting {
  const fitting: Fitting = { count: 0, idle: 0, kinds: [] }
  for (const { affinity, count, idle } of kinds(core)) {
    const lines = cachedLines(core, affinity)
    const at = lines.findIndex((line) => line(needed))
    const line = lines[at]
    if (!line) continue
    fitting.count += count
    fitting.idle += idle
    fitting.kinds.push({ line, earlier: lines.slice(0, at) })
  }
  return fitting
}

function noWorker(core: Core, needed: number): WhyReason {
  const needs = [...core.needs.names(needed)]
  const active = kinds(core).reduce((sum, { count }) => sum + count, 0)
  if (active === 0) return { kind: 'no_worker', text: 'No worker is active and shows signs of life.', needs }
  const text =
    needs.length === 0
      ? 'No active worker takes jobs that need nothing.'
      : `None of the ${active} active workers has ${list(needs)} in one line of its affinity.`
  return { kind: 'affinity', text, needs }
}

const list = (names: readonly string[]) =>
  names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`

/** It could run: how many go first, and whether anybody is free. */
function queue(core: Core, row: JobRow, fitting: Fitting): WhyReason[] {
  // The kind of worker for which it waits least.
  const before = Math.min(...fitting.kinds.map(({ line, earlier }) => countBefore(core, row, line, earlier)))
  const { count, idle } = fitting
  const reasons: WhyReason[] = []
  if (before > 0) {
    const number = before > MOST_COUNTED ? `More than ${MOST_COUNTED}` : before
    reasons.push({
      kind: 'queue',
      text: `${number} ready ${before === 1 ? 'job goes' : 'jobs go'} first, by priority and age.`,
      count: Math.min(before, MOST_COUNTED),
    })
  }
  if (idle === 0)
    reasons.push({
      kind: 'busy',
      text: `${count === 1 ? 'The one worker that fits is' : `All ${count} workers that fit are`} busy.`,
      count,
    })
  return reasons
}

/**
 * Ready leaves that a worker would take first: all that fit an earlier line of it, and in the line of this one those of
 * higher rank beside it, and all below the groups of higher rank beside each of its ancestors.
 */
function countBefore({ tree, needs, db }: Core, row: JobRow, line: Line, earlier: readonly Line[]): number {
  const sooner: Line = (set) => earlier.some((each) => each(set))
  const fits: Line = (set) => line(set) && !sooner(set)
  let before = 0
  for (const [set, count] of tree.root.ready) if (sooner(set)) before += count
  let at: { id: number; priority: number; parent: number } = row
  const paths = pathSets(tree.get(row.parent), needs.union.bind(needs))
  for (let group = tree.get(row.parent); group; group = group.parent ?? undefined) {
    const path = paths.get(group) ?? NOTHING
    for (const set of group.leaves.keys())
      if (fits(needs.union(path, set)))
        before += db.all<unknown>(
          sql`select 1 from jobs where parent = ${group.id} and needs_id = ${set} and ready = 1
            and (priority > ${at.priority} or (priority = ${at.priority} and id < ${at.id})) limit ${MOST_COUNTED + 1}`,
        ).length
    for (const child of group.children)
      if (!child.held && (child.priority > at.priority || (child.priority === at.priority && child.id < at.id)))
        for (const [set, count] of child.ready)
          if (fits(needs.union(path, needs.union(set, child.needs)))) before += count
    if (before > MOST_COUNTED) return before
    at = { id: group.id, priority: group.priority, parent: group.parent?.id ?? 0 }
  }
  return before
}

/** What each group on the way up adds to what is below it, itself included. */
function pathSets(bottom: Group | undefined, union: (a: number, b: number) => number): Map<Group, number> {
  const up: Group[] = []
  for (let group = bottom; group; group = group.parent ?? undefined) up.push(group)
  const sets = new Map<Group, number>()
  let set = NOTHING
  for (const group of up.reverse()) {
    set = union(set, group.needs)
    sets.set(group, set)
  }
  return sets
}

/** Why a worker has nothing to do; with `next`, the job that it gets when it asks. */
export function whyWorker(core: Core, name: string): Why {
  const row = core.rows.worker.get({ name })
  if (!row) throw notFound(`There is no worker '${name}'.`, 'name')
  const { state, active, current_event: run, last_job: job } = row
  if (run > 0) return why(state, [{ kind: 'running', text: `It runs job ${job}.`, run, job }])
  const reasons: WhyReason[] = []
  if (active === 0) reasons.push({ kind: 'inactive', text: 'It is stopped: start it.' })
  if (state === 'TIMEOUT' || state === 'TERMINATED')
    reasons.push({ kind: 'silent', text: 'It shows no sign of life.', since: row.ping_time })
  const next = pick(core, cachedLines(core, row.affinity))
  if (next === undefined) reasons.push(nothingFits(core, row))
  const answer = why(state, reasons)
  if (next === undefined) return answer
  return { ...answer, next, text: reasons.length === 0 ? `It gets job ${next} as soon as it asks.` : answer.text }
}

function nothingFits({ tree, needs }: Core, { affinity }: WorkerRow): WhyReason {
  const { ready } = tree.root
  if (ready.size === 0) return { kind: 'nothing_ready', text: 'No job is ready to run.' }
  const sets = [...ready]
    .map(([set, count]) => ({ needs: [...needs.names(set)], count }))
    .sort((a, b) => b.count - a.count)
  const first = sets[0]?.needs ?? []
  const lines = affinity === '' ? 'it has no affinity' : `its lines are ${affinity.split('\n').join(' | ')}`
  const text = `Ready jobs need what it has not: ${sets[0]?.count} need ${list(first) ?? 'nothing'}, and ${lines}.`
  return { kind: 'affinity', text, ready: sets.slice(0, MOST_NAMED) }
}
