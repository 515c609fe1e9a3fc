/** A real farm on a real, migrated database, with a clock that moves when a test says so. */
import { expect } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Db, openDatabase } from '../../src/db/open.ts'
import type { JobState } from '../../src/db/schema.ts'
import type { Steps } from '../../src/domain/background.ts'
import type { Report } from '../../src/domain/runs.ts'
import { FarmError } from '../../src/errors.ts'
import { createFarm, type Farm, type Policy } from '../../src/farm.ts'
import type { Event, Job, JobInput, Worker } from '../../src/models.ts'
import type { Assignment } from '../../src/protocol.ts'
import type { Keep } from '../../src/scheduler/retention.ts'

/** Seconds since the epoch at which every test begins. */
export const START = 1_800_000_000

export class TestClock {
  now = START
  readonly read = () => this.now
  advance(seconds: number): void {
    this.now += seconds
  }
}

export interface TestFarmOptions {
  /** A database file, for tests of a restart; default: in memory. */
  path?: string
  logs?: string
  clock?: TestClock
  workerTimeout?: number
  policy?: Partial<Policy>
  logLimit?: number
  keep?: Keep
  /** How much of a reset or a delete is done at a time; the rest waits for `workOff`. */
  steps?: Steps
}

/** Groups by name hold what they hold; a text is the command of a leaf. */
export interface Branch {
  [title: string]: Branch | string
}
type Titles<T> = { [K in keyof T & string]: K | (T[K] extends Branch ? Titles<T[K]> : never) }[keyof T & string]

/** `await using farm = testFarm()`: gone, with its folder, at the end of the test. */
export const testFarm = (options: TestFarmOptions = {}) => new TestFarm(options)

export class TestFarm implements AsyncDisposable {
  readonly clock: TestClock
  readonly db: Db
  readonly farm: Farm
  readonly logs: string
  readonly #ownsLogs: boolean

  constructor({
    path = ':memory:',
    logs,
    clock = new TestClock(),
    workerTimeout,
    policy,
    logLimit,
    keep,
    steps,
  }: TestFarmOptions) {
    this.clock = clock
    this.#ownsLogs = logs === undefined
    this.logs = logs ?? tempFolder()
    this.db = openDatabase(path)
    this.farm = createFarm(this.db, {
      logs: this.logs,
      clock: clock.read,
      ...(workerTimeout && { workerTimeout }),
      ...(policy && { policy }),
      ...(logLimit && { logLimit }),
      ...(keep && { keep }),
      ...(steps && { steps }),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.farm.stop()
    this.db.sqlite.close()
    if (this.#ownsLogs) rmSync(this.logs, { recursive: true, force: true })
  }

  /** All that resets and deletes have left to do. */
  async workOff(): Promise<void> {
    while (await this.farm.workOff());
  }

  group(input: JobInput = {}): Promise<number> {
    return this.farm.addJob(input)
  }

  leaf(input: JobInput = {}): Promise<number> {
    return this.farm.addJob({ command: 'render', ...input })
  }

  /** Answers the ids by title. */
  async tree<const T extends Branch>(branch: T, parent = 0): Promise<Record<Titles<T>, number>> {
    const ids: Record<string, number> = {}
    for (const [title, below] of Object.entries(branch)) {
      const command = typeof below === 'string' ? below : ''
      const id = await this.farm.addJob({ parent, title, command })
      ids[title] = id
      if (typeof below !== 'string') Object.assign(ids, await this.tree(below, id))
    }
    return ids as Record<Titles<T>, number>
  }

  /** Makes a worker with these affinity lines. It speaks to be known, so there must be no job for it yet. */
  async worker(name: string, ...lines: string[]): Promise<string> {
    if (await this.pick(name)) throw new Error(`worker ${name} got a job at once: make the workers before the jobs`)
    if (lines.length > 0) await this.farm.editWorkers({ [name]: { affinity: lines.join('\n') } })
    return name
  }

  pick(name = 'worker-1', wait = 0, signal = new AbortController().signal): Promise<Assignment | null> {
    return this.farm.pick(name, { wait }, signal)
  }

  /** Picks, and answers the id of the job. */
  async picked(name?: string): Promise<number | undefined> {
    return (await this.pick(name))?.job.id
  }

  /** Picks something that must be there; answers the run. */
  async begin(name = 'worker-1'): Promise<{ run: number; job: number; name: string }> {
    const assignment = await this.pick(name)
    if (!assignment) throw new Error(`there was no job for ${name}`)
    return { run: assignment.run, job: assignment.job.id, name }
  }

  end({ run, name }: { run: number; name: string }, exitCode = 0) {
    return this.farm.endRun(run, exitCode, { worker: name, vitals: {} })
  }

  heartbeat({ run, name }: { run: number; name: string }, report: Partial<Report> = {}) {
    return this.farm.heartbeat(run, { worker: name, vitals: {}, ...report })
  }

  /** A run from its beginning to its end, of whatever is picked. */
  async runOnce(exitCode = 0, name?: string): Promise<number> {
    const begun = await this.begin(name)
    await this.end(begun, exitCode)
    return begun.job
  }

  job(id: number): Job {
    return this.farm.getJob(id)
  }

  state(id: number): JobState {
    return this.job(id).state
  }

  workerNamed(name: string): Worker {
    const found = this.farm.listWorkers().find((worker) => worker.name === name)
    if (!found) throw new Error(`there is no worker ${name}`)
    return found
  }

  events(job?: number): Event[] {
    return [...this.farm.listEvents(job === undefined ? {} : { job })].flat()
  }

  logText(id: number): string {
    return [...this.farm.readLog(id, {}).text].join('')
  }
}

export const tempFolder = () => mkdtempSync(join(tmpdir(), 'coalition-test-'))

/** The FarmError that an operation ends with. */
export async function refusal(operation: Promise<unknown>): Promise<FarmError> {
  const error = await operation.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(FarmError)
  return error as FarmError
}
