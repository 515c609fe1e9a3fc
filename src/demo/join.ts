/** The last job of the demo: its frames to one animation, an animated PNG, which every browser plays. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { animate, type NamedPng } from './apng.ts'
import { framePath } from './frame.ts'

export interface DemoJoin {
  /** Paths in their order, or a folder of `frame-0001.png` and on. */
  frames: string[] | { dir: string; count: number }
  out: string
  fps?: number
}

/** 48 frames are two seconds. */
export const DEMO_FPS = 24

/** Answers the path of the animation. Nothing is written unless all frames are there and alike. */
export function joinFrames(request: DemoJoin, print: (line: string) => void = console.log): string {
  const { frames, out, fps = DEMO_FPS } = request
  const paths = Array.isArray(frames) ? frames : pathsOf(frames)
  const missing = paths.filter((path) => !existsSync(path))
  if (missing.length > 0) {
    const others = missing.length > 1 ? ` (and ${missing.length - 1} more)` : ''
    throw new Error(`${missing[0]} is missing${others}: ${missing.length} of ${paths.length} frames. Reset their jobs`)
  }

  function* pictures(): Generator<NamedPng> {
    for (const [i, path] of paths.entries()) {
      yield { name: path, bytes: readFileSync(path) }
      print(`${path} PROGRESS:${Math.floor((100 * (i + 1)) / paths.length)}`)
    }
  }

  mkdirSync(dirname(out), { recursive: true })
  const part = `${out}.${process.pid}.part`
  const file = openSync(part, 'w')
  let open = true
  try {
    for (const piece of animate(pictures(), paths.length, fps)) writeAll(file, piece)
    closeSync(file)
    open = false
    renameSync(part, out)
  } catch (error) {
    // Windows deletes no file that is open.
    if (open) closeSync(file)
    rmSync(part, { force: true })
    throw error
  }
  const megabytes = (statSync(out).size / 1e6).toFixed(1)
  print(`${out}: ${paths.length} frames, ${fps} a second, ${megabytes} MB`)
  return out
}

function pathsOf({ dir, count }: { dir: string; count: number }): string[] {
  if (!Number.isInteger(count) || count < 1 || count > 100_000) {
    throw new RangeError(`frames is ${count}: give a whole number from 1 to 100000`)
  }
  return Array.from({ length: count }, (_, i) => framePath(dir, i + 1))
}

/** A write may take less than it is given. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}
