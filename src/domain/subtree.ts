import type { Tx } from './core.ts'
import type { Group } from './group.ts'
import { endRun } from './runs.ts'

/** Stops all that runs below a group: it waits again. */
export function stopBelow(tx: Tx, top: Group): void {
  if (top.total_working === 0) return
  for (const group of tx.tree.below(top))
    if (group.working > 0) for (const leaf of tx.rows.workingIn.all({ parent: group.id })) endRun(tx, leaf, 'STOPPED')
}
