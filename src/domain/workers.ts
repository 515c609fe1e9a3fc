import { inArray } from 'drizzle-orm'
import { type WorkerRow, workers } from '../db/schema.ts'
import { FarmError, notFound } from '../errors.ts'
import type { Worker, WorkerEdit } from '../models.ts'
import { affinityNames } from './affinities.ts'
import type { Core, Tx } from './core.ts'
import type { Vitals } from './live.ts'
import { saveMachine, saveWorker, showOnRoster } from './roster.ts'
import { endRun, leafHeldBy } from './runs.ts'
import { hostOf } from './usage.ts'

/** Workers are kept in memory too (domain/live.ts): names without end, from whoever speaks, must not fill it. */
const MOST_WORKERS = 100_000

/** A worker speaks within an operation: it is made when nobody knows it. */
export function greet(tx: Tx, name: string, vitals: Vitals): WorkerRow {
  let row = tx.roster.row(name)
  if (!row) {
    if (tx.live.workers.size >= MOST_WORKERS)
      throw new FarmError(
        'unavailable',
        `There are ${MOST_WORKERS} workers already: delete those that are gone.`,
        'worker',
      )
    tx.rows.addWorker.run({ name, now: tx.now })
    tx.changes.worker(name)
    row = tx.rows.worker.get({ name }) as WorkerRow
    showOnRoster(tx, undefined, row)
  }
  const { ping_time, ip, cpu, free_memory, total_memory } = row
  tx.after(() => {
    if (!tx.live.workers.has(name))
      tx.live.addWorker({ name, ping_time, ip, cpu, free_memory, total_memory, run: 0, lost: false })
    tx.live.ping(name, tx.now, vitals)
  })
  return row
}

/** What a worker says of its machine when it asks for a job. */
export interface Machine {
  /** The host that it shares with other workers; without it, it is a host of its own. */
  host?: string
  /** MB that jobs may take; without it, all the memory that the machine has. */
  memory?: number
  /** Without it, as many as it reports a load for. */
  cores?: number
  gpus?: number
}

/** A worker that declares nothing has what it reports, as workers of Coalition do. */
export const machineOf = ({ host, memory, cores, gpus }: Machine, vitals: Vitals): Machine => ({
  host,
  memory: memory ?? vitals.total_memory,
  cores: cores ?? vitals.cpu?.length,
  gpus,
})

/** Keeps what a worker declares; what it does not say is as it was. */
export function declare(tx: Tx, row: WorkerRow, { host, memory, cores, gpus }: Machine): WorkerRow {
  return saveMachine(tx, row, {
    host: host ?? row.host,
    memory: memory ?? row.memory,
    cores: cores ?? row.cores,
    gpus: gpus ?? row.gpus,
  })
}

/** Takes away what a worker runs, if anything: the job waits again. */
function takeRunAway(tx: Tx, worker: WorkerRow): void {
  const leaf = leafHeldBy(tx, worker.current_event)
  if (leaf) endRun(tx, leaf, 'STOPPED')
}

/** The same for a worker that cannot be trusted with it any more; answers what to say of it in the job's log. */
export function loseRun(tx: Tx, worker: WorkerRow, why: string): { job: number; text: string } | undefined {
  const leaf = leafHeldBy(tx, worker.current_event)
  if (!leaf) return undefined
  endRun(tx, leaf, 'LOST')
  return { job: leaf.id, text: `${worker.name} ${why}: its run ${leaf.run} is lost, and the job waits again` }
}

/** An agent goes: what it holds waits again, and its name is free for another. */
export function leave(tx: Tx, name: string, session: string): void {
  const held = tx.live.sessions.get(name)
  if (held?.id !== session) return
  const row = tx.roster.row(name)
  if (row) takeRunAway(tx, row)
  tx.after(() => tx.live.sessions.set(name, { ...held, left: true }))
}

export function editWorkers(tx: Tx, edits: Record<string, WorkerEdit>): void {
  const rows = Object.keys(edits).map((name) => workerRow(tx, name, name))
  for (const row of rows) {
    const edit = edits[row.name] ?? {}
    if (edit.affinity !== undefined) saveWorker(tx, row, { affinity: linesText(tx, edit.affinity) })
    if (edit.active !== undefined) setActive(tx, row.name, Boolean(edit.active))
  }
}

/** `active` 0: it gets no job, and what it runs is stopped and waits again. */
export function setWorkersActive(tx: Tx, names: readonly string[], active: boolean): void {
  for (const [i, name] of names.entries()) workerRow(tx, name, String(i))
  for (const name of names) setActive(tx, name, active)
}

function setActive(tx: Tx, name: string, active: boolean): void {
  const row = workerRow(tx, name)
  if (!active) takeRunAway(tx, row)
  saveWorker(tx, workerRow(tx, name), { active: Number(active) })
}

/** As `active` 0, for a machine that is going away: it reads TERMINATED until it asks for a job, whatever it still says of its run. */
export function terminateWorkers(tx: Tx, names: readonly string[]): void {
  for (const [i, name] of names.entries()) takeRunAway(tx, workerRow(tx, name, String(i)))
  for (const name of names) saveWorker(tx, workerRow(tx, name), { state: 'TERMINATED' })
}

export function deleteWorkers(tx: Tx, names: readonly string[]): void {
  for (const [i, name] of names.entries()) takeRunAway(tx, workerRow(tx, name, String(i)))
  for (const name of names) {
    const row = tx.roster.row(name)
    if (row) showOnRoster(tx, row, undefined)
  }
  for (let i = 0; i < names.length; i += 500)
    tx.db
      .delete(workers)
      .where(inArray(workers.name, names.slice(i, i + 500)))
      .run()
  for (const name of names) tx.changes.goneWorker(name)
  tx.after(() => {
    for (const name of names) {
      tx.live.removeWorker(name)
      tx.failures.forget(name)
    }
  })
}

/** Every worker, by name, with the signs of life that are not written yet. */
export function listWorkers(core: Core): Worker[] {
  const rows = core.db.select().from(workers).orderBy(workers.name).all()
  return rows.map((row) => toWorker(core, row))
}

/** Those of the workers that are there. */
export function getWorkers(core: Core, names: Iterable<string>): Worker[] {
  const found: Worker[] = []
  for (const name of names) {
    const row = core.roster.row(name)
    if (row) found.push(toWorker(core, row))
  }
  return found
}

function toWorker({ live, usage }: Core, row: WorkerRow): Worker {
  const signs = live.workers.get(row.name)
  const { memory: taken_memory, cores: taken_cores, gpus: taken_gpus } = usage.taken(hostOf(row))
  const taken = { taken_memory, taken_cores, taken_gpus }
  if (!signs) return { ...row, ...taken }
  const { ping_time, ip, cpu, free_memory, total_memory, lost } = signs
  // Back as soon as it speaks; its row says so when it next asks for a job.
  const state = row.state === 'TIMEOUT' && !lost ? 'WAITING' : row.state
  return { ...row, ...taken, state, ping_time, ip, cpu, free_memory, total_memory }
}

function workerRow(tx: Tx, name: string, field?: string): WorkerRow {
  const row = tx.roster.row(name)
  if (!row) throw notFound(`There is no worker '${name}'.`, field)
  return row
}

/** Affinity lines as they are kept: each trimmed, sorted, without doubles; their order is the worker's preference. */
export function linesText(tx: Tx, text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => affinityNames(tx, line).join(','))
    .filter((line) => line !== '')
    .join('\n')
}
