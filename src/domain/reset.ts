/**
 * Reset of a group and all below it: noted at once, worked off in steps.
 *
 * A million rows take 9 s to rewrite, so a reset only gives each group below a number (`reset_groups`), clears the counters
 * of the tree, and tells those that wait for something that was FINISHED. From then on every leaf whose row shows an
 * earlier number reads as reset (seen.ts), and `rewriteSome` makes the rows what they read as, some at a time, also after a
 * restart of the server.
 *
 * Why nothing in between contradicts it:
 * - What a leaf is, is asked through `asSeen` everywhere, so it makes no difference to anybody whether its row has been
 *   rewritten; but for the pick: it finds a leaf by `ready`, which is a matter of the rows. A leaf that waited before the
 *   reset waits after it, and may be picked at once (and is then written as what it reads as). One that had ended or was
 *   paused is found when its row has been rewritten. So a step only ever adds to what is ready, and no leaf runs twice.
 * - A write of a leaf settles it, since it starts from what is seen and writes the number of its group along. A leaf that
 *   comes into the group, new or moved, has its number too. So edits, pauses, starts, moves and further resets need not know
 *   of the steps. A later reset of the same group has a higher number and begins anew.
 * - `unfinished` is kept right in all rows, rewritten or not: those that wait for a leaf are told when it is reset.
 * - Runs are stopped at once: they are as many as there are workers, not as there are jobs.
 *
 * Rejected: rewriting the whole group when one of its leaves is touched (a group may have 100,000), and holding the group
 * until its rows are right (its first leaf would wait for the last).
 *
 * At once, so in one transaction, are: a few microseconds for each group, some 30 for each dependency on something FINISHED
 * below, and the index of leaves in ERROR when those are reset.
 */
import type { Db } from '../db/open.ts'
import type { JobRow, ResetGroupRow } from '../db/schema.ts'
import type { Tx } from './core.ts'
import type { Group } from './group.ts'
import { readsAsReset, shownIn } from './seen.ts'
import { stopBelow } from './subtree.ts'

type Values = Record<string, string | number>

/** By the children of one group: the planner could take all the ids from the first to the last instead. */
const CHILDREN = `jobs indexed by jobs_by_parent`
/** Leaves whose rows do not show the resets of their group, in a range of ids. */
const OUTDATED = `parent = $group and id > $done and id <= $last and command <> ''
  and (reset < $every or (reset < $errors and state = 'ERROR'))`
const RESTING = `iif(unfinished > 0, 'PENDING', 'WAITING')`
/** The time that its user said is to come. A row that is ready stays so, wherever the clock was set. */
const WAKE = `iif(wake_at > 0 and start_after > $now, start_after, 0)`
const READY = `(unfinished = 0 and ${WAKE} = 0)`
/** A reset of what was just made writes nothing. */
const CHANGED = `(state <> ${RESTING} or paused or start_time or duration or ping_time or progress or run_done or retry_at
  or wake_at <> ${WAKE})`

export function prepareResets({ sqlite }: Db) {
  const statement = <Row>(text: string) => sqlite.prepare<Row, [Values]>(text)
  return {
    number: sqlite.prepare<{ id: number }, []>('insert into resets default values returning id'),
    forgetNumbers: sqlite.prepare('delete from resets'),
    next: sqlite.prepare<ResetGroupRow, []>('select * from reset_groups where job_id > 0 order by job_id limit 1'),
    of: statement<ResetGroupRow>('select * from reset_groups where job_id = $group'),
    begin: statement(`
      insert into reset_groups (job_id, every) select value, $number from json_each($groups) where true
        on conflict (job_id) do update set every = excluded.every, done = 0`),
    beginErrors: statement(`
      insert into reset_groups (job_id, errors) values ($group, $number)
        on conflict (job_id) do update set errors = excluded.errors, done = 0`),
    reached: statement('update reset_groups set done = $last where job_id = $group'),
    end: statement('delete from reset_groups where job_id = $group'),
    waited: statement<Pick<JobRow, 'id' | 'parent' | 'command' | 'state' | 'reset'>>(`
      select j.id, j.parent, j.command, j.state, j.reset
      from json_each($groups) g join jobs j indexed by jobs_waited on j.parent = g.value and j.waited = 1
      where j.state = 'FINISHED' or j.command = ''`),
    errorDuration: statement<{ duration: number }>(`
      select sum(duration) as duration from jobs
      where parent = $group and state = 'ERROR' and command <> '' and reset >= $shown`),
    range: statement<{ last: number | null; count: number }>(`
      select max(id) as last, count(*) as count
      from (select id from ${CHILDREN} where parent = $group and id > $done order by id limit $rows)`),
    /** How many are ready, and how many come to be, by what they need. */
    sets: statement<{ needs_id: number; ready: number; freed: number }>(`
      select needs_id, sum(ready) as ready, sum(ready = 0 and ${READY}) as freed
      from ${CHILDREN} where ${OUTDATED} group by needs_id`),
    forgive: statement(`update ${CHILDREN} set needs_id = $forgiven where ${OUTDATED} and needs_id = $needs_id`),
    rewrite: statement(`
      update ${CHILDREN} set paused = 0, start_time = 0, duration = 0, ping_time = 0, progress = 0, run_done = 0, retry_at = 0,
        wake_at = ${WAKE}, state = ${RESTING}, ready = ${READY}, reset = max($every, $errors)
      where ${OUTDATED} and ${CHANGED}`),
  }
}

