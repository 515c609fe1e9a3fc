/**
 * Those that wait for a job learn that it is FINISHED, or is no more.
 *
 * Each row of `dependencies` says whether its job has been told (`met`), and a job counts the rows that say 0
 * (`unfinished`). So telling can stop anywhere and go on later, also after a restart: it looks for rows that are not what the
 * dependency is now, and forgets nothing when that changes again meanwhile. What waits for it by the thousand is told in
 * steps behind the answer (background.ts): 100,000 of them took 1.7 s in one transaction.
 *
 * Who is not told yet that something is there waits a moment longer. Who is not told that it is no more could begin: so while
 * anybody is being told, what a worker is about to get is asked again (`holdUntold`).
 *
 * That can finish or hold further groups, so it goes on until nothing moves. Circles are refused, so it ends.
 */
import type { DependencyKind } from '../db/schema.ts'
import type { Tx } from './core.ts'
import { addUnfinished, isMet } from './dependents.ts'
import type { Link } from './links.ts'
import { upFrom } from './path.ts'
import { jobAt } from './rows.ts'

const ALL: readonly DependencyKind[] = ['all']
const ANY: readonly DependencyKind[] = ['any']

/** Tells what came or went in this operation; what is too much for it is noted. */
export function tellDependents(tx: Tx): void {
  const { tree } = tx
  const { flips, firsts, root } = tree
  let room = tx.steps.links
  const tell = (id: number, kinds: readonly DependencyKind[]) => {
    // A small group is FINISHED every few ends, and mostly nobody waits for it: to look for them was 2 % of a run.
    if (tree.get(id)?.waited === false) return
    const links = untold(tx, id, kinds, room + 1)
    if (links.length > room) noteTelling(tx, id)
    for (const link of links.slice(0, room)) tellOne(tx, link)
    room -= Math.min(room, links.length)
  }
  while (flips.size > 0 || firsts.size > 0) {
    for (const id of flips.keys()) {
      flips.delete(id)
      if (id !== root.id) tell(id, ALL)
    }
    for (const id of firsts.keys()) {
      firsts.delete(id)
      tell(id, ANY)
    }
  }
}

/** The next of those that have not been told. Answers whether there may be more. */
export function tellSome(tx: Tx): boolean {
  const next = tx.links.nextTelling.get()
  if (!next) return false
  const links = untold(tx, next.dependency, [...ALL, ...ANY], tx.steps.rows)
  for (const link of links) tellOne(tx, link)
  if (links.length < tx.steps.rows) tx.links.endTelling.run({ dependency: next.dependency })
  return true
}

/** Whether somebody is still to be told something. */
export const isTelling = ({ links }: Pick<Tx, 'links'>): boolean => links.nextTelling.get() !== null

/** Tells a leaf, and the groups that it is in, what they wait for again. Answers whether that holds it. */
export function holdUntold(tx: Tx, leaf: number): boolean {
  let held = false
  const job = jobAt(tx, leaf)
  const path = [leaf, ...Array.from(upFrom(tx.tree.get(job?.parent ?? 0)), (group) => group.id)]
  for (const job_id of path)
    for (const link of tx.rows.dependenciesOf.all({ job_id }))
      if (link.met === 1 && !isMet(tx, link.dependency, link.kind)) {
        tellOne(tx, { job_id, ...link })
        held = true
      }
  return held
}

/** Rows that are not what the dependency is. Of a leaf, any is all; of a group, by kind. */
function untold(tx: Tx, dependency: number, kinds: readonly DependencyKind[], rows: number): Link[] {
  const { links } = tx
  const not = (kind: DependencyKind) => Number(!isMet(tx, dependency, kind))
  if (!tx.tree.get(dependency)) return links.told.all({ dependency, met: not('all'), rows })
  return kinds.flatMap((kind) => links.toldOfKind.all({ dependency, met: not(kind), kind, rows })).slice(0, rows)
}

function tellOne(tx: Tx, { job_id, dependency, met }: Link): void {
  tx.links.setMet.run({ job_id, dependency, met: 1 - met })
  addUnfinished(tx, job_id, met === 1 ? 1 : -1)
}

function noteTelling(tx: Tx, dependency: number): void {
  tx.links.noteTelling.run({ dependency })
  tx.work.noted = true
}
