import type { DependencyKind } from '../db/schema.ts'
import { invalid } from '../errors.ts'
import type { Dependency } from '../models.ts'
import type { Tx } from './core.ts'
import { saveUnfinished, tellDependents, waitFor } from './dependents.ts'
import { linkFrames, refuseWithoutFrames, unlinkFrames } from './frameLinks.ts'
import { isGroup, jobAt, jobRow } from './rows.ts'

/**
 * Sets what a job waits for: `asked` instead of what it waited for until now. An id alone is all of that job, or, where the
 * job waits for it already, what it was: clients of Coalition hand back whole jobs, and know nothing of kinds.
 */
export function setDependencies(tx: Tx, id: number, asked: readonly Dependency[], field = 'dependencies'): void {
  // What is noted but not told yet would be counted twice: once here, once when it is told.
  tellDependents(tx)
  const row = jobRow(tx, id)
  const old = new Map(tx.rows.dependenciesOf.all({ job_id: id }).map(({ dependency, kind }) => [dependency, kind]))
  const wanted = new Map<number, DependencyKind>()
  for (const each of asked) {
    const { job, kind } =
      typeof each === 'object' ? each : { job: each, kind: wanted.get(each) ?? old.get(each) ?? 'all' }
    if (!jobAt(tx, job)) throw invalid(field, `There is no job ${job} to depend on.`)
    if (kind === 'frame' && old.get(job) !== kind) refuseWithoutFrames(tx, [id, job], field)
    wanted.set(job, kind)
  }
  refuseCircle(
    tx,
    id,
    [...wanted.keys()].filter((each) => !old.has(each)),
    field,
  )
  for (const [dependency, kind] of old)
    if (wanted.get(dependency) !== kind) {
      tx.rows.removeDependency.run({ job_id: id, dependency })
      if (kind === 'frame' && isGroup(row)) unlinkFrames(tx, id, dependency)
    }
  for (const [dependency, kind] of wanted)
    if (old.get(dependency) !== kind) {
      waitFor(tx, id, dependency, kind)
      if (kind === 'frame' && isGroup(row)) linkFrames(tx, id, dependency)
    }
  tx.rows.saveWaitsFor.run({ id, waits_for: wanted.size })
  tx.changes.job(id, row.parent)
  const unfinished = [...wanted].filter(([dependency, kind]) => !isMet(tx, dependency, kind)).length
  if (isGroup(row)) {
    const group = tx.tree.get(id)
    if (group && group.unfinished !== unfinished) tx.tree.change(group, { unfinished })
  } else saveUnfinished(tx, row, unfinished)
}

/** Whether what is waited for is there. Within a transaction a group is what the tree says: its row is written at the commit. */
export function isMet(core: Pick<Tx, 'tree' | 'rows'>, dependency: number, kind: DependencyKind): boolean {
  const group = core.tree.get(dependency)
  if (!group) return jobAt(core, dependency)?.state === 'FINISHED'
  if (kind === 'all') return group.state === 'FINISHED'
  // Between groups of frames, it is their leaves that wait.
  return kind === 'frame' || group.total_finished > 0
}

/**
 * Refuses dependencies that could never be met. That a job is FINISHED needs, in this order of thought: what it depends on
 * and what its ancestors depend on to be FINISHED, and, of a group, all below it. A dependency closes a circle when what it
 * needs comes back to the job itself, to one of its ancestors (which the job must finish) or to something below it (which
 * waits with it).
 */
export function refuseCircle(tx: Tx, id: number, added: readonly number[], field: string): void {
  if (added.length === 0) return
  const ancestors = new Set(ancestorsOf(tx, id))
  const blocked = (other: number) => other === id || ancestors.has(other) || ancestorsOf(tx, other).includes(id)
  const finish = new Set<number>()
  const start = new Set<number>()
  for (const first of added) {
    const queue = [first]
    for (let job = queue.pop(); job !== undefined; job = queue.pop()) {
      if (finish.has(job)) continue
      finish.add(job)
      if (blocked(job))
        throw invalid(
          field,
          job === first
            ? `Job ${id} cannot depend on job ${first}: a job never ends before itself, the groups it is in, or what is below it.`
            : `Job ${id} cannot depend on job ${first}: that waits, through job ${job}, for job ${id} itself.`,
        )
      for (const needed of neededToStart(tx, job, start)) queue.push(needed)
      const group = tx.tree.get(job)
      if (group) for (const needed of neededBelow(tx, group.id)) queue.push(needed)
    }
  }
}

/** The groups a job is in, the nearest first. */
export function ancestorsOf(tx: Tx, id: number): number[] {
  const ids: number[] = []
  const parent = tx.tree.get(id)?.parent?.id ?? jobAt(tx, id)?.parent ?? 0
  for (let group = tx.tree.get(parent); group && group.id !== 0; group = group.parent ?? undefined) ids.push(group.id)
  return ids
}

/** What a job and its ancestors depend on; each is looked at once (`seen`). */
function* neededToStart(tx: Tx, id: number, seen: Set<number>): Generator<number> {
  for (const each of [id, ...ancestorsOf(tx, id)]) {
    if (seen.has(each)) return
    seen.add(each)
    for (const { dependency } of tx.rows.dependenciesOf.all({ job_id: each })) yield dependency
  }
}

/** The children of a group that need something themselves: groups, and leaves with dependencies. */
function* neededBelow(tx: Tx, id: number): Generator<number> {
  const group = tx.tree.get(id)
  for (const child of group?.children ?? []) yield child.id
  for (const leaf of tx.rows.waitingLeaves.all({ parent: id })) yield leaf.id
}

/** A job has come into another group: what it, what is below it and what its new ancestors depend on must still be possible. */
export function refuseCircleAfterMove(tx: Tx, id: number, field: string): void {
  const check = (job: number) =>
    refuseCircle(
      tx,
      job,
      tx.rows.dependenciesOf.all({ job_id: job }).map((each) => each.dependency),
      field,
    )
  for (const ancestor of ancestorsOf(tx, id)) check(ancestor)
  check(id)
  const group = tx.tree.get(id)
  if (!group) return
  for (const below of tx.tree.below(group)) {
    check(below.id)
    for (const leaf of tx.rows.waitingLeaves.all({ parent: below.id })) check(leaf.id)
  }
}
