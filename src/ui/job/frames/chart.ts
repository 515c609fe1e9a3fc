/** How long each frame took, drawn by uPlot: points in their order, those that stand out as triangles. */
import type uPlot from 'uplot'
import { duration } from '../../parts/format.ts'
import type { Durations } from './outliers.ts'

export interface ChartColours {
  finished: string
  error: string
  dim: string
  line: string
}

/** CSS pixels: few are seen as well as many are told apart. */
const dotOf = (points: number): number => (points < 200 ? 7 : points < 2000 ? 5 : 3)
const TRIANGLE = 8

export function options(
  width: number,
  height: number,
  colours: ChartColours,
  spread: Durations['spread'],
  onOpen: (place: number) => void,
): uPlot.Options {
  const axis = {
    stroke: colours.dim,
    grid: { stroke: colours.line, width: 1 },
    ticks: { show: false },
    font: '11px sans-serif',
  }
  return {
    width,
    height,
    padding: [8, 10, 0, 0],
    legend: { show: false },
    // Half a frame more on either side: the first and the last are seen whole.
    scales: {
      x: { time: false, range: (_, min, max) => [min - 0.5, max + 0.5] },
      y: { range: (_, __, max) => [0, Math.max(1, max * 1.08)] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        values: (_, values) => values.map((value) => (Number.isInteger(value) ? String(value) : '')),
      },
      { ...axis, size: 58, incrs: SECONDS, values: (_, values) => values.map((value) => duration(value)) },
    ],
    series: [
      { label: 'Frame' },
      { label: 'Usual', stroke: colours.finished, fill: colours.finished, paths: dots, points: { show: false } },
      { label: 'Stands out', stroke: colours.error, fill: colours.error, paths: triangles, points: { show: false } },
    ],
    cursor: {
      drag: { x: true, y: false },
      points: { size: 10, width: 2, fill: 'transparent' },
      bind: {
        // A click without a drag opens the frame; with one, it zooms.
        click: (plot, _target, handler) => (event) => {
          if (plot.cursor.idx != null && plot.select.width === 0) onOpen(plot.data[0]?.[plot.cursor.idx] ?? 0)
          return handler(event)
        },
      },
    },
    hooks: { drawClear: [(plot) => spread && fence(plot, spread, colours)] },
  }
}

/** Steps of the axis that people count in. */
const SECONDS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400, 172_800, 604_800,
]

const dots: uPlot.Series.PathBuilder = (plot, series, from, to) => ({
  fill: each(plot, series, from, to, (path, x, y) => {
    const size = dotOf(to - from) * devicePixelRatio
    path.rect(x - size / 2, y - size / 2, size, size)
  }),
})

const triangles: uPlot.Series.PathBuilder = (plot, series, from, to) => ({
  fill: each(plot, series, from, to, (path, x, y) => {
    const size = (TRIANGLE * devicePixelRatio) / 2
    path.moveTo(x, y - size)
    path.lineTo(x + size, y + size)
    path.lineTo(x - size, y + size)
    path.closePath()
  }),
})

function each(
  plot: uPlot,
  series: number,
  from: number,
  to: number,
  draw: (path: Path2D, x: number, y: number) => void,
) {
  const path = new Path2D()
  const [xs, ys] = [plot.data[0], plot.data[series]]
  // 100,000 points are a thousand on each column of pixels: one on a pixel is enough.
  const drawn = new Set<number>()
  for (let i = from; i <= to; i++) {
    const value = ys?.[i]
    if (value == null) continue
    const x = Math.round(plot.valToPos(xs?.[i] ?? 0, 'x', true))
    const y = Math.round(plot.valToPos(value, 'y', true))
    const key = x * 100_000 + y
    if (drawn.has(key)) continue
    drawn.add(key)
    draw(path, x, y)
  }
  return path
}

function fence(plot: uPlot, { median, fence }: NonNullable<Durations['spread']>, colours: ChartColours): void {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.lineWidth = devicePixelRatio
  for (const [value, colour, dash] of [
    [median, colours.finished, []],
    [fence, colours.error, [4, 4]],
  ] as const) {
    const y = Math.round(plot.valToPos(value, 'y', true))
    if (y < bbox.top) continue
    ctx.strokeStyle = colour
    ctx.setLineDash(dash.map((each) => each * devicePixelRatio))
    ctx.globalAlpha = 0.6
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
  }
  ctx.restore()
}
