import type { Db } from '../db/open.ts'
import { type WorkerRow, workers } from '../db/schema.ts'
import type { Tx } from './core.ts'
import { hostOf, type Resources } from './usage.ts'

/** Workers that can take the same jobs, as far as their affinity and their machines say. */
export interface Kind extends Resources {
  key: string
  /** Lines of affinity, separated by newlines. */
  affinity: string
  /** Those that are active and show signs of life. */
  members: Set<string>
  /** The last of them who asked got a job: then the next one mostly gets one too. */
  served: boolean
}

/**
 * The workers, by name, and those that are active by kind: they are thousands, their kinds dozens, and what is asked of all
 * workers is asked of the kinds. Each pick and each end asks for a row, which read from the database took 4 µs.
 */
export class Roster {
  #rows = new Map<string, WorkerRow>()
  #kinds = new Map<string, Kind>()
  #kindOf = new Map<string, Kind>()
  #hosts = new Map<string, string>()

  constructor(db: Db) {
    for (const row of db.select().from(workers).all()) this.see(row)
  }

  get kinds(): Iterable<Kind> {
    return this.#kinds.values()
  }

  get size(): number {
    return this.#kindOf.size
  }

  kind(key: string): Kind | undefined {
    return this.#kinds.get(key)
  }

  /** Its row as it is now, but for its signs of life (domain/live.ts). */
  row(name: string): WorkerRow | undefined {
    return this.#rows.get(name)
  }

  /** A worker has changed in what makes no difference to where it is here. */
  keep(row: WorkerRow): void {
    this.#rows.set(row.name, row)
  }

  /** The host of a worker that is present. */
  hostOf(name: string): string | undefined {
    return this.#hosts.get(name)
  }

  kindOf(name: string): Kind | undefined {
    return this.#kindOf.get(name)
  }

  /** A worker came, or is otherwise than it was. */
  see(row: WorkerRow): void {
    this.keep(row)
    const key = isPresent(row) ? keyOf(row) : undefined
    if (key !== undefined && this.#kindOf.get(row.name)?.key === key) {
      this.#hosts.set(row.name, hostOf(row))
      return
    }
    this.#leave(row.name)
    if (key === undefined) return
    this.#hosts.set(row.name, hostOf(row))
    const { affinity, memory, cores, gpus } = row
    const kind = this.#kinds.get(key) ?? { key, affinity, memory, cores, gpus, members: new Set(), served: false }
    this.#kinds.set(key, kind)
    kind.members.add(row.name)
    this.#kindOf.set(row.name, kind)
  }

  forget(name: string): void {
    this.#rows.delete(name)
    this.#leave(name)
  }

  #leave(name: string): void {
    this.#hosts.delete(name)
    const kind = this.#kindOf.get(name)
    if (!kind) return
    this.#kindOf.delete(name)
    kind.members.delete(name)
    if (kind.members.size === 0) this.#kinds.delete(kind.key)
  }
}

/** The one place where a worker's row changes, but for its signs of life; answers the row as it is now. */
export function saveWorker(tx: Tx, before: WorkerRow, change: Partial<WorkerRow>): WorkerRow {
  const after = { ...before, ...change }
  const { name, state, last_job, current_event, finished, error, active, affinity } = after
  tx.rows.saveWorker.run({ name, state, last_job, current_event, finished, error, active, affinity })
  tx.changes.worker(name)
  if (before.affinity !== affinity || isPresent(before) !== isPresent(after)) showOnRoster(tx, before, after)
  else {
    tx.roster.keep(after)
    tx.tree.onUndo(() => tx.roster.keep(before))
  }
  return after
}

/** What a worker says that its machine has. */
export function saveMachine(tx: Tx, before: WorkerRow, machine: Resources & { host: string }): WorkerRow {
  const { host, memory, cores, gpus } = machine
  if (before.host === host && before.memory === memory && before.cores === cores && before.gpus === gpus) return before
  const after = { ...before, host, memory, cores, gpus }
  tx.rows.saveMachine.run({ name: before.name, host, memory, cores, gpus })
  tx.changes.worker(before.name)
  showOnRoster(tx, before, after)
  return after
}

/** A worker came (`before` undefined), went (`after` undefined), or is another. */
export function showOnRoster({ roster, tree }: Tx, before: WorkerRow | undefined, after: WorkerRow | undefined): void {
  const show = (row: WorkerRow | undefined) => {
    if (row) roster.see(row)
    else roster.forget((before ?? after)?.name ?? '')
  }
  show(after)
  tree.onUndo(() => show(before))
}

/** Active, and heard of. */
const isPresent = ({ active, state }: WorkerRow) => active === 1 && (state === 'WAITING' || state === 'WORKING')

const keyOf = ({ affinity, memory, cores, gpus }: WorkerRow) => `${memory},${cores},${gpus}\n${affinity}`
