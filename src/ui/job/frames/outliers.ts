/** Which durations stand out, by Tukey's fence: more than 1.5 times the middle half above it. Pure. */

/** Of fewer nobody can say what is usual. */
const LEAST = 8
/** Seconds: half a second of rounding makes no outlier of a short frame. */
const LEAST_ABOVE = 2

export interface Spread {
  median: number
  /** From here on, one stands out. */
  fence: number
}

export function spreadOf(durations: readonly number[]): Spread | undefined {
  if (durations.length < LEAST) return undefined
  const sorted = Float64Array.from(durations).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number
  const [low, median, high] = [at(0.25), at(0.5), at(0.75)]
  return { median, fence: Math.max(high + 1.5 * (high - low), median + LEAST_ABOVE) }
}

export interface Durations {
  /** The place in the group of each that is finished, from 1 on. */
  places: number[]
  seconds: number[]
  usual: (number | null)[]
  outliers: (number | null)[]
  spread: Spread | undefined
  /** Indices in the lists, the longest first. */
  longest: number[]
}

/** Of those that are in the state `finished`, in their order. */
export function durationsOf(states: Uint8Array, durations: Float64Array, finished: number): Durations {
  const places: number[] = []
  const seconds: number[] = []
  for (let i = 0; i < states.length; i++)
    if (states[i] === finished) {
      places.push(i + 1)
      seconds.push(durations[i] as number)
    }
  const spread = spreadOf(seconds)
  const far = (value: number) => spread !== undefined && value > spread.fence
  return {
    places,
    seconds,
    usual: seconds.map((value) => (far(value) ? null : value)),
    outliers: seconds.map((value) => (far(value) ? value : null)),
    spread,
    longest: [...seconds.keys()]
      .filter((i) => far(seconds[i] as number))
      .sort((a, b) => (seconds[b] as number) - (seconds[a] as number)),
  }
}
