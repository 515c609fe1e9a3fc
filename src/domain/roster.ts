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

type Seen = Pick<WorkerRow, 'name' | 'affinity' | 'active' | 'state' | 'host' | 'memory' | 'cores' | 'gpus'>

/** Active workers by kind: they are thousands, their kinds dozens. What is asked of all workers is asked of the kinds. */
export class Roster {
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

  /** The host of a worker that is present. */
  hostOf(name: string): string | undefined {
    return this.#hosts.get(name)
  }

  kindOf(name: string): Kind | undefined {
    return this.#kindOf.get(name)
  }

  /** A worker came, or is otherwise than it was. */
  see(row: Seen): void {
    const key = isPresent(row) ? keyOf(row) : undefined
    const before = this.#kindOf.get(row.name)
    if (key !== undefined) this.#hosts.set(row.name, hostOf(row))
    if (before?.key === key) return
    if (key === undefined) {
      this.forget(row.name)
      return
    }
    this.#leave(row.name)
    const { affinity, memory, cores, gpus } = row
    const kind = this.#kinds.get(key) ?? { key, affinity, memory, cores, gpus, members: new Set(), served: false }
    this.#kinds.set(key, kind)
    kind.members.add(row.name)
    this.#kindOf.set(row.name, kind)
  }

  forget(name: string): void {
    this.#leave(name)
    this.#hosts.delete(name)
  }

  #leave(name: string): void {
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
  if (keyOf(before) !== keyOf(after) || isPresent(before) !== isPresent(after)) showOnRoster(tx, before, after)
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
const isPresent = ({ active, state }: Seen) => active === 1 && (state === 'WAITING' || state === 'WORKING')

const keyOf = ({ affinity, memory, cores, gpus }: Seen) => `${memory},${cores},${gpus}\n${affinity}`
