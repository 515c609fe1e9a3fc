/**
 * Frame by frame: a group of frames that waits for another one in this way has its leaves wait for those leaves there that
 * render a frame of theirs. The links are rows like any dependency, made when it is said, between the leaves that there are.
 *
 * A link costs 30 µs, so those of large groups are made, and taken away, in steps behind the answer (background.ts):
 * until all are made the group itself counts as waiting, and is held; until all are taken away some leaves wait a moment
 * longer than they need. What is left to do is in `frame_links`, also after a restart.
 */
import type { JobRow } from '../db/schema.ts'
import { invalid } from '../errors.ts'
import type { Tx } from './core.ts'
import { addUnfinished, isMet, saveUnfinished } from './dependents.ts'
import { parseFrames } from './frames.ts'
import { addLinks } from './links.ts'
import { isGroup, jobAt, jobRow } from './rows.ts'

const ALL = -1

export function refuseWithoutFrames(tx: Tx, ids: readonly number[], field: string): void {
  for (const id of ids)
    if (!isGroup(jobRow(tx, id)) || tx.links.frameLeaves.all({ parent: id, after: 0, rows: 1 }).length === 0)
      throw invalid(
        field,
        `Job ${id} is not a group of frames, so nothing can wait frame by frame there: depend on all of it.`,
      )
}

/** Answers whether the links are there already; otherwise they will be. */
export function linkFrames(tx: Tx, id: number, on: number): boolean {
  if (isMuch(tx, id, on)) {
    tx.links.noteFrames.run({ job_id: id, dependency: on, make: 1 })
    tx.work.noted = true
    return false
  }
  tx.links.endFrames.run({ job_id: id, dependency: on })
  const others = new Others(on)
  others.read(tx, ALL)
  linkSome(tx, id, others, 0, ALL)
  return true
}

export function unlinkFrames(tx: Tx, id: number, from: number): void {
  if (isMuch(tx, id, from)) {
    tx.links.noteFrames.run({ job_id: id, dependency: from, make: 0 })
    tx.work.noted = true
    return
  }
  tx.links.endFrames.run({ job_id: id, dependency: from })
  unlinkSome(tx, id, from, 0, ALL)
}

const isMuch = ({ tree, steps }: Tx, ...groups: number[]): boolean =>
  groups.some((id) => (tree.get(id)?.total ?? 0) > steps.links)

/** The next links of large groups. Answers whether there may be more. */
export function linkMore(tx: Tx): boolean {
  const { links, steps, work } = tx
  const next = links.nextFrames.get()
  if (!next) return false
  const { job_id, dependency, make, done } = next
  if (!tx.tree.get(job_id) || !tx.tree.get(dependency)) {
    // Deleted meanwhile, with its links.
    links.endFrames.run({ job_id, dependency })
    return true
  }
  if (make === 0) {
    const last = unlinkSome(tx, job_id, dependency, done, steps.rows)
    if (last === undefined) links.endFrames.run({ job_id, dependency })
    else links.framesDone.run({ job_id, dependency, done: last })
    return true
  }
  const row = tx.rows.dependenciesOf.all({ job_id }).find((link) => link.dependency === dependency)
  if (row?.kind !== 'frame') {
    links.endFrames.run({ job_id, dependency })
    return true
  }
  const others = work.others?.on === dependency ? work.others : new Others(dependency)
  work.others = others
  // Rows with many frames each are read a few at a time as well.
  if (!others.read(tx, steps.rows)) return true
  const last = linkSome(tx, job_id, others, done, steps.rows)
  if (last !== undefined) {
    links.framesDone.run({ job_id, dependency, done: last })
    return true
  }
  work.others = undefined
  links.endFrames.run({ job_id, dependency })
  links.setMet.run({ job_id, dependency, met: 1 })
  if (row.met === 0) addUnfinished(tx, job_id, -1)
  return true
}

/** The leaves of a group by the frames that they render, read a step at a time. */
export class Others {
  #byFrame = new Map<number, number[]>()
  #after = 0
  #whole = false

  constructor(readonly on: number) {}

  /** Reads so many more leaves; answers whether all have been read. */
  read(tx: Tx, rows: number): boolean {
    if (this.#whole) return true
    const leaves = tx.links.frameLeaves.all({ parent: this.on, after: this.#after, rows })
    for (const { id, frames } of leaves) {
      this.#after = id
      for (const frame of parseFrames(frames)) {
        const ids = this.#byFrame.get(frame)
        if (ids) ids.push(id)
        else this.#byFrame.set(frame, [id])
      }
    }
    this.#whole = rows === ALL || leaves.length < rows
    return this.#whole
  }

  of(frames: string): Set<number> {
    return new Set(parseFrames(frames).flatMap((frame) => this.#byFrame.get(frame) ?? []))
  }
}

/** Answers the last leaf that it came to; undefined: there is none after it. */
function linkSome(tx: Tx, id: number, others: Others, after: number, rows: number): number | undefined {
  const leaves = tx.links.frameLeaves.all({ parent: id, after, rows })
  for (const leaf of leaves) {
    const row = jobRow(tx, leaf.id)
    let { waits_for, unfinished } = row
    for (const other of others.of(leaf.frames)) {
      // It may have gone since it was read.
      if (!jobAt(tx, other)) continue
      const met = isMet(tx, other, 'frame')
      if (addLinks(tx, leaf.id, [[other, 'frame', Number(met)]]) === 0) continue
      waits_for++
      if (!met) unfinished++
    }
    if (waits_for === row.waits_for) continue
    tx.rows.saveWaitsFor.run({ id: leaf.id, waits_for })
    saveUnfinished(tx, row, unfinished)
  }
  return rows === ALL || leaves.length < rows ? undefined : leaves.at(-1)?.id
}

/** The same of links that go. */
function unlinkSome(tx: Tx, id: number, from: number, after: number, rows: number): number | undefined {
  const links = tx.links.frameLinks.all({ id, from, after, rows })
  const complete = rows === ALL || links.length < rows
  for (const [job_id, those] of Map.groupBy(links, (link) => link.job_id)) {
    const row: JobRow = jobRow(tx, job_id)
    tx.links.remove.run({ job_id, ids: JSON.stringify(those.map((link) => link.dependency)) })
    tx.rows.saveWaitsFor.run({ id: job_id, waits_for: row.waits_for - those.length })
    saveUnfinished(tx, row, row.unfinished - those.filter((link) => link.met === 0).length)
  }
  // Of the last leaf there may be more.
  return complete ? undefined : (links.at(-1)?.job_id ?? 1) - 1
}

/** A group of frames is emptied and becomes a leaf: what waited frame by frame there, or it for others, waits no more. */
export function forgetFrameLinks(tx: Tx, id: number): void {
  tx.links.forgetFrames.run({ id })
  for (const { job_id, met } of tx.links.dropFrames.all({ id })) {
    tx.removal.waitForLess.run({ id: job_id })
    if (met === 0) addUnfinished(tx, job_id, -1)
  }
}
