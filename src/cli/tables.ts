/** Dense tables for people: no borders, numbers to the right, cut to the width of the terminal. */
import { styleText } from 'node:util'
import Table from 'cli-table3'
import type { Job } from '../models.ts'

export interface Column<T> {
  title: string
  value: (row: T) => string | number
  right?: boolean
  /** Gives way when the terminal is too narrow. */
  shrinks?: boolean
  /** Colours the text of a cell, on a terminal. */
  paint?: (text: string) => string
}

/** The terminal to print for; a pipe has no width and no colour. */
export interface Paper {
  columns?: number | undefined
  colour: boolean
}

const GAP = 2
const NARROWEST = 8
const NO_LINES = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid']
    .concat(['mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((name) => [name, '']),
)

export function paperOf(stream: NodeJS.WriteStream, env: Record<string, string | undefined> = process.env): Paper {
  return { columns: stream.isTTY ? stream.columns : undefined, colour: Boolean(stream.isTTY) && !env.NO_COLOR }
}

export function formatTable<T>(rows: readonly T[], all: readonly Column<T>[], paper: Paper): string {
  // A terminal has no room for columns that say nothing; who reads a pipe counts on finding each.
  const columns =
    paper.columns && rows.length > 0 ? all.filter(({ value }) => rows.some((row) => value(row) !== '')) : all
  const cells = rows.map((row) => columns.map((column) => printable(String(column.value(row)))))
  const widths = columns.map(({ title }, i) =>
    cells.reduce((widest, row) => Math.max(widest, Bun.stringWidth(row[i] ?? '')), Bun.stringWidth(title)),
  )
  if (paper.columns) fit(widths, columns, paper.columns)
  const table = new Table({
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP },
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ right }) => (right ? 'right' : 'left')),
    colWidths: widths.map((width) => width + GAP),
  })
  const painted = (text: string, i: number) => (paper.colour ? (columns[i]?.paint?.(text) ?? text) : text)
  table.push(...cells.map((row) => row.map(painted)))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function fit<T>(widths: number[], columns: readonly Column<T>[], room: number): void {
  const total = () => widths.reduce((sum, width) => sum + width + GAP, -GAP)
  for (const [i, { shrinks }] of columns.entries()) {
    const width = widths[i] ?? 0
    if (shrinks && total() > room) widths[i] = Math.max(Math.min(width, NARROWEST), width - (total() - room))
  }
}

/** A title is what somebody typed: an escape sequence in it would run on the terminal of who lists the jobs. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ')

/** `key  value` lines for one thing. */
export function formatFields(fields: Record<string, string | number>): string {
  const width = Math.max(...Object.keys(fields).map((key) => key.length))
  return Object.entries(fields)
    .map(
      ([key, value]) =>
        `${key.padEnd(width + GAP)}${String(value)
          .split(/\r?\n/)
          .map(printable)
          .join(`\n${' '.repeat(width + GAP)}`)}`,
    )
    .map((line) => line.trimEnd())
    .join('\n')
}

const COLOURS = {
  WAITING: 'blue',
  PENDING: 'gray',
  PAUSED: 'gray',
  WORKING: 'cyan',
  FINISHED: 'green',
  ERROR: 'red',
  TIMEOUT: 'red',
  LOST: 'red',
  STOPPED: 'gray',
} as const

export function paintState(state: string): string {
  const colour = COLOURS[state as keyof typeof COLOURS]
  return colour ? styleText(colour, state, { validateStream: false }) : state
}

/** Local time, because that is the clock on the wall; empty for never. */
export function formatTime(epochSeconds: number): string {
  if (epochSeconds <= 0) return ''
  const date = new Date(epochSeconds * 1000)
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** `0:07`, `12:05`, `3:00:00`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const two = (number: number) => String(number).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

export const formatPercent = (share: number): string => `${Math.floor(share * 100)}%`

/** Of a group how many of its leaves are done, of a leaf nothing. */
export const formatDone = ({ total, total_finished }: Pick<Job, 'total' | 'total_finished'>): string =>
  total > 0 ? `${total_finished}/${total}` : ''
