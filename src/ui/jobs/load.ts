/** Rows of jobs that are not on the screen: asked for in pieces, so that a hundred thousand are never in memory at once. */
import type { Job } from '../../models.ts'
import * as calls from '../data/calls.ts'
import { jobRows } from '../data/live.ts'
import { count } from '../parts/format.ts'
import { working } from '../shell/toasts.tsx'

/** As many as one call takes, so more could not be acted on either. */
const MOST = 100_000
/** As many as one answer has. */
const PIECE = 1000

/** Goes through the jobs in their order, those that are there, a piece at a time. What is on the screen is known already. */
export async function eachPiece(ids: readonly number[], see: (jobs: Job[]) => void): Promise<void> {
  if (ids.length > MOST)
    throw new Error(`${count(ids.length)} jobs are selected: take ${count(MOST)} at most, or the groups they are in.`)
  const progress = working(`Reading ${count(ids.length)} jobs`)
  try {
    for (let at = 0; at < ids.length; at += PIECE) {
      const piece = ids.slice(at, at + PIECE)
      const unknown = piece.filter((id) => !jobRows.isFollowed(id))
      const read = unknown.length > 0 ? await calls.getJobs(unknown) : []
      const rows = new Map(read.map((job) => [job.id, job]))
      see(piece.flatMap((id) => rows.get(id) ?? jobRows.get(id) ?? []))
      progress.tell(`${count(Math.min(at + PIECE, ids.length))} read`)
    }
  } finally {
    progress.end()
  }
}
