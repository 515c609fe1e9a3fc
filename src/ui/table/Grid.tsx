/** A table of any length: only what is on the screen is drawn. The view says what a row is; keys and selection are the same everywhere. */
import {
  type ComponentType,
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useEffect,
} from 'react'
import { useNarrow } from '../parts/useNarrow.ts'
import { type CellsProps, GridBody, type Level } from './Body.tsx'
import type { ColumnModel } from './columns.ts'
import { pressed } from './gridKeys.ts'
import { GridHeader, type Sort } from './Header.tsx'
import { useKeptScroll } from './kept.ts'
import { reveal } from './reveal.ts'
import { go, type Lines, pick, type Selection } from './selection.ts'
import { useScroller } from './useScroller.ts'
import { useTypeToFind } from './useTypeToFind.ts'

/** Pixels; the style sheets say the same (`--row`, `--head`). A finger needs more than a mouse. */
const ROW = 26
const NARROW_ROW = 36
const HEAD = 28

interface GridProps<K, R, P> {
  label: string
  model: ColumnModel<R, P>
  lines: Lines<K>
  cells: ComponentType<CellsProps<K, R, P>>
  selection: Selection<K>
  onSelect(selection: Selection<K>): void
  sort: Sort | undefined
  onSort(sort: Sort | undefined): void
  /** What is on the screen, and near it. */
  onVisible(keys: readonly K[]): void
  /** Rows in the direction of scrolling that are said to be visible, so that they are known when they come; default: 0. */
  ahead?: number
  /** For typing to find; a row that is not known yet has none. */
  textOf(key: K): string | undefined
  /** Those whose text begins so, where not all rows are known. */
  search?(word: string, signal: AbortSignal): Promise<ReadonlySet<K>>
  /** Keys of the view's own; true: it was one. */
  onKey?(event: KeyboardEvent): boolean
  onOpen?(key: K): void
  levelOf?(index: number): Level
  /** What the list is by: when it is another list, it is seen from its beginning. */
  by?: string
  /** Something that makes a row look different, as `cut`. */
  markOf?(key: K): string | undefined
  /** What stands there when there are no rows. */
  empty: ReactNode
}

export function Grid<K extends string | number, R, P>(props: GridProps<K, R, P>) {
  const { label, model, lines, selection, onSelect, onKey, onOpen } = props
  const scroller = useScroller()
  const row = useNarrow() ? NARROW_ROW : ROW
  useKeptScroll(scroller, `${label} at ${location.pathname}${location.search}`, lines.count > 0)

  // biome-ignore lint/correctness/useExhaustiveDependencies: it is another list when this changes.
  useEffect(() => {
    if (scroller.current) scroller.current.scrollTop = 0
  }, [props.by])

  // One who came by keyboard, from another list or back to this one, goes on where there is something to choose.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is there.
  useEffect(() => {
    if (document.activeElement === document.body) scroller.current?.focus({ preventScroll: true })
  }, [])

  const choose = (next: Selection<K>) => {
    onSelect(next)
    if (next.active !== undefined && next.active !== selection.active)
      reveal(scroller.current, lines.indexOf(next.active) * row, row, HEAD)
  }
  const goToWord = useTypeToFind(props, (index) => choose(go(selection, lines, index, {})))
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== scroller.current || onKey?.(event)) return
    if (!event.ctrlKey && !event.metaKey && !event.altKey && goToWord(event.key)) {
      event.preventDefault()
      return
    }
    const page = Math.floor(((scroller.current?.clientHeight ?? 0) - HEAD) / row) - 1
    const next = pressed(selection, lines, event, page)
    if (!next) return
    event.preventDefault()
    choose(next)
  }
  const keyOf = (event: MouseEvent): K | undefined => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-index]') : null
    return row ? lines.at(Number(row.dataset.index)) : undefined
  }
  const onMouseDown = (event: MouseEvent) => {
    const key = keyOf(event)
    if (key === undefined || (event.target instanceof Element && event.target.closest('a, button'))) return
    // A menu is for what is selected, if it is opened there.
    if (event.button === 2 && selection.keys.has(key)) return
    const how = { range: event.shiftKey, add: event.ctrlKey || event.metaKey }
    // What is selected may be dragged: it is one row alone when the button is let go (`onClick`).
    const may = selection.keys.size > 1 && selection.keys.has(key) && !how.range && !how.add
    if (event.button !== 1 && !may) onSelect(pick(selection, lines, key, how))
    // A range of rows, not of letters.
    if (event.shiftKey) event.preventDefault()
  }
  const onClick = (event: MouseEvent) => {
    const key = keyOf(event)
    if (key === undefined || event.shiftKey || event.ctrlKey || event.metaKey || selection.keys.size < 2) return
    if (selection.keys.has(key) && !(event.target instanceof Element && event.target.closest('a, button')))
      onSelect(pick(selection, lines, key, {}))
  }
  return (
    <div
      ref={scroller}
      className="grid"
      role="treegrid"
      tabIndex={0}
      aria-label={label}
      aria-multiselectable="true"
      aria-rowcount={lines.count + 1}
      style={{ '--width': `${model.width}px` } as CSSProperties}
      onKeyDown={onKeyDown}
      onPointerOver={sayWhole}
      onMouseDown={onMouseDown}
      onClick={onClick}
      onDoubleClick={(event) => {
        const key = keyOf(event)
        if (key !== undefined) onOpen?.(key)
      }}
    >
      <GridHeader model={model} sort={props.sort} onSort={props.onSort} />
      <GridBody
        label={label}
        scroller={scroller}
        height={row}
        lines={lines}
        columns={model.shown}
        cells={props.cells}
        selection={selection}
        onVisible={props.onVisible}
        ahead={props.ahead ?? 0}
        levelOf={props.levelOf}
        markOf={props.markOf}
      />
      {lines.count === 0 && <div className="grid-empty">{props.empty}</div>}
    </div>
  )
}

/** Before a browser shows a title; rows that are scrolled away under the mouse are not measured one by one. */
const REST_MS = 150
let resting: ReturnType<typeof setTimeout> | undefined

/** What is cut off is said where the mouse is: a title on each cell would be made for nothing nearly always. */
function sayWhole({ target }: MouseEvent): void {
  clearTimeout(resting)
  const cell = target instanceof Element ? target.closest<HTMLElement>('.grid-body .grid-cell') : null
  if (!cell) return
  resting = setTimeout(() => {
    cell.title = cell.scrollWidth > cell.clientWidth ? (cell.textContent ?? '') : ''
  }, REST_MS)
}
