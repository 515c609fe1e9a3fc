import { Command } from '@commander-js/extra-typings'
import cliProgress from 'cli-progress'
import { type Client, Unreachable, whyUnreachable } from '../client.ts'
import type { Job } from '../models.ts'
import { clientOptions, connect, examples, jobIds, seconds } from './options.ts'
import { EXIT, Exit, failed } from './outcome.ts'
import { print, printJson } from './output.ts'
import { formatDone, formatDuration, printable } from './tables.ts'

const POLL_MS = 1000
/** A server that never answered is more likely a wrong address than one that restarts. */
const FIRST_ANSWER_MS = 10_000
/** More bars than a terminal has lines only scroll. */
const MOST_BARS = 20

export const isOver = ({ state }: Pick<Job, 'state'>): boolean => state === 'FINISHED' || state === 'ERROR'

export interface WaitOptions {
  timeoutSeconds?: number | undefined
  onChange?: (job: Job) => void
  pollMs?: number
  signal?: AbortSignal
}

/** The jobs as they ended, in the order of `ids`; undefined when the time was over first. */
export async function waitForJobs(client: Client, ids: readonly number[], options: WaitOptions = {}) {
  const { timeoutSeconds, onChange, pollMs = POLL_MS, signal } = options
  const began = performance.now()
  const left = () =>
    timeoutSeconds === undefined ? Number.POSITIVE_INFINITY : timeoutSeconds * 1000 - (performance.now() - began)
  const last = new Map<number, Job>()
  let lost = false
  for (;;) {
    try {
      for (const id of new Set(ids)) {
        const before = last.get(id)
        if (before && isOver(before)) continue
        const timeout = Math.min(30, Math.max(0.1, left() / 1000))
        const job = await client.call<Job>('GET', `/api/jobs/${id}`, undefined, {
          timeoutSeconds: timeout,
          ...(signal && { signal }),
        })
        last.set(id, job)
        onChange?.(job)
      }
      lost = false
    } catch (error) {
      if (!(error instanceof Unreachable) || signal?.aborted) throw error
      const never = last.size === 0 && timeoutSeconds === undefined
      if (never && performance.now() - began > FIRST_ANSWER_MS) throw error
      if (!lost) console.error(`coalition: ${whyUnreachable(error)}; trying again`)
      lost = true
    }
    const jobs = ids.map((id) => last.get(id)).filter((job) => job !== undefined)
    if (jobs.length === ids.length && jobs.every(isOver)) return jobs
    if (left() <= 0) return undefined
    await Bun.sleep(Math.min(pollMs, left()))
  }
}

/** A bar for each job on a terminal, on stderr; elsewhere nothing. */
export function progressBars(stream: NodeJS.WriteStream = process.stderr) {
  if (!stream.isTTY) return { update: (_: Job) => {}, stop: () => {} }
  const bars = new cliProgress.MultiBar(
    { format: '{bar} {share}% {done} {state} {title}', hideCursor: true, stream, barsize: 30, autopadding: true },
    cliProgress.Presets.shades_classic,
  )
  const byId = new Map<number, cliProgress.SingleBar>()
  function update(job: Job): void {
    const payload = {
      share: String(Math.floor(job.progress * 100)).padStart(3),
      done: formatDone(job),
      state: job.state,
      title: printable(job.title) || `job ${job.id}`,
    }
    const bar = byId.get(job.id)
    if (bar) bar.update(job.progress, payload)
    else if (byId.size < MOST_BARS) byId.set(job.id, bars.create(1, job.progress, payload))
  }
  return { update, stop: () => bars.stop() }
}

export const waitCommand = () =>
  clientOptions(new Command('wait').description('wait until jobs are FINISHED or in ERROR'))
    .argument('<id...>', 'ids of the jobs', jobIds)
    .option('--timeout <time>', 'longest wait: 90, 15m, 2h', seconds)
    .addHelpText(
      'after',
      `\nEnds with 0 when all are FINISHED, 1 when one is in ERROR (a group is as soon as one of its jobs is), 3 when the time is over.\n${examples(
        'coalition jobs wait 12 13 --timeout 2h && open out.png',
      )}`,
    )
    .action(async (ids, options) => {
      const bars = progressBars()
      const jobs = await waitForJobs(connect(options), ids, {
        timeoutSeconds: options.timeout,
        onChange: bars.update,
      }).finally(bars.stop)
      if (!jobs) throw new Exit(EXIT.timeout, `not over after ${options.timeout} s`)
      if (options.json) await printJson(jobs)
      else
        for (const job of jobs)
          await print(`${job.id} ${job.state} ${formatDuration(job.duration)} ${printable(job.title)}`.trimEnd())
      const errors = jobs.filter(({ state }) => state === 'ERROR')
      if (errors.length > 0)
        throw failed(`in ERROR: ${errors.map(({ id }) => id).join(', ')}; see \`coalition jobs log ID\``)
    })
