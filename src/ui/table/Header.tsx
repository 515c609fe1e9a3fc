import type { KeyboardEvent } from 'react'
import { Icon } from '../parts/Icon.tsx'
import type { ColumnModel, Shown } from './columns.ts'

export interface Sort {
  field: string
  descending: boolean
}

interface HeaderProps<R, P> {
  model: ColumnModel<R, P>
  sort: Sort | undefined
  /** A second click turns it round, a third lets go of it. */
  onSort(sort: Sort | undefined): void
}

export function GridHeader<R, P>({ model, sort, onSort }: HeaderProps<R, P>) {
  return (
    <div role="rowgroup" className="grid-head">
      <div role="row" className="grid-row" aria-rowindex={1}>
        {model.headers.map((header, i) => {
          const column = model.shown[i]
          return (
            column && <Head key={column.id} column={column} header={header} model={model} sort={sort} onSort={onSort} />
          )
        })}
      </div>
    </div>
  )
}

interface HeadProps<R, P> extends HeaderProps<R, P> {
  column: Shown<R, P>
  header: ColumnModel<R, P>['headers'][number]
}

function Head<R, P>({ column, header, model, sort, onSort }: HeadProps<R, P>) {
  const { id, label, end } = column
  const mine = column.sort !== undefined && sort?.field === column.sort
  const next = () => {
    if (!column.sort) return
    if (!mine) onSort({ field: column.sort, descending: false })
    else onSort(sort?.descending ? undefined : { field: column.sort, descending: true })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0
    if (by === 0 || !event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    if (event.shiftKey) model.resize(id, header.getSize() + 10 * by)
    else model.move(id, by as -1 | 1)
  }
  return (
    <div
      role="columnheader"
      className="grid-cell"
      data-end={end}
      style={column.style}
      aria-sort={mine ? (sort?.descending ? 'descending' : 'ascending') : undefined}
      draggable
      onDragStart={(event) => {
        // The edge changes the width: the column stays where it is.
        if (header.column.getIsResizing()) event.preventDefault()
        else event.dataTransfer.setData('text/coalition-column', id)
      }}
      onDragOver={(event) => event.dataTransfer.types.includes('text/coalition-column') && event.preventDefault()}
      onDrop={(event) => model.place(event.dataTransfer.getData('text/coalition-column'), id)}
    >
      <button
        type="button"
        className="head"
        title={`${label}: click to sort, drag to move; Alt+arrows move it, Alt+Shift+arrows change its width`}
        onClick={next}
        onKeyDown={onKeyDown}
      >
        <span>{label}</span>
        {mine && <Icon name={sort?.descending ? 'down' : 'up'} />}
      </button>
      <span
        className="resizer"
        aria-hidden="true"
        onPointerDown={(event) => event.stopPropagation()}
        onMouseDown={header.getResizeHandler()}
        onTouchStart={header.getResizeHandler()}
        onDoubleClick={() => model.resize(id, column.width)}
      />
    </div>
  )
}
