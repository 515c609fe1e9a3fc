import { createContext, use } from 'react'
import type { Job } from '../../models.ts'
import { jobRows } from '../data/live.ts'
import { useRow } from '../data/rows.ts'
import type { CellsProps } from '../table/Body.tsx'
import { cellOf } from '../table/Cell.tsx'
import type { Place } from './columnKinds.tsx'

/** How the view's tree stands: a row asks it, so that rows are drawn anew only when their own place changes. */
export const Tree = createContext<{ placeOf(id: number, index: number): Place }>({
  placeOf: (id) => ({
    depth: 0,
    open: undefined,
    toggle: () => undefined,
    through: false,
    listed: 0,
    peers: () => [id],
  }),
})

/** The cells of one job. Until its row is known, they are there and empty: nothing jumps when it comes. */
export function JobCells({ of, index, columns }: CellsProps<number, Job, Place>) {
  const job = useRow(jobRows, of)
  const place = use(Tree).placeOf(of, index)
  return columns.map((column) =>
    cellOf(
      column,
      job ? column.cell(job, place) : column.id === 'id' ? of : column.id === 'title' && <i className="unknown" />,
    ),
  )
}
