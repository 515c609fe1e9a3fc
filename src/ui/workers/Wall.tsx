/** The workers as tiles: the whole farm at a glance. Only the rows of tiles on the screen are drawn. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type MouseEvent, memo, useEffect, useRef, useState } from 'react'
import { useRow } from '../data/rows.ts'
import { workerRows } from '../data/workers.ts'
import { StateMark } from '../parts/StateMark.tsx'
import { pressed } from '../table/gridKeys.ts'
import { go, type Lines, pick, type Selection } from '../table/selection.ts'
import { CpuBars, CurrentJob, CurrentProgress, LastSign, MemoryMeter } from './Meters.tsx'
import { shownState } from './state.ts'

/** Pixels; the style sheet says the same. */
const NARROWEST = 186
const ROW = 96
const PADDING = 8

interface WallProps {
  lines: Lines<string>
  selection: Selection<string>
  onSelect(selection: Selection<string>): void
  onVisible(names: readonly string[]): void
  onOpen(name: string): void
  empty: string
}

export function Wall({ lines, selection, onSelect, onVisible, onOpen, empty }: WallProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const across = useAcross(scroller)
  const virtual = useVirtualizer({
    count: Math.ceil(lines.count / across),
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 2,
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

  const choose = (next: Selection<string>) => {
    onSelect(next)
    if (next.active !== undefined && next.active !== selection.active)
      virtual.scrollToIndex(Math.floor(lines.indexOf(next.active) / across), { align: 'auto' })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== scroller.current) return
    const { active } = selection
    if (event.key === 'Enter' && active !== undefined) onOpen(active)
    const at = active === undefined ? -1 : lines.indexOf(active)
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key]
    const how = { range: event.shiftKey, add: event.ctrlKey || event.metaKey }
    const page = across * Math.floor((scroller.current?.clientHeight ?? ROW) / ROW)
    const next =
      by !== undefined && !event.altKey
        ? go(selection, lines, at < 0 ? 0 : at + by, how)
        : pressed(selection, lines, event, page)
    if (!next) return
    event.preventDefault()
    choose(next)
  }
  const nameOf = (event: MouseEvent) =>
    event.target instanceof Element ? event.target.closest<HTMLElement>('[data-name]')?.dataset.name : undefined
  const onMouseDown = (event: MouseEvent) => {
    const name = nameOf(event)
    if (name === undefined || (event.target instanceof Element && event.target.closest('a'))) return
    if (event.button === 1 || (event.button === 2 && selection.keys.has(name))) return
    onSelect(pick(selection, lines, name, { range: event.shiftKey, add: event.ctrlKey || event.metaKey }))
    if (event.shiftKey) event.preventDefault()
  }
  const active = selection.active === undefined ? -1 : lines.indexOf(selection.active)
  return (
    <div
      ref={scroller}
      className="wall"
      role="grid"
      tabIndex={0}
      aria-label="Workers"
      aria-multiselectable="true"
      aria-rowcount={Math.ceil(lines.count / across)}
      aria-colcount={across}
      aria-activedescendant={active >= first && active <= last ? tileId(active) : undefined}
      onKeyDown={onKeyDown}
      onMouseDown={onMouseDown}
      onDoubleClick={(event) => {
        const name = nameOf(event)
        if (name !== undefined) onOpen(name)
      }}
    >
      <div role="rowgroup" className="wall-body" style={{ height: virtual.getTotalSize() }}>
        {rows.map(({ index, start }) => (
          <div
            key={index % slots.current}
            role="row"
            aria-rowindex={index + 1}
            className="wall-row"
            style={{ transform: `translateY(${start}px)`, gridTemplateColumns: `repeat(${across}, minmax(0, 1fr))` }}
          >
            {Array.from({ length: Math.min(across, lines.count - index * across) }, (_, i) => {
              const name = lines.at(index * across + i) as string
              return (
                <Tile
                  // The place, not the name: a tile is drawn over as well.
                  // biome-ignore lint/suspicious/noArrayIndexKey: the place is what stays.
                  key={i}
                  id={tileId(index * across + i)}
                  name={name}
                  selected={selection.keys.has(name)}
                  active={name === selection.active}
                />
              )
            })}
          </div>
        ))}
      </div>
      {lines.count === 0 && <p className="grid-empty">{empty}</p>}
    </div>
  )
}

const tileId = (index: number) => `worker-tile-${index}`

/** How many tiles stand side by side. */
function useAcross(scroller: { readonly current: HTMLDivElement | null }): number {
  const [across, setAcross] = useState(6)
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const observer = new ResizeObserver(() =>
      setAcross(Math.max(1, Math.floor((element.clientWidth - PADDING) / NARROWEST))),
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [scroller])
  return across
}

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
