/**
 * Refuses dependencies that could never be met. That a job is FINISHED needs, in this order of thought: what it depends on
 * and what its ancestors depend on to be FINISHED, and, of a group, all below it. A dependency closes a circle when what it
 * needs comes back to the job itself, to one of its ancestors (which the job must finish) or to something below it (which
 * waits with it).
 *
 * Leaves of a group are not visited one by one: by itself a leaf needs what it depends on, and its group was looked at.
 */
import { invalid } from '../errors.ts'
import type { Tx } from './core.ts'
import { upFrom } from './path.ts'

export function refuseCircle(tx: Tx, id: number, added: readonly number[], field: string): void {
  const ancestors = new Set(ancestorsOf(tx, id))
  const isGroup = tx.tree.get(id) !== undefined
  refuseWay(tx, id, added, field, (other) => {
    return other === id || ancestors.has(other) || (isGroup && ancestorsOf(tx, other).includes(id))
  })
}

/** A job has come into another group: what it, what is below it and what its new ancestors depend on must still be possible. */
export function refuseCircleAfterMove(tx: Tx, id: number, field: string): void {
  const ancestors = ancestorsOf(tx, id)
  for (const ancestor of ancestors) refuseCircle(tx, ancestor, dependenciesOf(tx, ancestor), field)
  // Below the job nothing waits for what is above it there: only the way to the new ancestors can be a circle.
  const needed = new Set(dependenciesOf(tx, id))
  const group = tx.tree.get(id)
  if (group)
    for (const below of tx.tree.below(group)) {
      for (const job of dependenciesOf(tx, below.id)) needed.add(job)
      for (const { dependency } of tx.links.neededByLeaves.all({ parent: below.id })) needed.add(dependency)
    }
  const above = new Set(ancestors)
  refuseWay(tx, id, [...needed], field, (other) => above.has(other))
}

/** Refuses when a way leads from one of these to a job that is blocked. */
function refuseWay(
  tx: Tx,
  id: number,
  from: readonly number[],
  field: string,
  blocked: (job: number) => boolean,
): void {
  const finish = new Set<number>()
  const start = new Set<number>()
  for (const first of from) {
    const queue = [first]
    for (let job = queue.pop(); job !== undefined; job = queue.pop()) {
      if (finish.has(job)) continue
      finish.add(job)
      if (blocked(job))
        throw invalid(
          field,
          job === first
            ? `Job ${id} cannot depend on job ${first}: a job never ends before itself, the groups it is in, or what is below it.`
            : `Job ${id} cannot depend on job ${first}: that waits${job === id ? '' : `, through job ${job},`} for job ${id} itself.`,
        )
      for (const needed of neededToStart(tx, job, start)) if (!finish.has(needed)) queue.push(needed)
      const group = tx.tree.get(job)
      if (!group) continue
      for (const child of group.children) queue.push(child.id)
      // With its group it has been looked at.
      for (const { dependency, parent } of tx.links.neededByLeaves.all({ parent: job }))
        if (parent === 0 || !finish.has(parent)) queue.push(dependency)
    }
  }
}

/** The groups a job is in, the nearest first. */
function ancestorsOf(tx: Tx, id: number): number[] {
  const parent = tx.tree.get(id)?.parent ?? tx.tree.get(tx.links.place.get({ id })?.parent ?? 0)
  return Array.from(upFrom(parent), (group) => group.id)
}

const dependenciesOf = (tx: Tx, id: number): number[] =>
  tx.rows.dependenciesOf.all({ job_id: id }).map(({ dependency }) => dependency)

/** What a job and its ancestors depend on; each is looked at once (`seen`). */
function* neededToStart(tx: Tx, id: number, seen: Set<number>): Generator<number> {
  if (seen.has(id)) return
  seen.add(id)
  const place = tx.links.place.get({ id })
  if (!place) return
  if (place.waits_for > 0) yield* dependenciesOf(tx, id)
  for (const group of upFrom(tx.tree.get(place.parent))) {
    if (seen.has(group.id)) return
    seen.add(group.id)
    yield* dependenciesOf(tx, group.id)
  }
}
