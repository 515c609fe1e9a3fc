import type { Job } from '../../models.ts'
import { serverNow } from '../data/clock.ts'

const seen = new WeakMap<Job, number>()

/** When a row came, in the server's time: asked first when it is first drawn, which is then. */
export function seenAt(job: Job): number {
  const known = seen.get(job)
  if (known !== undefined) return known
  const now = serverNow()
  seen.set(job, now)
  return now
}
