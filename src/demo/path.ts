/** One ray through the scene, from the lens to the sky, with what it meets on its way. */
import { GLASS, METAL, type Moment } from './scene.ts'
import { SUN, SUN_LIGHT, SUN_SPREAD, SUN_U, SUN_V, skylight } from './sky.ts'

export interface Path {
  /** Where `follow` leaves its answer, linear RGB: a million rays a frame should not make a million arrays. */
  readonly light: Float64Array
  /** `at`: eight numbers from 0 to 1, the place of this ray in its pixel's sequence; 4 to 7 are used here. */
  follow(
    moment: Moment,
    x: number,
    y: number,
    z: number,
    towardsX: number,
    towardsY: number,
    towardsZ: number,
    at: Float64Array,
  ): void
}

const MAX_BOUNCES = 6
/** What a path still carries when it is not worth following any more: below half a step of an 8-bit pixel. */
const FAINT = 0.012
const NEAR = 1e-4
const NONE = -1
const FLOOR = -2
const GLASS_INDEX = 1.5
/** Where the tiles have faded into the haze. */
const HAZE_DISTANCE = 26

export function createPath(): Path {
  const light = new Float64Array(3)
  const sky = new Float64Array(3)
  let hitDistance = 0

  /** What a ray meets first: the number of a sphere, FLOOR or NONE; the distance goes to `hitDistance`. */
  function nearest(m: Moment, ox: number, oy: number, oz: number, dx: number, dy: number, dz: number): number {
    let hit = NONE
    let best = Number.POSITIVE_INFINITY
    if (dy < 0 && oy > 0) {
      best = -oy / dy
      hit = FLOOR
    }
    const { x, y, z, radius } = m
    for (let i = 0; i < m.count; i++) {
      const cx = (x[i] as number) - ox
      const cy = (y[i] as number) - oy
      const cz = (z[i] as number) - oz
      const along = cx * dx + cy * dy + cz * dz
      if (along <= 0) continue
      const r = radius[i] as number
      const inside = along * along - (cx * cx + cy * cy + cz * cz - r * r)
      if (inside <= 0) continue
      const distance = along - Math.sqrt(inside)
      if (distance > NEAR && distance < best) {
        best = distance
        hit = i
      }
    }
    hitDistance = best
    return hit
  }

  /** How much of the sun gets through: glass lets most of it pass. */
  function sunlight(m: Moment, ox: number, oy: number, oz: number, dx: number, dy: number, dz: number): number {
    const { x, y, z, radius, material } = m
    let passed = 1
    for (let i = 0; i < m.count; i++) {
      const cx = (x[i] as number) - ox
      const cy = (y[i] as number) - oy
      const cz = (z[i] as number) - oz
      const along = cx * dx + cy * dy + cz * dz
      if (along <= NEAR) continue
      const r = radius[i] as number
      const inside = along * along - (cx * cx + cy * cy + cz * cz - r * r)
      if (inside <= 0 || along - Math.sqrt(inside) < NEAR) continue
      if (material[i] !== GLASS) return 0
      // A glass ball gathers light behind its middle and takes it from its rim.
      passed *= 0.25 + (1.1 * inside) / (r * r)
    }
    return passed
  }

  /** What near balls throw onto the point that `openness` was last asked about. */
  const bounce = new Float64Array(3)
  /**
   * How open a point is to the sky, by the exact formula for one sphere above a horizon, multiplied over all: no
   * rays, so no noise. The colours of near balls go to `bounce`.
   */
  function openness(m: Moment, self: number, px: number, py: number, pz: number, nx: number, ny: number, nz: number) {
    const { x, y, z, radius, colour } = m
    let open = 1
    bounce.fill(0)
    for (let i = 0; i < m.count; i++) {
      if (i === self) continue
      const cx = (x[i] as number) - px
      const cy = (y[i] as number) - py
      const cz = (z[i] as number) - pz
      const squared = cx * cx + cy * cy + cz * cz
      const r = radius[i] as number
      const size = (r * r) / squared
      if (size < 0.002) continue
      const facing = (nx * cx + ny * cy + nz * cz) / Math.sqrt(squared)
      const covered = size * Math.max(facing, 0)
      if (covered <= 0) continue
      open *= covered > 1 ? 0 : 1 - covered
      for (let c = 0; c < 3; c++) bounce[c] = (bounce[c] as number) + covered * (colour[3 * i + c] as number)
    }
    return open
  }

  function follow(
    m: Moment,
    startX: number,
    startY: number,
    startZ: number,
    towardsX: number,
    towardsY: number,
    towardsZ: number,
    at: Float64Array,
  ): void {
    let ox = startX
    let oy = startY
    let oz = startZ
    const length = Math.sqrt(towardsX * towardsX + towardsY * towardsY + towardsZ * towardsZ)
    let dx = towardsX / length
    let dy = towardsY / length
    let dz = towardsZ / length
    let carryR = 1
    let carryG = 1
    let carryB = 1
    light.fill(0)

    for (let bounces = 0; ; bounces++) {
      const hit = nearest(m, ox, oy, oz, dx, dy, dz)
      if (hit === NONE || bounces === MAX_BOUNCES) {
        skylight(sky, dx, dy, dz)
        light[0] = (light[0] as number) + carryR * (sky[0] as number)
        light[1] = (light[1] as number) + carryG * (sky[1] as number)
        light[2] = (light[2] as number) + carryB * (sky[2] as number)
        return
      }
      const px = ox + hitDistance * dx
      const py = oy + hitDistance * dy
      const pz = oz + hitDistance * dz

      let nx = 0
      let ny = 1
      let nz = 0
      let red = 0
      let green = 0
      let blue = 0
      let haze = 0
      let rough = 0
      if (hit === FLOOR) {
        const far = Math.sqrt(px * px + pz * pz) / HAZE_DISTANCE
        haze = far >= 1 ? 1 : far * far * (3 - 2 * far)
        const dark = (Math.floor(px / 1.1) + Math.floor(pz / 1.1)) & 1
        red = dark ? 0.04 : 0.6
        green = dark ? 0.05 : 0.54
        blue = dark ? 0.1 : 0.47
        rough = 0.035
      } else {
        const r = m.radius[hit] as number
        nx = (px - (m.x[hit] as number)) / r
        ny = (py - (m.y[hit] as number)) / r
        nz = (pz - (m.z[hit] as number)) / r
        red = m.colour[3 * hit] as number
        green = m.colour[3 * hit + 1] as number
        blue = m.colour[3 * hit + 2] as number
      }
      const facing = -(dx * nx + dy * ny + dz * nz)
      const grazing = (1 - Math.max(facing, 0)) ** 5
      const material = hit === FLOOR ? NONE : (m.material[hit] as number)

      if (material === GLASS) {
        const mirrored = 0.04 + 0.96 * grazing
        // The sequence's last number, moved on at each bounce, decides: reflected or through.
        const draw = (at[7] as number) + 0.38 * bounces
        if (draw - Math.floor(draw) >= mirrored) {
          // In at one side and out at the other in one go: inside there is nothing to meet.
          const bend = 1 / GLASS_INDEX
          const inner = Math.sqrt(1 - bend * bend * (1 - facing * facing))
          const push = bend * facing - inner
          const ix = bend * dx + push * nx
          const iy = bend * dy + push * ny
          const iz = bend * dz + push * nz
          const across = 2 * inner * (m.radius[hit] as number)
          const ex = px + across * ix
          const ey = py + across * iy
          const ez = pz + across * iz
          const r = m.radius[hit] as number
          const mx = (ex - (m.x[hit] as number)) / r
          const my = (ey - (m.y[hit] as number)) / r
          const mz = (ez - (m.z[hit] as number)) / r
          const leave = facing - GLASS_INDEX * inner
          dx = GLASS_INDEX * ix + leave * mx
          dy = GLASS_INDEX * iy + leave * my
          dz = GLASS_INDEX * iz + leave * mz
          ox = ex + NEAR * mx
          oy = ey + NEAR * my
          oz = ez + NEAR * mz
          carryR *= red
          carryG *= green
          carryB *= blue
          continue
        }
      } else if (material === METAL) {
        carryR *= red + (1 - red) * grazing
        carryG *= green + (1 - green) * grazing
        carryB *= blue + (1 - blue) * grazing
      } else {
        const mirrored = 0.04 + 0.96 * grazing * (hit === FLOOR ? 0.6 : 1)
        const matte = (1 - mirrored) * (1 - haze)
        // A point on the sun's disc: soft shadows.
        const radius = SUN_SPREAD * Math.sqrt(at[4] as number)
        const turned = (at[5] as number) + 0.618 * bounces
        const angle = 2 * Math.PI * turned
        const sx = SUN[0] + radius * Math.cos(angle) * SUN_U[0] + radius * Math.sin(angle) * SUN_V[0]
        const sy = SUN[1] + radius * Math.cos(angle) * SUN_U[1] + radius * Math.sin(angle) * SUN_V[1]
        const sz = SUN[2] + radius * Math.cos(angle) * SUN_U[2] + radius * Math.sin(angle) * SUN_V[2]
        const lit = nx * sx + ny * sy + nz * sz
        const sun = lit > 0 ? lit * sunlight(m, px + NEAR * nx, py + NEAR * ny, pz + NEAR * nz, sx, sy, sz) : 0
        const open = openness(m, hit, px, py, pz, nx, ny, nz)
        const up = 0.5 + 0.5 * ny
        const ambientR = open * (0.26 * up + 0.2 * (1 - up)) + 0.3 * (bounce[0] as number)
        const ambientG = open * (0.34 * up + 0.17 * (1 - up)) + 0.3 * (bounce[1] as number)
        const ambientB = open * (0.56 * up + 0.15 * (1 - up)) + 0.3 * (bounce[2] as number)
        light[0] = (light[0] as number) + carryR * matte * red * (SUN_LIGHT[0] * sun + ambientR)
        light[1] = (light[1] as number) + carryG * matte * green * (SUN_LIGHT[1] * sun + ambientG)
        light[2] = (light[2] as number) + carryB * matte * blue * (SUN_LIGHT[2] * sun + ambientB)
        if (haze > 0) {
          skylight(sky, dx, 0, dz)
          light[0] = (light[0] as number) + carryR * haze * (sky[0] as number)
          light[1] = (light[1] as number) + carryG * haze * (sky[1] as number)
          light[2] = (light[2] as number) + carryB * haze * (sky[2] as number)
        }
        const kept = mirrored * (1 - haze)
        carryR *= kept
        carryG *= kept
        carryB *= kept
        if (carryR + carryG + carryB < 3 * FAINT) return
      }

      // Mirrored; a rough surface scatters a little, by tilting the normal.
      if (rough > 0) {
        const angle = 2 * Math.PI * (at[6] as number)
        const tilt = rough * Math.sqrt(at[7] as number)
        nx += tilt * Math.cos(angle)
        nz += tilt * Math.sin(angle)
        const norm = 1 / Math.sqrt(nx * nx + ny * ny + nz * nz)
        nx *= norm
        ny *= norm
        nz *= norm
      }
      const twice = 2 * (dx * nx + dy * ny + dz * nz)
      dx -= twice * nx
      dy -= twice * ny
      dz -= twice * nz
      if (hit === FLOOR && dy < NEAR) dy = NEAR
      ox = px + NEAR * nx
      oy = py + NEAR * ny
      oz = pz + NEAR * nz
    }
  }

  return { light, follow }
}
