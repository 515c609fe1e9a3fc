/** The bytes of a log as lines. Pure. */

const NEWLINE = 10
const RETURN = 13
const ESCAPE = 27
const TAB = 9
/** Columns from one tab stop to the next. */
export const TAB_WIDTH = 8
/** Bytes; a longer line is shown in pieces, so that one of a gigabyte is no more than others. */
export const LONGEST_LINE = 8192

/** Lines of a piece of a log: where each begins, and where its text ends, before what ends the line. */
export interface LineTable {
  starts: number[]
  ends: number[]
  /** Whether the last line has its end, or may go on. */
  closed: boolean
}

/** A return alone ends a line, too: what rewrites its progress would be one line without end. */
export function linesOf(bytes: Uint8Array): LineTable {
  const starts: number[] = []
  const ends: number[] = []
  let start = 0
  const close = (end: number, next: number) => {
    starts.push(start)
    ends.push(end)
    start = next
  }
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === NEWLINE) close(i, i + 1)
    else if (byte === RETURN) {
      const pair = bytes[i + 1] === NEWLINE
      close(i, i + (pair ? 2 : 1))
      if (pair) i++
    } else if (i - start >= LONGEST_LINE && !isContinuation(byte)) close(i, i)
  }
  const closed = start === bytes.length
  if (!closed) close(bytes.length, bytes.length)
  return { starts, ends, closed }
}

/** Of a character of several bytes one that is not the first. */
const isContinuation = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80

/** What a terminal is told and does not show, but for colours (`ESC [ … m`), which stay. */
const CONTROL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
  /\x1b\[[0-9;:?<=>]*[ -/]*[@-ln-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-Z\\^-~]|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
const COLOUR = /\x1b\[[0-9;:]*m/g

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
const TABS = /(\x1b\[[0-9;:]*m|\t)/

const decoder = new TextDecoder()

/** A line as text with colours: tabs are spaces, and what is no text is gone. */
export function textOf(bytes: Uint8Array): string {
  const text = decoder.decode(bytes).replace(CONTROL, '')
  return text.includes('\t') ? untabbed(text) : text
}

export const withoutColours = (text: string): string => text.replace(COLOUR, '')

function untabbed(text: string): string {
  let column = 0
  return text
    .split(TABS)
    .map((part) => {
      if (part === '\t') {
        const spaces = TAB_WIDTH - (column % TAB_WIDTH)
        column += spaces
        return ' '.repeat(spaces)
      }
      if (!part.startsWith('\x1b')) column += part.length
      return part
    })
    .join('')
}

/** Characters that take two columns of a terminal: those of East Asia, and emojis. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\ud83c-\ud83e][\udc00-\udfff]/g

/** Lines on the screen that a text takes when it is wrapped. */
export const rowsOf = (text: string, columns: number): number => cutsOf(text, columns).length

/** The same from the bytes; most lines are plain, and are not decoded for it. */
export function rowsOfBytes(bytes: Uint8Array, columns: number): number {
  for (const byte of bytes)
    if (byte >= 0x80 || byte === ESCAPE || byte === TAB) return rowsOf(withoutColours(textOf(bytes)), columns)
  return Math.max(1, Math.ceil(bytes.length / columns))
}

/** What of a plain text is on each of its lines on the screen, as places in it. */
export function cutsOf(text: string, columns: number): number[] {
  if (text.search(WIDE) < 0)
    return Array.from({ length: Math.max(1, Math.ceil(text.length / columns)) }, (_, i) => i * columns)
  const cuts = [0]
  let column = 0
  let at = 0
  for (const character of text) {
    const width = character.length > 1 || character.search(WIDE) >= 0 ? 2 : 1
    if (column + width > columns) {
      cuts.push(at)
      column = 0
    }
    column += width
    at += character.length
  }
  return cuts
}
