/** A log of any size, searched where it is: what a page would have to load whole to find a word in it. */
import type { LogMatches } from '../answers.ts'
import type { Core } from './core.ts'

/** Read at a time; searched in some milliseconds. */
const PIECE = 1024 * 1024
/** After so long others get their turn. */
const TURN_MS = 10
/** Searched by one call: some tenths of a second. */
const MOST_READ = 256 * PIECE
const MOST_MATCHES = 1000

/** Where a text is, from `offset` on; of letters A to Z either case. Bytes are compared, so whatever the log holds is no error. */
export async function searchLog({ logs }: Core, id: number, text: string, offset: number): Promise<LogMatches> {
  const wanted = Buffer.from(text)
  const needle = wanted.toString('latin1').toLowerCase()
  const offsets: number[] = []
  const size = logs.size(id)
  let at = Math.min(offset, size)
  const last = Math.min(size, at + MOST_READ)
  if (needle.length === 0) return { offsets, next: size, size }
  for (let turn = performance.now(); at < last; at += PIECE) {
    // What begins in this piece ends in the next one, at most.
    const bytes = Buffer.from(logs.read(id, at, PIECE + needle.length - 1))
    if (bytes.length === 0) return { offsets, next: size, size }
    // As text, a byte a letter: a loop over the bytes took two to three times as long.
    const piece = bytes.toString('latin1').toLowerCase()
    for (let found = piece.indexOf(needle); found >= 0 && found < PIECE; ) {
      const is = same(bytes, found, wanted)
      if (is) offsets.push(at + found)
      if (offsets.length === MOST_MATCHES) return { offsets, next: at + found + needle.length, size }
      found = piece.indexOf(needle, found + (is ? needle.length : 1))
    }
    if (performance.now() - turn < TURN_MS) continue
    await Bun.sleep(0)
    turn = performance.now()
  }
  return { offsets, next: Math.min(at, size), size }
}

/** Bytes above 127 are parts of characters, whatever letters they are by themselves: those have to be the same. */
function same(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  return wanted.every((byte, i) => byte < 0x80 || bytes[at + i] === byte)
}
