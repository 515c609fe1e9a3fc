import { sql } from 'drizzle-orm'
import { hot } from '../db/hot.ts'
import type { Db } from '../db/open.ts'
import { needs } from '../db/schema.ts'

/** What a job needs of the farm to run. Of a whole path it is all names together, and the most of each resource. */
export interface Need {
  /** Names that one line of the worker's affinity must have; sorted. */
  affinity: readonly string[]
  /** Named limits that the run counts in; sorted. */
  limits: readonly string[]
  /** MB */
  memory: number
  cores: number
  gpus: number
  /** The worker that failed it last: another one that fits goes first. Empty: none. */
  avoid: string
}

export const NO_NEED: Need = { affinity: [], limits: [], memory: 0, cores: 0, gpus: 0, avoid: '' }

/** Ids are below: a farm has dozens. */
const MOST_SETS = 2 ** 26

/** The set of nothing: what most jobs need. */
export const NOTHING = 0

/**
 * What jobs need, interned: equal sets have equal ids, so that counters and the index of ready leaves are keyed by a small
 * number. A farm has dozens of sets, whatever the number of its jobs. Sets that only arise as unions along a path stay in
 * memory; one that a job or a run has is written in the commit that needs it.
 */
export class NeedSets {
  #sets: Need[] = [NO_NEED]
  #ids = new Map<string, number>([[keyOf(NO_NEED), NOTHING]])
  /** By both ids in one number: to put them into a text was a fiftieth of a cycle. */
  #unions = new Map<number, number>()
  #saved = new Set<number>([NOTHING])
  #unsaved = new Set<number>()
  /** Workers that some job has failed on: most have not, and are not asked further. */
  readonly avoided = new Set<string>()
  #insert
  /** Counts renamings: what was remembered of names is worth nothing after one. */
  generation = 0

