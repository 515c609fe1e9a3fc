import type { Db } from './db/open.ts'
import { listAffinities, setAffinities } from './domain/affinities.ts'
import { apart, recorded } from './domain/audit.ts'
import { type AuditFilter, type AuditPage, listAudit } from './domain/auditList.ts'
import { forgive } from './domain/avoided.ts'
import { STEPS, type Steps, takeStep } from './domain/background.ts'
import { clearBlocklist, listBlocklist } from './domain/blocklist.ts'
import { awakeClock, wallClockJumps } from './domain/clocks.ts'
import { type Clock, createCore, createWriter, DEFAULT_POLICY, type Policy, type Tx } from './domain/core.ts'
import { setDependencies } from './domain/dependencies.ts'
import { type Distinct, distinctValues } from './domain/distinct.ts'
import * as eventLists from './domain/events.ts'
import { healthOf } from './domain/health.ts'
import { jobPage } from './domain/jobPage.ts'
import * as jobOperations from './domain/jobs.ts'
import { listLimits, setLimits } from './domain/limits.ts'
import * as lists from './domain/lists.ts'
import type { Vitals } from './domain/live.ts'
import { readLog } from './domain/logReader.ts'
import { noteReturn } from './domain/notes.ts'
import { type Order, orderJobs } from './domain/order.ts'
import { recall } from './domain/recall.ts'
import { discard, GRAVE } from './domain/removal.ts'
import { jobRow } from './domain/rows.ts'
import { endRun, finishRun, leafHeldBy, type Report, report, runStanding } from './domain/runs.ts'
import { questionOf } from './domain/sessions.ts'
import { submit } from './domain/submission.ts'
import * as workerOperations from './domain/workers.ts'
import { greet, leave, type Machine, machineOf, setWorkersActive } from './domain/workers.ts'
import { FarmError } from './errors.ts'
import type { Affinities, Dependency, JobInput, LimitEdits, NewJob, WorkerEdit } from './models.ts'
import type { PickRequest, RunAnswer } from './protocol.ts'
import { assign, nothingFor } from './scheduler/assign.ts'
import { attention } from './scheduler/attention.ts'
import { Behind } from './scheduler/behind.ts'
import { prospectsOf } from './scheduler/prospects.ts'
import {
  endHopelessRuns,
  endOverdueRuns,
  moveDeadlines,
  rescueFromLostWorkers,
  saveSigns,
  wakeJobs,
} from './scheduler/rescue.ts'
import { type Keep, Retention } from './scheduler/retention.ts'
import { revive } from './scheduler/revive.ts'
import { Waiters } from './scheduler/waiters.ts'
import { whyJob } from './scheduler/why.ts'
import { whyWorker } from './scheduler/whyWorker.ts'

export type { Policy }

export interface FarmOptions {
  /** Folder of the jobs' logs. */
  logs: string
  /** Seconds without a sign of life after which a worker is lost. */
  workerTimeout?: number
  policy?: Partial<Policy>
  /** Bytes of output that are kept of a run, and its end; default: all. */
  logLimit?: number
  /** What is deleted after a time (scheduler/retention.ts); default: nothing. */
  keep?: Keep
  clock?: Clock
  /** How much of a reset or a delete is done at a time. */
  steps?: Steps
}

const FOR_EVER: Keep = { finished: 0, events: 0 }
const wallClock: Clock = () => Math.floor(Date.now() / 1000)

/** How often time is asked what it did (scheduler/rescue.ts). */
const STEP_MS = 1000
/** What time does: each takes a step of it, and answers how much that was. */
const OF_TIME = [endOverdueRuns, endHopelessRuns, wakeJobs, forgive, rescueFromLostWorkers] as const
/** How often signs of life are written: what a crash may cost of them. */
const SAVE_STEPS = 5

interface How<T> {
  once?: boolean
  /** Of an operation in several steps, whether this was not its last: the last one is recorded. */
  unfinished?: (result: T) => boolean
}

export type Farm = ReturnType<typeof createFarm>

/**
 * The farm as one object: domain and scheduler. What changes something answers a promise that resolves when the change is
 * on disk; what reads answers at once. Throws `FarmError` for what a caller did wrong.
 */
