/** The rows of a table that are on the screen, and no others. Scrolling draws this alone: not the table, not its view. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ComponentType, memo, type RefObject, useEffect, useLayoutEffect, useRef } from 'react'
import type { Shown } from './columns.ts'
import type { Lines, Selection } from './selection.ts'

const OVERSCAN = 6

export interface CellsProps<K, R, P> {
  of: K
  index: number
  columns: readonly Shown<R, P>[]
}

/** What a tree says of a row. */
export interface Level {
  level: number
  expanded: boolean | undefined
}

interface BodyProps<K, R, P> {
  label: string
  scroller: RefObject<HTMLElement | null>
  /** Pixels. */
  height: number
  lines: Lines<K>
  columns: readonly Shown<R, P>[]
  cells: ComponentType<CellsProps<K, R, P>>
  selection: Selection<K>
  onVisible(keys: readonly K[]): void
  /** Rows that are made known before they are scrolled to. */
  ahead: number
  levelOf?(index: number): Level
  markOf?(key: K): string | undefined
}

export function GridBody<K extends string | number, R, P>(props: BodyProps<K, R, P>) {
  const { label, scroller, height, lines, columns, cells, selection, onVisible, ahead, levelOf, markOf } = props
  const virtual = useVirtualizer({
    count: lines.count,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: OVERSCAN,
    useFlushSync: false,
  })
  const items = virtual.getVirtualItems()
  // A row that scrolls off is drawn over as the one that comes: making its cells anew took half of each frame.
  const slots = useRef(0)
  slots.current = Math.max(slots.current, items.length)
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? -1
  const before = useRef(0)
  useEffect(() => {
    const up = first < before.current
    before.current = first
    const end = Math.min(lines.count - 1, last + (up ? 0 : ahead))
    const keys: K[] = []
    for (let i = Math.max(0, first - (up ? ahead : 0)); i <= end; i++) keys.push(lines.at(i) as K)
    onVisible(keys)
  }, [lines, first, last, ahead, onVisible])

  const active = selection.active === undefined ? -1 : lines.indexOf(selection.active)
  // Of the table, which is not drawn anew for it.
  useLayoutEffect(() => {
    if (active >= first && active <= last) scroller.current?.setAttribute('aria-activedescendant', rowId(label, active))
    else scroller.current?.removeAttribute('aria-activedescendant')
  }, [scroller, label, active, first, last])
  return (
    <div role="rowgroup" className="grid-body" style={{ height: virtual.getTotalSize() }}>
      {items.map(({ index, start }) => {
        const key = lines.at(index)
        if (key === undefined) return null
        const { level, expanded } = levelOf?.(index) ?? { level: 1, expanded: undefined }
        return (
          <Row
            key={index % slots.current}
            id={rowId(label, index)}
            of={key}
            index={index}
            start={start}
            level={level}
            expanded={expanded}
            selected={selection.keys.has(key)}
            active={key === selection.active}
            mark={markOf?.(key)}
            columns={columns as readonly Shown<never, never>[]}
            cells={cells as unknown as ComponentType<CellsProps<string | number, never, never>>}
          />
        )
      })}
    </div>
  )
}

const rowId = (label: string, index: number) => `${label.replaceAll(/\W/g, '-')}-${index}`

interface RowProps {
  id: string
  of: string | number
  index: number
  start: number
  level: number
  expanded: boolean | undefined
  selected: boolean
  active: boolean
  mark: string | undefined
  columns: readonly Shown<never, never>[]
  cells: ComponentType<CellsProps<string | number, never, never>>
}

const Row = memo(function Row({
  id,
  of,
  index,
  start,
  level,
  expanded,
  selected,
  active,
  mark,
  columns,
  cells: Cells,
}: RowProps) {
  return (
    <div
      id={id}
      role="row"
      className="grid-row"
      data-index={index}
      data-active={active}
      data-mark={mark}
      data-odd={index % 2 === 1}
      aria-rowindex={index + 2}
      aria-level={level}
      aria-expanded={expanded}
      aria-selected={selected}
      style={{ transform: `translateY(${start}px)` }}
    >
      <Cells of={of} index={index} columns={columns} />
    </div>
  )
})
