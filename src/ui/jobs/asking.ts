/** The dialog that is open, and what it has to know of the jobs before it asks. */
import type { Job } from '../../models.ts'
import { jobRows } from '../data/live.ts'
import { Store } from '../data/store.ts'
import { plural } from '../parts/format.ts'
import { complain } from '../shell/toasts.tsx'
import { type Common, common } from './fields.ts'
import { eachPiece } from './load.ts'

/** What a delete takes with it. */
export interface Loss {
  ids: readonly number[]
  /** Of one. */
  title: string
  /** Jobs below groups, that are not named themselves. */
  below: number
  running: number
}

export type Asking =
  | { kind: 'add'; parent: number }
  | { kind: 'edit'; ids: readonly number[]; common: Common }
  | ({ kind: 'delete' } & Loss)
  | undefined
export const asking = new Store<Asking>(undefined)

export async function askToEdit(ids: readonly number[]): Promise<void> {
  let values: Common | undefined
  try {
    await eachPiece(ids, (jobs) => {
      values = common(jobs, values)
    })
    asking.set({ kind: 'edit', ids, common: values ?? {} })
  } catch (error) {
    complain(`Could not read ${plural(ids.length, 'job')}`, error)
  }
}

/**
 * A question, and no undo: rows, logs and runs that were killed do not come back, and to send it some seconds later would say
 * that jobs are gone while they go on rendering, for good if the tab is closed meanwhile.
 */
export async function askToDelete(ids: readonly number[]): Promise<void> {
  const chosen = new Set(ids)
  const parents = new Map<number, number>()
  const jobs: Pick<Job, 'id' | 'command' | 'total' | 'total_working' | 'state' | 'title'>[] = []
  try {
    await eachPiece(ids, (piece) => {
      for (const { id, parent, command, total, total_working, state, title } of piece) {
        parents.set(id, parent)
        jobs.push({ id, command, total, total_working, state, title })
      }
    })
  } catch (error) {
    complain(`Could not read ${plural(ids.length, 'job')}`, error)
    return
  }
  // A job that is named by itself is not counted again with its group.
  const inside = (id: number): boolean => {
    const parent = parents.get(id) ?? jobRows.get(id)?.parent
    return parent !== undefined && (chosen.has(parent) || inside(parent))
  }
  const tops = jobs.filter(({ id }) => !inside(id))
  const named = jobs.filter(({ id, command }) => command !== '' && inside(id)).length
  const running = ({ command, state, total_working }: (typeof jobs)[number]) =>
    command === '' ? total_working : Number(state === 'WORKING')
  asking.set({
    kind: 'delete',
    ids,
    title: jobs.length === 1 ? (jobs[0]?.title ?? '') : '',
    below: tops.reduce((sum, { total }) => sum + total, 0) - named,
    running: tops.reduce((sum, job) => sum + running(job), 0),
  })
}

/** Names the number, with all that is below. */
export function whatGoes({ ids, title, below, running }: Loss): string {
  const what = ids.length === 1 ? `“${title || ids[0]}”` : plural(ids.length, 'job')
  return [
    `${what}${below > 0 ? ` and the ${plural(below, 'job')} below` : ''} will be deleted, with the logs.`,
    running > 0 && `${plural(running, 'run')} will be stopped.`,
    'This cannot be undone.',
  ]
    .filter(Boolean)
    .join(' ')
}
