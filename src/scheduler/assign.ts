import type { Core, Tx } from '../domain/core.ts'
import type { Vitals } from '../domain/live.ts'
import { saveWorker } from '../domain/roster.ts'
import { jobRow } from '../domain/rows.ts'
import { startRun } from '../domain/runs.ts'
import { declare, greet, type Machine, takeRunAway } from '../domain/workers.ts'
import type { Assignment } from '../protocol.ts'
import { askerOf } from './asker.ts'
import { hasWork, pick } from './pick.ts'

/**
 * A worker asks for a job. One that asks while it is thought to be working has crashed: its job goes back to WAITING first.
 * Answers null when there is nothing for it.
 */
export function assign(tx: Tx, name: string, vitals: Vitals, machine: Machine = {}): Assignment | null {
  const before = greet(tx, name, vitals)
  takeRunAway(tx, before, 'LOST')
  // Whoever asks is here: it counts among those who could take what another one failed.
  const there = before.current_event > 0 ? greet(tx, name, {}) : before
  const here = there.state === 'WAITING' ? there : saveWorker(tx, there, { state: 'WAITING' })
  const worker = declare(tx, here, machine)
  const id = worker.active ? pick(tx, askerOf(tx, worker)) : undefined
  if (id === undefined) return null
  const { run, job, takes } = startRun(tx, jobRow(tx, id), worker)
  const { title, command, dir, user, environment, timeout } = job
  return { run, job: { id, title, command, dir, user, environment, timeout, ...takes } }
}

/**
 * Whether an idle worker's question can be answered with nothing at once, without a transaction: it is known, idle already,
 * and there is nothing for it. 10,000 idle workers ask 5,000 times a second.
 */
export function nothingFor(core: Core, name: string, { host, memory, cores, gpus }: Machine = {}): boolean {
  const worker = core.rows.worker.get({ name })
  if (worker?.state !== 'WAITING' || worker.current_event > 0) return false
  const isOther =
    (host ?? worker.host) !== worker.host ||
    (memory ?? worker.memory) !== worker.memory ||
    (cores ?? worker.cores) !== worker.cores ||
    (gpus ?? worker.gpus) !== worker.gpus
  return !isOther && (!worker.active || !hasWork(core, askerOf(core, worker)))
}
