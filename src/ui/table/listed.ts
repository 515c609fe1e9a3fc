/** Rows in an order, and keys as lines, for lists that the page has whole. Pure. */
import type { Column } from './columns.ts'
import type { Sort } from './Header.tsx'
import type { Lines } from './selection.ts'

/** By a column's value; those that are equal stay in the order in which they come. */
export function sorted<R>(rows: readonly R[], value: (row: R) => string | number, descending: boolean): R[] {
  const sign = descending ? -1 : 1
  return rows
    .map((row) => ({ row, by: value(row) }))
    .sort((a, b) => sign * compare(a.by, b.by))
    .map(({ row }) => row)
}

const compare = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0)

/** As the head of a column says. Rows that have a name come by it, as people sort them: node-2 before node-10. */
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
