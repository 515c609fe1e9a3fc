/** The workers as the stream tells them, while a view looks at them. */
import type { Worker } from '../../models.ts'
import type { Frame } from '../../watch.ts'
import { RowStore } from './rows.ts'
import { Store } from './store.ts'

export const workerRows = new RowStore<string, Worker>()
/** Their names, as people sort them: node-2 before node-10. Undefined: nobody asked for them yet. */
export const workerNames = new Store<readonly string[] | undefined>(undefined)
/** Counts up when workers changed: what is filtered or sorted by is looked at anew. */
export const workerNews = new Store(0)

export const byName = new Intl.Collator('en', { numeric: true }).compare

/** Ten thousand workers are put in order in 30 ms: not more often than this. */
const NEWS_MS = 500
let waiting = false

export function hearWorkers({ workers = [], goneWorkers = [], allWorkers }: Frame): void {
  if (workers.length === 0 && goneWorkers.length === 0 && !allWorkers) return
  const before = new Set(workerNames.get())
  const names = allWorkers ? new Set<string>() : new Set(before)
  for (const worker of workers) {
    workerRows.put(worker.name, worker)
    names.add(worker.name)
  }
  for (const name of goneWorkers) names.delete(name)
  for (const name of before) if (!names.has(name)) workerRows.remove(name)
  const first = workerNames.get() === undefined
  if (first || names.size !== before.size || [...names].some((name) => !before.has(name)))
    workerNames.set([...names].sort(byName))
  if (waiting) return
  waiting = true
  setTimeout(() => {
    waiting = false
    workerNews.set(workerNews.get() + 1)
  }, NEWS_MS)
}
