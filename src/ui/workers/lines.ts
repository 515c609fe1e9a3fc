/** Which workers are shown, in which order. Pure. */
import type { Worker } from '../../models.ts'
import type { Filter } from '../jobs/filter.ts'
import type { Column } from '../table/columns.ts'
import type { Sort } from '../table/Header.tsx'
import type { Lines } from '../table/selection.ts'
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

/** By a column's value; those that are equal stay in the order of their names. */
export function sorted<R>(rows: readonly R[], value: (row: R) => string | number, descending: boolean): R[] {
  const sign = descending ? -1 : 1
  return rows
    .map((row, place) => ({ row, place, by: value(row) }))
    .sort((a, b) => sign * compare(a.by, b.by) || a.place - b.place)
    .map(({ row }) => row)
}

const compare = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0)

/** As the head of a column says. The rows come by name, as people sort them: node-2 before node-10. */
export function inOrder<R>(rows: readonly R[], columns: readonly Column<R>[], sort: Sort | undefined): readonly R[] {
  const column = columns.find((each) => each.sort === sort?.field)
  if (!sort || !column || column.id === 'name') return sort?.descending ? rows.toReversed() : rows
  return sorted(rows, column.value, sort.descending)
}

/** A list of keys as a table has it. */
export function linesOf<K>(keys: readonly K[]): Lines<K> {
  let places: Map<K, number> | undefined
  return {
    count: keys.length,
    at: (index) => keys[index],
    indexOf(key) {
      places ??= new Map(keys.map((each, index) => [each, index]))
      return places.get(key) ?? -1
    },
  }
}
