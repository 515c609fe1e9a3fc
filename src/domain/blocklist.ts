/** Workers that failed a root job too often get nothing more of it, until somebody clears that, or resets the job. */
import { and, eq, gte, inArray } from 'drizzle-orm'
import type { Db } from '../db/open.ts'
import { blocklist } from '../db/schema.ts'
import { notFound } from '../errors.ts'
import type { Blocked } from '../models.ts'
import type { Tx } from './core.ts'
import { jobRow } from './rows.ts'

/** Who is blocked where, in memory: a few of thousands of workers in a few of thousands of roots. */
export class Blocklist {
  #roots = new Map<string, Set<number>>()

  constructor(
    db: Db,
    /** Failures from which on a worker is blocked; 0: never. */
    readonly after: number,
  ) {
    if (after === 0) return
    for (const { worker, root } of db.select().from(blocklist).where(gte(blocklist.failures, after)).all())
      this.set(worker, root, true)
  }

  /** The roots of which a worker gets nothing. */
  of(worker: string): ReadonlySet<number> {
    return this.#roots.get(worker) ?? NO_ROOTS
  }

  set(worker: string, root: number, blocked: boolean): void {
    const roots = this.#roots.get(worker) ?? new Set()
    if (blocked) this.#roots.set(worker, roots.add(root))
    else if (roots.delete(root) && roots.size === 0) this.#roots.delete(worker)
  }
}

const NO_ROOTS: ReadonlySet<number> = new Set()

/** A run of a worker failed; `root` is the root job that it was in, or the job itself. */
export function countFailure(tx: Tx, root: number, worker: string): void {
  const { failures } = tx.rows.countFailure.get({ root, worker, now: tx.now }) ?? { failures: 0 }
  if (failures === tx.blocklist.after) change(tx, worker, root, true)
}

/** Who failed in a root job, the most failures first. */
export function listBlocklist(core: Pick<Tx, 'rows' | 'tree' | 'blocklist'>, root: number): Blocked[] {
  jobRow(core, root)
  return core.rows.failuresIn
    .all({ root })
    .map(({ worker, failures, since }) => ({ worker, failures, since, blocked: core.blocklist.of(worker).has(root) }))
    .sort((a, b) => b.failures - a.failures || (a.worker < b.worker ? -1 : 1))
}

/** Forgets the failures of these workers in a root job; without names, of all. */
export function clearBlocklist(tx: Tx, root: number, names?: readonly string[]): void {
  const rows = listBlocklist(tx, root)
  // A worker may have been deleted since, and its failures are here still.
  for (const [i, name] of (names ?? []).entries())
    if (!rows.some(({ worker }) => worker === name) && !tx.roster.row(name))
      throw notFound(`There is no worker '${name}'.`, String(i))
  const cleared = names ? rows.filter(({ worker }) => names.includes(worker)) : rows
  for (const { worker, blocked } of cleared) if (blocked) change(tx, worker, root, false)
  for (let i = 0; i < cleared.length; i += 500) {
    const some = cleared.slice(i, i + 500).map(({ worker }) => worker)
    tx.db
      .delete(blocklist)
      .where(and(eq(blocklist.root, root), inArray(blocklist.worker, some)))
      .run()
  }
}

function change(tx: Tx, worker: string, root: number, blocked: boolean): void {
  tx.blocklist.set(worker, root, blocked)
  tx.tree.onUndo(() => tx.blocklist.set(worker, root, !blocked))
}
