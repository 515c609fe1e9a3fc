import type { JobRow } from '../db/schema.ts'
import type { Core } from './core.ts'
import { READ_BYTES } from './logs.ts'

/** How far back `tail` looks for its lines. */
const TAIL_WITHIN = 64 * 1024 * 1024

export interface LogRange {
  /** Bytes from the beginning. */
  offset?: number
  /** Only the last so many lines. */
  tail?: number
  /** Bytes at most; default: to the end. */
  limit?: number
}

export interface LogPart {
  /** The byte where the answer begins. */
  offset: number
  /** The byte to go on from, for one who follows. */
  next: number
  /** The text, a piece at a time. */
  text: Iterable<string>
}

/**
 * A part of a job's log as text. What is not UTF-8 reads as U+FFFD. While the job runs, a character of which only the
 * first bytes have come is left for the next call.
 */
export function readLog({ logs, live }: Core, { id, run }: JobRow, { offset, tail, limit }: LogRange): LogPart {
  const size = logs.size(id)
  const begin =
    tail === undefined ? Math.min(offset ?? 0, size) : tail === 0 ? size : logs.tailOffset(id, tail, TAIL_WITHIN)
  let next = limit === undefined ? size : Math.min(size, begin + limit)
  if (run > 0 || next < size) next -= splitBytes(logs.read(id, Math.max(begin, next - 4), Math.min(4, next - begin)))
  if (next === begin && limit !== undefined) {
    // One who follows would ask for the same again, for ever: a limit within a character gives the whole of it.
    const [first] = logs.read(id, begin, 1)
    const whole = begin + (first === undefined ? 0 : characterLength(first))
    if (whole <= size || run === 0) next = Math.min(whole, size)
  }
  // The rest of a run that is past its limit comes to the file at its end; who asks how far it is wants to see it now.
  const cut = offset === undefined && limit === undefined && tail !== 0 ? live.runs.get(run)?.cut : undefined
  return { offset: begin, next, text: pieces() }

  function* pieces(): Generator<string> {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    for (let at = begin; at < next; ) {
      const bytes = logs.read(id, at, Math.min(READ_BYTES, next - at))
      if (bytes.byteLength === 0) break
      at += bytes.byteLength
      yield decoder.decode(bytes, { stream: at < next })
    }
    if (cut) yield new TextDecoder().decode(cut.ending)
  }
}

export interface LogBytes {
  offset: number
  next: number
  size: number
  bytes: Iterable<Uint8Array>
}

/** A part of a job's log as it is in the file. */
export function readLogBytes(
  { logs }: Core,
  id: number,
  { offset = 0, limit = Number.POSITIVE_INFINITY }: Omit<LogRange, 'tail'>,
): LogBytes {
  const size = logs.size(id)
  const begin = Math.min(offset, size)
  const next = Math.min(size, begin + limit)
  return { offset: begin, next, size, bytes: pieces() }

  function* pieces(): Generator<Uint8Array> {
    for (let at = begin; at < next; ) {
      const bytes = logs.read(id, at, Math.min(READ_BYTES, next - at))
      if (bytes.byteLength === 0) break
      at += bytes.byteLength
      yield bytes
    }
  }
}

/** How many bytes at the end belong to a character that is not complete. */
export function splitBytes(end: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, end.length); back++) {
    const byte = end[end.length - back] as number
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < characterLength(byte) ? back : 0
  }
  return 0
}

const characterLength = (first: number) => (first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2)
