/** Which workers are shown. Pure. */
import type { Worker } from '../../models.ts'
import type { Filter } from '../jobs/filter.ts'
import { shownState } from './state.ts'

export const WORKER_FILTERS = ['state', 'host', 'affinity'] as const

/** Text is looked for in all that names a worker; each chip has to fit, of two for one thing either. */
export function passes(worker: Worker, { chips, text }: Filter): boolean {
  const has = (where: string, what: string) => where.toLowerCase().includes(what.toLowerCase())
  const fits = ({ name, value }: Filter['chips'][number]) => {
    if (name === 'state') return shownState(worker).toLowerCase() === value.toLowerCase()
    if (name === 'host') return has(worker.host || worker.name, value)
    return worker.affinity.split(/[,\n]/).some((each) => each.toLowerCase() === value.toLowerCase())
  }
  const groups = Map.groupBy(chips, ({ name }) => name)
  if (![...groups.values()].every((some) => some.some(fits))) return false
  return text === '' || [worker.name, worker.host, worker.ip, worker.affinity].some((each) => has(each, text))
}
