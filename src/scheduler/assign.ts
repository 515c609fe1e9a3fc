import type { JobRow } from '../db/schema.ts'
import type { Core, Tx } from '../domain/core.ts'
import type { Vitals } from '../domain/live.ts'
import { NOTHING } from '../domain/needs.ts'
import { note } from '../domain/notes.ts'
import { saveWorker } from '../domain/roster.ts'
import { jobRow } from '../domain/rows.ts'
import { leafHeldBy, startRun } from '../domain/runs.ts'
import { keepSession, questionOf, type Speaker } from '../domain/sessions.ts'
import { holdUntold, isTelling } from '../domain/telling.ts'
import type { Resources } from '../domain/usage.ts'
import { declare, greet, loseRun, type Machine } from '../domain/workers.ts'
import type { Assignment } from '../protocol.ts'
import { type Asker, askerOf, askerOfPresent } from './asker.ts'
import { hasWork, pick } from './pick.ts'

/**
 * A worker asks for a job. One that asks while it is thought to be working has crashed: its job goes back to WAITING first.
 * Answers null when there is nothing for it.
 */
export function assign(
  tx: Tx,
  name: string,
  vitals: Vitals,
  speaker: Speaker = {},
  machine: Machine = {},
): Assignment | null {
  const question = questionOf(tx, name, speaker)
  if (question === 'stale') return null
  const before = greet(tx, name, vitals)
  const given = question === 'again' ? (tx.live.sessions.get(name)?.run ?? 0) : 0
  if (given > 0) {
    const leaf = leafHeldBy(tx, given)
    // The answer to the first was lost, or this is an echo of it: the same answer, if it is still true.
    return leaf ? assignment(given, leaf, tx.needs.at(tx.rows.event.get({ id: given })?.needs_id ?? NOTHING)) : null
  }
  keepSession(tx, name, speaker, 0)
  const lost = loseRun(tx, before, 'asked for a job while it held this one')
  // At once: what it gets now may be the same job, whose log then goes on with the output of that run.
  if (lost) note(tx, lost.job, lost.text, tx.now)
  // Whoever asks is here: it counts among those who could take what another one failed.
  const there = before.current_event > 0 ? greet(tx, name, {}) : before
  const here = there.state === 'WAITING' ? there : saveWorker(tx, there, { state: 'WAITING' })
  const worker = declare(tx, here, machine)
  const id = worker.active ? pickTold(tx, askerOf(tx, worker)) : undefined
  const kind = tx.roster.kindOf(name)
  if (kind) kind.served = id !== undefined
  if (id === undefined) return null
  const { run, job, takes } = startRun(tx, jobRow(tx, id), worker)
  keepSession(tx, name, speaker, run)
  return assignment(run, job, takes)
}

/** So many that do not know yet that they wait again are passed over for one worker; then it asks again. */
const MOST_PASSED = 100

/** The pick, of those that know what they wait for (domain/telling.ts). */
function pickTold(tx: Tx, asker: Asker): number | undefined {
  for (let passed = 0; passed < MOST_PASSED; passed++) {
    const id = pick(tx, asker)
    if (id === undefined || !isTelling(tx) || !holdUntold(tx, id)) return id
  }
  return undefined
}

function assignment(
  run: number,
  { id, title, command, dir, user, environment, timeout }: JobRow,
  { memory, cores, gpus }: Resources,
): Assignment {
  return { run, job: { id, title, command, dir, user, environment, timeout, memory, cores, gpus } }
}

/**
 * Whether an idle worker's question can be answered with nothing at once, without a transaction: it is known, idle already,
 * and there is nothing for it. 10,000 idle workers ask 5,000 times a second.
 */
export function nothingFor(
  core: Core,
  name: string,
  { session }: Speaker = {},
  { host, memory, cores, gpus }: Machine = {},
): boolean {
  // A session that is new, or another's, has to be kept first.
  if (core.live.sessions.get(name)?.id !== session) return false
  // On a busy farm there mostly is something: then nothing need be looked at twice. The transaction does it anyway.
  if (core.roster.kindOf(name)?.served || wouldGetSomething(core, name)) return false
  const worker = core.roster.row(name)
  if (worker?.state !== 'WAITING' || worker.current_event > 0) return false
  const isOther =
    (host ?? worker.host) !== worker.host ||
    (memory ?? worker.memory) !== worker.memory ||
    (cores ?? worker.cores) !== worker.cores ||
    (gpus ?? worker.gpus) !== worker.gpus
  return !isOther
}

/** Whether a worker that is active and present would get a job now, by what is in memory of it. */
export function wouldGetSomething(core: Core, name: string): boolean {
  const asker = askerOfPresent(core, name)
  return asker !== undefined && hasWork(core, asker)
}
