/** What users do to jobs. Each function is one operation inside a transaction; what it refuses changes nothing. */
import { sql } from 'drizzle-orm'
import type { JobRow } from '../db/schema.ts'
import { invalid } from '../errors.ts'
import type { JobInput } from '../models.ts'
import { clearBlocklist } from './blocklist.ts'
import { refuseCircleAfterMove } from './circles.ts'
import type { Tx } from './core.ts'
import { refuseTooMany, setDependencies } from './dependencies.ts'
import { refuseMoveDeeper } from './depth.ts'
import { forgetFrameLinks } from './frameLinks.ts'
import type { Group } from './group.ts'
import { emptyGroup } from './groupRows.ts'
import { revealIn } from './hidden.ts'
import { groupAt, pausedIn, refuseOfLeaf, settingsOf } from './inputs.ts'
import { saveLeaf } from './leaves.ts'
import { deleteJob } from './removal.ts'
import { resetBelow, resetErrorsBelow } from './reset.ts'
import { isGroup, jobAt, jobRow, SETTINGS } from './rows.ts'
import { endRun } from './runs.ts'
import { RESET, shownIn } from './seen.ts'
import { restingState, wakeTime } from './states.ts'
import { stopBelow } from './subtree.ts'
import { tellDependents } from './telling.ts'

/** Changes jobs by id. Fields that the server keeps are ignored: clients of Coalition hand back whole jobs. */
export function editJobs(tx: Tx, edits: Record<string, JobInput>): void {
  refuseTooMany(Object.values(edits).map((edit) => edit.dependencies))
  for (const id of Object.keys(edits)) jobRow(tx, Number(id), id)
  for (const [id, edit] of Object.entries(edits)) editJob(tx, Number(id), edit)
}

function editJob(tx: Tx, id: number, edit: JobInput): void {
  const field = (name: string) => `${id}.${name}`
  const before = settled(tx, jobRow(tx, id))
  if (edit.frames !== undefined && edit.frames !== before.frames) refuseFrames(before, field('frames'))
  revealIn(edit, before, field)
  const after: JobRow = { ...before, ...settingsOf(tx, edit, field, before.needs_id) }
  refuseOfLeaf(after, field)
  if (isGroup(before) !== isGroup(after)) refuseConversion(tx, before, field('command'))
  const moved = after.parent !== before.parent
  const parent = groupAt(tx, after.parent, field('parent'))
  if (moved) refuseBelowItself(tx, id, after.parent, field('parent'))
  if (!isGroup(after)) after.reset = Math.max(after.reset, shownIn(parent))
  if (after.run > 0) after.deadline = after.timeout > 0 ? after.start_time + after.timeout : 0
  // Ten thousand that are handed back with nothing new but what they wait for take half of the time so.
  const same = SETTINGS.every((name) => after[name] === before[name])
  if (!same) {
    saveSettings(tx, after)
    if (isGroup(before) && isGroup(after)) editGroup(tx, after, parent, field)
    else if (isGroup(after)) becomeGroup(tx, before, after, parent)
    else if (isGroup(before)) {
      forgetFrameLinks(tx, id)
      becomeLeaf(tx, before, after)
    } else tx.tree.moveLeaf(before, after)
  }
  if (edit.start_after !== undefined) wakeAnew(tx, id)
  if (moved) {
    // Those that it has now are not those that it will have: they are checked when they are set.
    if (edit.dependencies) setDependencies(tx, id, [])
    refuseCircleAfterMove(tx, id, field('parent'))
    stopIfHeld(tx, id)
  }
  if (edit.dependencies) setDependencies(tx, id, edit.dependencies, field('dependencies'))
  if (edit.paused === undefined && edit.state === undefined) return
  const now = isPaused(tx, id)
  const paused = pausedIn(edit, now)
  if (paused !== undefined && paused !== now) (paused ? pauseJobs : startJobs)(tx, [id])
}

