/** PNG pictures to one animated PNG (PNG, third edition, "Animation"): their compressed data goes over as it is. */
import { crc32 } from 'node:zlib'

export interface NamedPng {
  /** For the messages: a path. */
  name: string
  bytes: Uint8Array
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const FOREVER = 0
const INDEXED = 3

/**
 * The animation piece by piece, so that one frame is in memory at a time. `count` is how many frames will come: the
 * format wants it ahead of them. Plays for ever, each frame `1 / fps` seconds.
 */
export function* animate(frames: Iterable<NamedPng>, count: number, fps: number): Generator<Uint8Array> {
  if (!Number.isInteger(fps) || fps < 1 || fps > 1000) {
    throw new RangeError(`fps is ${fps}: give a whole number from 1 to 1000`)
  }
  if (count < 1) throw new RangeError('an animation needs at least one frame')
  let first: (Picture & { name: string }) | undefined
  let sequence = 0
  let done = 0
  for (const { name, bytes } of frames) {
    const picture = parsePng(name, bytes)
    if (!first) {
      first = { ...picture, name }
      yield SIGNATURE
      yield chunk('IHDR', picture.header)
      yield chunk('acTL', numbers(count, FOREVER))
    } else if (!same(picture.header, first.header)) {
      throw new Error(
        `${name} is ${picture.shape}, ${first.name} is ${first.shape}: all frames must be alike. Render it again`,
      )
    }
    yield chunk('fcTL', frameControl(sequence++, picture, fps))
    for (const data of picture.data) {
      yield done === 0 ? chunk('IDAT', data) : chunk('fdAT', joined([numbers(sequence++), data]))
    }
    done++
  }
  if (done !== count) throw new Error(`${count} frames were announced, ${done} came`)
  yield chunk('IEND', new Uint8Array())
}

interface Picture {
  header: Uint8Array
  width: number
  height: number
  /** The header in words. */
  shape: string
  data: Uint8Array[]
}

function parsePng(name: string, bytes: Uint8Array): Picture {
  if (!same(bytes.subarray(0, SIGNATURE.length), SIGNATURE)) throw new Error(`${name} is not a PNG`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const damaged = (why: string) => new Error(`${name} is damaged: ${why}. Render it again`)
  let header: Uint8Array | undefined
  const data: Uint8Array[] = []
  let ended = false
  for (let at = SIGNATURE.length; !ended; ) {
    if (at + 12 > bytes.length) throw damaged('it ends too early')
    const length = view.getUint32(at)
    const end = at + 12 + length
    if (end > bytes.length) throw damaged('it ends too early')
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const content = bytes.subarray(at + 8, at + 8 + length)
    if (view.getUint32(end - 4) !== crc32(bytes.subarray(at + 4, end - 4))) throw damaged(`bad checksum of ${type}`)
    if (type === 'IHDR') header = content
    else if (type === 'IDAT') data.push(content)
    else ended = type === 'IEND'
    at = end
  }
  if (header?.length !== 13 || data.length === 0) throw damaged('it has no picture')
  const fields = new DataView(header.buffer, header.byteOffset, header.byteLength)
  const [width, height, depth, kind] = [
    fields.getUint32(0),
    fields.getUint32(4),
    fields.getUint8(8),
    fields.getUint8(9),
  ]
  if (kind === INDEXED)
    throw new Error(`${name} has a palette: an animation has one for all its frames. Write it as RGB`)
  return { header, width, height, shape: `${width}x${height} (${depth} bits, colour type ${kind})`, data }
}

/** Frames replace each other whole: no offset, dispose 0 (leave it), blend 0 (overwrite). */
function frameControl(sequence: number, { width, height }: Picture, fps: number): Uint8Array {
  const content = new Uint8Array(26)
  content.set(numbers(sequence, width, height, 0, 0))
  const view = new DataView(content.buffer)
  view.setUint16(20, 1)
  view.setUint16(22, fps)
  return content
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const name = Uint8Array.from(type, (letter) => letter.charCodeAt(0))
  const checksum = crc32(content, crc32(name))
  return joined([numbers(content.length), name, content, numbers(checksum)])
}

function numbers(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length)
  const view = new DataView(bytes.buffer)
  for (const [i, value] of values.entries()) view.setUint32(4 * i, value)
  return bytes
}

function joined(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
