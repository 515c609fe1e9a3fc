/** The strip as a picture: a pixel a frame, made larger; where there is room, with a gap and the sign of its state. */
import type { Job } from '../../../models.ts'
import { isSolid, STATE_SHAPES } from '../../parts/StateMark.tsx'
import { FRAME_STATES } from './frames.ts'
import { type StripLayout, shownStates } from './stripLayout.ts'

/** From this side on, a frame has a gap around it, and the sign of its state. */
const GAP_FROM = 4
const SIGN_FROM = 10
/** Below this side, a frame that failed or runs is made so large that it is seen, in CSS pixels. */
const SPOT_BELOW = 4
const SPOT = 3
/** Of a frame that is not in the state that is looked for: what is left of its colour. */
const FADED = 0.16

export interface Look {
  /** Colours of FRAME_STATES, in their order. */
  colours: readonly string[]
  ground: string
  /** The one state that is looked for. */
  only: number | undefined
}

export function paint(canvas: HTMLCanvasElement, layout: StripLayout, states: Uint8Array, look: Look): void {
  const { side, perLine, lines } = layout
  const ratio = Math.max(1, Math.round(devicePixelRatio))
  canvas.width = perLine * side * ratio
  canvas.height = lines * side * ratio
  const context = canvas.getContext('2d', { alpha: false })
  if (!context) return
  const shown = shownStates(layout, states)
  const small = new OffscreenCanvas(perLine, lines)
  small.getContext('2d')?.putImageData(pixels(layout, shown, look), 0, 0)
  context.imageSmoothingEnabled = false
  context.drawImage(small, 0, 0, canvas.width, canvas.height)
  if (side >= GAP_FROM) gaps(context, layout, ratio, look.ground)
  if (side < SPOT_BELOW) spots(context, layout, shown, ratio, look)
  if (side >= SIGN_FROM) signs(context, layout, shown, ratio, look)
}

function pixels({ perLine, lines }: StripLayout, shown: Uint8Array, { colours, ground, only }: Look): ImageData {
  const image = new ImageData(perLine, lines)
  const words = new Uint32Array(image.data.buffer)
  const back = parts(ground)
  const mixed = (colour: string, share: number) => {
    const [r, g, b] = parts(colour).map((part, i) => Math.round(part * share + (back[i] ?? 0) * (1 - share)))
    return littleEndian(r ?? 0, g ?? 0, b ?? 0)
  }
  const palette = colours.map((colour, i) => mixed(colour, only === undefined || only === i ? shareOf(i) : FADED))
  words.fill(mixed(ground, 1))
  for (let i = 0; i < shown.length; i++) words[i] = palette[shown[i] as number] as number
  return image
}

/** What nobody has to look at is pale: most of a strip is finished, or waits, and what failed stands out of it. */
const PALE: Partial<Record<Job['state'], number>> = { FINISHED: 0.5, WAITING: 0.3 }
const shareOf = (code: number) => PALE[FRAME_STATES[code]?.state ?? 'ERROR'] ?? 1
/** Red, green, blue of `rgb(…)` or `rgba(…)`. */
const parts = (colour: string) => (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number)
const littleEndian = (r: number, g: number, b: number) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0

function gaps(context: CanvasRenderingContext2D, { side, perLine, lines }: StripLayout, ratio: number, ground: string) {
  context.fillStyle = ground
  const step = side * ratio
  for (let column = 1; column <= perLine; column++) context.fillRect(column * step - ratio, 0, ratio, lines * step)
  for (let line = 1; line <= lines; line++) context.fillRect(0, line * step - ratio, perLine * step, ratio)
}

/** One of 100,000 is a pixel, which nobody sees. */
function spots(
  context: CanvasRenderingContext2D,
  { side, perLine }: StripLayout,
  shown: Uint8Array,
  ratio: number,
  { colours, only }: Look,
): void {
  for (const [code, { state }] of FRAME_STATES.entries()) {
    const wanted = only === undefined ? state === 'ERROR' || state === 'WORKING' : only === code
    if (!wanted) continue
    context.fillStyle = colours[code] ?? ''
    const out = (SPOT - side) / 2
    for (let i = 0; i < shown.length; i++) {
      if (shown[i] !== code) continue
      const [x, y] = [(i % perLine) * side - out, Math.floor(i / perLine) * side - out]
      context.fillRect(x * ratio, y * ratio, SPOT * ratio, SPOT * ratio)
    }
  }
}

function signs(
  context: CanvasRenderingContext2D,
  { side, perLine }: StripLayout,
  shown: Uint8Array,
  ratio: number,
  { ground, only }: Look,
): void {
  const paths = FRAME_STATES.map(({ state }) => ({ path: new Path2D(STATE_SHAPES[state]), solid: isSolid(state) }))
  // The signs are drawn for 16 × 16.
  const scale = ((side - 1) / 16) * ratio
  context.lineWidth = 2
  context.lineCap = 'round'
  context.strokeStyle = context.fillStyle = ground
  for (let i = 0; i < shown.length; i++) {
    const code = shown[i] as number
    const sign = paths[code]
    // Finished is what all become: without a sign, the others are seen.
    if (!sign || FRAME_STATES[code]?.state === 'FINISHED' || (only !== undefined && only !== code)) continue
    context.setTransform(scale, 0, 0, scale, (i % perLine) * side * ratio, Math.floor(i / perLine) * side * ratio)
    if (sign.solid) context.fill(sign.path)
    context.stroke(sign.path)
  }
  context.resetTransform()
}
