/** What is done to workers from the page: shown at once, taken back when the server says no. */
import * as calls from '../data/calls.ts'
import { workerRows } from '../data/workers.ts'
import { plural } from '../parts/format.ts'
import { attempt } from '../shell/attempt.ts'
import { say } from '../shell/toasts.tsx'

type Names = readonly string[]

export const startWorkers = (names: Names) =>
  attempt(`Could not start ${plural(names.length, 'worker')}`, () => calls.startWorkers(names), [
    workerRows.hope(names, { active: 1 }),
  ])

export const stopWorkers = (names: Names) =>
  attempt(`Could not stop ${plural(names.length, 'worker')}`, () => calls.stopWorkers(names), [
    workerRows.hope(names, { active: 0 }),
  ])

export async function deleteWorkers(names: Names): Promise<void> {
  const what = plural(names.length, 'worker')
  if (await attempt(`Could not delete ${what}`, () => calls.deleteWorkers(names))) say(`${what} deleted`)
}
