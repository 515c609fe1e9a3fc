/** What users, workers and time do to the naive farm of rules.ts. The real one is compared with this after every operation. */
import type { DependencyKind, RunState } from '../../src/db/schema.ts'
import { AVOIDED_SECONDS } from '../../src/domain/avoided.ts'
import type { Dependency, LimitEdits } from '../../src/models.ts'
import {
  type ModelDependency,
  type ModelEvent,
  type ModelJob,
  type ModelWorker,
  names,
  Refused,
  Rules,
} from './rules.ts'

export interface Change {
  parent?: number
  command?: string
  priority?: number
  affinity?: string
  dependencies?: Dependency[]
  paused?: boolean
  retry?: number
  timeout?: number
  user?: string
  limits?: string
  memory?: number
  cores?: number
  gpus?: number
  max_workers?: number
  error_limit?: number
  start_after?: number
  retry_delay?: number
  retry_growth?: number
  min_run_time?: number
}

/** What a worker declares. */
export type Machine = Partial<Pick<ModelWorker, 'host' | 'memory' | 'cores' | 'gpus'>>

const DEFAULTS = {
  parent: 0, command: '', priority: 1000, retry: 0, timeout: 0, user: '', limits: '', memory: 0, cores: 0, gpus: 0,
  max_workers: 0, error_limit: 0, start_after: 0, retry_delay: 0, retry_growth: 1, min_run_time: 0, frames: '',
} // biome-ignore format: a list

const FRESH = {
  phase: 'rest',
  start_time: 0,
  duration: 0,
  ping_time: 0,
  run_done: 0,
  progress: 0,
  avoid: '',
  avoid_until: 0,
  retry_at: 0,
} as const
const NOT_HELD = { run: 0, worker: '' } as const

export class Model extends Rules {
  /** Wholly or not at all. */
  atomic<T>(operation: () => T): T {
    const { nextJob, nextRun } = this
    const { jobs, workers, events, numbers, limits, taken, failures } = this
    const before = structuredClone({ jobs, workers, events, numbers, limits, taken, failures })
    const errors = this.directErrors()
    try {
      const result = operation()
      this.lowerPriorities(errors)
      return result
    } catch (error) {
      Object.assign(this, { nextJob, nextRun, ...before })
      throw error
    }
  }

  directErrors = () =>
    new Map(
      [...this.jobs.values()].map((job) => [
        job.id,
        this.children(job.id).filter((child) => !this.isGroup(child) && this.state(child) === 'ERROR').length,
      ]),
    )

  /** Groups whose children in ERROR have come to be as many as the policy says. */
  lowerPriorities(before: ReadonlyMap<number, number>): void {
    const { decreasePriorityAfter: after } = this.policy
    for (const [id, errors] of this.directErrors()) {
      const job = this.job(id)
      if (after > 0 && (before.get(id) ?? 0) < after && errors >= after && job.priority > 0) job.priority--
    }
  }

  // What users do.

