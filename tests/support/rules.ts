/**
 * `behaviour.md` as naive code: jobs in a map, everything recounted at each question, by recursion. Slow, and meant to be
 * read beside the document. What is asked is here; what is done to it is in model.ts.
 */
import type { EventRow, JobState, WorkerState } from '../../src/db/schema.ts'
import type { ErrorKind } from '../../src/errors.ts'
import { START } from './farm.ts'

export class Refused extends Error {
  constructor(readonly kind: ErrorKind) {
    super(kind)
  }
}

export interface ModelJob {
  id: number
  parent: number
  command: string
  priority: number
  affinity: string
  dependencies: number[]
  paused: boolean
  retry: number
  timeout: number
  /** What came of a leaf; `rest`: it waits, for whatever. */
  phase: 'rest' | 'WORKING' | 'FINISHED' | 'ERROR'
  worker: string
  start_time: number
  duration: number
  ping_time: number
  run_done: number
  progress: number
  run: number
}

export interface ModelWorker {
  name: string
  affinity: string
  active: boolean
  start_time: number
  ping_time: number
  lost: boolean
  run: number
  finished: number
  error: number
  last_job: number
}

export interface ModelEvent extends Omit<EventRow, 'job_title' | 'log_start'> {}

/** The names in a text, trimmed, sorted, without doubles. */
export const names = (text: string) =>
  [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== '').sort()

export class Rules {
  now = START
  nextJob = 1
  nextRun = 1
  jobs = new Map<number, ModelJob>()
  workers = new Map<string, ModelWorker>()
  events: ModelEvent[] = []
  /** The numbered table of affinities. */
  numbers = new Map<number, string>()
  /** Leaves that a reset has not made ready yet: the one thing that it may do later. */
  notYet: ReadonlySet<number> = new Set()

  constructor(readonly workerTimeout: number) {}

  job(id: number): ModelJob {
    const job = this.jobs.get(id)
    if (!job) throw new Refused('not_found')
    return job
  }

  isGroup = (job: ModelJob) => job.command === ''
  children = (id: number) => [...this.jobs.values()].filter((job) => job.parent === id)

  /** The job and all below it. */
  subtree(id: number): ModelJob[] {
    return [this.job(id), ...this.children(id).flatMap((child) => this.subtree(child.id))]
  }
  leavesBelow = (id: number) => this.subtree(id).filter((job) => job.id !== id && !this.isGroup(job))
  ancestors(job: ModelJob): ModelJob[] {
    const parent = this.jobs.get(job.parent)
    return parent ? [parent, ...this.ancestors(parent)] : []
  }

  isFinished(id: number): boolean {
    const job = this.job(id)
    if (job.paused) return false
    if (!this.isGroup(job)) return job.phase === 'FINISHED'
    const leaves = this.leavesBelow(id)
    return leaves.length > 0 && leaves.every((leaf) => leaf.phase === 'FINISHED' && !leaf.paused)
  }
  unfinished = (job: ModelJob) => job.dependencies.filter((id) => !this.isFinished(id)).length
  held = (group: ModelJob) => group.paused || this.unfinished(group) > 0

  state(job: ModelJob): JobState {
    if (job.paused) return 'PAUSED'
    const resting = this.unfinished(job) > 0 ? 'PENDING' : 'WAITING'
    if (!this.isGroup(job)) return job.phase === 'rest' ? resting : job.phase
    const states = this.leavesBelow(job.id).map((leaf) => this.state(leaf))
    if (states.includes('ERROR')) return 'ERROR'
    if (states.length > 0 && states.every((state) => state === 'FINISHED')) return 'FINISHED'
    return states.includes('WORKING') ? 'WORKING' : resting
  }

  duration(job: ModelJob): number {
    if (this.isGroup(job)) return this.children(job.id).reduce((sum, child) => sum + this.duration(child), 0)
    return job.phase === 'WORKING' ? this.now - job.start_time : job.duration
  }

