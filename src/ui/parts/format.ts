/** Numbers, durations and times as people read them. */

const NUMBER = new Intl.NumberFormat('en')
export const count = (number: number): string => NUMBER.format(number)

/** 45s, 12:05, 3:02:10, 4d 03:12, 40d 3h. */
export function duration(seconds: number): string {
  const [d, h, m, s] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    Math.floor(seconds) % 60,
  ]
  const two = (number: number) => String(number).padStart(2, '0')
  if (d > 9) return `${count(d)}d ${h}h`
  if (d > 0) return `${d}d ${two(h)}:${two(m)}`
  if (h > 0) return `${h}:${two(m)}:${two(s)}`
  return m > 0 ? `${m}:${two(s)}` : `${s}s`
}

/** Of many: what takes under ten seconds is told apart by tenths. */
export const average = (seconds: number): string =>
  seconds < 9.95 ? `${seconds.toFixed(1)}s` : duration(Math.round(seconds))

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const DAY = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit' })

const YEAR = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', year: 'numeric' })

/** The time of day, with the day when it is another one; the day alone, of another year; nothing: never. */
export function moment(seconds: number, now: number): string {
  if (seconds === 0) return ''
  const date = new Date(seconds * 1000)
  const today = new Date(now * 1000)
  if (date.toDateString() === today.toDateString()) return CLOCK.format(date)
  return (date.getFullYear() === today.getFullYear() ? DAY : YEAR).format(date)
}

/** `1 job`, `12 jobs`. */
export const plural = (number: number, what: string): string => `${count(number)} ${what}${number === 1 ? '' : 's'}`

/** Memory from MB: 800 MB, 15.6 GB, 128 GB, 3.8 TB. */
export function memory(megabytes: number): string {
  if (megabytes < 1000) return `${megabytes} MB`
  const gigabytes = megabytes / 1024
  if (gigabytes >= 1000) return `${Number((gigabytes / 1024).toFixed(1))} TB`
  return `${gigabytes < 100 ? Number(gigabytes.toFixed(1)) : Math.round(gigabytes)} GB`
}
