/** Where each frame is on the strip: in lines, as one reads. Pure. */

/** Pixels of a side; the largest at which all of them fit. */
const SIDES = [18, 14, 12, 10, 8, 6, 5, 4, 3, 2, 1]
/** Pixels that the strip is high at most, as long as a frame has a pixel. */
const HIGHEST = 150

export interface StripLayout {
  side: number
  perLine: number
  lines: number
  /** Frames that share one place, where there are more of them than pixels. */
  share: number
}

export function stripLayout(count: number, width: number): StripLayout {
  for (const side of SIDES) {
    const perLine = Math.max(1, Math.floor(width / side))
    const lines = Math.max(1, Math.ceil(count / perLine))
    if (lines * side <= HIGHEST) return { side, perLine, lines, share: 1 }
  }
  const perLine = Math.max(1, width)
  const share = Math.max(1, Math.ceil(count / (perLine * HIGHEST)))
  return { side: 1, perLine, lines: Math.ceil(count / share / perLine), share }
}

/** The frame at a point, of those that share a place the first; −1: there is none. */
export function frameAt({ side, perLine, share }: StripLayout, count: number, x: number, y: number): number {
  const column = Math.floor(x / side)
  const line = Math.floor(y / side)
  if (column < 0 || column >= perLine || line < 0) return -1
  const index = (line * perLine + column) * share
  return index < count ? index : -1
}

/** The same, or the nearest one, for a drag that leaves the strip. */
export function nearestFrame(layout: StripLayout, count: number, x: number, y: number): number {
  const { side, perLine, lines, share } = layout
  const column = Math.min(perLine - 1, Math.max(0, Math.floor(x / side)))
  const line = Math.min(lines - 1, Math.max(0, Math.floor(y / side)))
  return Math.min(count - 1, (line * perLine + column) * share)
}

/** Of those that share a place the one that needs a look first: failed, running, and then whatever is not done. */
const WEIGHTS = [0, 4, 5, 1, 2, 3]

/** The state that each place shows, as places in FRAME_STATES. */
export function shownStates({ share }: StripLayout, states: Uint8Array): Uint8Array {
  if (share === 1) return states
  const shown = new Uint8Array(Math.ceil(states.length / share))
  for (let i = 0; i < states.length; i++) {
    const at = Math.floor(i / share)
    const state = states[i] as number
    if (i % share === 0 || (WEIGHTS[state] ?? 0) > (WEIGHTS[shown[at] as number] ?? 0)) shown[at] = state
  }
  return shown
}
