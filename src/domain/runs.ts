import type { JobRow, RunState, WorkerRow } from '../db/schema.ts'
import { notFound } from '../errors.ts'
import { avoid } from './avoided.ts'
import { countFailure } from './blocklist.ts'
import type { Core, Tx } from './core.ts'
import { saveLeaf } from './leaves.ts'
import type { LiveRun, Vitals } from './live.ts'
import { headOf, LogCut } from './logCut.ts'
import { NOTHING } from './needs.ts'
import { note, noteLater, noteReturn, writeNotes } from './notes.ts'
import { pathNeeds, rootOf } from './path.ts'
import { saveWorker } from './roster.ts'
import { jobAt } from './rows.ts'
import { isSpeaker, type Speaker } from './sessions.ts'
import { type RunEnd, retryDelay, stateAfterRun } from './states.ts'
import { hostOf, type Resources } from './usage.ts'
import { judge } from './verdict.ts'

/** A worker takes a leaf: a run begins. */
export function startRun(tx: Tx, leaf: JobRow, worker: WorkerRow): { run: number; job: JobRow; takes: Resources } {
  const { now, rows, tree, live, logs } = tx
  const log_start = beginLog(tx, leaf, worker.name)
  // Whom it avoided is forgotten: if it fails again, it is this one.
  const needs_id = tx.needs.forgiven(leaf.needs_id)
  const held = tx.needs.keep(pathNeeds(tx, leaf.parent, needs_id))
  const event = rows.addEvent.run({
    worker: worker.name,
    job_id: leaf.id,
    job_title: leaf.title,
    start: now,
    log_start,
    needs_id: held,
  })
  const run = Number(event.lastInsertRowid)
  holdUsage(tx, held, worker, 1)
  tx.changes.event(run, leaf.id, worker.name)
  const job = saveLeaf(tx, leaf, {
    state: 'WORKING',
    worker: worker.name,
    start_time: now,
    ping_time: now,
    duration: 0,
    progress: 0,
    run,
    deadline: leaf.timeout > 0 ? now + leaf.timeout : 0,
    needs_id,
    retry_at: 0,
  })
  const group = tree.get(leaf.parent)
  if (group) tree.started(group, now)
  saveWorker(tx, worker, { state: 'WORKING', current_event: run, last_job: leaf.id })
  tx.after(() => live.addRun({ run, worker: worker.name, ping_time: now, progress: 0, log_start, held }, leaf))
  const { memory, cores, gpus } = tx.needs.at(held)
  return { run, job, takes: { memory, cores, gpus } }

  /** The log of a first run is its output and nothing else; later ones are told apart by a line of ours. */
  function beginLog(tx: Tx, leaf: JobRow, name: string): number {
    if (logs.size(leaf.id) === 0) return 0
    note(tx, leaf.id, `run on ${name}`, now)
    return logs.size(leaf.id)
  }
}

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
  tx.changes.event(run, leaf.id, leaf.worker)
  const worker = tx.roster.row(leaf.worker)
  const living = live.runs.get(run)
  // One that began in this commit is not alive yet.
  const held = living?.held ?? rows.event.get({ id: run })?.needs_id ?? NOTHING
  if (rows.endEvent.run({ id: run, state: end, duration }).changes > 0)
    holdUsage(tx, held, worker ?? { name: leaf.worker, host: '' }, -1)
  if (end === 'ERROR') countFailure(tx, rootOf(tx, leaf), leaf.worker)
  if (worker?.current_event === run)
    saveWorker(tx, worker, {
      state: 'WAITING',
      current_event: 0,
      finished: worker.finished + Number(end === 'FINISHED'),
      error: worker.error + Number(end === 'ERROR'),
    })
  if (living) endOutput(tx, living)
  tx.after(() => {
    live.endRun(run)
    tx.history.ended(end, now)
    tx.failures.ended(end, { run, job: leaf.id, worker: leaf.worker, at: now })
    writeNotes(tx, leaf.id)
  })
  const state = stateAfterRun(end, run_done, leaf.retry, leaf.unfinished)
  return saveLeaf(tx, leaf, {
    ...(end === 'ERROR' && state !== 'ERROR' ? retrying(tx, leaf, run_done) : {}),
    state,
    duration,
    run_done,
    ping_time: living?.ping_time ?? leaf.ping_time,
    progress: end === 'FINISHED' ? 1 : (living?.progress ?? leaf.progress),
    run: 0,
    deadline: 0,
    ...change,
  })
}

