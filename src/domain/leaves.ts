import type { JobRow } from '../db/schema.ts'
import type { Tx } from './core.ts'
import { VOLATILE } from './rows.ts'
import { shownIn } from './seen.ts'

/**
 * The one place where a leaf changes, from what is seen of it (seen.ts): writes its row, moves the counters of its ancestors, and notes whether it became
 * FINISHED or left it. `ready` follows from the state.
 */
export function saveLeaf(tx: Tx, before: JobRow, change: Partial<JobRow>): JobRow {
  const after = { ...before, ...change }
  after.ready = Number(after.state === 'WAITING')
  const group = tx.tree.get(after.parent)
  if (group) after.reset = Math.max(after.reset, shownIn(group))
  const values: Record<string, string | number> = { id: after.id }
  for (const name of VOLATILE) values[name] = after[name]
  tx.rows.saveLeaf.run(values)
  tx.tree.moveLeaf(before, after)
  tx.tree.flip(after.id, before.state, after.state)
  return after
}
