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

/** A leaf waits for so many. */
export function saveUnfinished(tx: Tx, leaf: JobRow, unfinished: number): void {
  if (leaf.unfinished === unfinished) return
  saveLeaf(tx, leaf, {
    unfinished,
    ...(NOT_STARTED.includes(leaf.state) ? { state: restingState(false, unfinished) } : {}),
  })
}

/** Whether what is waited for is there. Within a transaction a group is what the tree says: its row is written at the commit. */
export function isMet(core: Pick<Tx, 'tree' | 'rows'>, dependency: number, kind: DependencyKind): boolean {
  const group = core.tree.get(dependency)
  if (!group) return jobAt(core, dependency)?.state === 'FINISHED'
  if (kind === 'all') return group.state === 'FINISHED'
  // Between groups of frames, it is their leaves that wait.
  return kind === 'frame' || group.total_finished > 0
}
