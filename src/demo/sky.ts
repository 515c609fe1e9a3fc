/** The light of the demo's scene: a low sun, and the sky at dusk around it. */

const NORTH_SOUTH = 0.04
const HEIGHT = 0.46
const WEST = -0.92
const LENGTH = Math.hypot(WEST, HEIGHT, NORTH_SOUTH)

/** Towards the sun, length 1: low, so that shadows are long, and from the side, so that every ball has a bright and a dark half. */
export const SUN = [WEST / LENGTH, HEIGHT / LENGTH, NORTH_SOUTH / LENGTH] as const
/** Its radius as an angle. A dozen times the real sun's, for soft shadows. */
export const SUN_SPREAD = 0.055
export const SUN_LIGHT = [4.1, 3.0, 1.9] as const

const flat = Math.hypot(SUN[0], SUN[2])
/** Two directions across the sun's disc. */
export const SUN_U = [SUN[2] / flat, 0, -SUN[0] / flat] as const
export const SUN_V = [
  SUN[1] * SUN_U[2] - SUN[2] * SUN_U[1],
  SUN[2] * SUN_U[0] - SUN[0] * SUN_U[2],
  SUN[0] * SUN_U[1] - SUN[1] * SUN_U[0],
] as const

const DISC = Math.cos(SUN_SPREAD)

/** What comes from this direction, linear RGB: warm along the horizon, deep blue above, a glow around the sun, the sun itself. */
export function skylight(into: Float64Array, dx: number, dy: number, dz: number): void {
  const height = Math.max(dy, 0)
  const low = (1 - height) ** 9
  const mid = (1 - height) ** 3
  const sunward = dx * SUN[0] + dy * SUN[1] + dz * SUN[2]
  const warm = (0.5 + 0.5 * sunward) ** 2
  const glow = sunward > 0 ? 0.3 * sunward ** 8 + 1.1 * sunward ** 90 : 0
  const disc = sunward > DISC ? 40 : 0
  into[0] = 0.03 + mid * (0.2 + 0.18 * warm) + low * (0.3 + 0.75 * warm) + glow + disc
  into[1] = 0.08 + mid * (0.2 + 0.08 * warm) + low * (0.1 + 0.4 * warm) + 0.68 * glow + 0.86 * disc
  into[2] = 0.27 + mid * (0.38 - 0.12 * warm) + low * (0.14 - 0.1 * warm) + 0.36 * glow + 0.66 * disc
}
