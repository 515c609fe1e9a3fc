import type { Job } from '../../models.ts'

/** As they are typed. A state that is added to the tables has to be added here, or this does not compile. */
const WORDS: Record<Job['state'], string> = {
  WAITING: 'waiting',
  PENDING: 'pending',
  PAUSED: 'paused',
  WORKING: 'working',
  FINISHED: 'finished',
  ERROR: 'error',
}
export const JOB_STATE_WORDS = Object.values(WORDS)
