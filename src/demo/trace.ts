/** The demo's renderer: Whitted rays with a lens, a shutter, an area light and a floor that is a little rough. */
import { createPath } from './path.ts'
import { FIELD_OF_VIEW, LENS_RADIUS, momentAt } from './scene.ts'

export interface FrameSpec {
  /** 1 to `frames`. */
  frame: number
  frames: number
  width: number
  height: number
  /** Rays through each pixel: noise falls, time grows with it. */
  samples: number
}

/** Part of the time between two frames that the shutter is open, as in a film camera: half. */
const SHUTTER = 0.5
/**
 * Steps of an additive sequence in eight dimensions, powers of the root of x⁹ = x + 1: however many samples there are,
 * they cover lens, shutter, light and pixel evenly, where random ones would clump into noise.
 */
const ROOT = 1.0850702454914507
const STEPS = Array.from({ length: 8 }, (_, dimension) => ROOT ** -(dimension + 1))

/** 8-bit RGB, row by row. The same spec gives the same bytes. `onProgress` hears 0 to 1 after each row. */
export function renderFrame(spec: FrameSpec, onProgress: (done: number) => void = () => {}): Uint8Array {
  check(spec)
  const { frame, frames, width, height, samples } = spec
  const moments = Array.from({ length: samples }, (_, sample) =>
    momentAt((frame - 1 + (SHUTTER * (sample + 0.5)) / samples) / frames),
  )
  const path = createPath()
  const { light } = path
  const pixels = new Uint8Array(3 * width * height)
  const offsets = new Float64Array(STEPS.length)
  const at = new Float64Array(STEPS.length)

  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let seed = hash((row * width + column) ^ hash(frame))
      for (let d = 0; d < offsets.length; d++) {
        seed = hash(seed + d)
        offsets[d] = seed / 2 ** 32
      }
      let red = 0
      let green = 0
      let blue = 0
      for (let sample = 0; sample < samples; sample++) {
        for (let d = 0; d < at.length; d++) {
          const value = (offsets[d] as number) + sample * (STEPS[d] as number)
          at[d] = value - Math.floor(value)
        }
        // Which moment a sample sees is shuffled by pixel, or every edge in motion would show the same steps.
        const moment = moments[(sample + (seed % samples)) % samples] as (typeof moments)[number]
        const { position, right, up, forward, focus } = moment.camera
        const across = ((2 * (column + (at[0] as number))) / width - 1) * FIELD_OF_VIEW * (width / height)
        const upwards = (1 - (2 * (row + (at[1] as number))) / height) * FIELD_OF_VIEW
        const lensRadius = LENS_RADIUS * Math.sqrt(at[2] as number)
        const lensAngle = 2 * Math.PI * (at[3] as number)
        const lensX = lensRadius * Math.cos(lensAngle)
        const lensY = lensRadius * Math.sin(lensAngle)
        const x = focus * across - lensX
        const y = focus * upwards - lensY
        path.follow(
          moment,
          position[0] + lensX * right[0] + lensY * up[0],
          position[1] + lensX * right[1] + lensY * up[1],
          position[2] + lensX * right[2] + lensY * up[2],
          x * right[0] + y * up[0] + focus * forward[0],
          x * right[1] + y * up[1] + focus * forward[1],
          x * right[2] + y * up[2] + focus * forward[2],
          at,
        )
        red += soften(light[0] as number)
        green += soften(light[1] as number)
        blue += soften(light[2] as number)
      }
      const to = 3 * (row * width + column)
      const vignette = darkening(column / width - 0.5, row / height - 0.5)
      pixels[to] = develop((vignette * red) / samples)
      pixels[to + 1] = develop((vignette * green) / samples)
      pixels[to + 2] = develop((vignette * blue) / samples)
    }
    onProgress((row + 1) / height)
  }
  return pixels
}

function check(spec: FrameSpec): void {
  const range = (field: keyof FrameSpec, least: number, most: number) => {
    const value = spec[field]
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`${field} is ${value}: give a whole number from ${least} to ${most}`)
    }
  }
  range('frames', 1, 1_000_000)
  range('frame', 1, spec.frames)
  range('width', 1, 8192)
  range('height', 1, 8192)
  range('samples', 1, 4096)
}

/** One sample that hits the sun's mirror image must not outshine all the others: that is a white speck. */
function soften(light: number): number {
  return Math.min(light, 6)
}

function darkening(x: number, y: number): number {
  return 1 - 0.55 * (x * x + y * y)
}

/** Light to a byte: an S-curve, as film has, that deepens shadows and never quite reaches white; then the gamma of sRGB. */
function develop(light: number): number {
  const exposed = light ** 1.35
  const clipped = (1.04 * exposed) / (exposed + 0.72)
  const encoded = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055
  return encoded > 1 ? 255 : Math.floor(255 * encoded + 0.5)
}

/** Scatters a 32-bit number: neighbours get nothing in common. */
function hash(value: number): number {
  let mixed = (value ^ 0x9e3779b9) >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b) >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) >>> 0
  return (mixed ^ (mixed >>> 16)) >>> 0
}
