/** The time that is looked at: the last so many seconds, going with the clock, or from–to. Pure. */

export type Span = { last: number } | { from: number; to: number }

/** Seconds since the epoch. */
export interface Range {
  from: number
  to: number
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const
export const LASTS = ['15m', '1h', '6h', '1d'] as const
export const DEFAULT_LAST = '1h'
/** Nothing is shorter than a second, and a year of runs is no picture. */
const SHORTEST = 10
const LONGEST = 366 * UNITS.d
/** The year 10000: a field of the browser knows four digits, and what is far beyond is no date at all. */
const LATEST = 253_402_300_800

/** `15m`, `1h`: in seconds; what is none of these is an hour. */
export function secondsOf(last: string): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(last) ?? []
  if (number === undefined) return UNITS.h
  return Math.max(SHORTEST, Math.min(LONGEST, Number(number) * UNITS[unit as keyof typeof UNITS]))
}

/** As the address has it; a range that is none is the last hour. */
export function spanOf(said: URLSearchParams): Span {
  const [from, to] = [Number(said.get('from')), Number(said.get('to'))]
  return from > 0 && to > from && to < LATEST ? { from, to } : { last: secondsOf(said.get('last') ?? DEFAULT_LAST) }
}

/** With another begin or end; what would come to be before the begin, or after the end, goes along. */
export function moved({ from, to }: Range, end: keyof Range, at: number): Range {
  if (end === 'from') return { from: at, to: at < to ? to : at + (to - from) }
  return { from: at > from ? from : Math.max(1, at - (to - from)), to: at }
}

export const rangeOf = (span: Span, now: number): Range =>
  'last' in span ? { from: now - span.last, to: now } : { from: span.from, to: span.to }

/** Closer or wider, around a moment that stays where it is. */
export function zoomed({ from, to }: Range, at: number, factor: number): Range {
  const length = Math.max(SHORTEST, Math.min(LONGEST, (to - from) * factor))
  const share = (at - from) / (to - from)
  return { from: at - share * length, to: at + (1 - share) * length }
}

export const panned = ({ from, to }: Range, by: number): Range => ({ from: from + by, to: to + by })

/** What is asked for to show a range: some more on both sides, in steps, so that panning a little asks for nothing new. */
export function askedFor({ from, to }: Range): Range {
  const step = 2 ** Math.ceil(Math.log2(Math.max(60, to - from) / 2))
  return { from: Math.max(0, (Math.floor(from / step) - 1) * step), to: (Math.ceil(to / step) + 1) * step }
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]

/** Moments for the axis, `most` of them at most, at round times of this place's clock. */
export function ticks({ from, to }: Range, most: number, offsetSeconds: number): number[] {
  const week = 7 * UNITS.d
  const step = STEPS.find((each) => (to - from) / each <= most) ?? week * Math.ceil((to - from) / week / most)
  const moments: number[] = []
  const first = Math.ceil((from + offsetSeconds) / step) * step - offsetSeconds
  for (let at = first; at <= to; at += step) moments.push(at)
  return moments
}
