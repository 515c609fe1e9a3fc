import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import uPlot from 'uplot'
import type { FarmHistory } from '../../answers.ts'
import { farmHistory } from '../data/calls.ts'
import { serverNow } from '../data/clock.ts'
import { farm } from '../data/live.ts'
import { remembered, useStore } from '../data/store.ts'
import { count, moment } from '../parts/format.ts'
import { Problem } from '../parts/Problem.tsx'
import { useNews } from '../parts/useNews.ts'
import { Chart, type ChartColours, type Columns } from './Chart.tsx'
import { utilisation } from './utilisation.ts'

const SPANS = {
  hour: { minutes: 60, step: 1, word: 'hour' },
  day: { minutes: 1440, step: 5, word: 'day' },
} as const
const span = remembered<keyof typeof SPANS>('coalition.farm.span', 'hour')
/** A point is a minute: so often it is looked at anew. */
const AGAIN_MS = 15_000
const KEY = ['farm history']

/** Bars, one on the other: what ended badly stands on what ended well. */
const bars = uPlot.paths.bars?.({ size: [0.8, 12], align: 1 })
const ended = (colours: ChartColours): uPlot.Series[] => [
  { label: 'Badly', fill: colours.error, stroke: colours.error, width: 0, paths: bars, points: { show: false }, value: (u, _, __, i) => difference(u, i) },
  { label: 'Well', fill: colours.finished, stroke: colours.finished, width: 0, paths: bars, points: { show: false }, value: (_, value) => rate(value) },
] // biome-ignore format: two of a kind, side by side
const busy = (colours: ChartColours): uPlot.Series[] => [
  { label: 'Active', stroke: colours.waiting, width: 1.5, dash: [5, 4], points: { show: false }, value: (_, value) => rate(value) },
  { label: 'Busy', stroke: colours.working, width: 1.5, fill: faint(colours.working), points: { show: false }, value: (_, value) => rate(value) },
] // biome-ignore format: two of a kind, side by side

const rate = (value: number | null) => (value === null || value === undefined ? '–' : String(Number(value.toFixed(1))))
const difference = (u: uPlot, i: number | null) =>
  i === null ? '–' : rate((u.data[1]?.[i] ?? 0) - (u.data[2]?.[i] ?? 0))
const faint = (colour: string) => colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.2)')

export function Charts() {
  const chosen = useStore(span)
  const { minutes, step, word } = SPANS[chosen]
  const { data, error } = useQuery({
    queryKey: [...KEY, minutes],
    queryFn: ({ signal }) => farmHistory(minutes, step, signal),
    placeholderData: keepPreviousData,
    staleTime: 0,
    refetchInterval: 60_000,
  })
  useNews(farm, KEY, AGAIN_MS)
  const throughput = useMemo(() => data && throughputOf(data), [data])
  const use = useMemo<Columns | undefined>(() => data && [data.times, data.active, data.busy], [data])
  const sums = data && { well: sum(data.finished), badly: sum(data.errors) + sum(data.lost), use: utilisation(data) }
  const over = sums?.use?.since === undefined ? `in the last ${word}` : `since ${moment(sums.use.since, serverNow())}`
  const share = sums?.use && `${Math.round(100 * sums.use.share)}%`
  return (
    <>
      <section className="card" aria-labelledby="runs ended">
        <header className="card-head">
          <h2 id="runs ended">Runs ended per minute</h2>
          {sums && (
            <span className="dim">
              <b>{count(sums.well)}</b> well, <b>{count(sums.badly)}</b> badly in the last {word}
            </span>
          )}
          <div className="switch" role="group" aria-label="Over">
            {(Object.keys(SPANS) as (keyof typeof SPANS)[]).map((each) => (
              <button key={each} type="button" aria-pressed={each === chosen} onClick={() => span.set(each)}>
                {each === 'hour' ? 'Hour' : 'Day'}
              </button>
            ))}
          </div>
        </header>
        <Problem words={error?.message} />
        <div className="chart-place">
          {throughput && sums && (
            <Chart
              label={`Runs ended per minute: ${sums.well} well and ${sums.badly} badly in the last ${word}`}
              data={throughput}
              series={ended}
            />
          )}
        </div>
      </section>
      <section className="card" aria-labelledby="busy workers">
        <header className="card-head">
          <h2 id="busy workers">Busy workers</h2>
          {share && (
            <span className="dim">
              <b>{share}</b> of the active ones {over}
            </span>
          )}
        </header>
        <div className="chart-place">
          {use && (
            <Chart
              label={`Busy workers of the active ones ${over}${share ? `: ${share}` : ''}`}
              data={use}
              series={busy}
            />
          )}
        </div>
      </section>
    </>
  )
}

const sum = (list: readonly number[]) => list.reduce((total, each) => total + each, 0)

/** The sum behind, the good ones before it: what shows of the sum is the bad ones. */
function throughputOf({ times, step, finished, errors, lost }: FarmHistory): Columns {
  const minutes = step / 60
  const all = finished.map((well, i) => (well + (errors[i] ?? 0) + (lost[i] ?? 0)) / minutes)
  return [times, all, finished.map((well) => well / minutes)]
}