/** Whoever edits them means to render others: to ignore that in silence would be found out in the morning. */
function refuseFrames({ id, frames }: JobRow, field: string): never {
  const had = frames === '' ? `Job ${id} has no frames` : `The frames of job ${id} are ${frames}`
  throw invalid(
    field,
    `${had}, and that stays: they are divided when a job is submitted. Submit another one with frames.`,
  )
}

function editGroup(tx: Tx, after: JobRow, parent: Group, field: (name: string) => string): void {
  const group = groupAt(tx, after.id)
  if (group.parent !== parent) {
    refuseMoveDeeper(tx.tree, group, parent, field('parent'))
    tx.tree.move(group, parent)
  }
  const { priority, needs_id: needs, max_workers, error_limit } = after
  const rules = { priority, needs, max_workers, error_limit, user: tx.tree.shares.name(after.user) }
  if (Object.entries(rules).some(([name, value]) => group[name as keyof typeof rules] !== value))
    tx.tree.change(group, rules)
}

function saveSettings(tx: Tx, row: JobRow): void {
  const values: Record<string, string | number> = { id: row.id }
  for (const name of SETTINGS) values[name] = row[name]
  tx.rows.saveSettings.run(values)
  tx.changes.job(row.id, row.parent)
}

/** What an edit writes is not all of the row: the rest must be what is seen of it. */
function settled(tx: Tx, row: JobRow): JobRow {
  const group = isGroup(row) ? undefined : tx.tree.get(row.parent)
  return group && shownIn(group) > row.reset ? saveLeaf(tx, row, {}) : row
}

/** `start_after` was changed: what has not started waits for the new time. */
function wakeAnew(tx: Tx, id: number): void {
  const row = jobRow(tx, id)
  const wake_at = wakeTime(row, tx.now)
  const group = tx.tree.get(id)
  if (group) tx.tree.change(group, { wake_at })
  else if (row.wake_at !== wake_at) saveLeaf(tx, row, { wake_at })
}

/** WAITING or PENDING, whatever they were; a group's children keep their states. A leaf that runs is stopped. */
export function startJobs(tx: Tx, ids: readonly number[]): void {
  for (const row of jobRows(tx, ids)) {
    if (isGroup(row)) tx.tree.change(groupAt(tx, row.id), { paused: false })
    else {
      // Somebody wants it now: what a failure put off is not waited for.
      const rest = { ...tryAnywhere(tx, row), paused: 0, progress: 0, state: restingState(false, row.unfinished) }
      if (row.run > 0) endRun(tx, row, 'STOPPED', rest)
      else saveLeaf(tx, row, rest)
    }
  }
}

/** They read PAUSED; what runs, of a group all that runs below, is stopped. */
export function pauseJobs(tx: Tx, ids: readonly number[]): void {
  for (const row of jobRows(tx, ids)) {
    if (isGroup(row)) {
      const group = groupAt(tx, row.id)
      tx.tree.change(group, { paused: true })
      stopBelow(tx, group)
    } else if (row.run > 0) endRun(tx, row, 'STOPPED', { paused: 1, state: 'PAUSED' })
    else saveLeaf(tx, row, { paused: 1, state: 'PAUSED' })
  }
}

/** As if just made, and all below them. */
export function resetJobs(tx: Tx, ids: readonly number[]): void {
  for (const row of jobRows(tx, ids)) {
    if (isGroup(row)) resetBelow(tx, groupAt(tx, row.id))
    else resetLeaf(tx, row)
    if (row.parent === 0) clearBlocklist(tx, row.id)
  }
}

/** The leaves in ERROR among them and below them, as if just made. */
export function resetErrorJobs(tx: Tx, ids: readonly number[]): void {
  for (const row of jobRows(tx, ids)) {
    if (isGroup(row)) resetErrorsBelow(tx, groupAt(tx, row.id))
    else if (row.state === 'ERROR') resetLeaf(tx, row)
    if (row.parent === 0) clearBlocklist(tx, row.id)
  }
}

export function deleteJobs(tx: Tx, ids: readonly number[]): void {
  for (const { id } of [...jobRows(tx, ids)]) {
    // It may have gone with one of its ancestors.
    const row = jobAt(tx, id)
    if (row) deleteJob(tx, row)
  }
}

