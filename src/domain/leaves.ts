import type { JobRow } from '../db/schema.ts'
import type { Tx } from './core.ts'
import { HOLDS, VOLATILE } from './rows.ts'

/**
 * The one place where a leaf changes: writes its row, moves the counters of its ancestors, and notes whether it became
 * FINISHED or left it. `ready` follows from the state and the time that holds it.
 */
export function saveLeaf(tx: Tx, before: JobRow, change: Partial<JobRow>): JobRow {
  const after = { ...before, ...change }
  after.ready = Number(after.state === 'WAITING' && after.wake_at === 0)
  const values: Record<string, string | number> = { id: after.id }
  for (const name of VOLATILE) values[name] = after[name]
  tx.rows.saveLeaf.run(values)
  if (HOLDS.some((name) => after[name] !== before[name])) {
    const { id, needs_id, retry_at, wake_at } = after
    tx.rows.saveHolds.run({ id, needs_id, retry_at, wake_at })
  }
  tx.tree.moveLeaf(before, after)
  tx.changes.job(after.id, after.parent)
  tx.tree.flip(after.id, before.state, after.state)
  return after
}
