import type { DependencyKind } from '../db/schema.ts'
import { invalid } from '../errors.ts'
import type { Dependency } from '../models.ts'
import { refuseCircle } from './circles.ts'
import type { Tx } from './core.ts'
import { isMet, saveUnfinished } from './dependents.ts'
import { linkFrames, refuseWithoutFrames, unlinkFrames } from './frameLinks.ts'
import { addLinks } from './links.ts'
import { isGroup, jobRow } from './rows.ts'
import { readsAsReset } from './seen.ts'
import { tellDependents } from './telling.ts'

/**
 * So many jobs may one wait for: 10,000 of them are set in 0.2 s, in which nobody else is served. Who waits for more waits for
 * a group, which costs one row whatever is in it.
 */
export const MOST_DEPENDENCIES = 10_000

/** Whether one call sets no more than that, on however many jobs: each of them costs 20 to 60 µs. */
export function refuseTooMany(lists: Iterable<readonly unknown[] | undefined>): void {
  let count = 0
  for (const list of lists) count += list?.length ?? 0
  if (count > MOST_DEPENDENCIES)
    throw invalid(
      'dependencies',
      `One call would set ${count} dependencies, and ${MOST_DEPENDENCIES} are the most: put the jobs into a group that waits for all of them, or make several calls.`,
    )
}

/**
 * Sets what a job waits for: `asked` instead of what it waited for until now. An id alone is all of that job, or, where the
 * job waits for it already, what it was: clients of Coalition hand back whole jobs, and know nothing of kinds.
 */
export function setDependencies(tx: Tx, id: number, asked: readonly Dependency[], field = 'dependencies'): void {
  if (asked.length > MOST_DEPENDENCIES)
    throw invalid(
      field,
      `Job ${id} would wait for ${asked.length} jobs, and ${MOST_DEPENDENCIES} are the most: put those into a group, and depend on the group.`,
    )
  // What is noted but not told yet would be counted twice: once here, once when it is told.
  tellDependents(tx)
  const row = jobRow(tx, id)
  const old = new Map(tx.rows.dependenciesOf.all({ job_id: id }).map((link) => [link.dependency, link]))
  const wanted = new Map<number, DependencyKind>()
  const byFrame: number[] = []
  for (const each of asked) {
    const { job, kind } =
      typeof each === 'object' ? each : { job: each, kind: wanted.get(each) ?? old.get(each)?.kind ?? 'all' }
    wanted.set(job, kind)
    if (kind === 'frame' && old.get(job)?.kind !== kind) byFrame.push(job)
  }
  const added = [...wanted.keys()].filter((job) => !old.has(job))
  const finished = finishedOf(tx, added, field)
  if (byFrame.length > 0) refuseWithoutFrames(tx, [id, ...byFrame], field)
  refuseCircle(tx, id, added, field)
  const gone = [...old.values()].filter(({ dependency, kind }) => wanted.get(dependency) !== kind)
  if (gone.length > 0)
    tx.links.remove.run({ job_id: id, ids: JSON.stringify(gone.map(({ dependency }) => dependency)) })
  for (const { dependency, kind } of gone) if (kind === 'frame' && isGroup(row)) unlinkFrames(tx, id, dependency)
  const links: [number, DependencyKind, number][] = []
  let unfinished = 0
  for (const [job, kind] of wanted) {
    const was = old.get(job)
    let met = was?.kind === kind && was.met === 1
    if (was?.kind !== kind) {
      if (kind === 'frame' && isGroup(row)) met = linkFrames(tx, id, job)
      else met = finished.get(job) ?? isMet(tx, job, kind)
      links.push([job, kind, Number(met)])
    }
    if (!met) unfinished++
  }
  addLinks(tx, id, links)
  tx.rows.saveWaitsFor.run({ id, waits_for: wanted.size })
  tx.changes.job(id, row.parent)
  if (isGroup(row)) {
    const group = tx.tree.get(id)
    if (group && group.unfinished !== unfinished) tx.tree.change(group, { unfinished })
  } else saveUnfinished(tx, row, unfinished)
}

/** Whether these are FINISHED, of those that are leaves; one that is not there is refused. */
function finishedOf(tx: Tx, ids: readonly number[], field: string): Map<number, boolean> {
  const finished = new Map<number, boolean>()
  const there = new Set<number>()
  for (const row of ids.length === 0 ? [] : tx.links.jobs.all({ ids: JSON.stringify(ids) })) {
    const isLeaf = !isGroup(row)
    const group = tx.tree.get(isLeaf ? row.parent : row.id)
    if (!group) continue
    there.add(row.id)
    if (isLeaf) finished.set(row.id, row.state === 'FINISHED' && !readsAsReset(group, row))
  }
  for (const id of ids) if (!there.has(id)) throw invalid(field, `There is no job ${id} to depend on.`)
  return finished
}
