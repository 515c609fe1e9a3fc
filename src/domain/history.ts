/** What the farm did in each minute of the last day: runs that ended, workers that were busy. In memory, some 60 kB. */
import type { RunEnd } from './states.ts'

export const MINUTE = 60
/** Minutes kept: a day. */
export const KEPT_MINUTES = 24 * 60

/** Points of a chart, by column: `times` is where each begins. */
export interface HistoryPoints {
  step: number
  times: number[]
  finished: number[]
  errors: number[]
  lost: number[]
  busy: (number | null)[]
  active: (number | null)[]
}

/** A run as it is counted when the server starts: from its event. */
export interface PastRun {
  start: number
  duration: number
  end: RunEnd | 'WORKING'
}

const column = () => new Float64Array(KEPT_MINUTES)

/**
 * A ring of minutes. A run that ends moves one counter; what is busy is looked at once a second, whatever the size of the
 * farm: to follow each change of a worker would cost the pick something, and shows nothing more in an average of a minute.
 */
export class History {
  /** Which minute since the epoch a place holds. */
  #minutes = column()
  #ended = { FINISHED: column(), ERROR: column(), LOST: column() }
  #busy = column()
  /** Seconds of the minute in which it is known what was busy. */
  #seconds = column()
  #active = column()
  /** Looks at what was active. Not known of the time before the server started: no event says it. */
  #looks = column()

  /** A run ended. What a user took away says nothing about the farm. */
  ended(end: RunEnd, now: number): void {
    if (end !== 'STOPPED') add(this.#ended[end], this.#place(minuteOf(now)), 1)
  }

  /** How it is now; asked for once a second. */
  look(now: number, busy: number, active: number): void {
    const place = this.#place(minuteOf(now))
    add(this.#busy, place, busy)
    add(this.#seconds, place, 1)
    add(this.#active, place, active)
    add(this.#looks, place, 1)
  }

  /** Takes up the runs of the last day; each costs the same, however long it was. */
  recall(runs: Iterable<PastRun>, now: number): void {
    const last = minuteOf(now)
    const begin = (last - KEPT_MINUTES + 1) * MINUTE
    const seconds = column()
    /** How many more runs, or fewer, fill a whole minute than the one before. */
    const whole = column()
    for (const { start, duration, end } of runs) {
      const over = end === 'WORKING' ? now : Math.min(now, start + duration)
      if (over < begin) continue
      if (end !== 'WORKING') this.ended(end, over)
      const from = Math.max(begin, start) - begin
      const to = over - begin
      const [first, final] = [minuteOf(from), minuteOf(to)]
      if (first === final) add(seconds, first, to - from)
      else {
        add(seconds, first, (first + 1) * MINUTE - from)
        add(seconds, final, to - final * MINUTE)
        add(whole, first + 1, 1)
        add(whole, final, -1)
      }
    }
    let filled = 0
    for (let i = 0; i < KEPT_MINUTES; i++) {
      filled += whole[i] ?? 0
      const minute = last - KEPT_MINUTES + 1 + i
      const place = this.#place(minute)
      this.#busy[place] = (seconds[i] ?? 0) + filled * MINUTE
      this.#seconds[place] = minute === last ? now - last * MINUTE : MINUTE
    }
  }

  /** The last `minutes`, `step` of them in a point; the last point is not over yet. */
  read(now: number, minutes: number, step: number): HistoryPoints {
    const last = minuteOf(now)
    // Whole steps since the epoch: a point stays what it is when time goes on.
    const first = Math.floor((last - minutes + 1) / step) * step
    const points: HistoryPoints = {
      step: step * MINUTE,
      times: [],
      finished: [],
      errors: [],
      lost: [],
      busy: [],
      active: [],
    }
    for (let from = first; from <= last; from += step) {
      const places: number[] = []
      for (let minute = from; minute < from + step; minute++) {
        const place = minute % KEPT_MINUTES
        if (this.#minutes[place] === minute) places.push(place)
      }
      const sum = (of: Float64Array) => places.reduce((total, place) => total + (of[place] ?? 0), 0)
      points.times.push(from * MINUTE)
      points.finished.push(sum(this.#ended.FINISHED))
      points.errors.push(sum(this.#ended.ERROR))
      points.lost.push(sum(this.#ended.LOST))
      points.busy.push(average(sum(this.#busy), sum(this.#seconds)))
      points.active.push(average(sum(this.#active), sum(this.#looks)))
    }
    return points
  }

  /** Where a minute is kept; one that is new has the place of the one a day before. */
  #place(minute: number): number {
    const place = minute % KEPT_MINUTES
    if (this.#minutes[place] !== minute) {
      this.#minutes[place] = minute
      for (const of of [...Object.values(this.#ended), this.#busy, this.#seconds, this.#active, this.#looks])
        of[place] = 0
    }
    return place
  }
}

const minuteOf = (seconds: number) => Math.floor(seconds / MINUTE)

function add(of: Float64Array, place: number, by: number): void {
  of[place] = (of[place] ?? 0) + by
}

const average = (sum: number, count: number) => (count > 0 ? Math.round((100 * sum) / count) / 100 : null)
