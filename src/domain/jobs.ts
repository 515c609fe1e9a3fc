/** What users do to jobs. Each function is one operation inside a transaction; what it refuses changes nothing. */
import type { JobRow } from '../db/schema.ts'
import { invalid } from '../errors.ts'
import type { JobInput } from '../models.ts'
import { affinityNames } from './affinities.ts'
import type { Tx } from './core.ts'
import { refuseCircleAfterMove, setDependencies } from './dependencies.ts'
import { Group } from './group.ts'
import { saveLeaf } from './leaves.ts'
import { progressPattern } from './progress.ts'
import { isGroup, jobRow, SETTINGS } from './rows.ts'
import { endRun } from './runs.ts'
import { restingState } from './states.ts'
import { deleteJob, RESET, resetBelow, stopBelow } from './subtree.ts'

/** Makes a job; answers its id. */
export function addJob(tx: Tx, input: JobInput): number {
  const settings = {
    parent: 0, title: '', command: '', dir: '.', environment: '', retry: 0, timeout: 0, priority: 1000, user: '', url: '',
    progress_pattern: '', needs_id: 0, deadline: 0, ...settingsOf(tx, input),
  } // biome-ignore format: one line a field would hide the two that matter
  groupAt(tx, settings.parent, 'parent')
  const paused = pausedIn(input) ?? false
  const state = restingState(paused, 0)
  const leaf = !isGroup(settings)
  const ready = Number(leaf && state === 'WAITING')
  const id = Number(tx.rows.addJob.run({ ...settings, state, paused: Number(paused), ready }).lastInsertRowid)
  if (leaf) tx.tree.moveLeaf(null, { ...settings, state, ready, duration: 0, start_time: 0 })
  else {
    const group = new Group(id, settings.priority, settings.needs_id)
    group.paused = paused
    group.state = state
    tx.tree.attach(group, groupAt(tx, settings.parent, 'parent'))
  }
  if (input.dependencies?.length) setDependencies(tx, id, input.dependencies)
  return id
}

/** Changes jobs by id. Fields that the server keeps are ignored: clients of Coalition hand back whole jobs. */
export function editJobs(tx: Tx, edits: Record<string, JobInput>): void {
  for (const id of Object.keys(edits)) jobRow(tx, Number(id), id)
  for (const [id, edit] of Object.entries(edits)) editJob(tx, Number(id), edit)
}

function editJob(tx: Tx, id: number, edit: JobInput): void {
  const field = (name: string) => `${id}.${name}`
  const before = jobRow(tx, id)
  const after: JobRow = { ...before, ...settingsOf(tx, edit, field) }
  if (isGroup(before) !== isGroup(after)) refuseConversion(tx, before, field('command'))
  const moved = after.parent !== before.parent
  const parent = groupAt(tx, after.parent, field('parent'))
  if (moved) refuseBelowItself(tx, id, after.parent, field('parent'))
  if (after.run > 0) after.deadline = after.timeout > 0 ? after.start_time + after.timeout : 0
  const values: Record<string, string | number> = { id }
  for (const name of SETTINGS) values[name] = after[name]
  tx.rows.saveSettings.run(values)
  if (isGroup(before) && isGroup(after)) {
    const group = groupAt(tx, id)
    if (moved) tx.tree.move(group, parent)
    if (group.priority !== after.priority || group.needs !== after.needs_id)
      tx.tree.change(group, { priority: after.priority, needs: after.needs_id })
  } else if (isGroup(after)) becomeGroup(tx, before, after, parent)
  else if (isGroup(before)) becomeLeaf(tx, before, after)
  else tx.tree.moveLeaf(before, after)
  if (moved) {
    // Those that it has now are not those that it will have: they are checked when they are set.
    if (edit.dependencies) setDependencies(tx, id, [])
    refuseCircleAfterMove(tx, id, field('parent'))
    stopIfHeld(tx, id)
  }
  if (edit.dependencies) setDependencies(tx, id, edit.dependencies, field('dependencies'))
  const paused = pausedIn(edit)
  if (paused !== undefined && paused !== isPaused(tx, id)) (paused ? pauseJobs : startJobs)(tx, [id])
}