/** The group and all below it as if they had just been made: not paused, nothing done. */
export function resetBelow(tx: Tx, top: Group): void {
  stopBelow(tx, top)
  const { tree, resets } = tx
  const below = tree.below(top)
  const groups = JSON.stringify(below.map((group) => group.id))
  const waited = new Set([top.id])
  for (const job of resets.waited.all({ groups })) {
    const group = tree.get(job.parent)
    if (job.command === '') waited.add(job.id)
    else if (group && !readsAsReset(group, job)) tree.flip(job.id, 'FINISHED', 'WAITING')
  }
  const number = newNumber(tx)
  tree.clear(below, number, waited)
  // Afterwards: one that had ended before it was paused would be FINISHED for a moment, and be told of.
  for (const group of below) if (group.paused) tree.change(group, { paused: false })
  resets.begin.run({ groups, number })
  if (top.total <= tx.steps.atOnce) for (const group of below) rewriteAll(tx, group)
}

/** The leaves in ERROR below a group, as if they had just been made. */
export function resetErrorsBelow(tx: Tx, top: Group): void {
  if (top.total_errors === 0) return
  const { tree, resets } = tx
  const few = top.total_errors <= tx.steps.atOnce
  const below = tree.below(top).filter((group) => group.errors > 0)
  const number = newNumber(tx)
  for (const group of below) {
    const sum = resets.errorDuration.get({ group: group.id, shown: shownIn(group) })
    tree.clearErrors(group, sum?.duration ?? 0, number)
    resets.beginErrors.run({ group: group.id, number })
    if (few) rewriteAll(tx, group)
  }
}

const newNumber = ({ resets }: Tx): number => resets.number.get()?.id ?? 0

/** Rewrites some of what reads as reset. Answers whether there may be more. */
export function rewriteSome(tx: Tx): boolean {
  const next = tx.resets.next.get()
  if (next) rewriteLeaves(tx, next)
  else tx.resets.forgetNumbers.run()
  return next !== null
}

function rewriteAll(tx: Tx, { id }: Group): void {
  for (let row = tx.resets.of.get({ group: id }); row; row = tx.resets.of.get({ group: id })) rewriteLeaves(tx, row)
}

/** Rewrites the next leaves of a group, in the order of their ids; after the last of them the group is done. */
function rewriteLeaves(tx: Tx, { job_id, every, errors, done }: ResetGroupRow): void {
  const { resets, tree, steps, now } = tx
  const group = tree.get(job_id)
  const range = group && resets.range.get({ group: job_id, done, rows: steps.rows })
  if (group && range?.last) {
    const rows = { group: job_id, done, last: range.last, every, errors }
    countReady(tx, group, rows)
    resets.rewrite.run({ ...rows, now })
    resets.reached.run({ group: job_id, last: range.last })
    if (range.count === steps.rows) return
  }
  resets.end.run({ group: job_id })
  // Without a group it was deleted meanwhile.
  if (group) tree.settled(group)
}

/** What comes to be ready, and what is so already, but is to be had by whom it avoided too. */
function countReady({ resets, tree, needs, now }: Tx, group: Group, rows: Values): void {
  for (const { needs_id, ready, freed } of resets.sets.all({ ...rows, now })) {
    const forgiven = needs.forgiven(needs_id)
    if (forgiven !== needs_id) {
      resets.forgive.run({ ...rows, needs_id, forgiven })
      if (ready > 0) tree.addReady(group, needs_id, -ready)
    }
    const more = freed + (forgiven === needs_id ? 0 : ready)
    if (more > 0) tree.addReady(group, forgiven, more)
  }
}