function resetLeaf(tx: Tx, row: JobRow): void {
  const change = { ...RESET, ...tryAnywhere(tx, row), state: restingState(false, row.unfinished) }
  if (row.run > 0) endRun(tx, row, 'STOPPED', change)
  else saveLeaf(tx, row, change)
}

/** No failure of before counts any more for when, and by whom, it is tried. */
const tryAnywhere = (tx: Tx, row: JobRow) => ({
  needs_id: tx.needs.forgiven(row.needs_id),
  retry_at: 0,
  wake_at: wakeTime({ ...row, retry_at: 0 }, tx.now),
})

/** The rows of all these jobs, each read when its turn comes; an id that is not there is refused before any turn. */
function* jobRows(tx: Tx, ids: readonly number[]): Generator<JobRow> {
  for (const [i, id] of ids.entries()) jobRow(tx, id, String(i))
  for (const id of new Set(ids)) yield jobRow(tx, id)
}

/** A group's row is written at the commit: until then, what operations before this one did is in the tree. */
const isPaused = (tx: Tx, id: number) => tx.tree.get(id)?.paused ?? jobRow(tx, id).paused === 1

function refuseBelowItself(tx: Tx, id: number, parent: number, field: string): void {
  for (let group = tx.tree.get(parent); group; group = group.parent ?? undefined)
    if (group.id === id)
      throw invalid(field, `Job ${id} cannot be moved into job ${parent}: that is the job itself, or below it.`)
}

/** A group that holds jobs cannot get a command; a job that runs cannot lose its. */
function refuseConversion(tx: Tx, before: JobRow, field: string): void {
  if (before.run > 0) throw invalid(field, `Job ${before.id} is running: pause it before you take its command away.`)
  if (isGroup(before) && tx.rows.childOf.get({ parent: before.id }))
    throw invalid(field, `Job ${before.id} holds other jobs, so it can have no command: move or delete them first.`)
}

function becomeGroup(tx: Tx, before: JobRow, after: JobRow, parent: Group): void {
  const leaf = saveLeaf(tx, before, {
    ...RESET,
    paused: before.paused,
    state: restingState(before.paused === 1, before.unfinished),
  })
  // While it is a leaf still: of a group, any and all are different.
  tellDependents(tx)
  tx.db.run(sql`update dependencies set kind = 'all' where dependency = ${after.id} and kind = 'frame'`)
  tx.tree.moveLeaf(leaf, null)
  tx.rows.setReady.run({ id: after.id, ready: 0 })
  const holds = tryAnywhere(tx, after)
  tx.rows.saveHolds.run({ id: after.id, ...holds })
  const { paused, unfinished } = before
  const row = { ...after, ...holds, paused, unfinished, state: leaf.state }
  tx.tree.attach(emptyGroup(row, tx.tree.shares.name(after.user)), parent)
}

function becomeLeaf(tx: Tx, before: JobRow, after: JobRow): void {
  const group = groupAt(tx, before.id)
  tx.tree.detach(group)
  tx.resets.end.run({ group: before.id })
  // The tree writes it no more, and an operation before this one, in the same commit, may have emptied it.
  tx.rows.clearCounters.run({ id: before.id })
  const { paused, unfinished, wake_at } = group
  const fresh: JobRow = {
    ...after,
    ...RESET,
    paused: Number(paused),
    unfinished,
    wake_at,
    state: group.state,
    ready: 0,
  }
  tx.tree.moveLeaf(null, fresh)
  saveLeaf(tx, fresh, { state: restingState(paused, unfinished) })
}

/** A job that runs and was moved below a paused group is stopped, as it would be when the group is paused. */
function stopIfHeld(tx: Tx, id: number): void {
  const row = jobRow(tx, id)
  for (let group = tx.tree.get(row.parent); group; group = group.parent ?? undefined) {
    if (!group.paused) continue
    const own = tx.tree.get(id)
    if (own) stopBelow(tx, own)
    else if (row.run > 0) endRun(tx, row, 'STOPPED')
    return
  }
}
