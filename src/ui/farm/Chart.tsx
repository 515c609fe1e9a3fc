/** A chart over time by uPlot, in the colours of the theme, as wide as its place. */
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import { useColours } from '../parts/useColours.ts'

const COLOURS = ['text', 'dim', 'line', 'finished', 'error', 'working', 'waiting'] as const
export type ChartColours = Record<(typeof COLOURS)[number], string>

/** Pixels, without the legend. */
const HEIGHT = 150
const FONT = '11px system-ui, sans-serif'
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const clock = (seconds: number) => CLOCK.format(new Date(seconds * 1000))

export type Columns = [times: number[], ...(number | null)[][]]

interface ChartProps {
  /** What it shows, in words, for those who do not see it. */
  label: string
  data: Columns
  /** Each column but the times. Kept by the caller: other ones make another chart. */
  series(colours: ChartColours): uPlot.Series[]
}

export function Chart({ label, data, series }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(undefined)
  const newest = useRef(data)
  newest.current = data
  const colours = useColours(COLOURS)
  useEffect(() => {
    const element = place.current
    if (!element) return
    const axis = { stroke: colours.dim, font: FONT, grid: { stroke: colours.line, width: 1 }, ticks: { show: false } }
    const made = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        // To the right, half of the label of a time at the end.
        padding: [8, 18, 0, 0],
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        legend: { live: true },
        scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.08)] } },
        axes: [
          { ...axis, size: 24, values: (_, splits) => splits.map(clock) },
          {
            ...axis,
            size: 40,
            values: (_, splits) => splits.map((split) => (Number.isInteger(split) ? String(split) : '')),
          },
        ],
        series: [{ label: 'At', value: (_, at) => (at === null ? '–' : clock(at)) }, ...series(colours)],
      },
      newest.current,
      element,
    )
    chart.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      chart.current = undefined
    }
  }, [colours, series])
  useEffect(() => chart.current?.setData(data), [data])
  return <div ref={place} className="chart" role="img" aria-label={label} />
}
