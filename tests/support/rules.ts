/**
 * `behaviour.md` as naive code: jobs in a map, everything recounted at each question, by recursion. Slow, and meant to be
 * read beside the document. What is asked is here; what is done to it is in model.ts.
 */
import type { DependencyKind, EventRow, JobState, LimitPer, WorkerState } from '../../src/db/schema.ts'
import { DEFAULT_POLICY, type Policy } from '../../src/domain/core.ts'
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
  dependencies: ModelDependency[]
  paused: boolean
  retry: number
  timeout: number
  user: string
  limits: string
  memory: number
  cores: number
  gpus: number
  max_workers: number
  error_limit: number
  start_after: number
  retry_delay: number
  retry_growth: number
  min_run_time: number
  frames: string
  /** The worker that failed it last, while it waits to be tried again. */
  avoid: string
  avoid_until: number
  retry_at: number
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
  host: string
  memory: number
  cores: number
  gpus: number
  /** It asked since it was last lost. */
  present: boolean
}

export interface ModelDependency {
  job: number
  kind: DependencyKind
}

/** What a run took when it began. */
export interface Taken {
  host: string
  limits: string[]
  memory: number
  cores: number
  gpus: number
}

export interface ModelEvent extends Omit<EventRow, 'job_title' | 'log_start' | 'needs_id'> {}

/** A worker as far as the pick asks. */
export type ModelAsker = Pick<ModelWorker, 'name' | 'affinity' | 'host' | 'memory' | 'cores' | 'gpus'>

