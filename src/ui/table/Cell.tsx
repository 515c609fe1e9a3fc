import type { ReactNode } from 'react'
import type { Shown } from './columns.ts'

/** One cell of a row. A function and not a component: there are 600 of them on a screen. */
export const cellOf = <R, P>({ id, end, style }: Shown<R, P>, content: ReactNode) => (
  <div key={id} role="gridcell" className="grid-cell" data-column={id} data-end={end} style={style}>
    {content}
  </div>
)
