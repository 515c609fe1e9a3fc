/** The server's own lines in the logs of jobs. */
import { FarmError } from '../errors.ts'
import type { Core, Tx } from './core.ts'

/** A line at the end of the log as it is now; it begins a line, whatever the output before it ended with. */
export function note({ logs }: Pick<Core, 'logs'>, job: number, text: string, now: number): void {
  const size = logs.size(job)
  const open = size > 0 && logs.read(job, size - 1, 1)[0] !== NEWLINE
  logs.append(job, Buffer.from(`${open ? '\n' : ''}[coalition] ${new Date(now * 1000).toISOString()} ${text}\n`))
}

const NEWLINE = 10

/**
 * A line that waits for the end of the run that holds the job, if one does: worker and server agree by the size of the log
 * on how much of a run's output has come, so nothing else may come between. Written when the change is on disk, since a
 * server that is killed in between would find the run still going on, with the line in its output.
 */
export function noteLater(tx: Tx, job: number, text: string): void {
  tx.after(() => noteWhenIdle(tx, job, text, tx.now))
}

function noteWhenIdle(core: Core, job: number, text: string, now: number): void {
  const row = core.rows.job.get({ id: job })
  if (row?.run === 0) noteIfRoom(core, job, text, now)
  else if (row) core.live.notes.set(job, [...(core.live.notes.get(job) ?? []), { text, now }])
}

/** After a commit: a line for which the disk has no room must not keep from what else has to follow. The disk has said so. */
function noteIfRoom(core: Core, job: number, text: string, now: number): void {
  try {
    note(core, job, text, now)
  } catch (error) {
    if (!(error instanceof FarmError)) throw error
  }
}

/** After a run: what waited for its end. */
export function writeNotes(core: Core, job: number): void {
  const waiting = core.live.notes.get(job)
  if (!waiting) return
  core.live.notes.delete(job)
  for (const { text, now } of waiting) noteWhenIdle(core, job, text, now)
}

/** Runs of which it was said that their worker came back; more would come from a worker that lies. */
const MOST_RETURNED = 10_000

/** A worker that was lost reports on its run again: said once, and it is told to stop by the answer. */
export function noteReturn(core: Core, now: number, run: number, worker: string): void {
  const { rows, live } = core
  if (live.returned.has(run)) return
  const event = rows.event.get({ id: run })
  if (event?.state !== 'LOST' || event.worker !== worker) return
  if (live.returned.size >= MOST_RETURNED) live.returned.clear()
  live.returned.add(run)
  noteWhenIdle(core, event.job_id, `${worker} came back with its lost run ${run}: it was told to stop it`, now)
}
