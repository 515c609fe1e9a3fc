/** A line of a log as plain text and what of it has which look: classes, never HTML. Pure. */
import { createAnsiSequenceParser, type ParseToken } from 'ansi-sequence-parser'

export interface Span {
  from: number
  to: number
  className: string
}

export interface Styled {
  text: string
  spans: Span[]
}

type Colour = NonNullable<ParseToken['foreground']>
type Rgb = readonly [number, number, number]

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const
/** What the eight look like in a terminal: others are shown as the nearest of them, so that a theme keeps them readable. */
const LOOKS: readonly Rgb[] = [[0, 0, 0], [205, 0, 0], [0, 205, 0], [205, 205, 0], [40, 40, 238], [205, 0, 205], [0, 205, 205], [229, 229, 229]] // biome-ignore format: a table
const LEVELS = [0, 95, 135, 175, 215, 255]

export function styled(line: string): Styled {
  if (!line.includes('\x1b')) return { text: line, spans: [] }
  let text = ''
  const spans: Span[] = []
  for (const token of createAnsiSequenceParser().parse(line)) {
    const from = text.length
    text += token.value
    const className = classOf(token)
    if (className) spans.push({ from, to: text.length, className })
  }
  return { text, spans }
}

function classOf({ foreground, background, decorations }: ParseToken): string {
  const reverse = decorations.has('reverse')
  const [front, back] = reverse ? [background, foreground] : [foreground, background]
  return [
    front && `ansi-${nameOf(front)}`,
    back && `ansi-on-${nameOf(back)}`,
    reverse && !front && !back && 'ansi-reverse',
    ...[...decorations].filter((each) => each !== 'reverse').map((each) => `ansi-${each}`),
  ]
    .filter(Boolean)
    .join(' ')
}

function nameOf(colour: Colour): string {
  if (colour.type === 'named') return colour.name.replace(/^bright/, '').toLowerCase()
  if (colour.type === 'table' && colour.index < 16) return NAMES[colour.index % 8] ?? 'white'
  const rgb = colour.type === 'rgb' ? colour.rgb : rgbOf(colour.index)
  const far = (look: Rgb) => look.reduce((sum, part, i) => sum + (part - (rgb[i] ?? 0)) ** 2, 0)
  const nearest = LOOKS.reduce((best, look) => (far(look) < far(best) ? look : best))
  return NAMES[LOOKS.indexOf(nearest)] ?? 'white'
}

/** Of the 256: six levels of each colour, then 24 greys. */
function rgbOf(index: number): Rgb {
  if (index >= 232) return [8 + 10 * (index - 232), 8 + 10 * (index - 232), 8 + 10 * (index - 232)]
  const at = index - 16
  return [LEVELS[Math.floor(at / 36)] ?? 0, LEVELS[Math.floor(at / 6) % 6] ?? 0, LEVELS[at % 6] ?? 0]
}

export interface Segment {
  text: string
  className: string
  /** It is what is looked for. */
  mark: boolean
}

/** A part of a styled text, in pieces of one look each, with all that matches marked. */
export function segments({ text, spans }: Styled, from: number, to: number, needle: string): Segment[] {
  const marks = needle ? placesOf(text, needle) : []
  const cuts = new Set([from, to])
  for (const span of [...spans, ...marks.map((at) => ({ from: at, to: at + needle.length }))])
    for (const cut of [span.from, span.to]) if (cut > from && cut < to) cuts.add(cut)
  const sorted = [...cuts].sort((a, b) => a - b)
  return sorted.slice(0, -1).map((start, i) => ({
    text: text.slice(start, sorted[i + 1]),
    className: spans.find((span) => span.from <= start && start < span.to)?.className ?? '',
    mark: marks.some((at) => at <= start && start < at + needle.length),
  }))
}

function placesOf(text: string, needle: string): number[] {
  const [within, wanted] = [fold(text), fold(needle)]
  const places: number[] = []
  for (let at = within.indexOf(wanted); at >= 0; at = within.indexOf(wanted, at + wanted.length)) places.push(at)
  return places
}

/** As the server compares: A to Z in either case, and each letter keeps its place. */
const fold = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
