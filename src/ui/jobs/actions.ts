/** What is done to jobs from the page: shown at once, taken back when the server says no, in its own words. */
import type { Job, JobInput } from '../../models.ts'
import * as calls from '../data/calls.ts'
import { jobRows } from '../data/live.ts'
import { copy } from '../parts/copy.ts'
import { plural } from '../parts/format.ts'
import { attempt } from '../shell/attempt.ts'
import { complain, say } from '../shell/toasts.tsx'
import type { ExportForm } from './export.ts'
import { eachPiece } from './load.ts'

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

/** Leaves that are left as they are, and how that is said. */
interface Spared {
  states: readonly Job['state'][]
  /** Of several: `3 jobs … left as they are`. */
  many: string
  one(job: Job): string
}
const FROM_START: Spared = {
  states: ['FINISHED', 'WORKING'],
  many: 'that run or have finished are',
  one: ({ id, state }) =>
    state === 'WORKING' ? `Job ${id} runs already` : `Job ${id} has finished: Reset runs it again`,
}
const FROM_PAUSE: Spared = {
  states: ['FINISHED', 'ERROR'],
  many: 'that have ended are',
  one: ({ id }) => `Job ${id} has ended`,
}

/**
 * The server starts and pauses what it is told to: a leaf that is FINISHED runs once more, and one that is WORKING from its
 * beginning. Who selects a whole shot means what is left of it.
 */
async function sparing(
  { states, many, one }: Spared,
  ids: readonly number[],
  verb: string,
  act: (meant: readonly number[]) => Promise<boolean>,
): Promise<void> {
  const meant: number[] = []
  const left: Job[] = []
  try {
    await eachPiece(ids, (jobs) => {
      for (const job of jobs)
        if (job.command !== '' && states.includes(job.state)) left.push(job)
        else meant.push(job.id)
    })
  } catch (error) {
    complain(`Could not ${verb} ${plural(ids.length, 'job')}`, error)
    return
  }
  if (meant.length > 0 && !(await act(meant))) return
  if (left[0]) say(ids.length === 1 ? one(left[0]) : `${plural(left.length, 'job')} ${many} left as they are`)
}

/** A group's state follows its leaves: what that will be, only the server knows. */
export const startJobs = (ids: readonly number[]) =>
  sparing(FROM_START, ids, 'start', (meant) =>
    hopefully('start', meant, () => calls.startJobs(meant), [
      jobRows.hope(leavesOf(meant), { state: 'WAITING', paused: 0, progress: 0 }),
    ]),
  )

export const pauseJobs = (ids: readonly number[]) =>
  sparing(FROM_PAUSE, ids, 'pause', (meant) =>
    hopefully('pause', meant, () => calls.pauseJobs(meant), [jobRows.hope(meant, { state: 'PAUSED', paused: 1 })]),
  )

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
export async function raiseJobs(ids: readonly number[], by: number): Promise<boolean> {
  const edits: Record<number, JobInput> = {}
  const hopes: (() => void)[] = []
  try {
    await eachPiece(ids, (jobs) => {
      for (const { id, priority } of jobs) {
        const higher = { priority: priority + by }
        edits[id] = higher
        // Known is enough: a row that was drawn this moment is not followed yet, and would not show it.
        if (jobRows.get(id)) hopes.push(jobRows.hope([id], higher))
      }
    })
  } catch (error) {
    for (const each of hopes) each()
    complain(`Could not edit ${plural(ids.length, 'job')}`, error)
    return false
  }
  return hopefully('edit', ids, () => calls.editJobs(edits), hopes)
}

export async function moveJobs(ids: readonly number[], parent: number): Promise<boolean> {
  const edits = Object.fromEntries(ids.map((id) => [id, { parent }]))
  return hopefully('move', ids, () => calls.editJobs(edits))
}

async function copyLines<R>(lines: readonly string[], form: ExportForm<R>, what: string): Promise<void> {
  const how = await copy(form.text(lines), form.file)
  say(`${what} ${how === 'copied' ? 'copied' : `saved as ${form.file.name}`}`)
}

/** Rows that are there. */
export async function copyRows<R>(rows: readonly R[], form: ExportForm<R>, what: string): Promise<void> {
  try {
    await copyLines(rows.map(form.line), form, what)
  } catch (error) {
    complain(`Could not copy ${what}`, error)
  }
}

/** All of them, on the screen or not. */
export async function copyJobs(ids: readonly number[], form: ExportForm<Job>): Promise<void> {
  try {
    const parts: string[] = []
    let number = 0
    await eachPiece(ids, (jobs) => {
      parts.push(...jobs.map(form.line))
      number += jobs.length
    })
    await copyLines(parts, form, plural(number, 'job'))
  } catch (error) {
    complain(`Could not copy ${plural(ids.length, 'job')}`, error)
  }
}
