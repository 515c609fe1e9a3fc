import { eq } from 'drizzle-orm'
import type { Db } from '../db/open.ts'
import { events, type LimitRow, limits, workers } from '../db/schema.ts'
import type { Need, NeedSets } from './needs.ts'

/** What a host has, or what is taken of it. Memory in MB. */
export interface Resources {
  memory: number
  cores: number
  gpus: number
}

/** A worker as far as limits and resources are concerned. `host` is the worker itself where it names none. */
export interface Place extends Resources {
  host: string
}

/** The host that a worker counts as. */
export const hostOf = ({ name, host }: { name: string; host: string }): string => host || name

interface Held {
  runs: number
  /** Runs by host. */
  hosts: Map<string, number>
}

const NOTHING_TAKEN: Readonly<Resources> = { memory: 0, cores: 0, gpus: 0 }

/**
 * What the runs that go on hold: of the named limits, and of their hosts. Built from the open events at the start, moved
 * with each run; a run counts by what its job needed when it began, whatever is edited later.
 */
export class Usage {
  readonly limits = new Map<string, Omit<LimitRow, 'name'>>()
  #held = new Map<string, Held>()
  #taken = new Map<string, Resources & { runs: number }>()

  constructor(
    db: Db,
    private readonly needs: NeedSets,
  ) {
    for (const { name, ...limit } of db.select().from(limits).all()) this.limits.set(name, limit)
    for (const { set, name, host } of db
      .select({ set: events.needs_id, name: workers.name, host: workers.host })
      .from(events)
      .innerJoin(workers, eq(workers.name, events.worker))
      .where(eq(events.state, 'WORKING'))
      .all())
      this.move(set, hostOf({ name, host }), 1)
  }

  /** A run begins (1) or ends (−1). Its own inverse. */
  move(set: number, host: string, by: 1 | -1): void {
    const need = this.needs.at(set)
    for (const name of need.limits) this.#hold(name, host, by)
    if (!takes(need)) return
    const taken = this.#taken.get(host) ?? { ...NOTHING_TAKEN, runs: 0 }
    this.#taken.set(host, taken)
    taken.memory += by * need.memory
    taken.cores += by * need.cores
    taken.gpus += by * need.gpus
    taken.runs += by
    if (taken.runs === 0) this.#taken.delete(host)
  }

  /** Whether a worker there may begin a run that needs this. */
  allows(need: Need, place: Place): boolean {
    for (const name of need.limits) if (this.isFull(name, place.host)) return false
    return !takes(need) || this.hasRoom(need, place)
  }

  /** Whether one more run on this host would go over a limit. A name without a limit is never full. */
  isFull(name: string, host: string): boolean {
    const limit = this.limits.get(name)
    if (!limit) return false
    const held = this.#held.get(name)
    if (limit.per === 'run') return (held?.runs ?? 0) >= limit.max
    return !held?.hosts.has(host) && (held?.hosts.size ?? 0) >= limit.max
  }

  /** How much of a limit is in use: runs, or hosts. */
  used(name: string): number {
    const held = this.#held.get(name)
    return (this.limits.get(name)?.per === 'host' ? held?.hosts.size : held?.runs) ?? 0
  }

  hasRoom(need: Resources, place: Place): boolean {
    const taken = this.taken(place.host)
    return fitsIn(need, {
      memory: place.memory - taken.memory,
      cores: place.cores - taken.cores,
      gpus: place.gpus - taken.gpus,
    })
  }

  /** Whether runs there hold anything, of the host or of a limit. */
  isInUse(host: string): boolean {
    return this.#taken.has(host) || this.#held.values().some(({ hosts }) => hosts.has(host))
  }

  taken(host: string): Readonly<Resources> {
    return this.#taken.get(host) ?? NOTHING_TAKEN
  }

  #hold(name: string, host: string, by: 1 | -1): void {
    const held = this.#held.get(name) ?? { runs: 0, hosts: new Map() }
    this.#held.set(name, held)
    held.runs += by
    const there = (held.hosts.get(host) ?? 0) + by
    if (there === 0) held.hosts.delete(host)
    else held.hosts.set(host, there)
    if (held.runs === 0) this.#held.delete(name)
  }

  /** For tests that compare with a recount. */
  portrait() {
    return {
      held: [...this.#held].map(([name, { runs, hosts }]) => [name, runs, [...hosts].sort()] as const).sort(),
      taken: [...this.#taken].sort(([a], [b]) => (a < b ? -1 : 1)),
    }
  }
}

const takes = ({ memory, cores, gpus }: Resources) => memory > 0 || cores > 0 || gpus > 0

/** What is not asked for is not looked at: a host that declares nothing runs what declares nothing. */
export const fitsIn = (need: Resources, room: Resources): boolean =>
  (need.memory === 0 || need.memory <= room.memory) &&
  (need.cores === 0 || need.cores <= room.cores) &&
  (need.gpus === 0 || need.gpus <= room.gpus)
