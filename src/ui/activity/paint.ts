/** Draws the timeline. What is drawn is given; nothing is asked here. */
import type { Event } from '../../models.ts'
import { endOf, type Row } from './rows.ts'
import { type Range, ticks } from './span.ts'

export const COLOURS = [
  'ground',
  'ground-odd',
  'raised',
  'line',
  'text',
  'dim',
  'chosen',
  'on-accent',
  'working',
  'finished',
  'error',
  'pending',
  'waiting',
] as const
export type Colours = Record<(typeof COLOURS)[number], string>

/** Pixels. */
export const ROW = 20
export const AXIS = 24
export const GUTTER = 130
const BAR = 14
const FONT = '11px system-ui, sans-serif'
/** A bar that is as wide has its title in it. */
const ROOM_FOR_TITLE = 46
const TICK = 90

export interface Scene {
  rows: readonly Row[]
  range: Range
  now: number
  scrollTop: number
  width: number
  height: number
  hovered: Event | undefined
}

export const xOf = (at: number, { range: { from, to }, width }: Pick<Scene, 'range' | 'width'>): number =>
  GUTTER + ((at - from) / (to - from)) * (width - GUTTER)

export const timeAt = (x: number, { range: { from, to }, width }: Pick<Scene, 'range' | 'width'>): number =>
  from + ((x - GUTTER) / (width - GUTTER)) * (to - from)

type Fills = Record<Event['state'], string | CanvasPattern>

/** Each state has a pattern of its own as well: stripes failed, dots are lost, hollow was stopped. */
export function fillsOf(context: CanvasRenderingContext2D, colours: Colours): Fills {
  const pattern = (colour: string, draw: (tile: CanvasRenderingContext2D) => void) => {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 6
    const tile = canvas.getContext('2d')
    if (!tile) return colour
    tile.fillStyle = tile.strokeStyle = colour
    draw(tile)
    return context.createPattern(canvas, 'repeat') ?? colour
  }
  const stripes = (tile: CanvasRenderingContext2D) => {
    tile.lineWidth = 2.6
    for (const x of [-6, 0, 6]) {
      tile.beginPath()
      tile.moveTo(x - 1, 7)
      tile.lineTo(x + 7, -1)
      tile.stroke()
    }
  }
  const dots = (tile: CanvasRenderingContext2D) => {
    tile.fillRect(0, 0, 3, 3)
    tile.fillRect(3, 3, 3, 3)
  }
  return {
    FINISHED: colours.finished,
    WORKING: colours.working,
    ERROR: pattern(colours.error, stripes),
    LOST: pattern(colours.pending, dots),
    STOPPED: 'transparent',
  }
}

export function paint(context: CanvasRenderingContext2D, scene: Scene, colours: Colours, fills: Fills): void {
  const { rows, range, scrollTop, width, height } = scene
  context.font = FONT
  context.textBaseline = 'middle'
  context.fillStyle = colours.ground
  context.fillRect(0, 0, width, height)
  const first = Math.max(0, Math.floor(scrollTop / ROW))
  const last = Math.min(rows.length - 1, Math.ceil((scrollTop + height) / ROW))
  const moments = ticks(range, Math.max(2, (width - GUTTER) / TICK), offsetAt(range.to))
  for (let i = first; i <= last; i++) {
    if (i % 2 === 0) continue
    context.fillStyle = colours['ground-odd']
    context.fillRect(0, AXIS + i * ROW - scrollTop, width, ROW)
  }
  context.fillStyle = colours.line
  for (const at of moments) context.fillRect(Math.round(xOf(at, scene)), AXIS, 1, height)
  context.save()
  context.beginPath()
  context.rect(GUTTER, AXIS, width - GUTTER, height - AXIS)
  context.clip()
  for (let i = first; i <= last; i++)
    for (const run of rows[i]?.runs ?? []) paintRun(context, run, AXIS + i * ROW - scrollTop, scene, colours, fills)
  paintNow(context, scene, colours)
  context.restore()
  paintNames(context, first, last, scene, colours)
  paintAxis(context, moments, scene, colours)
}

function paintRun(
  context: CanvasRenderingContext2D,
  run: Event,
  top: number,
  scene: Scene,
  colours: Colours,
  fills: Fills,
): void {
  const end = endOf(run, scene.now)
  if (end < scene.range.from || run.start > scene.range.to) return
  const from = Math.max(GUTTER - 4, xOf(run.start, scene))
  const to = Math.min(scene.width + 4, xOf(end, scene))
  const wide = Math.max(1.5, to - from - 0.5)
  const y = top + (ROW - BAR) / 2
  context.fillStyle = fills[run.state]
  context.fillRect(from, y, wide, BAR)
  if (run.state !== 'FINISHED' && run.state !== 'WORKING' && wide > 3) {
    context.strokeStyle = strokeOf(run.state, colours)
    context.lineWidth = 1
    context.strokeRect(from + 0.5, y + 0.5, wide - 1, BAR - 1)
  }
  if (run.id === scene.hovered?.id) {
    context.strokeStyle = colours.text
    context.lineWidth = 2
    context.strokeRect(from, y, wide, BAR)
  }
  if (wide < ROOM_FOR_TITLE || (run.state !== 'FINISHED' && run.state !== 'WORKING')) return
  context.save()
  context.beginPath()
  context.rect(from, y, wide - 4, BAR)
  context.clip()
  context.fillStyle = colours['on-accent']
  context.fillText(run.job_title || `Job ${run.job_id}`, Math.max(from, GUTTER) + 4, y + BAR / 2 + 0.5)
  context.restore()
}

const strokeOf = (state: Event['state'], colours: Colours) =>
  state === 'ERROR' ? colours.error : state === 'LOST' ? colours.pending : colours.waiting

function paintNow(context: CanvasRenderingContext2D, scene: Scene, colours: Colours): void {
  context.fillStyle = colours.dim
  context.fillRect(Math.round(xOf(scene.now, scene)), AXIS, 1, scene.height)
}

function paintNames(
  context: CanvasRenderingContext2D,
  first: number,
  last: number,
  { rows, scrollTop, height }: Scene,
  colours: Colours,
): void {
  context.fillStyle = colours.line
  context.fillRect(GUTTER - 1, 0, 1, height)
  context.save()
  context.beginPath()
  context.rect(0, AXIS, GUTTER - 8, height - AXIS)
  context.clip()
  context.fillStyle = colours.text
  for (let i = first; i <= last; i++)
    context.fillText(rows[i]?.worker ?? '', 10, AXIS + i * ROW - scrollTop + ROW / 2 + 0.5)
  context.restore()
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const SECONDS = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

function paintAxis(
  context: CanvasRenderingContext2D,
  moments: readonly number[],
  scene: Scene,
  colours: Colours,
): void {
  const { width } = scene
  context.fillStyle = colours.raised
  context.fillRect(0, 0, width, AXIS)
  context.fillStyle = colours.line
  context.fillRect(0, AXIS - 1, width, 1)
  context.fillStyle = colours.dim
  context.textAlign = 'center'
  for (const at of moments) {
    const x = xOf(at, scene)
    if (x < GUTTER + 16 || x > width - 16) continue
    const date = new Date(at * 1000)
    const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0
    const words = midnight ? DAY : date.getSeconds() === 0 ? CLOCK : SECONDS
    context.fillText(words.format(date), x, AXIS / 2)
  }
  context.textAlign = 'start'
}

/** What this place's clock is ahead of UTC. */
const offsetAt = (seconds: number): number => -60 * new Date(seconds * 1000).getTimezoneOffset()
