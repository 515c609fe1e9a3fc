/** What users, workers and time do to the naive farm of rules.ts. The real one is compared with this after every operation. */
import type { RunState } from '../../src/db/schema.ts'
import { type ModelEvent, type ModelJob, type ModelWorker, names, Refused, Rules } from './rules.ts'

export interface Change {
  parent?: number
  command?: string
  priority?: number
  affinity?: string
  dependencies?: number[]
  paused?: boolean
  retry?: number
  timeout?: number
}

const FRESH = { phase: 'rest', start_time: 0, duration: 0, ping_time: 0, run_done: 0, progress: 0 } as const
const NOT_HELD = { run: 0, worker: '' } as const

export class Model extends Rules {
  /** Wholly or not at all. */
  atomic<T>(operation: () => T): T {
    const { nextJob, nextRun } = this
    const { jobs, workers, events, numbers } = this
    const before = structuredClone({ jobs, workers, events, numbers })
    try {
      return operation()
    } catch (error) {
      Object.assign(this, { nextJob, nextRun, ...before })
      throw error
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
      id, parent: 0, command: '', priority: 1000, affinity: kept, retry: 0, timeout: 0, ...input,
      ...FRESH, ...NOT_HELD, dependencies: [], paused: input.paused ?? false,
    }) // biome-ignore format: defaults, then what was said
    if (input.dependencies) this.depend(id, input.dependencies)
    return id
  }

  depend(id: number, ids: readonly number[]): void {
    const job = this.job(id)
    if (ids.some((each) => !this.jobs.has(each))) throw new Refused('invalid')
    job.dependencies = [...new Set(ids)]
    if (this.hasCircle()) throw new Refused('invalid')
  }

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
    }
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
      Object.assign(job, { phase: 'rest', progress: 0 })
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
    this.each(ids, ({ id }) => {
      this.stopBelow(id)
      for (const job of this.subtree(id)) Object.assign(job, FRESH, { paused: false })
    })
  }

  resetErrors(ids: readonly number[]): void {
    this.each(ids, ({ id }) => {
      for (const job of this.subtree(id)) if (this.state(job) === 'ERROR' && !this.isGroup(job)) this.reset([job.id])
    })
  }

  delete(ids: readonly number[]): void {
    this.each(ids, ({ id }) => {
      this.stopBelow(id)
      const gone = new Set(this.subtree(id).map((job) => job.id))
      for (const each of gone) this.jobs.delete(each)
      for (const job of this.jobs.values()) job.dependencies = job.dependencies.filter((each) => !gone.has(each))
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
    job.run = 0
    job.duration = event.duration
    if (end === 'FINISHED' || end === 'ERROR') job.run_done++
    if (end === 'FINISHED') job.progress = 1
    job.phase = end === 'FINISHED' ? 'FINISHED' : end === 'ERROR' && job.run_done > job.retry ? 'ERROR' : 'rest'
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

  pick(name: string): { run: number; job: number } | null {
    if (!this.workers.has(name))
      this.workers.set(name, {
        name, affinity: '', active: true, start_time: this.now, ping_time: 0, lost: false, run: 0, finished: 0, error: 0,
        last_job: 0,
      }) // biome-ignore format: a worker that is not known
    const worker = this.speak(name) as ModelWorker
    const crashed = this.heldBy(worker.run, name)
    if (crashed) this.endRun(crashed, 'LOST')
    const id = worker.active ? this.choose(worker.affinity) : undefined
    if (id === undefined) return null
    const run = this.nextRun++
    const job = this.job(id)
    Object.assign(job, {
      phase: 'WORKING', run, worker: name, start_time: this.now, ping_time: this.now, duration: 0, progress: 0,
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
      this.endRun(job, end)
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
      worker.lost = true
    }
  }
}
