import type { JobRow } from '../db/schema.ts'
import type { Changes } from './changes.ts'
import type { LogCut } from './logCut.ts'
import { ProgressReader, progressPattern } from './progress.ts'
import type { Session } from './sessions.ts'
import type { Signs } from './signs.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** A run that a worker holds, as heartbeats keep it: no row is touched by them. */
export interface LiveRun {
  run: number
  job: number
  worker: string
  ping_time: number
  progress: number
  /** Where in the job's log the output of this run begins. */
  log_start: number
  /** All that its job needed when it began, with its groups: what it holds of limits and of its host (domain/needs.ts). */
  held: number
  /** Its output is past the limit. */
  cut?: LogCut
  /** When it last printed something, or began, by the awake clock. */
  heard: number
  /** It may be silent for so many seconds, 0: as long as it likes. */
  idle_timeout: number
  reader: ProgressReader
  /** What its output says of its end; undefined where its job does not ask. */
  verdict?: Verdict
}

/** What a run has of its job. */
type OfJob = Pick<JobRow, 'id' | 'progress_pattern' | 'idle_timeout' | 'fatal' | 'success'>

export interface LiveWorker {
  name: string
  ip: string
  ping_time: number
  /** The same by the awake clock (domain/clocks.ts), which its silence is measured by. */
  heard: number
  cpu: string
  free_memory: number
  total_memory: number
  /** The run it holds, 0: none. */
  run: number
  /** Its silence has been dealt with: it is in TIMEOUT until it speaks again. */
  lost: boolean
}

/** What a worker says about its machine with every call. */
export interface Vitals {
  ip?: string
  cpu?: number[]
  free_memory?: number
  total_memory?: number
}

/**
 * Signs of life: who spoke last when, and how far each run is. 10,000 workers speak 5,000 times a second, so these stay in
 * memory and are written now and then (`takeChanged`); answers are read through here. All else is in the database first.
 */
export class Live {
  readonly runs = new Map<number, LiveRun>()
  /** Those that may be ended by what they print, or do not print (scheduler/rescue.ts): of most farms a few. */
  readonly judged = new Set<LiveRun>()
  /** In the order of the last sign of life, the longest silent first. */
  readonly workers = new Map<string, LiveWorker>()
  /** Lines for the logs of jobs that wait for the end of a run (domain/notes.ts). */
  readonly notes = new Map<number, { text: string; now: number }[]>()
  /** Lost runs whose worker came back. */
  readonly returned = new Set<number>()
  /** Which agent speaks under a worker's name (domain/sessions.ts). */
  readonly sessions = new Map<string, Session>()
  #changedRuns = new Set<LiveRun>()
  #changedWorkers = new Set<LiveWorker>()

  constructor(
    readonly awake: () => number,
    private readonly signs: Signs,
    private readonly changes: Changes,
  ) {}

  addWorker(worker: Omit<LiveWorker, 'heard'>): void {
    this.workers.set(worker.name, { ...worker, heard: this.awake() })
  }

  addRun(run: Omit<LiveRun, 'job' | 'heard' | 'reader' | 'idle_timeout' | 'verdict'>, job: OfJob): void {
    const live: LiveRun = {
      ...run,
      job: job.id,
      heard: this.awake(),
      idle_timeout: job.idle_timeout,
      reader: new ProgressReader(progressPattern(job.progress_pattern)),
      verdict: verdictOf(job),
    }
    this.runs.set(run.run, live)
    if (live.idle_timeout > 0 || live.verdict) this.judged.add(live)
    const worker = this.workers.get(run.worker)
    if (worker) worker.run = run.run
  }

  endRun(run: number): void {
    const live = this.runs.get(run)
    if (!live) return
    this.runs.delete(run)
    this.judged.delete(live)
    this.#changedRuns.delete(live)
    const worker = this.workers.get(live.worker)
    if (worker?.run === run) worker.run = 0
  }

  removeWorker(name: string): void {
    const worker = this.workers.get(name)
    if (!worker) return
    this.workers.delete(name)
    this.sessions.delete(name)
    this.#changedWorkers.delete(worker)
  }

  /** A worker spoke. Answers undefined when nobody knows it. */
  ping(name: string, now: number, vitals: Vitals): LiveWorker | undefined {
    const worker = this.workers.get(name)
    if (!worker) return undefined
    // Within a second any order is right.
    if (worker.ping_time !== now) {
      this.workers.delete(name)
      this.workers.set(name, worker)
      worker.ping_time = now
    }
    worker.heard = this.awake()
    if (worker.lost) this.changes.spoke(name)
    worker.lost = false
    if (vitals.ip !== undefined) worker.ip = vitals.ip
    if (vitals.cpu !== undefined) worker.cpu = JSON.stringify(vitals.cpu)
    if (vitals.free_memory !== undefined) worker.free_memory = vitals.free_memory
    if (vitals.total_memory !== undefined) worker.total_memory = vitals.total_memory
    this.#changedWorkers.add(worker)
    this.signs.worker(name)
    return worker
  }

  /** Output of a run came in, or its own word on its progress. */
  beat(run: LiveRun, now: number, output: Uint8Array | undefined, progress: number | undefined): void {
    run.ping_time = now
    if (output) run.verdict?.read(output)
    const stated = progress ?? (output && run.reader.read(output))
    if (stated !== undefined) run.progress = stated
    this.#changedRuns.add(run)
    this.signs.job(run.job)
  }

  /** The workers that have been silent for `seconds`, the longest first. */
  *silentFor(seconds: number): Generator<LiveWorker> {
    const before = this.awake() - seconds
    for (const worker of this.workers.values()) {
      if (worker.heard >= before) return
      yield worker
    }
  }

  /** Up to `limit` of what changed since it was last asked for. */
  takeChanged(limit: number): { runs: LiveRun[]; workers: LiveWorker[] } {
    return { runs: take(this.#changedRuns, limit), workers: take(this.#changedWorkers, limit) }
  }
}

function take<T>(set: Set<T>, limit: number): T[] {
  const taken: T[] = []
  for (const item of set) {
    if (taken.length === limit) break
    set.delete(item)
    taken.push(item)
  }
  return taken
}
