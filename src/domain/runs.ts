import type { JobRow, RunState, WorkerRow } from '../db/schema.ts'
import { notFound } from '../errors.ts'
import type { Core, Tx } from './core.ts'
import { saveLeaf } from './leaves.ts'
import type { LiveRun, Vitals } from './live.ts'
import { jobAt, saveWorker } from './rows.ts'
import { type RunEnd, stateAfterRun } from './states.ts'

/** A worker takes a leaf: a run begins. */
export function startRun(tx: Tx, leaf: JobRow, worker: WorkerRow): { run: number; job: JobRow } {
  const { now, rows, tree, live, logs } = tx
  const log_start = beginLog(tx, leaf, worker.name)
  const event = rows.addEvent.run({
    worker: worker.name,
    job_id: leaf.id,
    job_title: leaf.title,
    start: now,
    log_start,
  })
  const run = Number(event.lastInsertRowid)
  const job = saveLeaf(tx, leaf, {
    state: 'WORKING',
    worker: worker.name,
    start_time: now,
    ping_time: now,
    duration: 0,
    progress: 0,
    run,
    deadline: leaf.timeout > 0 ? now + leaf.timeout : 0,
  })
  const group = tree.get(leaf.parent)
  if (group) tree.started(group, now)
  saveWorker(tx, worker, { state: 'WORKING', current_event: run, last_job: leaf.id })
  tx.after(() =>
    live.addRun(
      { run, job: leaf.id, worker: worker.name, ping_time: now, progress: 0, log_start },
      leaf.progress_pattern,
    ),
  )
  return { run, job }

  /** The log of a first run is its output and nothing else; later ones are told apart by a line of ours. */
  function beginLog(tx: Tx, leaf: JobRow, name: string): number {
    if (logs.size(leaf.id) === 0) return 0
    note(tx, leaf.id, `run on ${name}`)
    return logs.size(leaf.id)
  }
}

/** A line of the server's own in the log of a job; it begins a line, whatever the output before it ended with. */
export function note({ logs, now }: Pick<Tx, 'logs' | 'now'>, job: number, text: string): void {
  const size = logs.size(job)
  const open = size > 0 && logs.read(job, size - 1, 1)[0] !== NEWLINE
  logs.append(job, Buffer.from(`${open ? '\n' : ''}[coalition] ${new Date(now * 1000).toISOString()} ${text}\n`))
}

const NEWLINE = 10

/**
 * A run is over: its event is closed, its worker free, its leaf what `states.ts` says. `change` overrules that (a pause, a
 * reset). Answers the leaf; counts once, since the row says which run holds the job.
 */
export function endRun(tx: Tx, leaf: JobRow, end: RunEnd, change: Partial<JobRow> = {}): JobRow {
  const { rows, live, now } = tx
  const { run } = leaf
  const duration = Math.max(0, now - leaf.start_time)
  const counts = end === 'FINISHED' || end === 'ERROR'
  const run_done = leaf.run_done + Number(counts)
  rows.endEvent.run({ id: run, state: end, duration })
  const worker = rows.worker.get({ name: leaf.worker })
  if (worker?.current_event === run)
    saveWorker(tx, worker, {
      state: 'WAITING',
      current_event: 0,
      finished: worker.finished + Number(end === 'FINISHED'),
      error: worker.error + Number(end === 'ERROR'),
    })
  const living = live.runs.get(run)
  tx.after(() => live.endRun(run))
  return saveLeaf(tx, leaf, {
    state: stateAfterRun(end, run_done, leaf.retry, leaf.unfinished),
    duration,
    run_done,
    ping_time: living?.ping_time ?? leaf.ping_time,
    progress: end === 'FINISHED' ? 1 : (living?.progress ?? leaf.progress),
    run: 0,
    deadline: 0,
    ...change,
  })
}

/** The leaf that a run holds; undefined when the run is over, or the job is gone. */
export function leafHeldBy(core: Pick<Core, 'rows' | 'tree'>, run: number): JobRow | undefined {
  const event = core.rows.event.get({ id: run })
  const leaf = event && jobAt(core, event.job_id)
  return leaf?.run === run ? leaf : undefined
}

/** What the server knows of a run that a worker reports on. */
export interface RunStanding {
  state: RunState
  /** Bytes of its output that the server has. */
  log_size: number
}

/** How a run stands, for a worker that reports on it after it ended. */
export function runStanding(core: Core, run: number): RunStanding {
  const live = core.live.runs.get(run)
  if (live) return { state: 'WORKING', log_size: outputSize(core, live) }
  const event = core.rows.event.get({ id: run })
  if (!event) throw notFound(`There is no run ${run}.`, 'run')
  return { state: event.state, log_size: Math.max(0, core.logs.size(event.job_id) - event.log_start) }
}

const outputSize = ({ logs }: Core, live: LiveRun) => Math.max(0, logs.size(live.job) - live.log_start)

/** A chunk of a run's output: bytes from `offset` on, or, without it, what comes next. */
export interface Output {
  bytes: Uint8Array
  offset?: number
}

export interface Report {
  worker: string
  vitals: Vitals
  output?: Output
  /** The worker's own word on its progress; without it the server reads the output. */
  progress?: number
}

/**
 * A worker speaks about its run. Answers null when the run is not, or no longer, that worker's: it has to stop it.
 * Touches no row: 10,000 workers do this every two seconds. What the server has of the output already is skipped, and a
 * chunk that leaves a gap is not taken: `log_size` says where to go on.
 */
export function report(
  core: Core,
  now: number,
  run: number,
  { worker, vitals, output, progress }: Report,
): { log_size: number } | null {
  core.live.ping(worker, now, vitals)
  const live = core.live.runs.get(run)
  if (!live || live.worker !== worker) return null
  const size = outputSize(core, live)
  const fresh = output && unseen(output, size)
  if (fresh) core.logs.append(live.job, fresh)
  core.live.beat(live, now, fresh, progress)
  return { log_size: size + (fresh?.byteLength ?? 0) }
}

/** The part of a chunk that the server does not have; nothing if it leaves a gap. */
export function unseen({ bytes, offset }: Output, size: number): Uint8Array | undefined {
  const skip = size - (offset ?? size)
  return skip < 0 || skip >= bytes.byteLength ? undefined : bytes.subarray(skip)
}
