import { sql } from 'drizzle-orm'
import { hot } from '../db/hot.ts'
import type { Db } from '../db/open.ts'
import { needs } from '../db/schema.ts'

/** No names: what most jobs need. */
export const NOTHING = 0

/**
 * Sets of names that jobs need, interned: equal sets have equal ids, so that counters and the index of ready leaves are
 * keyed by a small number. A farm has dozens of sets, whatever the number of its jobs. Sets that only arise as unions
 * along a path stay in memory; one that a job has is written in the commit that needs it.
 */
export class NeedSets {
  #names: (readonly string[])[] = [[]]
  #ids = new Map<string, number>([['', NOTHING]])
  #unions = new Map<string, number>()
  #saved = new Set<number>([NOTHING])
  #unsaved = new Set<number>()
  #insert
  /** Counts renamings: what was remembered of names is worth nothing after one. */
  generation = 0

  constructor(db: Db) {
    this.#insert = hot(
      db,
      db
        .insert(needs)
        .values({ id: sql.placeholder('id'), affinity: sql.placeholder('affinity') })
        .onConflictDoUpdate({ target: needs.id, set: { affinity: sql`excluded.affinity` } }),
    )
    for (const row of db.select().from(needs).orderBy(needs.id).all()) {
      this.#names[row.id] = row.affinity.split(',')
      this.#ids.set(row.affinity, row.id)
      this.#saved.add(row.id)
    }
  }

  /** The names of a set, sorted. */
  names(id: number): readonly string[] {
    return this.#names[id] ?? []
  }

  /** As the API answers it. */
  text(id: number): string {
    return this.names(id).join(',')
  }

  /** The set of these names, for a job to keep. */
  intern(names: readonly string[]): number {
    const id = this.#intern(names)
    if (!this.#saved.has(id)) this.#unsaved.add(id)
    return id
  }

  union(a: number, b: number): number {
    if (a === b || b === NOTHING) return a
    if (a === NOTHING) return b
    const key = a < b ? `${a},${b}` : `${b},${a}`
    const known = this.#unions.get(key)
    if (known !== undefined) return known
    const id = this.#intern([...new Set([...this.names(a), ...this.names(b)])].sort())
    this.#unions.set(key, id)
    return id
  }

  /** Every set of which one name is `name`. */
  having(name: string): number[] {
    return this.#names.flatMap((names, id) => (names?.includes(name) ? [id] : []))
  }

  /**
   * Calls names otherwise in every set that has them. Sets keep their ids, so no job is touched; two sets can become equal,
   * which only means that they are counted apart. Answers how to take it back.
   */
  rename(names: ReadonlyMap<string, string>): () => void {
    const before = this.#names
    const ids = this.#ids
    const unions = new Map(this.#unions)
    this.#names = before.map((set) => (set.some((name) => names.has(name)) ? renamed(set, names) : set))
    this.#ids = new Map()
    for (const [id, set] of this.#names.entries()) {
      if (!set) continue
      if (set !== before[id] && this.#saved.has(id)) this.#unsaved.add(id)
      const key = set.join(',')
      if (!this.#ids.has(key)) this.#ids.set(key, id)
    }
    this.generation++
    return () => {
      // Sets that came up since keep their ids, for they may wait to be saved. Unions must be those by which the tree counts.
      for (const [id, set] of this.#names.entries())
        if (id >= before.length && set) {
          before[id] = set
          if (!ids.has(set.join(','))) ids.set(set.join(','), id)
        }
      this.#names = before
      this.#ids = ids
      this.#unions = unions
      this.generation++
    }
  }

  /** Writes the sets that jobs have come to use. */
  save(): void {
    for (const id of this.#unsaved) this.#insert.run({ id, affinity: this.text(id) })
  }

  /** What `save` wrote is for good. */
  saved(): void {
    for (const id of this.#unsaved) this.#saved.add(id)
    this.#unsaved.clear()
  }

  #intern(names: readonly string[]): number {
    const key = names.join(',')
    let id = this.#ids.get(key)
    if (id === undefined) {
      id = this.#names.length
      this.#names.push(names)
      this.#ids.set(key, id)
    }
    return id
  }
}

const renamed = (set: readonly string[], names: ReadonlyMap<string, string>) =>
  [...new Set(set.map((name) => names.get(name) ?? name))].sort()

/** Trimmed, sorted, without doubles (`behaviour.md`, "Job"). */
export function namesOf(text: string): string[] {
  return [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== '').sort()
}
