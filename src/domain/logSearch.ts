/** A log of any size, searched where it is: what a page would have to load whole to find a word in it. */
import type { LogMatches } from '../answers.ts'
import type { Core } from './core.ts'

/** Read at a time; searched in a millisecond. */
const PIECE = 1024 * 1024
/** Read before others get their turn: some 20 ms. */
const TURN = 8 * PIECE
/** Searched by one call: some tenths of a second. */
const MOST_READ = 256 * PIECE
const MOST_MATCHES = 1000

/** Where a text is, from `offset` on; of letters A to Z either case. Bytes are compared, so whatever the log holds is no error. */
export async function searchLog({ logs }: Core, id: number, text: string, offset: number): Promise<LogMatches> {
  const needle = folded(Buffer.from(text))
  const offsets: number[] = []
  const size = logs.size(id)
  let at = Math.min(offset, size)
  const last = Math.min(size, at + MOST_READ)
  if (needle.length === 0) return { offsets, next: size, size }
  for (let turn = 0; at < last; ) {
    // What begins in this piece ends in the next one, at most.
    const bytes = folded(Buffer.from(logs.read(id, at, PIECE + needle.length - 1)))
    for (
      let found = bytes.indexOf(needle);
      found >= 0 && found < PIECE;
      found = bytes.indexOf(needle, found + needle.length)
    ) {
      offsets.push(at + found)
      if (offsets.length === MOST_MATCHES) return { offsets, next: at + found + needle.length, size }
    }
    if (bytes.length === 0) return { offsets, next: size, size }
    at += PIECE
    turn += PIECE
    if (turn >= TURN) {
      turn = 0
      await Bun.sleep(0)
    }
  }
  return { offsets, next: Math.min(at, size), size }
}

/** In place: A to Z as a to z. */
function folded(bytes: Buffer): Buffer {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    if (byte >= 65 && byte <= 90) bytes[i] = byte + 32
  }
  return bytes
}
