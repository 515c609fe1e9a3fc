/** The output of one run, on disk until the server has it: hours without a server cost no memory. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Of what is cut, the end is kept: it says why a render failed. */
const TAIL_BYTES = 64 * 1024

export class Spool {
  readonly #fd: number
  readonly #path: string
  #dropped = 0
  #tail: Buffer = Buffer.alloc(0)
  #failure = ''
  #finished = false
  #closed = false

  /** `limit` is the number of bytes that the run may print before its output is cut. */
  constructor(
    folder: string,
    name: string,
    readonly limit: number,
    platform: string = process.platform,
  ) {
    this.#path = join(folder, name)
    this.#fd = openSync(this.#path, 'ax+', 0o600)
    if (platform !== 'win32') {
      // Without a name, the file goes with the last process that has it open: also when the agent is killed.
      unlinkSync(this.#path)
      this.#path = ''
    }
  }

  /** For a command that writes to the file by itself (Windows); whoever uses this calls `trim` now and then. */
  get fd(): number {
    return this.#fd
  }

  get size(): number {
    const size = fstatSync(this.#fd).size
    return this.#finished ? size : Math.min(size, this.limit)
  }

  read(offset: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.size - offset)))
    return buffer.length === 0 ? buffer : buffer.subarray(0, readSync(this.#fd, buffer, 0, buffer.length, offset))
  }

  write(chunk: Uint8Array): void {
    const room = Math.max(0, this.limit - fstatSync(this.#fd).size)
    const written = this.#append(chunk.subarray(0, room))
    if (written < chunk.length) this.#drop(chunk.subarray(written))
  }

  /** A line of the agent's own in the run's log. */
  note(text: string): void {
    const size = fstatSync(this.#fd).size
    const last = Buffer.alloc(1)
    const open = size > 0 && readSync(this.#fd, last, 0, 1, size - 1) === 1 && last.toString() !== '\n'
    this.#append(Buffer.from(`${open ? '\n' : ''}[coalition] ${text}\n`))
  }

  /** Cuts what a command wrote past the limit. What it writes between the two calls is cut too, and not counted. */
  trim(): void {
    const size = fstatSync(this.#fd).size
    if (size <= this.limit || this.#finished) return
    const tail = Buffer.alloc(Math.min(TAIL_BYTES, size - this.limit))
    readSync(this.#fd, tail, 0, tail.length, size - tail.length)
    ftruncateSync(this.#fd, this.limit)
    this.#drop(tail, size - this.limit)
  }

  /** Nothing more comes from the command: says what was cut, and gives its end. */
  finish(): void {
    this.trim()
    this.#finished = true
    const cut = this.#dropped - this.#tail.length
    const reason = this.#failure || `a run may print ${this.limit} bytes`
    if (cut > 0) this.note(`${cut} bytes of output are cut here: ${reason}. The end of it:`)
    this.#append(this.#tail)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    closeSync(this.#fd)
    if (this.#path) unlinkSync(this.#path)
  }

  /** A full disk costs the run its output, and must not cost it its life. */
  #append(chunk: Uint8Array): number {
    let written = 0
    try {
      while (written < chunk.length) written += writeSync(this.#fd, chunk, written, chunk.length - written)
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error)
    }
    return written
  }

  #drop(chunk: Uint8Array, bytes = chunk.length): void {
    this.#dropped += bytes
    this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-TAIL_BYTES)
  }
}
