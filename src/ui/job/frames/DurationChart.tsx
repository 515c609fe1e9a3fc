import { useEffect, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import { useLocation } from 'wouter'
import { count, duration, plural } from '../../parts/format.ts'
import { jobAddress } from '../../parts/JobLink.tsx'
import { useColours } from '../../parts/useColours.ts'
import { useSize } from '../../parts/useSize.ts'
import { JobName } from '../JobName.tsx'
import { options } from './chart.ts'
import { FRAME_STATES } from './frames.ts'
import { type Durations, durationsOf } from './outliers.ts'
import type { LiveFrames } from './useFrames.ts'

/** Drawn anew so often at most while frames end. */
const AGAIN_MS = 1000
/** Named beside the chart. */
const MOST_NAMED = 6
/** Pixels. */
const [LOWEST, HIGHEST] = [140, 320]
const FINISHED = FRAME_STATES.findIndex(({ state }) => state === 'FINISHED')
const COLOURS = ['finished', 'error', 'dim', 'line'] as const

/** How long the frames took, in their order, and which took far longer than the others. */
export function DurationChart({ frames, version }: LiveFrames) {
  const drawn = useSeldom(version, AGAIN_MS)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that what is in the frames changed.
  const durations = useMemo(() => durationsOf(frames.states, frames.durations, FINISHED), [frames, drawn])
  if (durations.places.length === 0) return <p className="nothing">No frame is finished yet.</p>
  const idAt = (place: number) => frames.ids[place - 1] as number
  return (
    <section className="durations" aria-label="Durations of the frames">
      <p className="durations-words">
        <Words durations={durations} />{' '}
        {durations.longest.slice(0, MOST_NAMED).map((i) => (
          <span key={i} className="outlier">
            ▲ <JobName id={idAt(durations.places[i] as number)} /> {duration(durations.seconds[i] as number)}
          </span>
        ))}
      </p>
      <Chart durations={durations} idAt={idAt} />
    </section>
  )
}

function Words({ durations: { spread, longest, places } }: { durations: Durations }) {
  if (!spread) return `${plural(places.length, 'frame')} finished: from eight on, it is said which take too long.`
  const usual = `Half of ${count(places.length)} took ${duration(spread.median)} at most.`
  return longest.length === 0
    ? `${usual} None stands out.`
    : `${usual} ${plural(longest.length, 'frame')} took more than ${duration(spread.fence)}:`
}

function Chart({ durations, idAt }: { durations: Durations; idAt(place: number): number }) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const { width, height } = useSize(box)
  const colours = useColours(COLOURS)
  const [, go] = useLocation()
  const open = useRef<(place: number) => void>(() => undefined)
  open.current = (place) => {
    if (place > 0) go(jobAddress(idAt(place)))
  }
  const [hovered, setHovered] = useState<number>()
  const { spread, places, usual, outliers } = durations
  // biome-ignore lint/correctness/useExhaustiveDependencies: the data comes below; where the fence is, is part of the picture.
  useEffect(() => {
    if (!box.current || width === 0) return
    const made = new uPlot(
      {
        ...options(width, Math.min(HIGHEST, Math.max(LOWEST, height)), colours, spread, (place) => open.current(place)),
        plugins: [{ hooks: { setCursor: ({ cursor }) => setHovered(cursor.idx ?? undefined) } }],
      },
      [places, usual, outliers],
      box.current,
    )
    plot.current = made
    return () => made.destroy()
  }, [width, height, colours, spread?.fence, spread?.median])
  useEffect(() => plot.current?.setData([places, usual, outliers]), [places, usual, outliers])
  const place = hovered === undefined ? undefined : places[hovered]
  return (
    <div className="frame-chart">
      <div ref={box} className="chart-box" aria-hidden="true" />
      <p className="chart-word" aria-hidden="true">
        {place !== undefined && hovered !== undefined && (
          <>
            Frame {count(place)}, #{idAt(place)}: {duration(durations.seconds[hovered] ?? 0)}
          </>
        )}
      </p>
    </div>
  )
}

/** A value that changes often, taken seldom. */
function useSeldom<T>(value: T, ms: number): T {
  const [taken, setTaken] = useState(value)
  const latest = useRef(value)
  latest.current = value
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    if (Object.is(taken, value)) return
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      setTaken(latest.current)
    }, ms)
  }, [value, taken, ms])
  useEffect(() => () => clearTimeout(timer.current), [])
  return taken
}
