import type { DependencyKind, JobRow } from '../db/schema.ts'
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
  saveUnfinished(tx, row, row.unfinished + by)
}

/** A job waits for another one from now on; false: it did already. */
export function waitFor({ rows }: Pick<Tx, 'rows'>, job_id: number, dependency: number, kind: DependencyKind): boolean {
  if (rows.addDependency.run({ job_id, dependency, kind }).changes === 0) return false
  rows.setWaited.run({ id: dependency })
  return true
}

/** A leaf waits for so many. */
export function saveUnfinished(tx: Tx, leaf: JobRow, unfinished: number): void {
  if (leaf.unfinished === unfinished) return
  saveLeaf(tx, leaf, {
    unfinished,
    ...(NOT_STARTED.includes(leaf.state) ? { state: restingState(false, unfinished) } : {}),
  })
}

/**
 * What became FINISHED in this operation frees those that wait for it, what left FINISHED makes them wait again; that can
 * finish or hold further groups, so it goes on until nothing moves. Circles are refused, so it ends.
 */
export function tellDependents(tx: Tx): void {
  const { flips, firsts, root } = tx.tree
  while (flips.size > 0 || firsts.size > 0) {
    for (const [id, by] of flips) {
      flips.delete(id)
      // Of a leaf, any is all.
      const kinds = tx.tree.get(id) ? ALL : ANY_OR_ALL
      if (id !== root.id) tell(tx, id, by, kinds)
    }
    for (const [id, by] of firsts) {
      firsts.delete(id)
      tell(tx, id, by, ANY)
    }
  }
}

const ALL: readonly DependencyKind[] = ['all']
const ANY: readonly DependencyKind[] = ['any']
const ANY_OR_ALL: readonly DependencyKind[] = ['all', 'any', 'frame']

function tell(tx: Tx, dependency: number, by: number, kinds: readonly DependencyKind[]): void {
  for (const { job_id, kind } of tx.rows.dependents.all({ dependency }))
    if (kinds.includes(kind)) addUnfinished(tx, job_id, -by)
}
