/** What resets, deletes, ends and links between frames have left to do, a step at a time (reset.ts, removal.ts, telling.ts, frameLinks.ts). */
import type { Core, Tx } from './core.ts'
import { linkMore } from './frameLinks.ts'
import { discard, GRAVE } from './removal.ts'
import { rewriteSome } from './reset.ts'
import { isTelling, tellSome } from './telling.ts'

export interface Steps {
  /** A reset or a delete of so many leaves is done in its own transaction. */
  atOnce: number
  /** So many are told at once that what they wait for is there; frame by frame, groups of so many leaves are linked at once. */
  links: number
  /** Rows rewritten or removed at a time; a step is as many of these as fit in `ms`, one at least. */
  rows: number
  ms: number
}

/**
 * Measured with 1,000,000 jobs on two shared cores: a row costs some 8 µs, a commit 2 to 4 ms, and one in which SQLite
 * writes its journal back up to 25 ms, whatever the size of the step or of the journal: so steps are short.
 */
export const STEPS: Steps = { atOnce: 1000, links: 500, rows: 250, ms: 5 }

/** One step, in a transaction of its own. Answers whether there may be more. */
export function takeStep(tx: Tx): boolean {
  const end = performance.now() + tx.steps.ms
  let more: boolean
  do more = tellSome(tx) || linkMore(tx) || rewriteSome(tx) || removeSome(tx)
  while (more && performance.now() < end)
  return more
}

/** Logs go before the rows: nobody sees them any more, and what is interrupted is found again by its rows. */
const removeSome = (core: Pick<Core, 'rows' | 'removal' | 'steps' | 'logs'>): boolean =>
  discard(core, GRAVE, (ids) => core.logs.removeNow(ids))

/** Whether anything is left to do. */
export const isWork = (core: Core): boolean =>
  isTelling(core) ||
  core.links.nextFrames.get() !== null ||
  core.resets.next.get() !== null ||
  core.removal.children.get({ parent: GRAVE, rows: 1 }) !== null
