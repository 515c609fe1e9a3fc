/** One frame of the demo, as a job runs it: renders, says on stdout how far it is, writes a PNG. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from 'fast-png'
import { renderFrame } from './trace.ts'

export const DEMO_FRAMES = 48

export interface DemoFrame {
  /** 1 to `frames`. */
  frame: number
  frames: number
  /** The folder of the frames; it is made when it is not there. */
  out: string
  width?: number
  height?: number
  samples?: number
}

/** Prints a line each time so much more is done: 20 lines a frame tell enough, 270 would bury the log. */
const STEP_PERCENT = 5

/**
 * Answers the path of the PNG. The defaults take some 1.8 s of one core, so that two cores do the demo in 45 s; 24 samples
 * took 4 s, and the difference is a little grain where the floor is in shadow.
 */
export function demoFrame(request: DemoFrame, print: (line: string) => void = console.log): string {
  const { frame, frames, out, width = 480, height = 270, samples = 10 } = request
  const started = performance.now()
  print(`frame ${frame} of ${frames}: ${width}x${height}, ${samples} samples a pixel`)
  let next = 0
  const data = renderFrame({ frame, frames, width, height, samples }, (done) => {
    const percent = Math.floor(100 * done)
    if (percent < next) return
    print(`PROGRESS:${percent}`)
    next = percent - (percent % STEP_PERCENT) + STEP_PERCENT
  })
  const path = framePath(out, frame)
  mkdirSync(out, { recursive: true })
  writeWhole(path, encode({ width, height, data, channels: 3, depth: 8 }))
  print(`${path}: ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return path
}

/** Four digits and more, so that file browsers show the frames in order. */
export function framePath(folder: string, frame: number): string {
  return join(folder, `frame-${String(frame).padStart(4, '0')}.png`)
}

/** A run that is killed in the middle leaves no half PNG under the real name, where the join would take it. */
function writeWhole(path: string, bytes: Uint8Array): void {
  const part = `${path}.${process.pid}.part`
  try {
    writeFileSync(part, bytes)
    renameSync(part, path)
  } catch (error) {
    rmSync(part, { force: true })
    throw error
  }
}