/** A worker says that its run is over: how it ended is said by its exit code, its time and its output together. */
export function finishRun(tx: Tx, leaf: JobRow, exitCode: number): RunEnd {
  const verdict = tx.live.runs.get(leaf.run)?.verdict
  verdict?.finish()
  const judgement = judge(exitCode, Math.max(0, tx.now - leaf.start_time), leaf, verdict)
  if (judgement.note) noteLater(tx, leaf.id, judgement.note)
  endRun(tx, leaf, judgement.end)
  return judgement.end
}

/** A failed leaf goes back: not at once if it has a delay, and not to the same worker if another one can. */
function retrying(tx: Tx, leaf: JobRow, failures: number): Partial<JobRow> {
  const delay = retryDelay(leaf, failures)
  const retry_at = delay > 0 ? tx.now + delay : 0
  tx.after(() => avoid(tx.avoided, leaf.id, tx.now))
  return {
    needs_id: tx.needs.with(leaf.needs_id, { avoid: leaf.worker }),
    retry_at,
    wake_at: Math.max(retry_at, leaf.wake_at),
  }
}

function holdUsage({ usage, tree }: Tx, set: number, worker: Pick<WorkerRow, 'name' | 'host'>, by: 1 | -1): void {
  if (set === NOTHING) return
  const host = hostOf(worker)
  usage.move(set, host, by)
  tree.onUndo(() => usage.move(set, host, by === 1 ? -1 : 1))
}

/** The leaf that a run holds; undefined when the run is over, or the job is gone. */
export function leafHeldBy(core: Pick<Core, 'rows' | 'tree' | 'live'>, run: number): JobRow | undefined {
  if (run === 0) return undefined
  const id = core.live.runs.get(run)?.job ?? core.rows.event.get({ id: run })?.job_id
  const leaf = id === undefined ? undefined : jobAt(core, id)
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

/** Bytes of a run's output that have come. */
const outputSize = ({ logs }: Core, { cut, job, log_start }: LiveRun): number =>
  cut?.received ?? Math.max(0, logs.size(job) - log_start)

/** Output goes to the log up to the limit; of what is past it the end is kept until the run is over. */
function keepOutput({ logs }: Core, live: LiveRun, bytes: Uint8Array, size: number): void {
  const head = live.cut ? bytes.subarray(0, 0) : headOf(bytes, logs.limit - size)
  logs.append(live.job, head)
  if (head.byteLength === bytes.byteLength) return
  live.cut ??= new LogCut(size + head.byteLength, logs.limit)
  live.cut.take(bytes.subarray(head.byteLength))
}

/** At once, and not after the commit: the run that follows begins where the log ends now. */
function endOutput({ logs }: Core, { job, cut }: LiveRun): void {
  if (!cut) return
  logs.append(job, cut.ending)
  cut.written()
}

/** A chunk of a run's output: bytes from `offset` on, or, without it, what comes next. */
export interface Output {
  bytes: Uint8Array
  offset?: number
}

export interface Report {
  worker: string
  speaker?: Speaker
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
  { worker, speaker = {}, vitals, output, progress }: Report,
): { log_size: number } | null {
  const live = core.live.runs.get(run)
  const speaks = isSpeaker(core, worker, speaker, live?.worker === worker ? run : 0)
  if (speaks) core.live.ping(worker, now, vitals)
  if (!speaks || live?.worker !== worker) {
    noteReturn(core, now, run, worker)
    return null
  }
  const size = outputSize(core, live)
  const fresh = output && unseen(output, size)
  if (fresh) {
    // Heard, whether or not the disk takes it: a worker that has to send it again is not silent.
    live.heard = core.live.awake()
    keepOutput(core, live, fresh, size)
  }
  core.live.beat(live, now, fresh, progress)
  return { log_size: size + (fresh?.byteLength ?? 0) }
}

/** The part of a chunk that the server does not have; nothing if it leaves a gap. */
export function unseen({ bytes, offset }: Output, size: number): Uint8Array | undefined {
  const skip = size - (offset ?? size)
  return skip < 0 || skip >= bytes.byteLength ? undefined : bytes.subarray(skip)
}
