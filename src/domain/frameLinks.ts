/**
 * Frame by frame: a group of frames that waits for another one in this way has its leaves wait for those leaves there that
 * render a frame of theirs. The links are rows like any dependency, made when it is said, between the leaves that there are.
 */
import { sql } from 'drizzle-orm'
import type { JobRow } from '../db/schema.ts'
import { invalid } from '../errors.ts'
import type { Tx } from './core.ts'
import { saveUnfinished, waitFor } from './dependents.ts'
import { parseFrames } from './frames.ts'
import { isGroup, jobRow } from './rows.ts'
import { readsAsReset } from './seen.ts'

type FrameLeaf = Pick<JobRow, 'id' | 'parent' | 'frames' | 'command' | 'state' | 'reset'>

/** The leaves of a group that are about frames. */
const frameLeaves = ({ db }: Pick<Tx, 'db'>, parent: number, limit = -1): FrameLeaf[] =>
  db.all<FrameLeaf>(
    sql`select id, parent, frames, command, state, reset from jobs
      where parent = ${parent} and command <> '' and frames <> '' limit ${limit}`,
  )

function isFinished({ tree }: Pick<Tx, 'tree'>, leaf: Omit<FrameLeaf, 'id' | 'frames'>): boolean {
  const group = tree.get(leaf.parent)
  return leaf.state === 'FINISHED' && !(group && readsAsReset(group, leaf))
}

export function refuseWithoutFrames(tx: Tx, ids: readonly number[], field: string): void {
  for (const id of ids)
    if (!isGroup(jobRow(tx, id)) || frameLeaves(tx, id, 1).length === 0)
      throw invalid(
        field,
        `Job ${id} is not a group of frames, so nothing can wait frame by frame there: depend on all of it.`,
      )
}

export function linkFrames(tx: Tx, id: number, on: number): void {
  const byFrame = new Map<number, FrameLeaf[]>()
  for (const leaf of frameLeaves(tx, on))
    for (const frame of parseFrames(leaf.frames)) byFrame.set(frame, [...(byFrame.get(frame) ?? []), leaf])
  for (const leaf of frameLeaves(tx, id)) {
    const others = new Set(parseFrames(leaf.frames).flatMap((frame) => byFrame.get(frame) ?? []))
    if (others.size === 0) continue
    const row = jobRow(tx, leaf.id)
    let [waits_for, unfinished] = [row.waits_for, row.unfinished]
    for (const other of others) {
      // Where it waits for that one already, it goes on as it was.
      if (!waitFor(tx, leaf.id, other.id, 'frame')) continue
      waits_for++
      if (!isFinished(tx, other)) unfinished++
    }
    tx.rows.saveWaitsFor.run({ id: leaf.id, waits_for })
    saveUnfinished(tx, row, unfinished)
  }
}

export function unlinkFrames(tx: Tx, id: number, from: number): void {
  const links = tx.db.all<Omit<FrameLeaf, 'id' | 'frames'> & { job_id: number; dependency: number }>(
    sql`select d.job_id, d.dependency, other.parent, other.command, other.state, other.reset from jobs leaf
      join dependencies d on d.job_id = leaf.id and d.kind = 'frame'
      join jobs other on other.id = d.dependency and other.parent = ${from}
      where leaf.parent = ${id} and leaf.waits_for > 0`,
  )
  for (const { job_id, dependency, ...other } of links) {
    const row = jobRow(tx, job_id)
    tx.rows.removeDependency.run({ job_id, dependency })
    tx.rows.saveWaitsFor.run({ id: job_id, waits_for: row.waits_for - 1 })
    saveUnfinished(tx, row, row.unfinished - Number(!isFinished(tx, other)))
  }
}

/** A group of frames is emptied and becomes a leaf: what waited frame by frame there, or it for others, waits no more. */
export function forgetFrameLinks(tx: Tx, id: number): void {
  for (const { job_id } of tx.db.all<{ job_id: number }>(
    sql`delete from dependencies where kind = 'frame' and (job_id = ${id} or dependency = ${id}) returning job_id`,
  ))
    tx.db.run(sql`update jobs set waits_for = waits_for - 1 where id = ${job_id}`)
}