export function createFarm(
  db: Db,
  {
    logs,
    workerTimeout = 60,
    policy,
    logLimit = Number.POSITIVE_INFINITY,
    keep = FOR_EVER,
    clock = wallClock,
    steps = STEPS,
  }: FarmOptions,
) {
  // Who brings a clock of his own means all of time.
  const awake = clock === wallClock ? awakeClock() : clock
  const jumps = clock === wallClock ? wallClockJumps() : () => 0
  const core = createCore(db, { logs, logLimit, awake, policy: { ...DEFAULT_POLICY, ...policy }, steps })
  const commit = createWriter(core, clock)
  const started = clock()
  const waiters = new Waiters(prospectsOf(core))
  const retention = new Retention(core, keep, write)
  revive(core)
  recall(core, started)

  /** Every change goes through here: whatever it made ready finds its worker. */
  function write<T>(operation: (tx: Tx) => T, how?: How<T>): Promise<T> {
    return commit(recorded(operation, how?.unfinished), { once: how?.once, after })
  }
  function after(): void {
    if (waiters.size > 0) apart(() => void waiters.wake())
    if (core.work.noted) {
      core.work.noted = false
      apart(() => behind.look())
    }
  }

  /** What passed time has to be asked for; tests call it with a clock of their own. */
  async function step(): Promise<void> {
    const jump = jumps()
    if (jump !== 0) await write((tx) => moveDeadlines(tx, jump))
    for (const name of waiters.names()) core.live.ping(name, clock(), {})
    for (const take of OF_TIME) while ((await write((tx) => take(tx, workerTimeout))) > 0);
    if (cradles.size > 0) await emptyCradles()
    await retention.step(clock())
    core.history.look(clock(), core.live.runs.size, core.roster.size)
  }

  async function saveLife(): Promise<void> {
    while (await commit(saveSigns));
  }

  /** What resets and deletes have left to do: the next step of it. Answers whether there may be more. */
  const workOff = () => write(takeStep)
  const behind = new Behind(core, workOff)

  // Submissions are made below parents of their own, each other than the grave.
  let submissions = -GRAVE

  /** Of submissions that failed: where the disk was full, there was no room to take them away either. */
  const cradles = new Set<number>()
  async function emptyCradles(): Promise<void> {
    for (const cradle of cradles) {
      // It never ran: there are no logs.
      while (await commit((tx) => discard(tx, cradle, () => undefined)));
      cradles.delete(cradle)
    }
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false
  let stepping: Promise<void> = Promise.resolve()
  function run(): void {
    behind.start()
    let steps = 0
    const next = () => {
      timer = setTimeout(() => {
        stepping = step()
          .then(() => (++steps % SAVE_STEPS === 0 ? saveLife() : undefined))
          .catch((error) => {
            // A disk that is full has been said so once, and may be for days.
            if (!(error instanceof FarmError)) console.error('the scheduler could not take a step:', error)
          })
          .then(() => {
            behind.look()
            if (!stopped) next()
          })
      }, STEP_MS)
    }
    next()
  }

  const now = clock

  /** What may leave something to be done behind its answer. */
  async function large(operation: (tx: Tx) => void): Promise<void> {
    await write(operation)
    apart(() => behind.look())
  }

  /** Many jobs take several transactions, and other requests come in between; nobody sees any of them before the last. */
  async function submitJobs(inputs: readonly NewJob[], field: (i: number, name: string) => string): Promise<number[]> {
    const cradle = -++submissions
    let steps = submit(inputs, field, cradle)
    const unfinished = ({ done }: { done?: boolean }) => !done
    let turn = await write(
      (tx) => {
        steps = submit(inputs, field, cradle)
        steps.next()
        return steps.next(tx)
      },
      { unfinished },
    )
    try {
      while (!turn.done) turn = await write((tx) => steps.next(tx), { once: true, unfinished })
      return turn.value
    } catch (error) {
      cradles.add(cradle)
      await emptyCradles().catch(() => {})
      throw error
    }
  }

  /** The run by which a worker holds a job. */
  function runOfJob(name: string, job: number | undefined): number | undefined {
    const run = core.live.runs.get(core.live.workers.get(name)?.run ?? 0)
    return run && run.job === job ? run.run : undefined
  }

  /** A worker that knows its job and not its run speaks about one that it does not hold; nobody may know it yet. */
  function notHeld(name: string, job: number | undefined, vitals: Vitals): void | Promise<void> {
    if (!core.live.workers.has(name)) return write((tx) => void greet(tx, name, vitals))
    core.live.ping(name, now(), vitals)
    const lost = job === undefined ? undefined : core.rows.lostRun.get({ job, worker: name })
    if (lost) noteReturn(core, now(), lost.id, name)
  }

  async function end(run: number, exitCode: number, beat: Report): Promise<RunAnswer> {
    const taken = report(core, now(), run, beat)
    if (!taken) return runStanding(core, run)
    return write((tx) => {
      const leaf = leafHeldBy(tx, run)
      if (!leaf) return { state: tx.rows.event.get({ id: run })?.state ?? 'LOST', ...taken }
      return { state: finishRun(tx, leaf, exitCode), ...taken }
    })
  }

  return {
    core,
    /** Seconds since the epoch. */
    now,
    /** For what stands beside the farm and shares its commits: the people (doors/). */
    write,
    step,
    workOff,
    /** Starts to look after time-outs and lost workers. */
    run,
    /** Lets idle workers go and writes what is only in memory. The database stays open. */
    async stop(): Promise<void> {
      stopped = true
      clearTimeout(timer)
      waiters.release([...waiters.names()])
      await stepping
      await behind.stop()
      await saveLife().catch((error) => {
        if (!(error instanceof FarmError)) throw error
      })
      core.logs.close()
    },

    getJob: (id: number) => lists.getJob(core, now(), id),
    getJobs: (ids: Iterable<number>) => lists.getJobs(core, now(), ids),
    getEvents: (ids: Iterable<number>) => eventLists.getEvents(core, now(), ids),
    getWorkers: (names: Iterable<string>) => workerOperations.getWorkers(core, names),
    /** The ids of a list in its order, and its sums. */
    orderJobs: (parent: number, filter: lists.JobFilter, order: Order) => orderJobs(core, now(), parent, filter, order),
    listChildren: (parent: number, filter: lists.JobFilter = {}, paging: lists.Paging<lists.SortField> = {}) =>
      lists.listChildren(core, now(), parent, filter, paging),
    listDependencies: (id: number) => lists.listDependencies(core, now(), id),
    listEvents: (filter: eventLists.EventFilter = {}, paging: lists.Paging<'id'> = {}) =>
      eventLists.listEvents(core, now(), filter, paging),
    listAudit: (filter: AuditFilter, page: AuditPage) => listAudit(core, filter, page),
    listWorkers: () => workerOperations.listWorkers(core),
    readLog: (id: number, range: Parameters<typeof readLog>[2]) => readLog(core, jobRow(core, id), range),
    ...jobPage(core, now),
    whyJob: (id: number) => whyJob(core, now(), id),
    whyWorker: (name: string) => whyWorker(core, name),
    listAffinities: () => listAffinities(core),
    listLimits: () => listLimits(core),
    listBlocklist: (root: number) => listBlocklist(core, root),
    distinctValues: (column: Distinct) => distinctValues(core, column),
    childrenDependencies: (id: number) => lists.childrenDependencies(core, id),
    findGroup: (titles: readonly string[]) => lists.findGroup(core, titles),

    addJob: async (input: NewJob) => (await submitJobs([input], (_, name) => name))[0] as number,
    /** All of them or none; answers their ids. Errors name the field with the place in the list before it. */
    addJobs: (inputs: readonly NewJob[]) => submitJobs(inputs, (i, name) => `${i}.${name}`),
    editJobs: (edits: Record<string, JobInput>) => write((tx) => jobOperations.editJobs(tx, edits)),
    setDependencies: (id: number, on: readonly Dependency[]) => write((tx) => setDependencies(tx, id, on)),
    setLimits: (edits: LimitEdits) => write((tx) => setLimits(tx, edits)),
    /** Lets these workers, or all, have jobs of a root job again. */
    clearBlocklist: (root: number, names?: readonly string[]) => write((tx) => clearBlocklist(tx, root, names)),
    deleteJobs: (ids: readonly number[]) => large((tx) => jobOperations.deleteJobs(tx, ids)),
    resetJobs: (ids: readonly number[]) => large((tx) => jobOperations.resetJobs(tx, ids)),
    resetErrorJobs: (ids: readonly number[]) => large((tx) => jobOperations.resetErrorJobs(tx, ids)),
    startJobs: (ids: readonly number[]) => write((tx) => jobOperations.startJobs(tx, ids)),
    pauseJobs: (ids: readonly number[]) => write((tx) => jobOperations.pauseJobs(tx, ids)),

    async editWorkers(edits: Record<string, WorkerEdit>): Promise<void> {
      await write((tx) => workerOperations.editWorkers(tx, edits))
      waiters.release(Object.keys(edits))
    },
    async setAffinities(names: Affinities): Promise<void> {
      await write((tx) => setAffinities(tx, names))
      waiters.release([...waiters.names()])
    },
    async terminateWorkers(names: readonly string[]): Promise<void> {
      await write((tx) => workerOperations.terminateWorkers(tx, names))
      waiters.release(names)
    },
    async setWorkersActive(names: readonly string[], active: boolean): Promise<void> {
      await write((tx) => setWorkersActive(tx, names, active))
      waiters.release(names)
    },
    async deleteWorkers(names: readonly string[]): Promise<void> {
      await write((tx) => workerOperations.deleteWorkers(tx, names))
      waiters.release(names)
    },

    /** A worker asks for a job, and waits up to `wait` seconds for one while `signal` says that it is still there. */
    async pick(name: string, request: PickRequest & { ip?: string }, signal: AbortSignal) {
      const { wait = 0, session, pick, host, memory, cores, gpus, ...vitals } = request
      const speaker = { session, pick }
      const machine: Machine = machineOf({ host, memory, cores, gpus }, vitals)
      if (questionOf(core, name, speaker) === 'stale') return null
      const ask = () => write((tx) => assign(tx, name, vitals, speaker, machine))
      const isForNothing = () => nothingFor(core, name, speaker, machine)
      if (wait === 0) {
        if (!isForNothing()) return ask()
        core.live.ping(name, now(), vitals)
        return null
      }
      const question = waiters.question(name)
      try {
        if (isForNothing()) core.live.ping(name, now(), vitals)
        else {
          const assignment = await ask()
          if (assignment) return assignment
        }
        // Its question may have been on its way to the disk when the others were let go, or when it asked again.
        if (stopped || !question.isLast()) return null
        waiters.release([name])
        return await waiters.wait(name, core.roster.kindOf(name)?.key ?? null, wait, signal, () =>
          write((tx) => assign(tx, name, {}, speaker)),
        )
      } finally {
        question.answered()
      }
    },

    /** Answers whether the run is still that worker's, and how much of its output the server has. */
    heartbeat(run: number, beat: Report): { go_on: boolean; log_size: number } {
      const taken = report(core, now(), run, beat)
      return taken ? { go_on: true, ...taken } : { go_on: false, log_size: runStanding(core, run).log_size }
    },

    /** The same for a worker that knows its job and not its run: Coalition's own. */
    heartbeatOfJob(name: string, job: number | undefined, beat: Report): boolean | Promise<boolean> {
      const run = runOfJob(name, job)
      if (run !== undefined) return report(core, now(), run, beat) !== null
      return notHeld(name, job, beat.vitals)?.then(() => false) ?? false
    },

    async endRunOfJob(name: string, job: number | undefined, exitCode: number, vitals: Vitals): Promise<void> {
      const run = runOfJob(name, job)
      if (run === undefined) await notHeld(name, job, vitals)
      else await end(run, exitCode, { worker: name, vitals })
    },

    /** The end of a run counts once, from the worker that holds it; sent again, or by another, it is answered how the run stands. */
    endRun: end,

    /** An agent goes: what it was given without knowing of it waits again, and its name is free. */
    async leave(name: string, session: string): Promise<void> {
      waiters.release([name])
      await write((tx) => leave(tx, name, session))
    },

    /** A worker gives its job back: it waits again, and the run does not count. */
    async releaseRun(run: number, worker: string, session?: string): Promise<RunAnswer> {
      const taken = report(core, now(), run, { worker, speaker: { session }, vitals: {} })
      if (taken)
        await write((tx) => {
          const leaf = leafHeldBy(tx, run)
          if (leaf) endRun(tx, leaf, 'STOPPED')
        })
      return runStanding(core, run)
    },

    /** What it did in the last minutes, `step` of them in a point. */
    history: (minutes: number, step: number) => core.history.read(now(), minutes, step),
    attention: () => attention(core, now()),

    health: () => healthOf(core, now(), started),
  }
}
