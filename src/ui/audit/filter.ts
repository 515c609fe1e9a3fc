/** The filter line of the audit: `who:ann action:jobs since:2h` to the query of the API. Pure. */
import type { Filter } from '../jobs/filter.ts'

export const AUDIT_FILTERS = [
  'who', 'action', 'job', 'worker', 'user', 'kind', 'object', 'from', 'outcome', 'since', 'until',
] as const // biome-ignore format: a list of names
/** What is offered while somebody types. */
export const AUDIT_WORDS = ['outcome:refused', 'since:1h', 'since:1d', 'since:7d', 'action:jobs.edit', 'action:people']

const AGO = /^(\d{1,6})([smhd])$/
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** `2h`: ago; `2026-12-24` or `2026-12-24T18:00`: this place's time. Others are sent as they are, to be refused by name. */
function timeOf(value: string, now: number): string {
  const [, number, unit] = AGO.exec(value) ?? []
  // To the minute: what is asked for should not be something else each second.
  if (number !== undefined)
    return String(Math.floor((now - Number(number) * SECONDS[unit as keyof typeof SECONDS]) / 60) * 60)
  const date = /^\d{4}-\d{2}-\d{2}/.test(value)
    ? new Date(value.includes('T') ? value : `${value}T00:00`).getTime()
    : Number.NaN
  return Number.isNaN(date) ? value : String(Math.floor(date / 1000))
}

export function auditQuery({ chips, text }: Filter, now: number): Record<string, string> {
  const query: Record<string, string> = {}
  if (text) query.text = text
  for (const { name, value } of chips) {
    if (name === 'job' || name === 'worker' || name === 'user') Object.assign(query, { kind: name, object: value })
    else if (name === 'from') query.address = value
    else if (name === 'since' || name === 'until') query[name] = timeOf(value, now)
    else query[name] = value
  }
  return query
}
