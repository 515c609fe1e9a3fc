/** Frame ranges, chunks and command templates: what `frames`, `chunk` and `frame_order` of a submission mean. Pure. */
import { invalid } from '../errors.ts'

/** Frames, and so children, that one submission may have. */
export const MOST_FRAMES = 1_000_000
const HIGHEST_FRAME = 1_000_000_000

/** Frames that one job renders, ascending: start, start + step, … end. */
export interface Chunk {
  start: number
  end: number
  step: number
}

const RANGE = /^(-?\d+)(?:-(-?\d+)(?:x(\d+))?)?$/

/** `1-100`, `1-100x2`, `1,5,10-20`, `-5-5`, `100-1`: the frames in the order in which they are written. */
export function parseFrames(text: string, field = 'frames'): number[] {
  const frames: number[] = []
  const seen = new Set<number>()
  for (const part of text.split(',').map((each) => each.trim())) {
    const [, first, last = first, every = '1'] = RANGE.exec(part) ?? []
    if (first === undefined)
      throw invalid(
        field,
        `${field} has '${part}': write frames and ranges with commas between, as 1-100, 1-100x2 or 1,5,10-20.`,
      )
    const [from, to, step] = [Number(first), Number(last), Number(every)]
    if (step === 0) throw invalid(field, `${field} has '${part}': a step is 1 or more.`)
    if (Math.max(Math.abs(from), Math.abs(to)) > HIGHEST_FRAME)
      throw invalid(field, `${field} has '${part}': frames go from -${HIGHEST_FRAME} to ${HIGHEST_FRAME}.`)
    if (frames.length + Math.floor(Math.abs(to - from) / step) + 1 > MOST_FRAMES)
      throw invalid(field, `${field} is more than ${MOST_FRAMES} frames: divide it among several submissions.`)
    const by = to < from ? -step : step
    for (let frame = from; by > 0 ? frame <= to : frame >= to; frame += by) {
      if (seen.has(frame))
        throw invalid(field, `${field} names frame ${frame} twice, in '${part}': each frame is rendered once.`)
      seen.add(frame)
      frames.push(frame)
    }
  }
  return frames
}

/**
 * Divides frames into chunks of up to `size`. A chunk is what a renderer can be told as start, end and step; where the
 * command says no step, its frames follow one another.
 */
export function chunksOf(frames: readonly number[], size: number, steps: boolean): Chunk[] {
  const chunks: Chunk[] = []
  for (let i = 0; i < frames.length; ) {
    const first = frames[i] as number
    const by = (frames[i + 1] ?? first) - first
    const joins = size > 1 && by !== 0 && (steps || Math.abs(by) === 1)
    let count = 1
    while (joins && count < size && frames[i + count] === first + by * count) count++
    const last = first + by * (count - 1)
    chunks.push({ start: Math.min(first, last), end: Math.max(first, last), step: count > 1 ? Math.abs(by) : 1 })
    i += count
  }
  return chunks
}

/** As `parseFrames` reads it. */
export function chunkText({ start, end, step }: Chunk): string {
  if (start === end) return String(start)
  return step === 1 ? `${start}-${end}` : `${start}-${end}x${step}`
}

const EVERY = /^every:([1-9]\d{0,6})$/
export const FRAME_ORDERS = 'given, reversed, ends-first or every:N'

/** The order in which chunks are made, which is the order in which they are picked. */
export function ordered<T>(items: readonly T[], order: string, field = 'frame_order'): T[] {
  const every = EVERY.exec(order)
  if (every) return everyNth(items, Number(every[1]))
  switch (order) {
    case 'given':
      return [...items]
    case 'reversed':
      return [...items].reverse()
    case 'ends-first':
      return endsFirst(items)
  }
  throw invalid(field, `${field} is '${order}': write ${FRAME_ORDERS}.`)
}

/** Every Nth, then the others: a look at the whole range after an Nth of the time. */
function everyNth<T>(items: readonly T[], n: number): T[] {
  return [...items.filter((_, i) => i % n === 0), ...items.filter((_, i) => i % n !== 0)]
}

