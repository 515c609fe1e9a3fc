/**
 * A window on a log of any length: some pieces of it that follow each other, and where on the screen their lines are. What
 * is far from where somebody reads is let go of.
 */
import type { LogBytes } from '../../data/jobCalls.ts'
import { Store } from '../../data/store.ts'
import { cutsOf, type LineTable, linesOf, rowsOfBytes, textOf, withoutColours } from './lines.ts'

/** Asked for at once. */
const PIECE = 256 * 1024
/** Before a place that is jumped to. */
const BEFORE = 64 * 1024
/** Kept: some 60,000 lines, of which the browser draws fifty. */
const MOST_BYTES = 4 * 1024 * 1024

interface Piece {
  offset: number
  bytes: Uint8Array
  lines: LineTable
  /** The row of each line within the piece, and behind them how many there are; undefined: a row a line. */
  rowStarts: Uint32Array | undefined
  rows: number
}

export interface Row {
  /** Where its line begins in the log. */
  offset: number
  /** The line, with colours. */
  text: string
  /** Which of the rows of its line, when it is wrapped. */
  part: number
}

export type Read = (offset: number, limit: number) => Promise<LogBytes>

export class LogWindow {
  readonly version = new Store(0)
  size = 0
  error: Error | undefined
  /** Rows that came before those of the last time (or, negative, went), since somebody asked. */
  #shift = 0
  #pieces: Piece[] = []
  #columns = 0
  /** Only the answer to the last question counts. */
  #asked = 0
  #busy = false

  constructor(private readonly read: Read) {}

  get begin(): number {
    return this.#pieces[0]?.offset ?? 0
  }

  get end(): number {
    const last = this.#pieces.at(-1)
    return last ? last.offset + last.bytes.length : 0
  }

  get rows(): number {
    return this.#pieces.reduce((sum, { rows }) => sum + rows, 0)
  }

  get bytes(): number {
    return this.end - this.begin
  }

