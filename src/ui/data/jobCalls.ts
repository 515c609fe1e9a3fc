/** What the page of one job asks. */
import type { GroupFrames, JobGraph, LogMatches, Why } from '../../answers.ts'
import { createClient } from '../../client.ts'
import type { Event, Job } from '../../models.ts'

const { call, open } = createClient(location.origin)

export interface Blocked {
  worker: string
  failures: number
  since: number
  blocked: boolean
}

export const getJob = (id: number) => call<Job>('GET', `/api/jobs/${id}`)
export const whyJob = (id: number) => call<Why>('GET', `/api/jobs/${id}/why`)
export const jobFrames = (id: number) => call<GroupFrames>('GET', `/api/jobs/${id}/frames`)
export const jobGraph = (id: number) => call<JobGraph>('GET', `/api/jobs/${id}/graph`)
/** The newest first, of a group those of all below it. */
export const jobRuns = (id: number, limit?: number, signal?: AbortSignal) =>
  call<Event[]>('GET', `/api/jobs/${id}/events${limit === undefined ? '' : `?limit=${limit}`}`, undefined, { signal })
export const blocklist = (id: number) => call<Blocked[]>('GET', `/api/jobs/${id}/blocklist`)
export const clearBlocklist = (id: number, workers: readonly string[]) =>
  call<1>('DELETE', `/api/jobs/${id}/blocklist`, workers)

export const logFile = (id: number) => `/api/jobs/${id}/log/file`
export const logMatches = (id: number, text: string, offset: number, signal: AbortSignal) =>
  call<LogMatches>(
    'GET',
    `/api/jobs/${id}/log/matches?${new URLSearchParams({ text, offset: String(offset) })}`,
    undefined,
    {
      signal,
    },
  )

export interface LogBytes {
  bytes: Uint8Array<ArrayBuffer>
  offset: number
  next: number
  size: number
}

export async function logBytes(id: number, offset: number, limit: number): Promise<LogBytes> {
  const answer = await open('GET', `${logFile(id)}?offset=${offset}&limit=${limit}`)
  const number = (name: string) => Number(answer.headers.get(`x-log-${name}`))
  const bytes = new Uint8Array(await answer.arrayBuffer())
  return { bytes, offset: number('offset'), next: number('next'), size: number('size') }
}