/** The first, the last, the middle, then the middles of what is between: at any time the whole range is seen evenly. */
function endsFirst<T>(items: readonly T[]): T[] {
  const last = items.length - 1
  const places = last > 0 ? [0, last] : items.map((_, i) => i)
  const gaps: [number, number][] = [[0, last]]
  for (let i = 0; i < gaps.length; i++) {
    const [low, high] = gaps[i] as [number, number]
    const middle = (low + high) >> 1
    if (high - low < 2) continue
    places.push(middle)
    gaps.push([low, middle], [middle, high])
  }
  return places.map((place) => items[place] as T)
}

const PLACEHOLDERS = ['frame', 'start', 'end', 'step'] as const
type Placeholder = (typeof PLACEHOLDERS)[number]

/** A command in which `{frame}`, `{frame:04}`, `{start}`, `{end}` and `{step}` stand for numbers. */
export interface Template {
  uses(placeholder: Placeholder): boolean
  fill(chunk: Chunk): string
}

const BRACES = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g

/** `{{` and `}}` are braces themselves. Refuses what it does not know: a mistyped placeholder would reach a shell. */
export function parseTemplate(command: string, field = 'command'): Template {
  const parts: (string | { name: Placeholder; width: number })[] = []
  let end = 0
  for (const match of command.matchAll(BRACES)) {
    parts.push(command.slice(end, match.index))
    end = match.index + match[0].length
    if (match[0] === '{{' || match[0] === '}}') parts.push(match[0][0] as string)
    else parts.push(placeholder(match[0], match[1], field))
  }
  parts.push(command.slice(end))
  const used = new Set(parts.map((part) => (typeof part === 'string' ? '' : part.name)))
  return {
    uses: (name) => used.has(name),
    fill: (chunk) =>
      parts.map((part) => (typeof part === 'string' ? part : padded(numberFor(chunk, part.name), part.width))).join(''),
  }
}

function placeholder(whole: string, inner: string | undefined, field: string) {
  const [, word, width = '0'] = /^([a-z]+)(?::0?(\d{1,2}))?$/.exec(inner ?? '') ?? []
  const name = PLACEHOLDERS.find((each) => each === word)
  if (!name)
    throw invalid(
      field,
      `${field} has '${whole}': known are {frame}, {frame:04}, {start}, {end} and {step}; write {{ and }} for braces themselves.`,
    )
  return { name, width: Number(width) }
}

const numberFor = ({ start, end, step }: Chunk, name: Placeholder): number => ({ frame: start, start, end, step })[name]

/** As printf's %04d: the sign takes a place. */
function padded(value: number, width: number): string {
  return value < 0 ? `-${String(-value).padStart(width - 1, '0')}` : String(value).padStart(width, '0')
}

/** What a submission says of its frames: the chunks in the order of their making, and what each runs. */
export function planFrames(
  input: { frames: string; chunk?: number; frame_order?: string; command?: string },
  field = (name: string) => name,
) {
  const { frames, chunk = 1, frame_order = 'given', command = '' } = input
  const template = parseTemplate(command, field('command'))
  if (command === '')
    throw invalid(field('command'), 'A submission with frames needs a command: what each of them runs.')
  if (template.uses('frame') && chunk > 1)
    throw invalid(
      field('command'),
      `{frame} is one frame, and chunk is ${chunk}: write {start} and {end}, or leave chunk out.`,
    )
  const list = parseFrames(frames, field('frames'))
  if (list.length > 1 && !PLACEHOLDERS.some((name) => template.uses(name)))
    throw invalid(
      field('command'),
      'command names no frame, so all its jobs would do the same: write {frame}, or {start} and {end}.',
    )
  if (chunk > 1 && !(template.uses('start') && template.uses('end')))
    throw invalid(field('command'), 'With chunk, command has to say {start} and {end}, or frames would be left out.')
  return { chunks: ordered(chunksOf(list, chunk, template.uses('step')), frame_order, field('frame_order')), template }
}