  constructor(db: Db) {
    const columns = ['id', 'affinity', 'limits', 'memory', 'cores', 'gpus', 'avoid'] as const
    this.#insert = hot(
      db,
      db
        .insert(needs)
        .values(Object.fromEntries(columns.map((name) => [name, sql.placeholder(name)])) as never)
        .onConflictDoUpdate({ target: needs.id, set: { affinity: sql`excluded.affinity` } }),
    )
    for (const { id, affinity, limits, ...rest } of db.select().from(needs).orderBy(needs.id).all()) {
      const set: Need = { ...rest, affinity: namesOf(affinity), limits: namesOf(limits) }
      this.#sets[id] = set
      this.#ids.set(keyOf(set), id)
      this.#saved.add(id)
      if (set.avoid) this.avoided.add(set.avoid)
    }
  }

  at(id: number): Need {
    return this.#sets[id] ?? NO_NEED
  }

  /** The affinities of a set, sorted. */
  names(id: number): readonly string[] {
    return this.at(id).affinity
  }

  /** The affinities as the API answers them. */
  text(id: number): string {
    return this.names(id).join(',')
  }

  /** The set of these needs, for a job or a run to keep. */
  intern(need: Partial<Need>): number {
    const id = this.#intern({ ...NO_NEED, ...need })
    if (!this.#saved.has(id)) this.#unsaved.add(id)
    return id
  }

  /** A set that a job or a run keeps from now on, though it came up as a union. */
  keep(id: number): number {
    if (!this.#saved.has(id)) this.#unsaved.add(id)
    return id
  }

  /** The same needs with some of them changed. */
  with(id: number, change: Partial<Need>): number {
    return this.intern({ ...this.at(id), ...change })
  }

  /** The same needs, with no worker to avoid. */
  forgiven(id: number): number {
    return this.at(id).avoid === '' ? id : this.with(id, { avoid: '' })
  }

  union(a: number, b: number): number {
    if (a === b || b === NOTHING) return a
    if (a === NOTHING) return b
    const key = Math.min(a, b) * MOST_SETS + Math.max(a, b)
    const known = this.#unions.get(key)
    if (known !== undefined) return known
    const [one, other] = [this.at(a), this.at(b)]
    const id = this.#intern({
      affinity: together(one.affinity, other.affinity),
      limits: together(one.limits, other.limits),
      memory: Math.max(one.memory, other.memory),
      cores: Math.max(one.cores, other.cores),
      gpus: Math.max(one.gpus, other.gpus),
      avoid: one.avoid || other.avoid,
    })
    this.#unions.set(key, id)
    return id
  }

  /** Every set with a worker to avoid. */
  avoiding(): number[] {
    return this.#sets.flatMap((set, id) => (set?.avoid ? [id] : []))
  }

  /** Every set of which one affinity is among these. */
  having(names: readonly string[]): number[] {
    return this.#sets.flatMap((set, id) => (set?.affinity.some((name) => names.includes(name)) ? [id] : []))
  }

  /**
   * Calls affinities otherwise in every set that has them. Sets keep their ids, so no job is touched; two sets can become
   * equal, which only means that they are counted apart. Answers how to take it back.
   */
  rename(names: ReadonlyMap<string, string>): () => void {
    const before = this.#sets
    const ids = this.#ids
    const unions = new Map(this.#unions)
    this.#sets = before.map((set) => (set.affinity.some((name) => names.has(name)) ? renamed(set, names) : set))
    this.#ids = new Map()
    for (const [id, set] of this.#sets.entries()) {
      if (!set) continue
      if (set !== before[id] && this.#saved.has(id)) this.#unsaved.add(id)
      const key = keyOf(set)
      if (!this.#ids.has(key)) this.#ids.set(key, id)
    }
    this.generation++
    return () => {
      // Sets that came up since keep their ids, for they may wait to be saved. Unions must be those by which the tree counts.
      for (const [id, set] of this.#sets.entries())
        if (id >= before.length && set) {
          before[id] = set
          if (!ids.has(keyOf(set))) ids.set(keyOf(set), id)
        }
      this.#sets = before
      this.#ids = ids
      this.#unions = unions
      this.generation++
    }
  }

  /** Writes the sets that jobs and runs have come to use. */
  save(): void {
    for (const id of this.#unsaved) {
      const { affinity, limits, ...rest } = this.at(id)
      this.#insert.run({ ...rest, id, affinity: affinity.join(','), limits: limits.join(',') })
    }
  }

  /** What `save` wrote is for good. */
  saved(): void {
    for (const id of this.#unsaved) this.#saved.add(id)
    this.#unsaved.clear()
  }

  #intern(need: Need): number {
    const key = keyOf(need)
    let id = this.#ids.get(key)
    if (id === undefined) {
      id = this.#sets.length
      this.#sets.push(need)
      this.#ids.set(key, id)
      if (need.avoid) this.avoided.add(need.avoid)
    }
    return id
  }
}

/** Names hold neither commas nor newlines. */
const keyOf = ({ affinity, limits, memory, cores, gpus, avoid }: Need) =>
  [affinity.join(','), limits.join(','), memory, cores, gpus, avoid].join('\n')

const together = (a: readonly string[], b: readonly string[]) =>
  b.length === 0 ? a : a.length === 0 ? b : [...new Set([...a, ...b])].sort()

const renamed = (set: Need, names: ReadonlyMap<string, string>): Need => ({
  ...set,
  affinity: [...new Set(set.affinity.map((name) => names.get(name) ?? name))].sort(),
})

/** Trimmed, sorted, without doubles (`behaviour.md`, "Job"). */
export function namesOf(text: string): string[] {
  return [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== '').sort()
}

/**
 * MB as they are counted. What people write, in halves of 1,000 or whole 1,024 MB, is exact: four jobs of 16,000 fill a
 * worker of 64,000. All else, as what a tool has estimated, is rounded up to the next eighth of its power of two: some 160
 * classes from 1 MB to 1 TB, where every job could have a figure of its own. At most an eighth is asked for too much.
 */
export function memoryClass(mb: number): number {
  if (mb % 500 === 0 || mb % 1024 === 0) return mb
  const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, mb))) - 3)
  return Math.ceil(mb / step) * step
}
