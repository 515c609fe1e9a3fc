/** Operations on a group and all below it: by one statement a group, not a leaf at a time. */
import { type SQL, sql } from 'drizzle-orm'
import { type DependencyKind, dependencies, type JobRow, jobs } from '../db/schema.ts'
import { forgiven } from './avoided.ts'
import { clearBlocklist } from './blocklist.ts'
import type { Tx } from './core.ts'
import { isMet } from './dependencies.ts'
import { addUnfinished, tellDependents } from './dependents.ts'
import type { Group } from './group.ts'
import { isGroup } from './rows.ts'
import { endRun } from './runs.ts'

/** What reset does to a leaf, besides its state (`behaviour.md`, "reset"). */
export const RESET: Partial<JobRow> = { paused: 0, start_time: 0, duration: 0, ping_time: 0, progress: 0, run_done: 0 }

/** Stops all that runs below a group: it waits again. */
export function stopBelow(tx: Tx, top: Group): void {
  if (top.total_working === 0) return
  for (const group of tx.tree.below(top))
    if (group.working > 0) for (const leaf of tx.rows.workingIn.all({ parent: group.id })) endRun(tx, leaf, 'STOPPED')
}

/** The group and all below it as if they had just been made: not paused, nothing done. */
export function resetBelow(tx: Tx, top: Group): void {
  stopBelow(tx, top)
  const { db, tree, now } = tx
  tree.replace(top, (group) => {
    for (const { id } of finishedWithDependents(tx, group.id)) tree.flip(id, 'FINISHED', 'WAITING')
    db.run(sql`
      update jobs set paused = 0, start_time = 0, duration = 0, ping_time = 0, progress = 0, run_done = 0, retry_at = 0,
        wake_at = iif(start_after > ${now}, start_after, 0), state = iif(unfinished > 0, 'PENDING', 'WAITING'),
        ready = unfinished = 0 and start_after <= ${now}
      where parent = ${group.id} and command <> ''`)
    for (const { needs_id } of db.all<{ needs_id: number }>(
      sql`select distinct needs_id from jobs where parent = ${group.id} and command <> '' and needs_id <> 0`,
    )) {
      const forgivenSet = forgiven(tx, needs_id)
      if (forgivenSet !== needs_id)
        db.run(
          sql`update jobs set needs_id = ${forgivenSet} where parent = ${group.id} and command <> '' and needs_id = ${needs_id}`,
        )
    }
    const ready = db.all<{ needs_id: number; count: number }>(
      sql`select needs_id, count(*) as count from jobs where parent = ${group.id} and ready = 1 group by needs_id`,
    )
    group.leaves = new Map(ready.map((row) => [row.needs_id, row.count]))
    group.paused = false
    group.start_time = 0
    group.finished = group.errors = group.working = 0
    group.total_finished = group.total_errors = group.total_working = 0
    group.duration = group.working_since = 0
  })
}

function finishedWithDependents(tx: Tx, parent: number): { id: number }[] {
  return tx.db
    .selectDistinct({ id: jobs.id })
    .from(jobs)
    .innerJoin(dependencies, sql`${dependencies.dependency} = ${jobs.id}`)
    .where(sql`${jobs.parent} = ${parent} and ${jobs.state} = 'FINISHED' and ${jobs.command} <> ''`)
    .all()
}

/** Deletes a job and all below it, with their dependencies and logs; those that waited for one of them are freed. */
export function deleteJob(tx: Tx, row: JobRow): void {
  tellDependents(tx)
  clearBlocklist(tx, row.id)
  const { db, tree } = tx
  const freed: { job_id: number; finished: boolean }[] = []
  const logs: number[] = []
  const group = isGroup(row) ? tree.get(row.id) : undefined
  if (group) {
    stopBelow(tx, group)
    for (const each of tree.below(group)) {
      deleteWhere(sql`parent = ${each.id} and command <> ''`)
      deleteWhere(sql`id = ${each.id}`)
    }
    tree.forget(group)
  } else {
    const leaf = row.run > 0 ? endRun(tx, row, 'STOPPED') : row
    deleteWhere(sql`id = ${row.id}`)
    tree.moveLeaf(leaf, null)
    tx.changes.gone(row.id)
  }
  for (const { job_id, finished } of freed) {
    db.run(sql`update jobs set waits_for = waits_for - 1 where id = ${job_id}`)
    tx.changes.job(job_id, tx.rows.job.get({ id: job_id })?.parent ?? 0)
    if (!finished) addUnfinished(tx, job_id, -1)
  }
  tx.after(() => tx.logs.remove(logs))

  function deleteWhere(which: SQL): void {
    const waiting = db.all<{ job_id: number; dependency: number; kind: DependencyKind }>(
      sql`select job_id, dependency, kind from dependencies where dependency in (select id from jobs where ${which})`,
    )
    for (const { job_id, dependency, kind } of waiting) freed.push({ job_id, finished: isMet(tx, dependency, kind) })
    for (const { id } of db.all<{ id: number }>(sql`select id from jobs where ${which}`)) logs.push(id)
    db.run(sql`delete from dependencies where job_id in (select id from jobs where ${which})`)
    db.run(sql`delete from dependencies where dependency in (select id from jobs where ${which})`)
    db.run(sql`delete from jobs where ${which}`)
  }
}
