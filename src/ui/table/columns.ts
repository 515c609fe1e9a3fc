/** The columns of a table: which, in which order, how wide; this browser remembers it. The model is TanStack Table's. */
import {
  columnOrderingFeature,
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  type Header,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { type ReactNode, useEffect, useMemo, useState } from 'react'
import { remembered } from '../data/store.ts'
import { useNarrow } from '../parts/useNarrow.ts'
import { moved } from './order.ts'

export interface Column<R, Place = unknown> {
  id: string
  label: string
  /** Pixels. */
  width: number
  /** Numbers stand at the end. */
  end?: boolean
  /** By which field the server sorts it; none: it cannot be sorted. */
  sort?: string
  /** Not shown until somebody asks for it. */
  extra?: boolean
  /** Always shown. */
  fixed?: boolean
  /** Takes what is left of the width. */
  wide?: boolean
  /** One that is left where the screen is narrow, and how wide. */
  narrow?: number
  cell(row: R, place: Place): ReactNode
  /** As CSV and JSON have it. */
  value(row: R): string | number
}

/** A column as the table has it. */
export interface Shown<R, Place> extends Column<R, Place> {
  /**
   * How wide its cells are. Rows are flex boxes: with `grid-template-columns` the layout of a row took 1.7 times as long,
   * with a variable for each column the styles did.
   */
  style: { flex: string }
}

const features = tableFeatures({
  columnOrderingFeature,
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
})
type Features = typeof features
export type ColumnHeader = Header<Features, object, unknown>
const NO_ROWS: object[] = []
const NARROWEST = 36

interface Chosen {
  columnOrder: string[]
  columnVisibility: Record<string, boolean>
  columnSizing: Record<string, number>
}

export interface ColumnModel<R, Place> {
  all: readonly Column<R, Place>[]
  /** In order. */
  shown: readonly Shown<R, Place>[]
  headers: readonly ColumnHeader[]
  /** Pixels, of all that are shown. */
  width: number
  isShown(id: string): boolean
  show(id: string, shown: boolean): void
  /** Before another one, or after it. */
  move(id: string, by: -1 | 1): void
  place(id: string, before: string): void
  resize(id: string, width: number): void
  reset(): void
}

export function useColumns<R, Place>(name: string, columns: readonly Column<R, Place>[]): ColumnModel<R, Place> {
  const [store] = useState(() => remembered<Chosen>(`coalition.columns.${name}`, initial(columns)))
  const narrow = useNarrow()
  const defs = useMemo(
    () =>
      columns.map(({ id, label, width, fixed }) => ({
        id,
        header: label,
        size: width,
        minSize: NARROWEST,
        enableHiding: !fixed,
      })),
    [columns],
  )
  const table = useTable({
    features,
    columns: defs,
    data: NO_ROWS,
    initialState: withNew(columns, store.get()),
    columnResizeMode: 'onChange',
  })
  const { columnOrder, columnVisibility, columnSizing } = table.state
  useEffect(
    () => store.set({ columnOrder, columnVisibility, columnSizing }),
    [store, columnOrder, columnVisibility, columnSizing],
  )
  const headers = (table.getHeaderGroups()[0]?.headers ?? []).filter(
    ({ id }) => !narrow || columns.find((column) => column.id === id)?.narrow,
  )
  const widths = headers.map((header) => header.getSize())
  const ids = headers.map(({ id }, i) => `${id} ${widths[i]}`).join()
  const shown = useMemo<Shown<R, Place>[]>(
    () =>
      ids.split(',').flatMap((each) => {
        const [id, width] = each.split(' ')
        const column = columns.find((column) => column.id === id)
        if (!column) return []
        const { wide, narrow: narrowWidth } = column
        const flex = narrow ? (wide ? '1 1 0' : `0 0 ${narrowWidth}px`) : `${wide ? 1 : 0} 0 ${width}px`
        return { ...column, style: { flex } }
      }),
    [ids, columns, narrow],
  )
  return {
    all: columnOrder.flatMap((id) => columns.find((column) => column.id === id) ?? []),
    shown,
    headers,
    width: narrow ? 0 : widths.reduce((sum, width) => sum + width, 0),
    isShown: (id) => columnVisibility[id] !== false,
    show: (id, on) => table.setColumnVisibility((before) => ({ ...before, [id]: on })),
    move: (id, by) => table.setColumnOrder((order) => moved(order, id, order.indexOf(id) + by)),
    place: (id, before) => table.setColumnOrder((order) => moved(order, id, order.indexOf(before))),
    resize: (id, width) => table.setColumnSizing((sizes) => ({ ...sizes, [id]: Math.max(NARROWEST, width) })),
    reset: () => {
      const { columnOrder, columnVisibility, columnSizing } = initial(columns)
      table.setColumnOrder(columnOrder)
      table.setColumnVisibility(columnVisibility)
      table.setColumnSizing(columnSizing)
    },
  }
}

const initial = <R, P>(columns: readonly Column<R, P>[]): Chosen => ({
  columnOrder: columns.map(({ id }) => id),
  columnVisibility: Object.fromEntries(columns.filter(({ extra }) => extra).map(({ id }) => [id, false])),
  columnSizing: {},
})

/** A newer page may have columns that this browser does not remember, and lack others. */
function withNew<R, P>(columns: readonly Column<R, P>[], chosen: Chosen): Chosen {
  const ids = columns.map(({ id }) => id)
  const known = chosen.columnOrder.filter((id) => ids.includes(id))
  const fresh = columns.filter(({ id }) => !known.includes(id))
  return {
    columnOrder: [...known, ...fresh.map(({ id }) => id)],
    columnVisibility: { ...initial(fresh).columnVisibility, ...chosen.columnVisibility },
    columnSizing: chosen.columnSizing,
  }
}