/** WAITING or PENDING, whatever they were; a group's children keep their states. A leaf that runs is stopped. */
export function startJobs(tx: Tx, ids: readonly number[]): void {
  for (const row of jobRows(tx, ids)) {
    if (isGroup(row)) tx.tree.change(groupAt(tx, row.id), { paused: false })
    else {
      const rest = { paused: 0, progress: 0, state: restingState(false, row.unfinished) }
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
  }
}

/** The leaves in ERROR among them and below them, as if just made. */
export function resetErrorJobs(tx: Tx, ids: readonly number[]): void {
  for (const row of jobRows(tx, ids)) {
    if (!isGroup(row)) {
      if (row.state === 'ERROR') resetLeaf(tx, row)
    } else
      for (const group of tx.tree.below(groupAt(tx, row.id)))
        if (group.errors > 0) for (const leaf of tx.rows.errorsIn.all({ parent: group.id })) resetLeaf(tx, leaf)
  }
}

export function deleteJobs(tx: Tx, ids: readonly number[]): void {
  for (const { id } of [...jobRows(tx, ids)]) {
    // It may have gone with one of its ancestors.
    const row = tx.rows.job.get({ id })
    if (row) deleteJob(tx, row)
  }
}

function resetLeaf(tx: Tx, row: JobRow): void {
  const change = { ...RESET, state: restingState(false, row.unfinished) }
  if (row.run > 0) endRun(tx, row, 'STOPPED', change)
  else saveLeaf(tx, row, change)
}

/** The rows of all these jobs, each read when its turn comes; an id that is not there is refused before any turn. */
function* jobRows(tx: Tx, ids: readonly number[]): Generator<JobRow> {
  for (const [i, id] of ids.entries()) jobRow(tx, id, String(i))
  for (const id of new Set(ids)) yield jobRow(tx, id)
}

/** What an input says of the columns that a user sets. */
function settingsOf(tx: Tx, input: JobInput, field = (name: string) => name) {
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

/** Whether an input pauses the job or lets it go; the states that are the server's say nothing. */
function pausedIn({ paused, state }: JobInput): boolean | undefined {
  if (paused !== undefined) return Boolean(paused)
  if (state === 'PAUSED') return true
  return state === 'WAITING' ? false : undefined
}

/** A group's row is written at the commit: until then, what operations before this one did is in the tree. */
const isPaused = (tx: Tx, id: number) => tx.tree.get(id)?.paused ?? jobRow(tx, id).paused === 1

function groupAt(tx: Tx, id: number, field = 'parent'): Group {
  const group = tx.tree.get(id)
  if (group) return group
  if (tx.rows.job.get({ id }))
    throw invalid(
      field,
      `Job ${id} has a command, so it can hold no other jobs: name a group (a job without a command), or 0 for the root.`,
    )
  throw invalid(field, `There is no job ${id} to be the parent: name a group, or 0 for the root.`)
}

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
  tx.tree.moveLeaf(leaf, null)
  tx.rows.setReady.run({ id: after.id, ready: 0 })
  const group = new Group(after.id, after.priority, after.needs_id)
  group.paused = before.paused === 1
  group.unfinished = before.unfinished
  group.state = leaf.state
  tx.tree.attach(group, parent)
}

function becomeLeaf(tx: Tx, before: JobRow, after: JobRow): void {
  const group = groupAt(tx, before.id)
  tx.tree.detach(group)
  // The tree writes it no more, and an operation before this one, in the same commit, may have emptied it.
  tx.rows.clearCounters.run({ id: before.id })
  const { paused, unfinished } = group
  const fresh: JobRow = { ...after, ...RESET, paused: Number(paused), unfinished, state: group.state, ready: 0 }
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
