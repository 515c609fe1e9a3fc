/** One who follows the stream: what it looks at, how far it has been told, and what to tell it next. */
import type { Batch } from '../domain/changes.ts'
import { isWithin, stateOf } from '../domain/frameStates.ts'
import { jobAt } from '../domain/rows.ts'
import type { Watched } from '../domain/signs.ts'
import type { Veil } from '../doors/veil.ts'
import type { Farm } from '../farm.ts'
import type { Job } from '../models.ts'
import type { Frame, LogPiece, Watch } from '../watch.ts'

/** Events told at once; a page that shows runs faster than that shows a blur. */
const MOST_EVENTS = 500
/** Frames told at once; more are cheaper asked for together. */
const MOST_FRAMES = 5000
/** Of a log at once. */
const LOG_BYTES = 64 * 1024

/** The rows told in one round, read and written as JSON once, whoever gets them. */
export class Rows {
  #jobs = new Map<number, { job: Job; text: string } | undefined>()
  #workers = new Map<string, string | undefined>()
  #farm: string | undefined

  constructor(private readonly farm: Farm) {}

  /** Of those who see all of it the text is the same. */
  job(id: number, veil: Veil | undefined): string | undefined {
    const known = remembered(this.#jobs, id, () => {
      const job = this.farm.getJobs([id])[0]
      return job && { job, text: JSON.stringify(job) }
    })
    const seen = known && veil?.(known.job)
    return seen === undefined || seen === known?.job ? known?.text : JSON.stringify(seen)
  }

  frame(id: number): string | undefined {
    const row = jobAt(this.farm.core, id)
    return row && JSON.stringify([id, ...stateOf(row)])
  }

  worker(name: string): string | undefined {
    return remembered(this.#workers, name, () => text(this.farm.getWorkers([name])[0]))
  }

  events(ids: Iterable<number>): string[] {
    return this.farm.getEvents(ids).map((event) => JSON.stringify(event))
  }

  get counts(): string {
    this.#farm ??= JSON.stringify(this.farm.health())
    return this.#farm
  }
}

const text = (row: object | undefined) => row && JSON.stringify(row)

function remembered<K, V>(map: Map<K, V | undefined>, key: K, read: () => V | undefined): V | undefined {
  if (!map.has(key)) map.set(key, read())
  return map.get(key)
}

/** A frame in the making: rows as JSON already. */
type Texts = { [K in keyof Frame]?: string | string[] }

export class Follower {
  jobs = new Set<number>()
  vitals = new Set<string>()
  logs = new Map<number, number>()
  #parents = new Set<number>()
  #workers = false
  #events: Watch['events']
  #frames: number | undefined
  #farm = false
  #audit = false
  /** The number of the last commit that it was told of. */
  #told: number
  /** Told as they are, in the next frame. */
  #newJobs = new Set<number>()
  #newVitals = new Set<string>()
  #newWorkers = false
  #newFarm = false
  /** Whether it has said what it looks at. Until then it is told nothing: it may be one that comes back, and says how far it was. */
  #spoke = false
  /** It gets an answer, if only that somebody is here. */
  #owed = true

  constructor(
    private readonly farm: Farm,
    private readonly epoch: string,
    private readonly veil: Veil | undefined,
  ) {
    this.#told = farm.core.changes.seq
  }

