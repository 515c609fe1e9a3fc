/** The filter line: `fire state:error user:ann priority:>500` to the filters of the list API, and back. Pure. */

/** What can stand before the colon. */
export const FILTERS = ['state', 'user', 'worker', 'affinity', 'priority', 'started'] as const

/** Of these two mean either; the others are one bound of one number each. */
const EITHER: readonly string[] = ['state', 'user', 'worker', 'affinity'] satisfies (typeof FILTERS)[number][]

/** Of these a second chip would look as if both counted. */
export const ONCE: readonly string[] = ['started'] satisfies (typeof FILTERS)[number][]

export interface Chip {
  /** One of FILTERS, or of another view's own. */
  name: string
  value: string
}

export interface Filter {
  chips: Chip[]
  /** Contained in the title. */
  text: string
}

const WORD = /(\w+):("[^"]*"?|\S+)|"([^"]*)"?|(\S+)/g

export function parseFilter(line: string, names: readonly string[] = FILTERS): Filter {
  const chips: Chip[] = []
  const words: string[] = []
  for (const [whole, name, quoted, phrase] of line.matchAll(WORD)) {
    const value = quoted?.replaceAll('"', '')
    const known = names.find((each) => each === name?.toLowerCase())
    if (known && value) chips.push({ name: known, value })
    else words.push(phrase ?? whole)
  }
  return { chips, text: words.join(' ') }
}

export const chipText = ({ name, value }: Chip): string => `${name}:${/\s/.test(value) ? `"${value}"` : value}`

/** With another chip; of those named in `once` it takes the place of the one before. */
export const withChip = (chips: readonly Chip[], next: Chip, once: readonly string[]): Chip[] => [
  ...chips.filter((chip) => (once.includes(next.name) ? chip.name !== next.name : chipText(chip) !== chipText(next))),
  next,
]

export const formatFilter = ({ chips, text }: Filter): string =>
  [...chips.map(chipText), text].filter(Boolean).join(' ')

const PRIORITY = /^(>=|<=|>|<|=)?(-?\d+)$/
const RANGE = /^(-?\d+)\.\.(-?\d+)$/
const AGO = /^(\d+)([smhd])$/
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** The query of the list API. What makes no sense is sent as it is: the server says what is wrong with it, by name. */
export function filterQuery({ chips, text }: Filter, now: number): Record<string, string> {
  const query: Record<string, string> = {}
  if (text) query.title = text
  for (const { name, value } of chips) {
    if (name === 'priority') Object.assign(query, priorityQuery(value))
    else if (name === 'started') Object.assign(query, startedQuery(value, now))
    else if (EITHER.includes(name) && query[name]) query[name] += `,${value}`
    else query[name] = value
  }
  return query
}

function priorityQuery(value: string): Record<string, string> {
  const [, from, to] = RANGE.exec(value) ?? []
  if (from !== undefined && to !== undefined) return { min_priority: from, max_priority: to }
  const [, sign, number] = PRIORITY.exec(value) ?? []
  if (number === undefined) return { priority: value }
  switch (sign) {
    case '>':
      return { min_priority: String(Number(number) + 1) }
    case '<':
      return { max_priority: String(Number(number) - 1) }
    case '>=':
      return { min_priority: number }
    case '<=':
      return { max_priority: number }
  }
  return { priority: number }
}

/** `2h`: in the last two hours; `>2h`: before that. */
function startedQuery(value: string, now: number): Record<string, string> {
  const [, number, unit] = AGO.exec(value.replace(/^[<>]/, '')) ?? []
  if (number === undefined) return { since: value }
  // To the minute: the address of a list should not be another one each second.
  const then = Math.floor((now - Number(number) * SECONDS[unit as keyof typeof SECONDS]) / 60) * 60
  return value.startsWith('>') ? { until: String(then) } : { since: String(then) }
}
