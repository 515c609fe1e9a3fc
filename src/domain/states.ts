/** Who may be in which state, as pure functions (`behaviour.md`, "States"). */
import type { JobRow, JobState, RunState } from '../db/schema.ts'

export interface GroupCounts {
  total: number
  total_finished: number
  total_errors: number
  total_working: number
}

/**
 * A group's state follows its leaves: any ERROR, else all FINISHED, else any WORKING, else PENDING if its own dependencies
 * hold it, else WAITING. Paused reads PAUSED. An empty group is never FINISHED.
 */
export function groupState(counts: GroupCounts, paused: boolean, unfinished: number): JobState {
  if (paused) return 'PAUSED'
  if (counts.total_errors > 0) return 'ERROR'
  if (counts.total > 0 && counts.total_finished === counts.total) return 'FINISHED'
  if (counts.total_working > 0) return 'WORKING'
  return unfinished > 0 ? 'PENDING' : 'WAITING'
}

/** The state of a leaf that does not run and has not ended: what every reset, start and stop leads to. */
export function restingState(paused: boolean, unfinished: number): JobState {
  if (paused) return 'PAUSED'
  return unfinished > 0 ? 'PENDING' : 'WAITING'
}

/** States in which a change of its dependencies moves a leaf: it has not started. */
export const NOT_STARTED: readonly JobState[] = ['WAITING', 'PENDING']

/** A delay grows so far, and no further. */
const LONGEST_DELAY = 24 * 3600

/** Seconds from a failed run to the next try: `retry_delay`, times `retry_growth` for each failure after the first. */
export function retryDelay(
  { retry_delay, retry_growth }: Pick<JobRow, 'retry_delay' | 'retry_growth'>,
  failures: number,
): number {
  if (retry_delay === 0) return 0
  return Math.round(Math.min(LONGEST_DELAY, retry_delay * retry_growth ** Math.max(0, failures - 1)))
}

/** When a job that has not started may: at 0 nothing holds it. */
export const wakeTime = ({ start_after, retry_at }: Pick<JobRow, 'start_after' | 'retry_at'>, now: number): number => {
  const time = Math.max(start_after, retry_at)
  return time > now ? time : 0
}

/** What ends a run: its exit code, its time-out, a user, the silence of its worker. */
export type RunEnd = Exclude<RunState, 'WORKING'>

/** The state of a leaf after a run: one in ERROR with `run_done <= retry` goes back by itself; one that was taken away waits again. */
export function stateAfterRun(end: RunEnd, runDone: number, retry: number, unfinished: number): JobState {
  if (end === 'FINISHED') return 'FINISHED'
  if (end === 'ERROR' && runDone > retry) return 'ERROR'
  return restingState(false, unfinished)
}