  /** Names as they are kept: `#5` is what number 5 is called, a new name takes the first free number. */
  keptNames(text: string): string {
    const kept = names(text).map((name) => this.numbers.get(Number(name.match(/^#(\d+)$/)?.[1])) ?? name)
    for (const name of kept) {
      if (/^#\d+$|^\*$/.test(name) || [...this.numbers.values()].includes(name)) continue
      const free = Array.from({ length: 63 }, (_, i) => i + 1).find((number) => !this.numbers.has(number))
      if (free) this.numbers.set(free, name)
    }
    return names(kept.join(',')).join(',')
  }

  /** Sets names by number; what had the old name, or was called by the number, has the new one. */
  setAffinities(wanted: Record<string, string>): void {
    const renamed = new Map<string, string>()
    const before = new Map(this.numbers)
    for (const [id, name] of Object.entries(wanted)) {
      const number = Number(id)
      if (name === '') this.numbers.delete(number)
      else this.numbers.set(number, name)
      if (name !== '' && before.get(number) !== name) renamed.set(before.get(number) ?? `#${id}`, name)
    }
    if (new Set(this.numbers.values()).size < this.numbers.size) throw new Refused('invalid')
    const rename = (line: string) =>
      names(
        names(line)
          .map((name) => renamed.get(name) ?? name)
          .join(','),
      ).join(',')
    for (const job of this.jobs.values()) job.affinity = rename(job.affinity)
    for (const worker of this.workers.values()) worker.affinity = worker.affinity.split('\n').map(rename).join('\n')
  }

  add({ affinity = '', ...input }: Change): number {
    const kept = this.keptNames(affinity)
    this.parentMustBeGroup(input.parent ?? 0)
    const id = this.nextJob++
    this.jobs.set(id, {
      ...DEFAULTS, ...input, id, affinity: kept, ...FRESH, ...NOT_HELD, dependencies: [], paused: input.paused ?? false,
    }) // biome-ignore format: defaults, then what was said
    this.refuseOfLeaf(this.job(id))
    if (input.dependencies) this.depend(id, input.dependencies)
    return id
  }

  refuseOfLeaf(job: ModelJob): void {
    if (!this.isGroup(job) && (job.max_workers > 0 || job.error_limit > 0)) throw new Refused('invalid')
  }

  /** A group of frames: one leaf for each chunk. */
  addFrames({ parent = 0, ...input }: Change, count: number, chunk: number): number {
    const id = this.add({ ...input, parent })
    this.job(id).frames = `1-${count}`
    const { retry, timeout, user, retry_delay, retry_growth, min_run_time } = this.job(id)
    for (let start = 1; start <= count; start += chunk) {
      const end = Math.min(count, start + chunk - 1)
      const settings = { retry, timeout, user, retry_delay, retry_growth, min_run_time }
      const leaf = this.add({ ...settings, parent: id, command: `render ${start} ${end}` })
      this.job(leaf).frames = start === end ? `${start}` : `${start}-${end}`
    }
    return id
  }

  depend(id: number, on: readonly Dependency[]): void {
    const job = this.job(id)
    const old = job.dependencies
    const kindOf = (other: number) => old.find((each) => each.job === other)?.kind
    const wanted = new Map<number, DependencyKind>()
    for (const each of on) {
      const plain = typeof each === 'number'
      const other = plain ? each : each.job
      const kind = plain ? (wanted.get(other) ?? kindOf(other) ?? 'all') : each.kind
      if (!this.jobs.has(other)) throw new Refused('invalid')
      if (
        kind === 'frame' &&
        kindOf(other) !== kind &&
        !(this.framesOf(job).length && this.framesOf(this.job(other)).length)
      )
        throw new Refused('invalid')
      wanted.set(other, kind)
    }
    job.dependencies = [...wanted].map(([other, kind]) => ({ job: other, kind }))
    if (!this.isGroup(job)) {
      if (this.hasCircle()) throw new Refused('invalid')
      return
    }
    for (const { job: other, kind } of old)
      if (kind === 'frame' && wanted.get(other) !== kind)
        for (const leaf of this.framesBelow(id))
          leaf.dependencies = leaf.dependencies.filter(
            (each) => !(each.kind === 'frame' && this.job(each.job).parent === other),
          )
    for (const [other, kind] of wanted)
      if (kind === 'frame' && kindOf(other) !== kind)
        for (const leaf of this.framesOf(job))
          for (const there of this.framesOf(this.job(other)))
            if (overlap(leaf.frames, there.frames) && !leaf.dependencies.some((each) => each.job === there.id))
              leaf.dependencies.push({ job: there.id, kind: 'frame' })
    if (this.hasCircle()) throw new Refused('invalid')
  }

  /** The leaves of a group that are about frames. */
  framesOf = (job: ModelJob) => (this.isGroup(job) ? this.framesBelow(job.id) : [])
  framesBelow = (id: number) => this.children(id).filter((child) => !this.isGroup(child) && child.frames !== '')

  edit(edits: Record<number, Change>): void {
    const ids = Object.keys(edits).map(Number)
    for (const id of ids) this.job(id)
    for (const id of ids) this.editOne(this.job(id), edits[id] ?? {})
  }

  editOne(job: ModelJob, { dependencies, paused, affinity, ...settings }: Change): void {
    const { parent: oldParent } = job
    const wasGroup = this.isGroup(job)
    Object.assign(job, settings)
    if (affinity !== undefined) job.affinity = this.keptNames(affinity)
    if (wasGroup !== this.isGroup(job)) {
      if (job.run > 0 || this.children(job.id).length > 0) throw new Refused('invalid')
      Object.assign(job, FRESH)
      this.convert(job)
    }
    this.refuseOfLeaf(job)
    this.parentMustBeGroup(job.parent)
    if (job.parent !== oldParent) {
      // Before anything walks up: a job below itself has no root.
      for (let up = job.parent; up !== 0; up = this.job(up).parent) if (up === job.id) throw new Refused('invalid')
      if (!dependencies && this.hasCircle()) throw new Refused('invalid')
      if (this.ancestors(job).some((group) => group.paused)) this.stopBelow(job.id)
    }
    if (dependencies) this.depend(job.id, dependencies)
    if (paused !== undefined && paused !== job.paused) {
      if (paused) this.pause([job.id])
      else this.start([job.id])
    }
  }

  /** What waits frame by frame does so between leaves, and between groups of them. */
  convert({ id }: ModelJob): void {
    const becameGroup = this.isGroup(this.job(id))
    for (const other of this.jobs.values()) {
      const isLink = (each: ModelDependency) =>
        each.kind === 'frame' && (each.job === id || (other.id === id && !becameGroup))
      if (becameGroup)
        other.dependencies = other.dependencies.map((each) => (isLink(each) ? { ...each, kind: 'all' } : each))
      else other.dependencies = other.dependencies.filter((each) => !isLink(each))
    }
  }

  setLimits(edits: LimitEdits): void {
    for (const [name, edit] of Object.entries(edits)) {
      const before = this.limits.get(name)
      if (edit === null) this.limits.delete(name)
      else if (typeof edit === 'number') this.limits.set(name, { max: edit, per: before?.per ?? 'run' })
      else this.limits.set(name, { max: edit.max, per: edit.per ?? 'run' })
    }
  }

  clearBlocklist(id: number): void {
    this.job(id)
    this.failures.delete(id)
  }

  parentMustBeGroup(id: number): void {
    const parent = this.jobs.get(id)
    if (id !== 0 && (!parent || !this.isGroup(parent))) throw new Refused('invalid')
  }

  each(ids: readonly number[], act: (job: ModelJob) => void): void {
    for (const id of ids) this.job(id)
    for (const id of ids) {
      const job = this.jobs.get(id)
      if (job) act(job)
    }
  }

  start(ids: readonly number[]): void {
    this.each(ids, (job) => {
      job.paused = false
      if (this.isGroup(job)) return
      this.stop(job)
      Object.assign(job, { phase: 'rest', progress: 0, avoid: '', avoid_until: 0, retry_at: 0 })
    })
  }

  pause(ids: readonly number[]): void {
    this.each(ids, (job) => {
      this.stopBelow(job.id)
      job.paused = true
      if (!this.isGroup(job)) job.phase = 'rest'
    })
  }

  reset(ids: readonly number[]): void {
    this.each(ids, ({ id, parent }) => {
      this.stopBelow(id)
      for (const job of this.subtree(id)) Object.assign(job, FRESH, { paused: false })
      if (parent === 0) this.failures.delete(id)
    })
  }

  resetErrors(ids: readonly number[]): void {
    this.each(ids, ({ id, parent }) => {
      for (const job of this.subtree(id)) if (this.state(job) === 'ERROR' && !this.isGroup(job)) this.reset([job.id])
      if (parent === 0) this.failures.delete(id)
    })
  }

  delete(ids: readonly number[]): void {
    this.each(ids, ({ id }) => {
      this.stopBelow(id)
      const gone = new Set(this.subtree(id).map((job) => job.id))
      for (const each of gone) this.jobs.delete(each)
      this.failures.delete(id)
      for (const job of this.jobs.values()) job.dependencies = job.dependencies.filter((each) => !gone.has(each.job))
    })
  }

  stopBelow(id: number): void {
    for (const job of this.subtree(id)) this.stop(job)
  }

  stop(job: ModelJob): void {
    if (job.run > 0) this.endRun(job, 'STOPPED')
  }

  // Runs.

  endRun(job: ModelJob, end: RunState): void {
    const event = this.event(job.run)
    event.state = end
    event.duration = this.now - event.start
    const worker = this.workers.get(event.worker)
    if (worker?.run === job.run) {
      worker.run = 0
      if (end === 'FINISHED') worker.finished++
      if (end === 'ERROR') worker.error++
    }
    this.taken.delete(job.run)
    job.run = 0
    job.duration = event.duration
    if (end === 'FINISHED' || end === 'ERROR') job.run_done++
    if (end === 'FINISHED') job.progress = 1
    job.phase = end === 'FINISHED' ? 'FINISHED' : end === 'ERROR' && job.run_done > job.retry ? 'ERROR' : 'rest'
    if (end !== 'ERROR') return
    const root = this.root(job).id
    const failures = this.failures.get(root) ?? new Map<string, number>()
    this.failures.set(root, failures.set(event.worker, (failures.get(event.worker) ?? 0) + 1))
    if (job.phase === 'ERROR') return
    job.avoid = event.worker
    job.avoid_until = this.now + AVOIDED_SECONDS
    const delay = Math.round(Math.min(24 * 3600, job.retry_delay * job.retry_growth ** (job.run_done - 1)))
    job.retry_at = delay > 0 ? this.now + delay : 0
  }

  event(run: number): ModelEvent {
    const event = this.events.find((each) => each.id === run)
    if (!event) throw new Refused('not_found')
    return event
  }

  /** The job that a run holds, if it still does and is that worker's. */
  heldBy(run: number, worker: string): ModelJob | undefined {
    return [...this.jobs.values()].find((job) => run > 0 && job.run === run && job.worker === worker)
  }

  speak(name: string): ModelWorker | undefined {
    const worker = this.workers.get(name)
    if (worker) Object.assign(worker, { ping_time: this.now, lost: false })
    return worker
  }

  pick(name: string, machine: Machine = {}): { run: number; job: number } | null {
    if (!this.workers.has(name))
      this.workers.set(name, {
        name, affinity: '', active: true, start_time: this.now, ping_time: 0, lost: false, run: 0, finished: 0, error: 0,
        last_job: 0, host: '', memory: 0, cores: 0, gpus: 0, present: true,
      }) // biome-ignore format: a worker that is not known
    const worker = this.speak(name) as ModelWorker
    const crashed = this.heldBy(worker.run, name)
    if (crashed) this.endRun(crashed, 'LOST')
    Object.assign(worker, machine, { present: true })
    const id = worker.active ? this.choose(worker) : undefined
    if (id === undefined) return null
    const run = this.nextRun++
    const job = this.job(id)
    this.taken.set(run, { ...this.takes(job), host: worker.host || name })
    Object.assign(job, {
      avoid: '', retry_at: 0, phase: 'WORKING', run, worker: name, start_time: this.now, ping_time: this.now, duration: 0, progress: 0,
    }) // biome-ignore format: what a start says
    for (const group of this.ancestors(job)) group.start_time = this.now
    Object.assign(worker, { run, last_job: id })
    this.events.push({ id: run, worker: name, job_id: id, state: 'WORKING', start: this.now, duration: 0 })
    return { run, job: id }
  }

  heartbeat(run: number, worker: string, progress?: number): boolean {
    this.event(run)
    this.speak(worker)
    const job = this.heldBy(run, worker)
    if (job) Object.assign(job, { ping_time: this.now, progress: progress ?? job.progress })
    return job !== undefined
  }

  /** Answers how the run stands. */
  end(run: number, worker: string, end: RunState): RunState {
    this.event(run)
    this.speak(worker)
    const job = this.heldBy(run, worker)
    if (job) {
      job.ping_time = this.now
      // Too quick to be true.
      const failed = end === 'FINISHED' && this.now - job.start_time < job.min_run_time
      this.endRun(job, failed ? 'ERROR' : end)
    }
    return this.event(run).state
  }

  // Workers and time.

  knownWorkers(all: readonly string[]): ModelWorker[] {
    return all.map((name) => {
      const worker = this.workers.get(name)
      if (!worker) throw new Refused('not_found')
      return worker
    })
  }

  setActive(all: readonly string[], active: boolean): void {
    for (const worker of this.knownWorkers(all)) {
      worker.active = active
      const job = active ? undefined : this.heldBy(worker.run, worker.name)
      if (job) this.endRun(job, 'STOPPED')
    }
  }

  setLines(all: readonly string[], affinity: string): void {
    for (const worker of this.knownWorkers(all))
      worker.affinity = affinity
        .split('\n')
        .map((line) => this.keptNames(line))
        .filter((line) => line !== '')
        .join('\n')
  }

  deleteWorkers(all: readonly string[]): void {
    this.setActive(all, false)
    for (const name of all) this.workers.delete(name)
  }

  /** What time did: runs past their time-out first, then workers without a sign of life. */
  step(): void {
    for (const job of [...this.jobs.values()])
      if (job.run > 0 && job.timeout > 0 && this.now >= job.start_time + job.timeout) this.endRun(job, 'ERROR')
    for (const worker of this.workers.values()) {
      if (worker.lost || worker.ping_time >= this.now - this.workerTimeout) continue
      const job = this.heldBy(worker.run, worker.name)
      if (job) this.endRun(job, 'LOST')
      Object.assign(worker, { lost: true, present: false })
    }
  }
}

/** Whether two chunks, `3` or `1-4`, have a frame in common. */
function overlap(a: string, b: string): boolean {
  const range = (text: string) => text.split('-').map(Number)
  const [from, to = from] = range(a)
  const [start, end = start] = range(b)
  return Number(from) <= Number(end) && Number(start) <= Number(to)
}
