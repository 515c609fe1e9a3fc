/** Runs over time: a row a worker, a bar a run. On a canvas: ten thousand bars are drawn in a few milliseconds. */
import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import type { Event } from '../../models.ts'
import { serverNow } from '../data/clock.ts'
import { duration, moment } from '../parts/format.ts'
import { jobAddress } from '../parts/JobLink.tsx'
import { StateMark } from '../parts/StateMark.tsx'
import { useColours } from '../parts/useColours.ts'
import { AXIS, COLOURS, fillsOf, GUTTER, paint, ROW, timeAt } from './paint.ts'
import { endOf, type Row, runAt } from './rows.ts'
import { panned, type Range, rangeOf, type Span, zoomed } from './span.ts'

/** The address is told where the gesture led when it rests for so long. */
const REST_MS = 300
/** A run that goes on grows by itself. */
const TICK_MS = 1000
const ZOOM = 1.25
/** Pixels that a pointer may stray while it clicks. */
const CLICK = 4
const SLACK = 4

interface TimelineProps {
  rows: readonly Row[]
  span: Span
  onRange(range: Range): void
}

interface Hover {
  run: Event
  x: number
  y: number
}

export function Timeline({ rows, span, onRange }: TimelineProps) {
  const [, go] = useLocation()
  const scroller = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const colours = useColours(COLOURS)
  const [hover, setHover] = useState<Hover>()
  /** Where a gesture has led, until the address says so. */
  const gesture = useRef<Range>(undefined)
  const rest = useRef<ReturnType<typeof setTimeout>>(undefined)
  const drag = useRef<{ x: number; y: number; moved: boolean }>(undefined)
  const frame = useRef(0)
  const hovered = hover?.run
  const range = useCallback(() => gesture.current ?? rangeOf(span, serverNow()), [span])

  const draw = useCallback(() => {
    frame.current = 0
    const element = canvas.current
    const box = scroller.current
    const context = element?.getContext('2d')
    if (!element || !box || !context) return
    const scale = devicePixelRatio
    const [width, height] = [box.clientWidth, box.clientHeight]
    if (element.width !== Math.round(width * scale) || element.height !== Math.round(height * scale)) {
      element.width = Math.round(width * scale)
      element.height = Math.round(height * scale)
      element.style.width = `${width}px`
      element.style.height = `${height}px`
    }
    context.setTransform(scale, 0, 0, scale, 0, 0)
    const scene = { rows, range: range(), now: serverNow(), scrollTop: box.scrollTop, width, height, hovered }
    paint(context, scene, colours, fillsOf(context, colours))
  }, [rows, range, colours, hovered])
  const redraw = useCallback(() => {
    if (frame.current === 0) frame.current = requestAnimationFrame(draw)
  }, [draw])

  useEffect(() => {
    draw()
    const timer = setInterval(redraw, TICK_MS)
    const observer = new ResizeObserver(redraw)
    if (scroller.current) observer.observe(scroller.current)
    return () => {
      clearInterval(timer)
      observer.disconnect()
      cancelAnimationFrame(frame.current)
      frame.current = 0
    }
  }, [draw, redraw])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address has said where it is.
  useEffect(() => {
    gesture.current = undefined
  }, [span])

  const move = useCallback(
    (next: Range) => {
      gesture.current = next
      redraw()
      clearTimeout(rest.current)
      rest.current = setTimeout(() => onRange(next), REST_MS)
    },
    [redraw, onRange],
  )
  useEffect(() => () => clearTimeout(rest.current), [])
  const place = useCallback(() => ({ range: range(), width: scroller.current?.clientWidth ?? 1 }), [range])

  // React's own listener of the wheel may not keep the page from scrolling.
  useEffect(() => {
    const element = scroller.current
    const onWheel = (event: WheelEvent) => {
      event.preventDefault()
      const here = place()
      const aside = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX
      if (aside !== 0) move(panned(here.range, timeAt(GUTTER + aside, here) - here.range.from))
      else {
        const x = event.clientX - (element?.getBoundingClientRect().left ?? 0)
        move(zoomed(here.range, timeAt(Math.max(GUTTER, x), here), ZOOM ** Math.sign(event.deltaY)))
      }
    }
    element?.addEventListener('wheel', onWheel, { passive: false })
    return () => element?.removeEventListener('wheel', onWheel)
  }, [move, place])

  const at = (event: PointerEvent): Hover | undefined => {
    const box = scroller.current?.getBoundingClientRect()
    if (!box) return undefined
    const [x, y] = [event.clientX - box.left, event.clientY - box.top]
    const row = rows[Math.floor((y - AXIS + (scroller.current?.scrollTop ?? 0)) / ROW)]
    if (!row || x < GUTTER || y < AXIS) return undefined
    const here = place()
    const slack = timeAt(GUTTER + SLACK, here) - here.range.from
    const run = runAt(row, timeAt(x, here), slack, serverNow())
    return run && { run, x, y }
  }
  const onPointerMove = (event: PointerEvent) => {
    const held = drag.current
    if (!held) {
      setHover(at(event))
      return
    }
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y]
    if (!held.moved && Math.hypot(dx, dy) < CLICK) return
    drag.current = { x: event.clientX, y: event.clientY, moved: true }
    const here = place()
    if (scroller.current) scroller.current.scrollTop -= dy
    move(panned(here.range, here.range.from - timeAt(GUTTER + dx, here)))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const { range: now } = place()
    const next = keyed(event.key, now)
    if (!next) return
    event.preventDefault()
    move(next)
  }
  return (
    <div className="timeline-place">
      {/* biome-ignore-start lint/a11y/noNoninteractiveTabindex: it is panned and zoomed by keys; the table has the same runs for those who do not see it. */}
      <div
        ref={scroller}
        className="timeline"
        role="region"
        tabIndex={0}
        aria-label="Timeline of runs: arrows move, plus and minus zoom. The table has the same runs."
        data-held={drag.current?.moved}
        onScroll={redraw}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          if (event.button !== 0) return
          drag.current = { x: event.clientX, y: event.clientY, moved: false }
          event.currentTarget.setPointerCapture(event.pointerId)
        }}
        onPointerMove={onPointerMove}
        onPointerUp={(event) => {
          const clicked = drag.current && !drag.current.moved ? at(event) : undefined
          drag.current = undefined
          if (clicked) go(jobAddress(clicked.run.job_id))
        }}
        // The system took the gesture for one of its own.
        onPointerCancel={() => {
          drag.current = undefined
        }}
        onPointerLeave={() => setHover(undefined)}
      >
        <div className="timeline-body" style={{ height: AXIS + rows.length * ROW }}>
          <canvas ref={canvas} />
        </div>
      </div>
      {/* biome-ignore-end lint/a11y/noNoninteractiveTabindex: see above. */}
      {hover && <Tip {...hover} width={scroller.current?.clientWidth ?? 0} />}
    </div>
  )
}

/** Where a key leads. */
function keyed(key: string, range: Range): Range | undefined {
  const { from, to } = range
  const middle = (from + to) / 2
  switch (key) {
    case 'ArrowLeft':
      return panned(range, (from - to) / 8)
    case 'ArrowRight':
      return panned(range, (to - from) / 8)
    case '+':
    case '=':
      return zoomed(range, middle, 1 / ZOOM)
    case '-':
      return zoomed(range, middle, ZOOM)
  }
}

/** Pixels; the style sheet says the same. */
const TIP = 300

function Tip({ run, x, y, width }: Hover & { width: number }) {
  const now = serverNow()
  return (
    <div className="tip" role="tooltip" style={{ left: Math.max(4, Math.min(x + 14, width - TIP - 4)), top: y + 16 }}>
      <b>{run.job_title || `Job ${run.job_id}`}</b>
      <span>
        <StateMark state={run.state} /> job {run.job_id}, run {run.id} on {run.worker}
      </span>
      <span className="dim">
        {moment(run.start, now)}, {duration(endOf(run, now) - run.start)}
        {run.state === 'WORKING' && ' so far'}
      </span>
    </div>
  )
}
