import { splitBytes } from './logReader.ts'

/** Of what is cut, the end is kept: it says why a render failed. As the agent's own spool does. */
const TAIL_BYTES = 64 * 1024

/** The part of a run's output that still fits, up to the last whole character. */
export function headOf(bytes: Uint8Array, room: number): Uint8Array {
  const head = bytes.subarray(0, Math.max(0, room))
  return head.byteLength === bytes.byteLength ? head : head.subarray(0, head.byteLength - splitBytes(head))
}

/**
 * The output of a run past its limit: counted, and forgotten but for its end, which is written when the run is over. In
 * memory only. A server that restarts finds the head in the file, tells the worker so, and is sent the rest again; with
 * a mark in the file the two would have to agree on what of it is output.
 */
export class LogCut {
  #tail: Uint8Array = new Uint8Array()
  #dropped = 0

  /** `received`: bytes of the run's output that have come, the head included. */
  constructor(
    public received: number,
    private readonly limit: number,
  ) {}

  take(bytes: Uint8Array): void {
    this.received += bytes.byteLength
    this.#dropped += bytes.byteLength
    // A copy: the chunk it is part of may be ten times as long.
    this.#tail =
      bytes.byteLength >= TAIL_BYTES
        ? bytes.slice(-TAIL_BYTES)
        : Buffer.concat([this.#tail, bytes]).subarray(-TAIL_BYTES).slice()
  }

  /** What stands for the rest of the output, for the log: a line that says what was cut, and the end. */
  get ending(): Uint8Array {
    const tail = this.#tail.subarray(this.#dropped > this.#tail.byteLength ? lineIn(this.#tail) : 0)
    const cut = this.#dropped - tail.byteLength
    if (cut === 0) return tail
    const limit = `${this.limit / 1024 ** 2} MB`
    const words = `\n[coalition] ${cut} bytes of output are cut here: log_limit keeps ${limit} of a run. The end of it:\n`
    return Buffer.concat([Buffer.from(words), tail])
  }

  /** What has come until now is in the log; more may come, of a run whose end was not for good. */
  written(): void {
    this.#tail = new Uint8Array()
    this.#dropped = 0
  }
}

const NEWLINE = 10

/** Where a line begins; in one line without an end, where a character does. */
function lineIn(bytes: Uint8Array): number {
  const newline = bytes.indexOf(NEWLINE)
  if (newline >= 0 && newline < bytes.byteLength - 1) return newline + 1
  let at = 0
  while (at < 4 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at++
  return at
}
