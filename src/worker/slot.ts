/** One slot of a worker: picks a job, runs it, reports it, and begins again. */
import { Refused } from '../client.ts'
import type { Environment } from '../environment.ts'
import type { Assignment, PickRequest, ReleaseRequest, RunAnswer } from '../protocol.ts'
import { prepare } from './command.ts'
import { type Link, Stopped } from './link.ts'
import type { Machine } from './machine.ts'
import { type Outcome, report } from './report.ts'
import { type Run, type RunOptions, startRun } from './run.ts'
import type { Vitals } from './vitals.ts'
import { wait } from './wait.ts'

export interface SlotOptions extends Omit<RunOptions, 'name'> {
  /** The slot's own name: the server sees a worker for each slot. */
  worker: string
  link: Link
  vitals: () => Vitals
  log: (line: string) => void
  /** How long the server may hold a pick. */
  waitSeconds: number
  /** Between two picks that the server answered with nothing, if it did not hold the first that long. */
  sleepSeconds: number
  heartbeatSeconds: number
  environment: Environment
  /** For `COALITION`: the command line that starts this program. */
  program: string
  runcommand?: string
  machine: Machine
  /** The runs that are held now, for an agent that must exit at once. */
  held: Set<Run>
}

/** A server that does not want this worker (a name it refuses, a proxy's 403) may be put right by a person. */
const REFUSED_WAIT_MS = 30_000
/** For the last words to a server, after SIGTERM. */
const FAREWELL_MS = 10_000
/** Without a run in hand there is less to say. */
const IDLE_FAREWELL_MS = 3000
/** What the server allows beyond `waitSeconds` before a pick counts as lost. */
const PICK_SPARE_SECONDS = 15

export async function workSlot(options: SlotOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const asked = performance.now()
    try {
      const assignment = await pick(options, signal)
      if (assignment) await hold(assignment, options, signal)
      else await wait(options.sleepSeconds * 1000 - (performance.now() - asked), signal)
    } catch (error) {
      if (error instanceof Stopped) break
      options.log(`${error instanceof Refused ? 'refused by the server' : 'failed'}: ${message(error)}`)
      await wait(REFUSED_WAIT_MS, signal)
    }
  }
}

async function pick(options: SlotOptions, signal: AbortSignal): Promise<Assignment | null> {
  const { worker, link, vitals, waitSeconds } = options
  const path = `/api/workers/${encodeURIComponent(worker)}/pick`
  const body = (seconds: number) => (): PickRequest => ({ ...vitals(), ...options.machine, wait: seconds })
  let answer: Assignment | null
  try {
    answer = await link.post<Assignment | null>(path, body(waitSeconds), signal, waitSeconds + PICK_SPARE_SECONDS)
  } catch (error) {
    // The pick that was cut off may have been given a job, of which we do not know the run. A new pick gives that
    // back; and what this one is given, we can.
    if (error instanceof Stopped) {
      const late = await farewell(
        link.post<Assignment | null>(path, body(0), AbortSignal.timeout(IDLE_FAREWELL_MS)),
        options,
      )
      if (late) await release(late.run, options)
    }
    throw error
  }
  if (answer !== null && !(Number.isInteger(answer.run) && answer.job)) {
    throw new Error(
      `${link.url} answered a pick with ${JSON.stringify(answer).slice(0, 200)}: is it a Coalition server?`,
    )
  }
  return answer
}

async function hold({ run: id, job }: Assignment, options: SlotOptions, signal: AbortSignal): Promise<void> {
  const { log, worker, link, vitals, heartbeatSeconds } = options
  log(`picked #${job.id} ${JSON.stringify(job.title)}, run ${id}`)
  const began = performance.now()
  const added = {
    COALITION: options.program,
    COALITION_JOB: String(job.id),
    COALITION_RUN: String(id),
    COALITION_SERVER: link.url,
    COALITION_WORKER: worker,
    ...taken(job),
  }
  const { environment: base, runcommand } = options
  const run = startRun(() => prepare(job, { platform: process.platform, base, added, runcommand }), {
    ...options,
    name: `run-${id}`,
  })
  options.held.add(run)
  let interrupted = false
  const interrupt = () => {
    interrupted = !run.over.aborted
    void run.kill()
  }
  signal.addEventListener('abort', interrupt)
  if (signal.aborted) interrupt()
  const holder = { worker, id, link, vitals, heartbeatSeconds }
  try {
    let outcome: Outcome = await report(run, holder, signal)
    if (outcome === 'stopped' && !interrupted) outcome = await report(run, holder, AbortSignal.timeout(FAREWELL_MS))
    // Gone before the job is given back: the next worker must not meet this one's processes in the same files.
    await run.kill()
    if (outcome === 'stopped' && interrupted) await release(id, options)
    log(`#${job.id} ${ending(outcome, interrupted, run)} after ${Math.round((performance.now() - began) / 1000)} s`)
  } finally {
    signal.removeEventListener('abort', interrupt)
    await run.kill()
    options.held.delete(run)
    run.close()
  }
}

/** What the job may take of the machine, for renderers that ask; older servers do not say. */
const taken = ({ memory, cores, gpus }: Assignment['job']): Environment => ({
  ...(memory > 0 && { COALITION_MEMORY: String(memory) }),
  ...(cores > 0 && { COALITION_CORES: String(cores) }),
  ...(gpus > 0 && { COALITION_GPUS: String(gpus) }),
})

function ending(outcome: Outcome, interrupted: boolean, run: Run): string {
  if (outcome === 'ended') return `ended ${run.exitCode}`
  if (outcome === 'taken') return 'stopped by the server'
  return interrupted ? 'stopped with this worker' : `ended ${run.exitCode}, which the server could not be told,`
}

async function release(id: number, options: SlotOptions): Promise<void> {
  const body = (): ReleaseRequest => ({ worker: options.worker })
  const sent = options.link.post<RunAnswer>(`/api/runs/${id}/release`, body, AbortSignal.timeout(FAREWELL_MS))
  if (await farewell(sent, options)) options.log(`gave run ${id} back`)
}

/** We leave either way: the server gives the job to another worker when this one stays silent. */
async function farewell<T>(sent: Promise<T>, { log }: SlotOptions): Promise<T | undefined> {
  try {
    return await sent
  } catch (error) {
    log(`the server could not be told that this worker leaves: ${message(error)}`)
    return undefined
  }
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error))
