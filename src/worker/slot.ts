/** One slot of a worker: picks a job, runs it, reports it, and begins again. */
import { Refused } from '../client.ts'
import type { Environment } from '../environment.ts'
import type { Assignment, LeaveRequest, PickRequest, ReleaseRequest, RunAnswer } from '../protocol.ts'
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
  /** The agent's own: the server tells two agents of one name apart by it. */
  session: string
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
/** Its name is another's, or was a moment ago: the server keeps a name for 10 s. */
const NAME_WAIT_MS = 10_000
/** For the last words to a server, after SIGTERM. */
const FAREWELL_MS = 10_000
/** Without a run in hand there is less to say. */
const IDLE_FAREWELL_MS = 3000
/** What the server allows beyond `waitSeconds` before a pick counts as lost. */
const PICK_SPARE_SECONDS = 15

export async function workSlot(options: SlotOptions, signal: AbortSignal): Promise<void> {
  let picks = 0
  let reachable = true
  while (!signal.aborted) {
    const asked = performance.now()
    try {
      picks += 1
      const assignment = await pick(picks, options, signal)
      if (assignment) reachable = await hold(assignment, picks, options, signal)
      else await wait(options.sleepSeconds * 1000 - (performance.now() - asked), signal)
    } catch (error) {
      if (error instanceof Stopped) break
      options.log(`${error instanceof Refused ? 'refused by the server' : 'failed'}: ${message(error)}`)
      await wait(error instanceof Refused && error.status === 409 ? NAME_WAIT_MS : REFUSED_WAIT_MS, signal)
    }
  }
  if (picks > 0 && reachable) await leave(options)
}

async function pick(number: number, options: SlotOptions, signal: AbortSignal): Promise<Assignment | null> {
  const { worker, session, link, machine, vitals, waitSeconds } = options
  const path = `/api/workers/${encodeURIComponent(worker)}/pick`
  // Sent again, it is the same question: a run that was given in an answer that got lost is given again.
  const body = (): PickRequest => ({ session, pick: number, ...vitals(), ...machine, wait: waitSeconds })
  const answer = await link.post<Assignment | null>(path, body, signal, waitSeconds + PICK_SPARE_SECONDS)
  if (answer !== null && !(Number.isInteger(answer.run) && answer.job)) {
    throw new Error(
      `${link.url} answered a pick with ${JSON.stringify(answer).slice(0, 200)}: is it a Coalition server?`,
    )
  }
  return answer
}

/** Answers whether the server heard the last that was said to it. */
async function hold(
  { run: id, job }: Assignment,
  pick: number,
  options: SlotOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { log, worker, session, link, vitals, heartbeatSeconds } = options
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
  const holder = { worker, session, pick, id, link, vitals, heartbeatSeconds }
  try {
    let outcome: Outcome = await report(run, holder, signal)
    if (outcome === 'stopped' && !interrupted) outcome = await report(run, holder, AbortSignal.timeout(FAREWELL_MS))
    // Gone before the job is given back: the next worker must not meet this one's processes in the same files.
    await run.kill()
    const heard = outcome !== 'stopped' || (interrupted && (await release(id, options)))
    log(`#${job.id} ${ending(outcome, interrupted, run)} after ${Math.round((performance.now() - began) / 1000)} s`)
    return heard
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

async function release(id: number, options: SlotOptions): Promise<boolean> {
  const { worker, session } = options
  const body = (): ReleaseRequest => ({ worker, session })
  const sent = options.link.post<RunAnswer>(`/api/runs/${id}/release`, body, AbortSignal.timeout(FAREWELL_MS))
  const heard = (await farewell(sent, options)) !== undefined
  if (heard) options.log(`gave run ${id} back`)
  return heard
}

/** A pick that was cut off may have been given a job, of which we do not know the run: that goes back, and the name is free. */
async function leave(options: SlotOptions): Promise<void> {
  const body = (): LeaveRequest => ({ session: options.session })
  const path = `/api/workers/${encodeURIComponent(options.worker)}/leave`
  await farewell(options.link.post<null>(path, body, AbortSignal.timeout(IDLE_FAREWELL_MS)), options)
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