  /** Looks at something else from now on. */
  look({
    jobs,
    parents,
    workers = false,
    vitals,
    events,
    frames,
    farm = false,
    audit = false,
    logs,
    resume,
  }: Watch): void {
    const before = this.jobs
    this.jobs = new Set(jobs)
    for (const id of this.jobs) if (!before.has(id)) this.#newJobs.add(id)
    this.#parents = new Set(parents)
    const known = this.vitals
    this.vitals = new Set(vitals)
    for (const name of this.vitals) if (!known.has(name)) this.#newVitals.add(name)
    if (resume && !this.#spoke) this.#told = resume.epoch === this.epoch ? resume.seq : -1
    const kept = resume !== undefined && this.farm.core.changes.since(this.#told) !== undefined
    if (workers && !this.#workers) this.#newWorkers ||= !kept
    if (farm && !this.#farm) this.#newFarm = true
    this.#workers = workers
    this.#farm = farm
    this.#audit = audit
    this.#events = events
    this.#frames = frames
    this.logs = new Map(logs?.map(({ job, offset }) => [job, offset]))
    this.#spoke = true
  }

  /** Is told something next, whether there is anything to tell or not. */
  owe(): void {
    this.#owed = true
  }

  /** What it has not been told yet, as JSON; undefined: nothing. */
  next(rows: Rows, signs: Watched): string | undefined {
    if (!this.#spoke) return undefined
    const { changes } = this.farm.core
    const frame: Texts = {}
    const batches = changes.since(this.#told)
    const jobs = new Set<number>(this.#newJobs)
    const names = new Set<string>(this.#newVitals)
    if (!batches) this.#tellAnew(frame, jobs)
    else {
      this.#tellChanges(frame, batches, jobs, names, rows)
      if (this.#frames !== undefined) this.#tellFrames(frame, batches, this.#frames, rows)
    }
    for (const id of signs.jobs) if (this.jobs.has(id)) jobs.add(id)
    for (const name of signs.workers) if (this.vitals.has(name)) names.add(name)
    this.#tellJobs(frame, jobs, rows)
    if (this.#newWorkers) {
      frame.workers = this.farm.listWorkers().map((worker) => JSON.stringify(worker))
      frame.allWorkers = 'true'
    } else if (names.size > 0) {
      const found = [...names].flatMap((name) => rows.worker(name) ?? [])
      if (found.length > 0) frame.workers = found
    }
    if (this.#newFarm || (this.#farm && (!batches || batches.length > 0))) frame.farm = rows.counts
    this.#tellLogs(frame)
    this.#told = changes.seq
    const owed = this.#owed
    this.#owed = this.#newWorkers = this.#newFarm = false
    this.#newJobs.clear()
    this.#newVitals.clear()
    const parts = Object.entries(frame).map(([name, part]) => `"${name}":${Array.isArray(part) ? `[${part}]` : part}`)
    if (parts.length === 0 && !owed) return undefined
    return `{${[`"epoch":"${this.epoch}","seq":${this.#told},"now":${this.farm.now()}`, ...parts].join(',')}}`
  }

  /** Whether a log that it follows is longer than what it was told. */
  get behind(): boolean {
    for (const [job, offset] of this.logs) if (this.farm.core.logs.size(job) > offset) return true
    return false
  }

  #tellAnew(frame: Texts, jobs: Set<number>): void {
    frame.anew = 'true'
    for (const id of this.jobs) jobs.add(id)
    if (this.#workers) this.#newWorkers = true
    if (this.#farm) this.#newFarm = true
  }

  #tellChanges(frame: Texts, batches: readonly Batch[], jobs: Set<number>, names: Set<string>, rows: Rows): void {
    const members = new Set<number>()
    const touched = new Set<number>()
    const goneWorkers = new Set<string>()
    const events = new Set<number>()
    if (this.#audit && batches.some(({ recorded }) => recorded)) frame.recorded = 'true'
    for (const batch of batches) {
      if (batch.swept) {
        for (const id of this.jobs) jobs.add(id)
        for (const id of this.#parents) touched.add(id)
      }
      for (const [id, parent] of batch.jobs) {
        if (this.jobs.has(id)) jobs.add(id)
        if (this.#parents.has(parent)) touched.add(parent)
      }
      for (const id of batch.members) if (this.#parents.has(id)) members.add(id)
      // A group that is open and gone is said too, whether its row is on the screen or not.
      for (const id of batch.gone) if (this.jobs.has(id) || this.#parents.has(id)) jobs.add(id)
      if (this.#workers) {
        for (const name of batch.workers) names.add(name)
        for (const name of batch.goneWorkers) goneWorkers.add(name)
      }
      if (this.#events) for (const [id, by] of batch.events) if (this.#isAskedFor(this.#events, by)) events.add(id)
    }
    for (const name of goneWorkers) if (rows.worker(name) !== undefined) goneWorkers.delete(name)
    if (members.size > 0) frame.members = [...members].map(String)
    if (touched.size > 0) frame.touched = [...touched].map(String)
    if (goneWorkers.size > 0) frame.goneWorkers = [...goneWorkers].map((name) => JSON.stringify(name))
    if (events.size > MOST_EVENTS) frame.eventsMissed = 'true'
    else if (events.size > 0) frame.events = rows.events(events)
  }

  #isAskedFor({ job, worker, within }: NonNullable<Watch['events']>, by: { job: number; worker: string }): boolean {
    if ((job ?? by.job) !== by.job || (worker ?? by.worker) !== by.worker) return false
    const { core } = this.farm
    return within === undefined || isWithin(core, jobAt(core, by.job)?.parent ?? 0, within)
  }

  #tellFrames(frame: Texts, batches: readonly Batch[], top: number, rows: Rows): void {
    const { core } = this.farm
    const inside = new Map<number, boolean>()
    const isInside = (parent: number) => {
      const known = inside.get(parent) ?? isWithin(core, parent, top)
      inside.set(parent, known)
      return known
    }
    const ids = new Set<number>()
    for (const { jobs, members, swept } of batches) {
      if (swept || [...members].some(isInside)) frame.framesAnew = 'true'
      // A group is no frame, and it changes with each that is below it.
      for (const [id, parent] of jobs) if (isInside(parent) && !core.tree.get(id)) ids.add(id)
    }
    if (ids.size > MOST_FRAMES) frame.framesAnew = 'true'
    if (frame.framesAnew) return
    const found = [...ids].flatMap((id) => rows.frame(id) ?? [])
    if (found.length > 0) frame.frames = found
  }

  #tellJobs(frame: Texts, ids: ReadonlySet<number>, rows: Rows): void {
    const found: string[] = []
    const gone: string[] = []
    for (const id of ids) {
      const row = rows.job(id, this.veil)
      if (row) found.push(row)
      else gone.push(String(id))
    }
    if (found.length > 0) frame.jobs = found
    if (gone.length > 0) frame.gone = gone
  }

  #tellLogs(frame: Texts): void {
    const pieces: string[] = []
    for (const [job, from] of this.logs) {
      if (this.farm.core.logs.size(job) <= from || !this.farm.getJobs([job])[0]) continue
      const { offset, next, text } = this.farm.readLog(job, { offset: from, limit: LOG_BYTES })
      if (next === from) continue
      this.logs.set(job, next)
      pieces.push(JSON.stringify({ job, offset, next, text: [...text].join('') } satisfies LogPiece))
    }
    if (pieces.length > 0) frame.logs = pieces
  }
}
