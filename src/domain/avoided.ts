/**
 * Another worker first, but not for ever: a job that failed on one is left to others for a while only. They may all be busy
 * for hours, with work that they will not leave, while the one that failed it has nothing to do.
 */
import type { Tx } from './core.ts'
import { saveLeaf } from './leaves.ts'
import type { NeedSets } from './needs.ts'
import { jobAt, type Rows } from './rows.ts'

/** So long a failed job is left to other workers, in seconds. */
export const AVOIDED_SECONDS = 60
/** Jobs dealt with in one transaction. */
const AT_ONCE = 200

/** When that is over, by job, the soonest first. In memory: a restart forgives all (`forgiveAll`). */
export type Avoided = Map<number, number>

/** It failed: others have the next minute. */
export function avoid(avoided: Avoided, job: number, now: number): void {
  avoided.delete(job)
  avoided.set(job, now + AVOIDED_SECONDS)
}

/** Its time is over: whoever asks may have it. */
export function forgive(tx: Tx): number {
  let count = 0
  for (const [job, until] of tx.avoided) {
    if (until > tx.now || count === AT_ONCE) break
    count++
    tx.avoided.delete(job)
    tx.tree.onUndo(() => tx.avoided.set(job, until))
    const row = jobAt(tx, job)
    // It may have been tried since, by another, or be gone, or be a group.
    const needs_id = row && tx.needs.forgiven(row.needs_id)
    if (row && needs_id !== undefined && needs_id !== row.needs_id) saveLeaf(tx, row, { needs_id })
  }
  return count
}

/** Before the tree is built: who was avoided when the server ended is not known to the minute any more. */
export function forgiveAll(needs: NeedSets, rows: Rows): void {
  for (const id of needs.avoiding()) rows.moveNeeds.run({ from: id, to: needs.forgiven(id) })
  needs.save()
  needs.saved()
}
