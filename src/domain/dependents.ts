import type { Tx } from './core.ts'
import { saveLeaf } from './leaves.ts'
import { isGroup, jobAt } from './rows.ts'
import { NOT_STARTED, restingState } from './states.ts'

/** More (or fewer) of a job's dependencies are not FINISHED. One that has started, or is paused, keeps its state. */
export function addUnfinished(tx: Tx, id: number, by: number): void {
  const row = jobAt(tx, id)
  if (!row) return
  if (isGroup(row)) {
    const group = tx.tree.get(id)
    if (group) tx.tree.change(group, { unfinished: group.unfinished + by })
    return
  }
  const unfinished = row.unfinished + by
  saveLeaf(tx, row, {
    unfinished,
    ...(NOT_STARTED.includes(row.state) ? { state: restingState(false, unfinished) } : {}),
  })
}

/**
 * What became FINISHED in this operation frees those that wait for it, what left FINISHED makes them wait again; that can
 * finish or hold further groups, so it goes on until nothing moves. Circles are refused, so it ends.
 */
export function tellDependents(tx: Tx): void {
  const { flips } = tx.tree
  for (const [id, by] of flips) {
    flips.delete(id)
    for (const { job_id } of tx.rows.dependents.all({ dependency: id })) addUnfinished(tx, job_id, -by)
  }
}
