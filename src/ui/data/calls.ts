/**
 * The server's calls, by the models' types. Not by Eden: every answer of this API is a `Response` that is written as it is,
 * and routes are made for two prefixes, so Eden would type the answers as nothing and miss the routes.
 */
import type { JobOrder } from '../../answers.ts'
import { createClient } from '../../client.ts'
import type { Job, JobInput, NewJob } from '../../models.ts'

const { call } = createClient(location.origin)
/** A hundred thousand jobs can take the server a while. */
const PATIENT = { timeoutSeconds: 300 }

export const orderJobs = (parent: number, query: string, signal: AbortSignal) =>
  call<JobOrder>('GET', `/api/jobs/${parent}/order${query && `?${query}`}`, undefined, { ...PATIENT, signal })
export const getJobs = (ids: readonly number[]) => call<Job[]>('POST', '/api/getjobs', ids)
export const addJob = (job: NewJob) => call<number>('PUT', '/api/jobs', job, PATIENT)
export const editJobs = (edits: Record<number, JobInput>) => call<1>('POST', '/api/jobs', edits, PATIENT)
export const deleteJobs = (ids: readonly number[]) => call<1>('DELETE', '/api/jobs', ids, PATIENT)
export const startJobs = (ids: readonly number[]) => call<1>('POST', '/api/startjobs', ids, PATIENT)
export const pauseJobs = (ids: readonly number[]) => call<1>('POST', '/api/pausejobs', ids, PATIENT)
export const resetJobs = (ids: readonly number[]) => call<1>('POST', '/api/resetjobs', ids, PATIENT)
export const resetErrorJobs = (ids: readonly number[]) => call<1>('POST', '/api/reseterrorjobs', ids, PATIENT)
