/** What is done to jobs from the page: shown at once, taken back when the server says no, in its own words. */
import * as calls from '../data/calls.ts'
import { jobRows } from '../data/live.ts'
import { plural } from '../parts/format.ts'
import { attempt } from '../shell/attempt.ts'
import { complain, say } from '../shell/toasts.tsx'

/** Shows what is hoped for until the call is answered; answers whether it was done. */
async function hopefully(
  what: string,
  ids: readonly number[],
  call: () => Promise<unknown>,
  hopes: readonly (() => void)[] = [],
): Promise<boolean> {
  return attempt(`Could not ${what} ${plural(ids.length, 'job')}`, call, hopes)
}

const known = (ids: readonly number[]) => ids.flatMap((id) => jobRows.get(id) ?? [])
const leavesOf = (ids: readonly number[]) => known(ids).flatMap(({ id, command }) => (command === '' ? [] : [id]))

/** A group's state follows its leaves: what that will be, only the server knows. */
export const startJobs = (ids: readonly number[]) =>
  hopefully('start', ids, () => calls.startJobs(ids), [
    jobRows.hope(leavesOf(ids), { state: 'WAITING', paused: 0, progress: 0 }),
  ])

export const pauseJobs = (ids: readonly number[]) =>
  hopefully('pause', ids, () => calls.pauseJobs(ids), [jobRows.hope(ids, { state: 'PAUSED', paused: 1 })])

export const resetJobs = (ids: readonly number[]) =>
  hopefully('reset', ids, () => calls.resetJobs(ids), [
    jobRows.hope(leavesOf(ids), { state: 'WAITING', paused: 0, progress: 0, duration: 0, start_time: 0 }),
  ])

export const resetErrorJobs = (ids: readonly number[]) =>
  hopefully('reset the errors of', ids, () => calls.resetErrorJobs(ids))

export async function deleteJobs(ids: readonly number[]): Promise<void> {
  if (await hopefully('delete', ids, () => calls.deleteJobs(ids))) say(`${plural(ids.length, 'job')} deleted`)
}

/** Each one's own priority, higher or lower by as much. */
export function raiseJobs(ids: readonly number[], by: number): Promise<boolean> {
  const jobs = known(ids)
  const edits = Object.fromEntries(jobs.map(({ id, priority }) => [id, { priority: priority + by }]))
  const hopes = jobs.map(({ id, priority }) => jobRows.hope([id], { priority: priority + by }))
  return hopefully('edit', ids, () => calls.editJobs(edits), hopes)
}

export async function moveJobs(ids: readonly number[], parent: number): Promise<boolean> {
  const edits = Object.fromEntries(ids.map((id) => [id, { parent }]))
  return hopefully('move', ids, () => calls.editJobs(edits))
}

export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    say(`${what} copied`)
  } catch (error) {
    complain('The browser did not let the page copy', error)
  }
}