/** MB in the steps in which they are counted: round figures as they are, else the next of up to four binary digits and zeros. */
export function counted(mb: number): number {
  if (mb < 16 || mb % 500 === 0 || mb % 1024 === 0) return mb
  let step = 1
  while (step * 16 <= mb) step *= 2
  return Math.ceil(mb / step) * step
}

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

  limits = new Map<string, { max: number; per: LimitPer }>()
  /** What the runs that go on have taken, by run. */
  taken = new Map<number, Taken>()
  /** Failed runs by root job and worker. */
  failures = new Map<number, Map<string, number>>()

  /**
   * Of leaves that were reset: those that are not ready yet, and those that still avoid the worker that failed them. These
   * are the two things that a reset may do later.
   */
  late = { ready: new Set<number>(), avoid: new Map<number, string>() }

  constructor(
    readonly workerTimeout: number,
    readonly policy: Policy = DEFAULT_POLICY,
  ) {}

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
  isMet({ job: id, kind }: ModelDependency): boolean {
    const job = this.job(id)
    if (!this.isGroup(job) || kind === 'all') return this.isFinished(id)
    return kind === 'frame' || this.leavesBelow(id).some((leaf) => this.state(leaf) === 'FINISHED')
  }
  unfinished = (job: ModelJob) => job.dependencies.filter((each) => !this.isMet(each)).length

  inState = (group: ModelJob, state: JobState) =>
    this.leavesBelow(group.id).filter((leaf) => this.state(leaf) === state).length
  held = (group: ModelJob) =>
    group.paused ||
    this.unfinished(group) > 0 ||
    group.start_after > this.now ||
    (group.max_workers > 0 && this.inState(group, 'WORKING') >= group.max_workers) ||
    (group.error_limit > 0 && this.inState(group, 'ERROR') >= group.error_limit)

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
    const { user, memory, cores, gpus, max_workers, error_limit, start_after, retry_delay, retry_growth, frames } = job
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
      user,
      memory,
      cores,
      gpus,
      max_workers,
      error_limit,
      start_after,
      retry_delay,
      retry_growth,
      min_run_time: job.min_run_time,
      frames,
      affinity: names(job.affinity).join(','),
      limits: names(job.limits).join(','),
      dependencies: job.dependencies.map((each) => each.job).sort((a, b) => a - b),
      dependency_kinds: Object.fromEntries(
        job.dependencies.filter(({ kind }) => kind !== 'all').map((each) => [each.job, each.kind]),
      ),
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
    const { host, memory, cores, gpus } = worker
    const there = [...this.taken.values()].filter((run) => run.host === (host || name))
    const taken = (what: 'memory' | 'cores' | 'gpus') => there.reduce((sum, run) => sum + run[what], 0)
    const state: WorkerState = run > 0 ? 'WORKING' : lost ? 'TIMEOUT' : 'WAITING'
    return {
      name, affinity, state, start_time, ping_time, finished, error, last_job, current_event: run,
      active: Number(active), host, memory, cores, gpus,
      taken_memory: taken('memory'), taken_cores: taken('cores'), taken_gpus: taken('gpus'),
    } // biome-ignore format: most are as they are kept
  }

  path = (job: ModelJob) => [job, ...this.ancestors(job)]
  root = (job: ModelJob) => this.path(job).at(-1) as ModelJob
  /** All that a job needs: its own affinities and those of its ancestors. */
  needs = (job: ModelJob) => new Set(this.path(job).flatMap((each) => names(each.affinity)))
  /** What a run of it takes: every limit on the way up, and the most of each resource. */
  takes(job: ModelJob): Omit<Taken, 'host'> {
    const most = (of: (each: ModelJob) => number) => Math.max(...this.path(job).map(of))
    return {
      limits: [...new Set(this.path(job).flatMap((each) => names(each.limits)))],
      memory: most((each) => counted(each.memory)),
      cores: most((each) => each.cores),
      gpus: most((each) => each.gpus),
    }
  }

  isReady = (job: ModelJob) =>
    !this.isGroup(job) &&
    this.state(job) === 'WAITING' &&
    !this.late.ready.has(job.id) &&
    Math.max(job.start_after, job.retry_at) <= this.now &&
    !this.ancestors(job).some(this.held)

  /** The places of a worker's lines, in their order, with that of jobs that need nothing. */
  places(affinity: string): ((job: ModelJob) => boolean)[] {
    const lines = affinity.split('\n').map(names)
    const places = lines.map((line) => (job: ModelJob) => {
      const needs = [...this.needs(job)]
      return needs.length === 0 ? line.includes('*') : needs.every((name) => line.includes(name))
    })
    if (!lines.some((line) => line.includes('*'))) places.push((job) => this.needs(job).size === 0)
    return places
  }

  /** Whether limits, the worker's host, its failures and its fellows let it have a job. */
  isOpen(job: ModelJob, worker: ModelAsker): boolean {
    const need = this.takes(job)
    const host = worker.host || worker.name
    const runs = [...this.taken.values()]
    for (const name of need.limits) {
      const limit = this.limits.get(name)
      if (!limit) continue
      const holding = runs.filter((run) => run.limits.includes(name))
      const hosts = new Set(holding.map((run) => run.host))
      const full = limit.per === 'run' ? holding.length >= limit.max : !hosts.has(host) && hosts.size >= limit.max
      if (full) return false
    }
    for (const what of ['memory', 'cores', 'gpus'] as const) {
      const used = runs.filter((run) => run.host === host).reduce((sum, run) => sum + run[what], 0)
      if (need[what] > 0 && used + need[what] > worker[what]) return false
    }
    if (this.isBlocked(worker.name, this.root(job).id)) return false
    const late = this.late.avoid.get(job.id)
    if ((late ?? job.avoid) !== worker.name) return true
    return (late === undefined && this.now >= job.avoid_until) || !this.othersFit(job, host)
  }

  isBlocked(name: string, root: number): boolean {
    const { blocklistAfter } = this.policy
    return blocklistAfter > 0 && (this.failures.get(root)?.get(name) ?? 0) >= blocklistAfter
  }

  /** Whether somebody on another host could take it. */
  othersFit(job: ModelJob, host: string): boolean {
    const need = this.takes(job)
    return [...this.workers.values()].some(
      (other) =>
        (other.host || other.name) !== host &&
        other.active &&
        other.present &&
        this.places(other.affinity).some((fits) => fits(job)) &&
        (['memory', 'cores', 'gpus'] as const).every((what) => need[what] === 0 || need[what] <= other[what]) &&
        !this.isBlocked(other.name, this.root(job).id),
    )
  }

  /** The id of the leaf that a worker gets. */
  choose(worker: ModelAsker): number | undefined {
    const ready = [...this.jobs.values()].filter(this.isReady)
    for (const fits of this.places(worker.affinity)) {
      const [best] = ready.filter((job) => fits(job) && this.isOpen(job, worker)).sort((a, b) => this.compare(a, b))
      if (best) return best.id
    }
    return undefined
  }

  /** What a user has of the farm. */
  share(user: string): number {
    const running = [...this.jobs.values()].filter((job) => job.run > 0 && this.root(job).user === user).length
    return running / (this.policy.weights.get(user) ?? 1)
  }

  /** Level by level from the root: the higher priority, then the older. */
  compare(a: ModelJob, b: ModelJob): number {
    const path = (job: ModelJob) => [job, ...this.ancestors(job)].reverse()
    const [x, y] = [path(a), path(b)]
    for (let level = 0; ; level++) {
      const [p, q] = [x[level], y[level]]
      if (!p || !q) return 0
      if (p.id === q.id) continue
      const fair = level === 0 && this.policy.order === 'fair' ? this.share(p.user) - this.share(q.user) : 0
      return q.priority - p.priority || fair || p.id - q.id
    }
  }

  /**
   * Whether some job could never end. To start it needs what it depends on to end, and its group to start; to end it needs
   * to start, and all that it holds to end. A way from a point back to it never ends.
   */
  hasCircle(): boolean {
    const ways = new Map<string, string[]>()
    for (const job of this.jobs.values()) {
      const toStart = job.dependencies.map((each) => `end ${each.job}`)
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
