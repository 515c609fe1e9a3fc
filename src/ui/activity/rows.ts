/** Runs as the timeline has them: a row for each worker. Pure. */
import type { Event } from '../../models.ts'

export interface Row {
  worker: string
  /** By their start. */
  runs: Event[]
}

export function rowsOf(events: readonly Event[], compare: (a: string, b: string) => number): Row[] {
  return [...Map.groupBy(events, ({ worker }) => worker)]
    .sort(([a], [b]) => compare(a, b))
    .map(([worker, runs]) => ({ worker, runs: runs.toSorted((a, b) => a.start - b.start || a.id - b.id) }))
}

/** When it ended, or that it has not. */
export const endOf = ({ state, start, duration }: Event, now: number): number =>
  state === 'WORKING' ? Math.max(start, now) : start + duration

/** The run at a moment, or the one that is nearest within `slack` seconds: short runs are a pixel wide. */
export function runAt({ runs }: Row, at: number, slack: number, now: number): Event | undefined {
  let best: { run: Event; away: number } | undefined
  for (const run of runs) {
    const away = Math.max(run.start - at, at - endOf(run, now), 0)
    if (away <= slack && (!best || away <= best.away)) best = { run, away }
  }
  return best?.run
}