  /** What the API answers of a job, as far as operations change it. */
  wire(job: ModelJob) {
    const { id, parent, command, priority, retry, timeout, worker, start_time, ping_time, run_done } = job
    const group = this.isGroup(job)
    const below = group ? this.leavesBelow(id).map((leaf) => this.state(leaf)) : []
    const direct = this.children(id)
      .filter((child) => !this.isGroup(child))
      .map((child) => this.state(child))
    const count = (states: JobState[], state: JobState) => states.filter((each) => each === state).length
    const total_finished = count(below, 'FINISHED')
    return {
      id,
      parent,
      command,
      priority,
      retry,
      timeout,
      worker,
      start_time,
      ping_time,
      run_done,
      affinity: names(job.affinity).join(','),
      dependencies: [...job.dependencies].sort((a, b) => a - b),
      paused: Number(job.paused),
      state: this.state(job),
      duration: this.duration(job),
      progress: group ? (below.length > 0 ? total_finished / below.length : 0) : job.progress,
      finished: count(direct, 'FINISHED'),
      errors: count(direct, 'ERROR'),
      working: count(direct, 'WORKING'),
      total: below.length,
      total_finished,
      total_errors: count(below, 'ERROR'),
      total_working: count(below, 'WORKING'),
    }
  }

  workerWire(worker: ModelWorker) {
    const { name, affinity, start_time, ping_time, finished, error, last_job, run, active, lost } = worker
    const state: WorkerState = run > 0 ? 'WORKING' : lost ? 'TIMEOUT' : 'WAITING'
    return {
      name, affinity, state, start_time, ping_time, finished, error, last_job, current_event: run,
      active: Number(active),
    } // biome-ignore format: most are as they are kept
  }

  /** All that a job needs: its own affinities and those of its ancestors. */
  needs = (job: ModelJob) => new Set([job, ...this.ancestors(job)].flatMap((each) => names(each.affinity)))

  /** The id of the leaf that a worker with these lines gets. */
  choose(affinity: string): number | undefined {
    const ready = [...this.jobs.values()].filter(
      (job) =>
        !this.isGroup(job) &&
        this.state(job) === 'WAITING' &&
        !this.notYet.has(job.id) &&
        !this.ancestors(job).some(this.held),
    )
    const lines = affinity.split('\n').map(names)
    const places = lines.map((line) => (job: ModelJob) => {
      const needs = [...this.needs(job)]
      return needs.length === 0 ? line.includes('*') : needs.every((name) => line.includes(name))
    })
    if (!lines.some((line) => line.includes('*'))) places.push((job) => this.needs(job).size === 0)
    for (const fits of places) {
      const [best] = ready.filter(fits).sort((a, b) => this.compare(a, b))
      if (best) return best.id
    }
    return undefined
  }

  /** Level by level from the root: the higher priority, then the older. */
  compare(a: ModelJob, b: ModelJob): number {
    const path = (job: ModelJob) => [job, ...this.ancestors(job)].reverse()
    const [x, y] = [path(a), path(b)]
    for (let level = 0; ; level++) {
      const [p, q] = [x[level], y[level]]
      if (!p || !q) return 0
      if (p.id !== q.id) return q.priority - p.priority || p.id - q.id
    }
  }

  /**
   * Whether some job could never end. To start it needs what it depends on to end, and its group to start; to end it needs
   * to start, and all that it holds to end. A way from a point back to it never ends.
   */
  hasCircle(): boolean {
    const ways = new Map<string, string[]>()
    for (const job of this.jobs.values()) {
      const toStart = job.dependencies.map((id) => `end ${id}`)
      if (job.parent !== 0) toStart.push(`start ${job.parent}`)
      ways.set(`start ${job.id}`, toStart)
      ways.set(`end ${job.id}`, [`start ${job.id}`, ...this.children(job.id).map((child) => `end ${child.id}`)])
    }
    const done = new Set<string>()
    const onTheWay = new Set<string>()
    const circles = (point: string): boolean => {
      if (onTheWay.has(point)) return true
      if (done.has(point)) return false
      onTheWay.add(point)
      const found = (ways.get(point) ?? []).some(circles)
      onTheWay.delete(point)
      done.add(point)
      return found
    }
    return [...ways.keys()].some(circles)
  }
}
