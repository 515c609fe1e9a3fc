/** The workers as tiles: the whole farm at a glance. Only the rows of tiles on the screen are drawn. */
import { type KeyboardEvent, type MouseEvent, useEffect, useState } from 'react'
import { pressed } from '../table/gridKeys.ts'
import { reveal } from '../table/reveal.ts'
import { go, type Lines, pick, type Selection } from '../table/selection.ts'
import { useScroller } from '../table/useScroller.ts'
import { PADDING, ROW, WallRows } from './WallRows.tsx'

/** Pixels. */
const NARROWEST = 186

interface WallProps {
  lines: Lines<string>
  selection: Selection<string>
  onSelect(selection: Selection<string>): void
  onVisible(names: readonly string[]): void
  onOpen(name: string): void
  empty: string
}

export function Wall({ lines, selection, onSelect, onVisible, onOpen, empty }: WallProps) {
  const scroller = useScroller()
  const across = useAcross(scroller)
  const choose = (next: Selection<string>) => {
    onSelect(next)
    if (next.active !== undefined && next.active !== selection.active)
      reveal(scroller.current, PADDING + Math.floor(lines.indexOf(next.active) / across) * ROW, ROW)
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
      onKeyDown={onKeyDown}
      onMouseDown={onMouseDown}
      onDoubleClick={(event) => {
        const name = nameOf(event)
        if (name !== undefined) onOpen(name)
      }}
    >
      <WallRows scroller={scroller} across={across} lines={lines} selection={selection} onVisible={onVisible} />
      {lines.count === 0 && <p className="grid-empty">{empty}</p>}
    </div>
  )
}

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
