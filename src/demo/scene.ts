/**
 * What the demo shows: a ring of bouncing balls around a chrome sphere, at dusk. Everything moves by `turn` alone,
 * 0 to 1 over the whole animation, and looks the same at 0 and at 1: the film loops without a seam.
 */

export const PLASTIC = 0
export const METAL = 1
export const GLASS = 2

/** Balls in the ring. In one turn it moves on by two of them, to where material and colour repeat. */
const RING = 12
const RING_STEP = 2
const RING_RADIUS = 2.75
const BALL_RADIUS = 0.44
/** Between a ball and the next one, and over a turn. `BOUNCES - RING_STEP * BOUNCE_LAG` is whole, or the loop has a seam. */
const BOUNCE_LAG = 1 / 4
const BOUNCES = 1.5
const BOUNCE_HEIGHT = 1.05
/** Pearls that lie still on the floor, in the golden angle's spiral so that no two touch. */
const PEARLS = 26
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5))

const TAU = 2 * Math.PI

/** One moment of the scene, in flat arrays: the tracer reads them a hundred million times. Lengths in metres, y is up. */
export interface Moment {
  count: number
  x: Float64Array
  y: Float64Array
  z: Float64Array
  radius: Float64Array
  material: Uint8Array
  /** Linear RGB, three for each sphere: albedo of plastic, reflectance of metal, tint of glass. */
  colour: Float64Array
  camera: Camera
}

/** Position, then right, up and forward, then the distance that is in focus. */
export interface Camera {
  position: Vector
  right: Vector
  up: Vector
  forward: Vector
  focus: number
}

type Vector = [number, number, number]

/** Half the height of the picture, at distance 1. */
export const FIELD_OF_VIEW = Math.tan((34 * Math.PI) / 360)
/** Radius of the lens: what is far from the focus blurs. */
export const LENS_RADIUS = 0.035

export function momentAt(turn: number): Moment {
  const count = 1 + RING + PEARLS
  const moment: Moment = {
    count,
    x: new Float64Array(count),
    y: new Float64Array(count),
    z: new Float64Array(count),
    radius: new Float64Array(count),
    material: new Uint8Array(count),
    colour: new Float64Array(3 * count),
    camera: cameraAt(turn),
  }
  const put = (at: number, [x, y, z]: Vector, radius: number, material: number, colour: Vector) => {
    moment.x[at] = x
    moment.y[at] = y
    moment.z[at] = z
    moment.radius[at] = radius
    moment.material[at] = material
    moment.colour.set(colour, 3 * at)
  }

  put(0, [0, 1.42 + 0.09 * Math.sin(TAU * turn), 0], 1.2, METAL, [0.93, 0.94, 0.96])
  for (let i = 0; i < RING; i++) {
    const around = (i + RING_STEP * turn) / RING
    const phase = fraction(i * BOUNCE_LAG + BOUNCES * turn)
    const height = BALL_RADIUS + 4 * BOUNCE_HEIGHT * phase * (1 - phase)
    const place: Vector = [RING_RADIUS * Math.cos(TAU * around), height, RING_RADIUS * Math.sin(TAU * around)]
    put(1 + i, place, BALL_RADIUS, i % 2 === 0 ? PLASTIC : METAL, rainbow(around))
  }
  for (let i = 0; i < PEARLS; i++) {
    const angle = i * GOLDEN_ANGLE
    const distance = Math.sqrt(13 + 2.9 * i)
    const radius = 0.13 + 0.05 * fraction(i * 0.618)
    const place: Vector = [distance * Math.cos(angle), radius, distance * Math.sin(angle)]
    const material = i % 3 === 0 ? GLASS : PLASTIC
    put(1 + RING + i, place, radius, material, material === GLASS ? [0.95, 0.98, 1] : [0.85, 0.82, 0.76])
  }
  return moment
}

/** The camera sways on an ellipse: a full orbit within two seconds makes people dizzy. */
function cameraAt(turn: number): Camera {
  const azimuth = 1.12 + 0.2 * Math.sin(TAU * turn)
  const elevation = 0.19 + 0.04 * Math.cos(TAU * turn)
  const distance = 8.6
  const target: Vector = [0, 1.08, 0]
  const position: Vector = [
    target[0] + distance * Math.cos(elevation) * Math.cos(azimuth),
    target[1] + distance * Math.sin(elevation),
    target[2] + distance * Math.cos(elevation) * Math.sin(azimuth),
  ]
  const forward = normalize([target[0] - position[0], target[1] - position[1], target[2] - position[2]])
  const right = normalize(cross(forward, [0, 1, 0]))
  return { position, right, up: cross(right, forward), forward, focus: distance - 1.6 }
}

/** Colours around the ring, in linear light: teal, violet, coral, amber. */
function rainbow(around: number): Vector {
  const wave = (shift: number) => 0.5 + 0.5 * Math.cos(TAU * (around + shift))
  return [0.04 + 0.86 * wave(0.02) ** 1.2, 0.04 + 0.5 * wave(0.3) ** 1.2, 0.05 + 0.7 * wave(0.62) ** 2]
}

function fraction(value: number): number {
  return value - Math.floor(value)
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

function normalize([x, y, z]: Vector): Vector {
  const length = Math.hypot(x, y, z)
  return [x / length, y / length, z / length]
}
