/** Shows how far the demo is until it is over. */
import { SingleBar } from 'cli-progress'
import { type Client, Refused, Unreachable } from '../client.ts'
import type { Job } from '../models.ts'
import type { DemoJobs } from './submit.ts'

export interface DemoProgress {
  state: Job['state']
  /** Frames, without the join. */
  done: number
  total: number
  working: number
  errors: number
  /** The join is running. */
  joining: boolean
}

export interface WatchOptions {
  onProgress?: (progress: DemoProgress) => void
  /** A terminal gets a bar, anything else a plain line now and then. */
  stream?: Output
  signal?: AbortSignal
  pollMs?: number
}

type Output = NodeJS.WritableStream & { isTTY?: boolean }

export interface DemoOutcome {
  state: 'FINISHED' | 'ERROR'
  seconds: number
}

const POLL_MS = 500
/** A log file that gets a line each half second helps nobody. */
const PLAIN_LINE_MS = 5000
/** So long the server may be away, for a restart. */
const PATIENCE_MS = 30_000
/** Of the log of a job that failed. */
const LOG_LINES = 20

/** Ends when the demo is FINISHED or in ERROR; throws when it was deleted, or the server is away for long. */
export async function watchDemo(client: Client, jobs: DemoJobs, options: WatchOptions = {}): Promise<DemoOutcome> {
  const stream = options.stream ?? process.stdout
  const display = stream.isTTY ? barOn(stream) : linesOn(stream)
  const started = performance.now()
  let heard = started
  try {
    for (;;) {
      options.signal?.throwIfAborted()
      const now = performance.now()
      try {
        const group = await client.call<Job>('GET', `/api/jobs/${jobs.group}`, undefined, { signal: options.signal })
        heard = now
        const progress = demoProgress(group)
        const seconds = (now - started) / 1000
        options.onProgress?.(progress)
        display.show(progress, secondsLeft(seconds, progress))
        if (progress.state === 'FINISHED' || progress.state === 'ERROR') {
          display.stop()
          if (progress.state === 'ERROR') await showFailed(client, jobs.group, stream)
          return { state: progress.state, seconds }
        }
      } catch (error) {
        options.signal?.throwIfAborted()
        if (error instanceof Refused && error.status === 404) {
          throw new Error(`the demo (job ${jobs.group}) was deleted: nothing to wait for`)
        }
        if (!(error instanceof Unreachable) || now - heard > PATIENCE_MS) throw error
      }
      await Bun.sleep(options.pollMs ?? POLL_MS)
    }
  } finally {
    display.stop()
  }
}

/** From the demo's group: its direct leaf is the join, the other leaves are frames. */
export function demoProgress(group: Job): DemoProgress {
  return {
    state: group.state,
    done: group.total_finished - group.finished,
    total: Math.max(group.total - 1, 0),
    working: group.total_working - group.working,
    errors: group.total_errors,
    joining: group.working > 0,
  }
}

/** At the pace so far; unknown until a frame is done. */
export function secondsLeft(elapsedSeconds: number, { done, total }: DemoProgress): number | undefined {
  return done === 0 ? undefined : Math.ceil((elapsedSeconds / done) * (total - done))
}

interface Display {
  show(progress: DemoProgress, seconds: number | undefined): void
  /** May be called again. */
  stop(): void
}

function inWords({ state, working, errors, joining }: DemoProgress, seconds: number | undefined): string {
  const parts = [`${working} working`, `${errors} in error`]
  if (state === 'PAUSED') parts.push('paused')
  else if (state === 'FINISHED') parts.push('done')
  else if (joining) parts.push('joining the frames')
  else if (state !== 'ERROR') parts.push(seconds === undefined ? 'starting' : `about ${duration(seconds)} left`)
  return parts.join(', ')
}

function duration(seconds: number): string {
  return seconds < 100 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}

function barOn(stream: Output): Display {
  const bar = new SingleBar({
    stream,
    format: 'frames [{bar}] {value}/{total}  {words}',
    barCompleteChar: '#',
    barIncompleteChar: '-',
    barsize: 28,
    hideCursor: true,
  })
  return {
    show(progress, seconds) {
      const payload = { words: inWords(progress, seconds) }
      if (bar.isActive) bar.update(progress.done, payload)
      else bar.start(progress.total, progress.done, payload)
    },
    stop: () => bar.stop(),
  }
}

function linesOn(stream: Output): Display {
  let last = ''
  let at = Number.NEGATIVE_INFINITY
  return {
    show(progress, seconds) {
      const { done, total, state } = progress
      const line = `${done}/${total} frames, ${inWords(progress, seconds)}`
      const now = performance.now()
      const over = state === 'FINISHED' || state === 'ERROR'
      if (line === last || (!over && now - at < PLAIN_LINE_MS)) return
      last = line
      at = now
      stream.write(`${line}\n`)
    },
    stop() {},
  }
}

/** The end of the log of the first job in error below a group: what it died of. */
async function showFailed(client: Client, group: number, stream: Output): Promise<void> {
  const children = await client.call<Job[]>('GET', `/api/jobs/${group}/children`)
  for (const child of children) {
    if (child.command === '') {
      if (child.total_errors > 0) return showFailed(client, child.id, stream)
    } else if (child.state === 'ERROR') {
      const log = await client.call<string>('GET', `/api/jobs/${child.id}/log`)
      const end = log.trimEnd().split('\n').slice(-LOG_LINES).join('\n')
      stream.write(`job ${child.id} (${child.title}) failed; the end of its log:\n${end}\n`)
      return
    }
  }
}