  /** How many characters a row has; 0: as many as the line. */
  wrap(columns: number): void {
    if (columns === this.#columns) return
    this.#columns = columns
    this.#pieces = this.#pieces.map(({ offset, bytes }) => this.#piece(offset, bytes))
    this.#shift = 0
    this.#changed()
  }

  takeShift(): number {
    const shift = this.#shift
    this.#shift = 0
    return shift
  }

  /** To a place, with what is around it. */
  async goTo(offset: number): Promise<void> {
    const mine = ++this.#asked
    const from = Math.max(0, Math.min(offset, Number.MAX_SAFE_INTEGER) - BEFORE)
    let answer = await this.#ask(from)
    if (answer && answer.bytes.length === 0 && answer.size > 0)
      answer = await this.#ask(Math.max(0, answer.size - PIECE))
    if (!answer || mine !== this.#asked) return
    this.#pieces = this.#trimmed(answer)
    this.#shift = 0
    this.#changed()
  }

  /** What comes before the window, or after it. */
  async more(direction: -1 | 1): Promise<void> {
    const { begin, end } = this
    if (this.#busy || (direction < 0 ? begin === 0 : end >= this.size)) return
    this.#busy = true
    const mine = this.#asked
    const from = direction < 0 ? Math.max(0, begin - PIECE) : end
    const answer = await this.#ask(from, direction < 0 ? begin - from : PIECE)
    this.#busy = false
    if (!answer || mine !== this.#asked || (direction < 0 ? begin !== this.begin : end !== this.end)) return
    if (direction < 0) {
      const added = this.#trimmed(answer, begin)
      this.#pieces.unshift(...added)
      this.#shift += added.reduce((sum, { rows }) => sum + rows, 0)
    } else this.#append(this.#trimmed(answer).flatMap(({ bytes }) => [bytes]))
    this.#letGo(direction)
    this.#changed()
  }

  /** What the stream told of the log; true: it was what comes next. */
  feed(offset: number, next: number, text: string): boolean {
    this.size = Math.max(this.size, next)
    if (next <= this.end) return true
    const bytes = encoder.encode(text)
    // What is no UTF-8 came as other bytes than there are in the log.
    if (offset !== this.end || bytes.length !== next - offset) return false
    this.#append([bytes])
    this.#letGo(1)
    this.#changed()
    return true
  }

  /** The row of a place in the log; −1: it is not in the window. */
  rowOf(offset: number): number {
    if (offset < this.begin || offset > this.end) return -1
    let before = 0
    for (const { offset: start, bytes, lines, rowStarts, rows } of this.#pieces) {
      if (offset >= start + bytes.length) {
        before += rows
        continue
      }
      const line = lastAtMost(lines.starts, offset - start)
      const from = lines.starts[line] ?? 0
      if (!rowStarts) return before + line
      const ahead = withoutColours(textOf(bytes.subarray(from, offset - start))).length
      return Math.min(
        before + (rowStarts[line + 1] ?? 0) - 1,
        before + (rowStarts[line] ?? 0) + Math.floor(ahead / this.#columns),
      )
    }
    return Math.max(0, before - 1)
  }

  row(index: number): Row | undefined {
    let rest = index
    for (const { offset, bytes, lines, rowStarts, rows } of this.#pieces) {
      if (rest >= rows) {
        rest -= rows
        continue
      }
      const line = rowStarts ? Math.min(lastAtMost(rowStarts, rest), lines.starts.length - 1) : rest
      const [from, to] = [lines.starts[line] ?? 0, lines.ends[line] ?? 0]
      const text = textOf(bytes.subarray(from, to))
      return { offset: offset + from, text, part: rowStarts ? rest - (rowStarts[line] ?? 0) : 0 }
    }
    return undefined
  }

  async #ask(offset: number, limit = PIECE): Promise<LogBytes | undefined> {
    try {
      const answer = await this.read(offset, limit)
      this.size = answer.size
      this.error = undefined
      return answer
    } catch (error) {
      this.error = error as Error
      this.#changed()
      return undefined
    }
  }

  /** Whole lines: one that is cut by the edge of an answer belongs to the next one. `upTo`: it ends there, as it is. */
  #trimmed({ offset, bytes, size }: LogBytes, upTo?: number): Piece[] {
    const lines = linesOf(bytes)
    const { starts } = lines
    let first = 0
    if (offset > 0 && starts.length > 1 && (starts[1] ?? 0) < BEFORE) first = starts[1] ?? 0
    const cut = offset + bytes.length < size && upTo === undefined && !lines.closed && starts.length > 1
    const last = cut ? (starts.at(-1) ?? bytes.length) : bytes.length
    if (last <= first) return bytes.length > 0 ? [this.#piece(offset, bytes)] : []
    return [this.#piece(offset + first, bytes.slice(first, last))]
  }

  #piece(offset: number, bytes: Uint8Array): Piece {
    const lines = linesOf(bytes)
    if (this.#columns === 0) return { offset, bytes, lines, rowStarts: undefined, rows: lines.starts.length }
    const rowStarts = new Uint32Array(lines.starts.length + 1)
    let rows = 0
    for (let i = 0; i < lines.starts.length; i++) {
      rowStarts[i] = rows
      rows += rowsOfBytes(bytes.subarray(lines.starts[i], lines.ends[i]), this.#columns)
    }
    rowStarts[lines.starts.length] = rows
    return { offset, bytes, lines, rowStarts, rows }
  }

  #append(parts: readonly Uint8Array[]): void {
    for (const bytes of parts) {
      if (bytes.length === 0) continue
      const last = this.#pieces.pop()
      if (!last) this.#pieces.push(this.#piece(this.size - bytes.length, bytes))
      else if (last.bytes.length < PIECE / 2) this.#pieces.push(this.#piece(last.offset, joined(last.bytes, bytes)))
      else {
        // A line that has no end yet goes on in what comes.
        const open = last.lines.closed ? last.bytes.length : (last.lines.starts.at(-1) ?? last.bytes.length)
        if (open > 0) this.#pieces.push(this.#piece(last.offset, last.bytes.subarray(0, open)))
        this.#pieces.push(this.#piece(last.offset + open, joined(last.bytes.subarray(open), bytes)))
      }
    }
  }

  /** At the other end. */
  #letGo(direction: -1 | 1): void {
    while (this.bytes > MOST_BYTES && this.#pieces.length > 1) {
      const gone = direction > 0 ? this.#pieces.shift() : this.#pieces.pop()
      if (gone && direction > 0) this.#shift -= gone.rows
    }
  }

  #changed(): void {
    this.version.set(this.version.get() + 1)
  }
}

const encoder = new TextEncoder()

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** The place of the last number that is not above another one. */
function lastAtMost(numbers: ArrayLike<number>, most: number): number {
  let [low, high] = [0, numbers.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((numbers[middle] ?? 0) <= most) low = middle
    else high = middle - 1
  }
  return low
}

/** The part of a plain text that is in one row. */
export function cutOf(text: string, part: number, columns: number): [from: number, to: number] {
  if (columns === 0) return [0, text.length]
  const cuts = cutsOf(text, columns)
  return [cuts[part] ?? text.length, cuts[part + 1] ?? text.length]
}
