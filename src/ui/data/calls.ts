/**
 * The server's calls, by the models' types. Not by Eden: every answer of this API is a `Response` that is written as it is,
 * and routes are made for two prefixes, so Eden would type the answers as nothing and miss the routes.
 */
import type { Attention, FarmHistory, Health, JobOrder, Why } from '../../answers.ts'
import { createClient } from '../../client.ts'
import type {
  Affinities,
  AuditRecord,
  Event,
  Job,
  JobInput,
  LimitEdits,
  Limits,
  NewJob,
  NewUser,
  User,
  UserEdit,
  WorkerEdit,
} from '../../models.ts'

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

export const whyWorker = (name: string, signal: AbortSignal) =>
  call<Why>('GET', `/api/workers/${encodeURIComponent(name)}/why`, undefined, { signal })
export const editWorkers = (edits: Record<string, WorkerEdit>) => call<1>('POST', '/api/workers', edits, PATIENT)
export const startWorkers = (names: readonly string[]) => call<1>('POST', '/api/startworkers', names, PATIENT)
export const stopWorkers = (names: readonly string[]) => call<1>('POST', '/api/stopworkers', names, PATIENT)
export const deleteWorkers = (names: readonly string[]) => call<1>('DELETE', '/api/workers', names, PATIENT)
export const listEvents = (query: Record<string, string>, signal: AbortSignal) =>
  call<Event[]>('GET', `/api/events?${new URLSearchParams(query)}`, undefined, { ...PATIENT, signal })

export const listAudit = (query: Record<string, string>, signal: AbortSignal) =>
  call<AuditRecord[]>('GET', `/api/audit?${new URLSearchParams(query)}`, undefined, { signal })

/** The names of those that ever took a job. */
export const workersOfJobs = async (signal: AbortSignal): Promise<string[]> =>
  (await call<{ worker: string }[]>('GET', '/api/jobs/workers', undefined, { signal })).map(({ worker }) => worker)

export const listUsers = (signal: AbortSignal) => call<User[]>('GET', '/api/users', undefined, { signal })
export const addUser = (user: NewUser) => call<User>('POST', '/api/users', user)
export const editUser = (name: string, edit: UserEdit) =>
  call<User>('POST', `/api/users/${encodeURIComponent(name)}`, edit)
export const deleteUser = (name: string) => call<1>('DELETE', `/api/users/${encodeURIComponent(name)}`)

export const getAffinities = (signal?: AbortSignal) => call<Affinities>('GET', '/api/affinities', undefined, { signal })
export const setAffinities = (names: Affinities) => call<1>('POST', '/api/affinities', names)
/** What jobs need: sets of names, separated by commas. */
export const neededAffinities = (signal: AbortSignal) =>
  call<{ affinity: string }[]>('GET', '/api/jobs/affinities', undefined, { signal })

export const getHealth = (signal: AbortSignal) => call<Health>('GET', '/api/health', undefined, { signal })
export const farmHistory = (minutes: number, step: number, signal: AbortSignal) =>
  call<FarmHistory>('GET', `/api/farm/history?minutes=${minutes}&step=${step}`, undefined, { signal })
export const farmAttention = (signal: AbortSignal) =>
  call<Attention>('GET', '/api/farm/attention', undefined, { signal })
export const getLimits = (signal: AbortSignal) => call<Limits>('GET', '/api/limits', undefined, { signal })
export const setLimits = (edits: LimitEdits) => call<1>('POST', '/api/limits', edits)
