import { invalid } from '../errors.ts'
import type { Tx } from './core.ts'
import { tellDependents } from './dependents.ts'
import { saveLeaf } from './leaves.ts'
import { isGroup, jobAt, jobRow } from './rows.ts'
import { NOT_STARTED, restingState } from './states.ts'

/** Sets what a job waits for: `ids` instead of what it waited for until now. */
export function setDependencies(tx: Tx, id: number, ids: readonly number[], field = 'dependencies'): void {
  // What is noted but not told yet would be counted twice: once here, once when it is told.
  tellDependents(tx)
  const row = jobRow(tx, id)
  const wanted = new Set(ids)
  for (const dependency of wanted)
    if (!jobAt(tx, dependency)) throw invalid(field, `There is no job ${dependency} to depend on.`)
  const old = new Set(tx.rows.dependenciesOf.all({ job_id: id }).map((each) => each.dependency))
  const added = [...wanted].filter((each) => !old.has(each))
  refuseCircle(tx, id, added, field)
  for (const dependency of old) if (!wanted.has(dependency)) tx.rows.removeDependency.run({ job_id: id, dependency })
  for (const dependency of added) {
    tx.rows.addDependency.run({ job_id: id, dependency })
    tx.rows.setWaited.run({ id: dependency })
  }
  tx.rows.saveWaitsFor.run({ id, waits_for: wanted.size })
  const unfinished = [...wanted].filter((dependency) => !isFinished(tx, dependency)).length
  if (isGroup(row)) {
    const group = tx.tree.get(id)
    if (group && group.unfinished !== unfinished) tx.tree.change(group, { unfinished })
  } else if (row.unfinished !== unfinished)
    saveLeaf(tx, row, {
      unfinished,
      ...(NOT_STARTED.includes(row.state) ? { state: restingState(false, unfinished) } : {}),
    })
}

/** Within a transaction a group's state is the tree's: its row is written at the commit. */
const isFinished = (tx: Tx, id: number) => (tx.tree.get(id) ?? jobAt(tx, id))?.state === 'FINISHED'

/**
 * Refuses dependencies that could never be met. That a job is FINISHED needs, in this order of thought: what it depends on
 * and what its ancestors depend on to be FINISHED, and, of a group, all below it. A dependency closes a circle when what it
 * needs comes back to the job itself, to one of its ancestors (which the job must finish) or to something below it (which
 * waits with it).
 */
export function refuseCircle(tx: Tx, id: number, added: readonly number[], field: string): void {
  if (added.length === 0) return
  const ancestors = new Set(ancestorsOf(tx, id))
  const blocked = (other: number) => other === id || ancestors.has(other) || ancestorsOf(tx, other).includes(id)
  const finish = new Set<number>()
  const start = new Set<number>()
  for (const first of added) {
    const queue = [first]
    for (let job = queue.pop(); job !== undefined; job = queue.pop()) {
      if (finish.has(job)) continue
      finish.add(job)
      if (blocked(job))
        throw invalid(
          field,
          job === first
            ? `Job ${id} cannot depend on job ${first}: a job never ends before itself, the groups it is in, or what is below it.`
            : `Job ${id} cannot depend on job ${first}: that waits, through job ${job}, for job ${id} itself.`,
        )
      for (const needed of neededToStart(tx, job, start)) queue.push(needed)
      const group = tx.tree.get(job)
      if (group) for (const needed of neededBelow(tx, group.id)) queue.push(needed)
    }
  }
}

/** The groups a job is in, the nearest first. */
export function ancestorsOf(tx: Tx, id: number): number[] {
  const ids: number[] = []
  const parent = tx.tree.get(id)?.parent?.id ?? jobAt(tx, id)?.parent ?? 0
  for (let group = tx.tree.get(parent); group && group.id !== 0; group = group.parent ?? undefined) ids.push(group.id)
  return ids
}

/** What a job and its ancestors depend on; each is looked at once (`seen`). */
function* neededToStart(tx: Tx, id: number, seen: Set<number>): Generator<number> {
  for (const each of [id, ...ancestorsOf(tx, id)]) {
    if (seen.has(each)) return
    seen.add(each)
    for (const { dependency } of tx.rows.dependenciesOf.all({ job_id: each })) yield dependency
  }
}

/** The children of a group that need something themselves: groups, and leaves with dependencies. */
function* neededBelow(tx: Tx, id: number): Generator<number> {
  const group = tx.tree.get(id)
  for (const child of group?.children ?? []) yield child.id
  for (const leaf of tx.rows.waitingLeaves.all({ parent: id })) yield leaf.id
}

/** A job has come into another group: what it, what is below it and what its new ancestors depend on must still be possible. */
export function refuseCircleAfterMove(tx: Tx, id: number, field: string): void {
  const check = (job: number) =>
    refuseCircle(
      tx,
      job,
      tx.rows.dependenciesOf.all({ job_id: job }).map((each) => each.dependency),
      field,
    )
  for (const ancestor of ancestorsOf(tx, id)) check(ancestor)
  check(id)
  const group = tx.tree.get(id)
  if (!group) return
  for (const below of tx.tree.below(group)) {
    check(below.id)
    for (const leaf of tx.rows.waitingLeaves.all({ parent: below.id })) check(leaf.id)
  }
}
