/** What a job's times come to at a moment. Pure. */
import type { Job } from '../../models.ts'

/** `seen`: when the server told the job. Of what runs, the time goes on. */
export function durationAt(job: Job, seen: number, now: number): number {
  const since = Math.max(0, now - seen)
  if (job.command === '') return job.duration + job.total_working * since
  return job.state === 'WORKING' ? Math.max(0, now - job.start_time) : job.duration
}

/** Less is no ground to say how long all of it takes. */
const LEAST_PROGRESS = 0.02

/** Seconds until it is done; undefined: nobody can say. */
export function remaining(job: Job, seconds: number): number | undefined {
  if (job.command !== '')
    return job.state === 'WORKING' && job.progress >= LEAST_PROGRESS
      ? (seconds / job.progress) * (1 - job.progress)
      : undefined
  const ended = job.total_finished + job.total_errors
  const left = job.total - ended
  if (job.total_working === 0 || ended === 0 || left === 0) return undefined
  // Those that run are half way, on average.
  const each = seconds / (ended + job.total_working / 2)
  return (each * Math.max(left - job.total_working / 2, 0)) / job.total_working
}
