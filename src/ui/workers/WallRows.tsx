/** The rows of tiles that are on the screen, and no others. Scrolling draws these alone, as in a table. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, type RefObject, useEffect, useLayoutEffect, useRef } from 'react'
import { useRow } from '../data/rows.ts'
import { workerRows } from '../data/workers.ts'
import { StateMark } from '../parts/StateMark.tsx'
import type { Lines, Selection } from '../table/selection.ts'
import { CpuBars, CurrentJob, CurrentProgress, LastSign, MemoryMeter } from './Meters.tsx'
import { shownState } from './state.ts'

/** Pixels; the style sheet says the same. */
export const ROW = 96
export const PADDING = 8
/** Rows above and below what is seen: a wheel goes one further. */
const OVERSCAN = 2

const tileId = (index: number) => `worker-tile-${index}`

interface RowsProps {
  lines: Lines<string>
  selection: Selection<string>
  onVisible(names: readonly string[]): void
  scroller: RefObject<HTMLDivElement | null>
  across: number
}

export function WallRows({ scroller, across, lines, selection, onVisible }: RowsProps) {
  const virtual = useVirtualizer({
    count: Math.ceil(lines.count / across),
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: OVERSCAN,
    paddingStart: PADDING,
    paddingEnd: PADDING,
    useFlushSync: false,
  })
  const rows = virtual.getVirtualItems()
  // A row that scrolls off is drawn over as the one that comes.
  const slots = useRef(0)
  slots.current = Math.max(slots.current, rows.length)
  const first = (rows[0]?.index ?? 0) * across
  const last = Math.min(lines.count, ((rows.at(-1)?.index ?? -1) + 1) * across) - 1
  useEffect(() => {
    const names: string[] = []
    for (let i = first; i <= last; i++) names.push(lines.at(i) as string)
    onVisible(names)
  }, [lines, first, last, onVisible])
  const active = selection.active === undefined ? -1 : lines.indexOf(selection.active)
  useLayoutEffect(() => {
    if (active >= first && active <= last) scroller.current?.setAttribute('aria-activedescendant', tileId(active))
    else scroller.current?.removeAttribute('aria-activedescendant')
  }, [scroller, active, first, last])
  return (
    <div role="rowgroup" className="wall-body" style={{ height: virtual.getTotalSize() }}>
      {rows.map(({ index, start }) => (
        <Row
          key={index % slots.current}
          index={index}
          start={start}
          across={across}
          lines={lines}
          selection={selection}
        />
      ))}
    </div>
  )
}

interface RowProps extends Pick<RowsProps, 'across' | 'lines' | 'selection'> {
  index: number
  start: number
}

const Row = memo(function Row({ index, start, across, lines, selection }: RowProps) {
  const first = index * across
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      className="wall-row"
      style={{ transform: `translateY(${start}px)`, gridTemplateColumns: `repeat(${across}, minmax(0, 1fr))` }}
    >
      {Array.from({ length: Math.min(across, lines.count - first) }, (_, i) => {
        const name = lines.at(first + i) as string
        return (
          <Tile
            // The place, not the name: a tile is drawn over as well.
            // biome-ignore lint/suspicious/noArrayIndexKey: the place is what stays.
            key={i}
            id={tileId(first + i)}
            name={name}
            selected={selection.keys.has(name)}
            active={name === selection.active}
          />
        )
      })}
    </div>
  )
})

interface TileProps {
  id: string
  name: string
  selected: boolean
  active: boolean
}

const Tile = memo(function Tile({ id, name, selected, active }: TileProps) {
  const worker = useRow(workerRows, name)
  const state = worker ? shownState(worker) : 'WAITING'
  return (
    <div
      id={id}
      role="gridcell"
      className="tile"
      aria-selected={selected}
      data-active={active}
      data-name={name}
      data-state={state}
    >
      <div className="tile-head">
        <StateMark state={state} />
        <b title={name}>{name}</b>
        <span className="dim">{worker && <LastSign worker={worker} />}</span>
      </div>
      {worker && (
        <>
          <div className="tile-job">
            {worker.state === 'WORKING' ? (
              <CurrentJob worker={worker} />
            ) : (
              <span className="dim">{worker.affinity.split('\n')[0]}</span>
            )}
          </div>
          <div className="tile-progress">{worker.state === 'WORKING' && <CurrentProgress worker={worker} />}</div>
          <div className="tile-machine">
            <CpuBars worker={worker} />
            <MemoryMeter worker={worker} />
          </div>
        </>
      )}
    </div>
  )
})
