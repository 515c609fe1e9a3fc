import type { JobRow } from '../db/schema.ts'
import type { Tx } from './core.ts'
import { HOLDS, VOLATILE } from './rows.ts'
import { shownIn } from './seen.ts'

/**
 * The one place where a leaf changes, from what is seen of it (seen.ts): writes its row, moves the counters of its
 * ancestors, and notes whether it became FINISHED or left it. `ready` follows from the state and the time that holds it.
 */
export function saveLeaf(tx: Tx, before: JobRow, change: Partial<JobRow>): JobRow {
  const group = tx.tree.get(before.parent)
  const settles = group !== undefined && shownIn(group) > before.reset
  const after = { ...before, ...(group && group.reset > before.reset ? released(tx, before) : {}), ...change }
  after.ready = Number(after.state === 'WAITING' && after.wake_at === 0)
  if (group) after.reset = Math.max(after.reset, shownIn(group))
  const values: Record<string, string | number> = { id: after.id }
  for (const name of VOLATILE) values[name] = after[name]
  tx.rows.saveLeaf.run(values)
  // Of a row that reads as reset, what is seen is not what is there.
  if (settles || HOLDS.some((name) => after[name] !== before[name])) {
    const { id, needs_id, retry_at, wake_at } = after
    tx.rows.saveHolds.run({ id, needs_id, retry_at, wake_at })
  }
  tx.tree.moveLeaf(before, after)
  tx.changes.job(after.id, after.parent)
  if (after.waited === 1) tx.tree.flip(after.id, before.state, after.state)
  return after
}

/** What a reset does to what holds a leaf; until it is written, its row is counted by the set that it has (seen.ts). */
const released = ({ needs, now }: Tx, { needs_id, wake_at }: JobRow): Partial<JobRow> => ({
  needs_id: needs.forgiven(needs_id),
  wake_at: wake_at > now ? wake_at : 0,
})
