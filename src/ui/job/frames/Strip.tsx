/** All frames of a group in one look: colour by state, a click goes to the frame, a drag selects. */
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { jobRows } from '../../data/live.ts'
import { useRow } from '../../data/rows.ts'
import { useWatch } from '../../data/stream.ts'
import { count, duration } from '../../parts/format.ts'
import { jobAddress } from '../../parts/JobLink.tsx'
import { StateMark } from '../../parts/StateMark.tsx'
import { useColours } from '../../parts/useColours.ts'
import { useSize } from '../../parts/useSize.ts'
import { FRAME_STATES } from './frames.ts'
import { paint } from './paint.ts'
import { frameAt, nearestFrame, type StripLayout, stripLayout } from './stripLayout.ts'
import type { LiveFrames } from './useFrames.ts'

/** From one to another, in the order of the strip. */
export interface Range {
  from: number
  to: number
}

interface StripProps extends LiveFrames {
  range: Range | undefined
  onRange(range: Range | undefined): void
}

const COLOURS = ['finished', 'working', 'error', 'waiting', 'pending', 'paused', 'ground'] as const

export function Strip({ frames, version, range, onRange }: StripProps) {
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const { width } = useSize(box)
  const colours = useColours(COLOURS)
  const [only, setOnly] = useState<number>()
  const [hovered, setHovered] = useState(-1)
  const [active, setActive] = useState(0)
  const pressed = useRef<{ index: number; moved: boolean } | undefined>(undefined)
  const [, go] = useLocation()
  const layout = useMemo(() => stripLayout(frames.length, width), [frames.length, width])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that what is in the frames changed.
  useEffect(() => {
    if (!canvas.current || width === 0) return
    const { ground, ...rest } = colours
    paint(canvas.current, layout, frames.states, { colours: Object.values(rest), ground, only })
  }, [frames, version, layout, colours, width, only])

  const open = (index: number) => index >= 0 && index < frames.length && go(jobAddress(frames.ids[index] as number))
  const at = (event: PointerEvent, find: typeof frameAt) => {
    const { left, top } = event.currentTarget.getBoundingClientRect()
    return find(layout, frames.length, event.clientX - left, event.clientY - top)
  }
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return
    const index = at(event, frameAt)
    if (index < 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    if (event.shiftKey) onRange({ from: range?.from ?? active, to: index })
    pressed.current = { index, moved: event.shiftKey }
    setActive(index)
  }
  const onPointerMove = (event: PointerEvent) => {
    setHovered(at(event, frameAt))
    const down = pressed.current
    if (!down) return
    const index = at(event, nearestFrame)
    if (index !== down.index) down.moved = true
    if (down.moved && !event.shiftKey) onRange({ from: down.index, to: index })
  }
  const onPointerUp = (event: PointerEvent) => {
    const down = pressed.current
    pressed.current = undefined
    if (down && !down.moved && event.button === 0) open(down.index)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey) return
    const moves: Record<string, number> = {
      ArrowLeft: -layout.share,
      ArrowRight: layout.share,
      ArrowUp: -layout.perLine * layout.share,
      ArrowDown: layout.perLine * layout.share,
      Home: -frames.length,
      End: frames.length,
    }
    const by = moves[event.key]
    if (by !== undefined) {
      const next = Math.min(frames.length - 1, Math.max(0, active + by))
      setActive(next)
      if (event.shiftKey) onRange({ from: range?.from ?? active, to: next })
    } else if (event.key === 'Enter') open(active)
    else if (event.key === 'Escape') onRange(undefined)
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) onRange({ from: 0, to: frames.length - 1 })
    else return
    event.preventDefault()
  }
  const shown = hovered >= 0 ? hovered : active
  const state = FRAME_STATES[frames.states[shown] as number]
  return (
    <div className="strip">
      <Legend frames={frames} only={only} onOnly={setOnly} />
      <div ref={box} className="strip-box">
        {/* A slider is what there is for a place in a line of many. */}
        <div
          className="strip-area"
          role="slider"
          tabIndex={0}
          aria-label="Frames"
          aria-valuemin={1}
          aria-valuemax={Math.max(1, frames.length)}
          aria-valuenow={active + 1}
          aria-valuetext={`Frame ${count(active + 1)} of ${count(frames.length)}: ${FRAME_STATES[frames.states[active] as number]?.state}`}
          style={{ height: layout.lines * layout.side, width: layout.perLine * layout.side }}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerLeave={() => setHovered(-1)}
          onKeyDown={onKeyDown}
        >
          <canvas ref={canvas} />
          {range && <RangeMarks layout={layout} range={range} />}
          <Place layout={layout} index={active} name="active" />
          {hovered >= 0 && <Place layout={layout} index={hovered} name="hovered" />}
          {hovered >= 0 && state && (
            <Tip layout={layout} index={hovered} id={frames.ids[hovered] as number} width={width}>
              <StateMark state={state.state} />
              {(frames.durations[hovered] ?? 0) > 0 && <span>{duration(frames.durations[hovered] as number)}</span>}
            </Tip>
          )}
        </div>
      </div>
    </div>
  )
}

/** How many are in each state, with its sign; pressed, the strip shows where they are. */
function Legend({
  frames,
  only,
  onOnly,
}: {
  frames: LiveFrames['frames']
  only: number | undefined
  onOnly(only: number | undefined): void
}) {
  return (
    <div className="legend">
      {FRAME_STATES.map(
        ({ state, word }, i) =>
          (frames.counts[i] ?? 0) > 0 && (
            <button
              key={state}
              type="button"
              aria-pressed={only === i}
              title={`Show where the frames are that are ${word}`}
              onClick={() => onOnly(only === i ? undefined : i)}
            >
              <StateMark state={state} />
              <b>{count(frames.counts[i] ?? 0)}</b>
            </button>
          ),
      )}
    </div>
  )
}

function boxOf({ side, perLine, share }: StripLayout, index: number) {
  const place = Math.floor(index / share)
  return { left: (place % perLine) * side, top: Math.floor(place / perLine) * side, width: side, height: side }
}

function Place({ layout, index, name }: { layout: StripLayout; index: number; name: string }) {
  return <i className="strip-place" data-name={name} style={boxOf(layout, index)} />
}

/** A range is three boxes at most: the rest of its first line, whole lines, the begin of its last. */
function RangeMarks({ layout, range }: { layout: StripLayout; range: Range }) {
  const { side, perLine } = layout
  const a = boxOf(layout, Math.min(range.from, range.to))
  const b = boxOf(layout, Math.max(range.from, range.to))
  const end = perLine * side
  const boxes =
    a.top === b.top
      ? [{ left: a.left, top: a.top, width: b.left + side - a.left, height: side }]
      : [
          { left: a.left, top: a.top, width: end - a.left, height: side },
          { left: 0, top: a.top + side, width: end, height: b.top - a.top - side },
          { left: 0, top: b.top, width: b.left + side, height: side },
        ]
  return boxes.map((box) => <i key={box.top} className="strip-range" style={box} />)
}

const TIP_WIDTH = 230

function Tip({
  layout,
  index,
  id,
  width,
  children,
}: {
  layout: StripLayout
  index: number
  id: number
  width: number
  children: ReactNode
}) {
  const job = useRow(jobRows, id)
  useWatch({ jobs: [id] })
  const { left, top } = boxOf(layout, index)
  return (
    <div
      className="frame-tip"
      style={{ left: Math.min(left, Math.max(0, width - TIP_WIDTH)), top: top + layout.side + 8 }}
    >
      <b>{job?.title || `#${id}`}</b>
      <span className="frame-tip-line">{children}</span>
    </div>
  )
}
