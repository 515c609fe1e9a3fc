import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode, decodeApng, encode } from 'fast-png'
import { animate } from '../../src/demo/apng.ts'
import { demoFrame, framePath } from '../../src/demo/frame.ts'
import { joinFrames } from '../../src/demo/join.ts'

const quiet = () => {}
let dir = ''
let out = ''
const render = (frame: number, width = 32) =>
  demoFrame({ frame, frames: 4, out: dir, width, height: 18, samples: 1 }, quiet)

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coalition demo '))
  out = join(dir, 'film', 'demo.png')
})
afterEach(() => rm(dir, { recursive: true, force: true }))

describe('demo-frame', () => {
  test('writes a PNG under its number, and nothing else', async () => {
    expect(render(3)).toBe(join(dir, 'frame-0003.png'))
    expect(await readdir(dir)).toEqual(['frame-0003.png'])
    const { width, height, channels } = decode(await Bun.file(framePath(dir, 3)).bytes(), { checkCrc: true })
    expect({ width, height, channels }).toEqual({ width: 32, height: 18, channels: 3 })
  })

  test('says its progress in the pattern that the server reads by default', () => {
    const lines: string[] = []
    demoFrame({ frame: 1, frames: 4, out: dir, width: 32, height: 64, samples: 1 }, (line) => lines.push(line))
    const percents = lines.flatMap((line) => /PROGRESS:([0-9.]+)/.exec(line)?.[1] ?? []).map(Number)
    expect(percents.length).toBeGreaterThan(10)
    expect(percents.length).toBeLessThan(30)
    expect(percents.at(-1)).toBe(100)
    expect(percents).toEqual(percents.toSorted((a, b) => a - b))
  })

  test('makes the folder, and leaves no part of a file behind when it cannot write', async () => {
    demoFrame({ frame: 1, frames: 4, out: join(dir, 'a', 'b'), width: 8, height: 8, samples: 1 }, quiet)
    expect(await readdir(join(dir, 'a', 'b'))).toEqual(['frame-0001.png'])
    // A folder stands where the frame should go.
    await Bun.write(join(framePath(dir, 2), 'taken'), '')
    expect(() => render(2)).toThrow()
    expect((await readdir(dir)).toSorted()).toEqual(['a', 'frame-0002.png'])
  })
})

describe('demo-join', () => {
  test('makes an animation that decodes to the frames, in order, and plays for ever', async () => {
    for (const frame of [1, 2, 3, 4]) render(frame)
    joinFrames({ frames: { dir, count: 4 }, out, fps: 12 }, quiet)
    const film = decodeApng(await Bun.file(out).bytes(), { checkCrc: true })
    expect(film).toMatchObject({ width: 32, height: 18, numberOfFrames: 4, numberOfPlays: 0 })
    expect(film.frames).toHaveLength(4)
    for (const [i, frame] of film.frames.entries()) {
      const single = decode(await Bun.file(framePath(dir, i + 1)).bytes())
      expect(Buffer.from(frame.data.buffer).equals(Buffer.from(single.data.buffer))).toBeTrue()
      expect(frame).toMatchObject({ delayNumber: 1, delayDenominator: 12 })
    }
  })

  test('shows its first frame where animation is not known', async () => {
    for (const frame of [1, 2]) render(frame)
    joinFrames({ frames: [framePath(dir, 2), framePath(dir, 1)], out }, quiet)
    expect(decode(await Bun.file(out).bytes()).data).toEqual(decode(await Bun.file(framePath(dir, 2)).bytes()).data)
  })

  test('numbers all control and data chunks in one sequence, also when a frame has several', () => {
    const cut = split(encode({ width: 16, height: 16, channels: 3, data: noise(16 * 16 * 3) }))
    const film = Buffer.concat([...animate([cut, cut, cut], 3, 10)])
    expect(chunks(film).map(({ type }) => type)).toEqual(
      'IHDR acTL fcTL IDAT IDAT fcTL fdAT fdAT fcTL fdAT fdAT IEND'.split(' '),
    )
    const numbered = chunks(film).filter(({ type }) => type === 'fcTL' || type === 'fdAT')
    expect(numbered.map(({ content }) => content.readUInt32BE(0))).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(decodeApng(film, { checkCrc: true }).frames).toHaveLength(3)
  })

  test('says its progress', () => {
    for (const frame of [1, 2]) render(frame)
    const lines: string[] = []
    joinFrames({ frames: { dir, count: 2 }, out }, (line) => lines.push(line))
    expect(lines.flatMap((line) => /PROGRESS:\d+$/.exec(line)?.[0] ?? [])).toEqual(['PROGRESS:50', 'PROGRESS:100'])
  })

  test('refuses a missing frame by its path, and writes nothing', async () => {
    render(1)
    render(3)
    expect(() => joinFrames({ frames: { dir, count: 4 }, out }, quiet)).toThrow(
      `${framePath(dir, 2)} is missing (and 1 more): 2 of 4 frames`,
    )
    expect(await Bun.file(out).exists()).toBeFalse()
  })

  test('refuses frames of different sizes by name, and keeps the animation of before', async () => {
    render(1)
    render(2)
    joinFrames({ frames: { dir, count: 2 }, out }, quiet)
    const before = await Bun.file(out).bytes()
    render(2, 40)
    expect(() => joinFrames({ frames: { dir, count: 2 }, out }, quiet)).toThrow(/frame-0002.png is 40x18.*is 32x18/)
    expect(await Bun.file(out).bytes()).toEqual(before)
    expect(await readdir(join(dir, 'film'))).toEqual(['demo.png'])
  })

  test('refuses a frame that is cut off, altered, or no PNG', async () => {
    render(1)
    const whole = await Bun.file(framePath(dir, 1)).bytes()
    const joining = () => joinFrames({ frames: { dir, count: 1 }, out }, quiet)
    await truncate(framePath(dir, 1), whole.length - 20)
    expect(joining).toThrow(/frame-0001.png is damaged: it ends too early/)
    const altered = whole.slice()
    altered[60] = (altered[60] ?? 0) ^ 1
    await Bun.write(framePath(dir, 1), altered)
    expect(joining).toThrow(/damaged: bad checksum of IDAT/)
    await Bun.write(framePath(dir, 1), 'GIF89a')
    expect(joining).toThrow(/frame-0001.png is not a PNG/)
  })

  test.each([0, -1, 2.5, 100_000])('refuses %d frames a second', (fps) => {
    render(1)
    expect(() => joinFrames({ frames: { dir, count: 1 }, out, fps }, quiet)).toThrow(`fps is ${fps}`)
  })
})

function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7919) % 251)
}

function chunks(png: Buffer): { type: string; content: Buffer; whole: Buffer }[] {
  const found = []
  for (let at = 8; at < png.length; ) {
    const end = at + 12 + png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    found.push({ type, content: png.subarray(at + 8, end - 4), whole: png.subarray(at, end) })
    at = end
  }
  return found
}

/** The same picture with its IDAT in two. */
function split(png: Uint8Array) {
  const source = Buffer.from(png)
  const parts = chunks(source).flatMap(({ type, content, whole }) => {
    if (type !== 'IDAT') return [whole]
    const middle = Math.floor(content.length / 2)
    return [content.subarray(0, middle), content.subarray(middle)].map((half) => {
      const body = Buffer.concat([Buffer.from('IDAT'), half])
      const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)]
      length.writeUInt32BE(half.length)
      checksum.writeUInt32BE(Bun.hash.crc32(body))
      return Buffer.concat([length, body, checksum])
    })
  })
  return { name: 'split.png', bytes: Buffer.concat([source.subarray(0, 8), ...parts]) }
}
