import BTree from 'sorted-btree'
import type { JobState } from '../db/schema.ts'

/** The order in which a worker sees the children of a group: the highest priority, then the oldest. */
export interface Rank {
  priority: number
  id: number
}
export const byRank = (a: Rank, b: Rank): number => b.priority - a.priority || a.id - b.id

/** The place in a queue. Where users share the farm, each has a lane among the root jobs of one priority; elsewhere all are in 0. */
export interface Place extends Rank {
  lane: number
}
const byPlace = (a: Place, b: Place): number => b.priority - a.priority || a.lane - b.lane || a.id - b.id

/** Groups that have something ready, in the order in which they are entered. */
export class Queue {
  #groups = new BTree<Place, Group>(undefined, byPlace)
  #first: Group | undefined

  get size(): number {
    return this.#groups.size
  }

  /** Remembered: each pick looks at that of every queue at the root, and takes one of them. */
  get first(): Group | undefined {
    this.#first ??= this.#groups.nextHigherPair(undefined)?.[1]
    return this.#first
  }

  after(place: Place): Group | undefined {
    return this.#groups.nextHigherPair(place)?.[1]
  }

  add(group: Group): void {
    const { priority, lane, id } = group
    this.#groups.set({ priority, lane, id }, group)
    if (this.#first && byPlace(group, this.#first) < 0) this.#first = group
  }

  delete(group: Group): void {
    this.#groups.delete(group)
    if (group === this.#first) this.#first = undefined
  }

  get groups(): Group[] {
    return this.#groups.valuesArray()
  }
}

/** A group in memory: its counters, and how many leaves below it are ready, by the set of names they need. */
export class Group implements Place {
  parent: Group | null = null
  paused = false
  /** How many of its own dependencies are not FINISHED. */
  unfinished = 0
  /** How many leaves below may run at once, 0: any number. */
  max_workers = 0
  /** So many leaves below in ERROR hold the rest, 0: never. */
  error_limit = 0
  /** Held until then, 0: not by time. */
  wake_at = 0
  user = ''
  lane = 0
  state: JobState = 'WAITING'
  start_time = 0
  /** Something depends on it, or did once, or was about to: nobody else has to be looked for. */
  waited = false

  // Direct leaf children.
  finished = 0
  errors = 0
  working = 0
  // All leaf descendants.
  total = 0
  total_finished = 0
  total_errors = 0
  total_working = 0
  duration = 0
  working_since = 0

  /** The reset as which its leaves read while their rows are rewritten (domain/reset.ts); 0: the rows are right. */
  reset = 0
  /** The same of its leaves in ERROR. */
  resetErrors = 0

  children = new Set<Group>()
  /** Ready leaves that are direct children, by the set that they need. */
  leaves = new Map<number, number>()
  /** The first of these in each set, as far as it is known. */
  #heads = new Map<number, Rank>()
  /**
   * Ready leaves below, by what they need from here down (this group's own needs come on top when its parent counts them).
   * What a held child has ready is not in it.
   */
  ready = new Map<number, number>()
  /** Children that have something ready, by what it needs from the child down, the child's needs included. */
  queues = new Map<number, Queue>()

  constructor(
    readonly id: number,
    public priority = 1000,
    public needs = 0,
  ) {}

  /** Nothing below a group that is held is picked. */
  get held(): boolean {
    return this.paused || this.unfinished > 0 || this.wake_at > 0 || this.isFull || this.isBroken
  }

  get isFull(): boolean {
    return this.max_workers > 0 && this.total_working >= this.max_workers
  }

  get isBroken(): boolean {
    return this.error_limit > 0 && this.total_errors >= this.error_limit
  }

  /** The first ready leaf in a set: remembered from the last time, or found by `seek`. */
  head(set: number, seek: () => Rank | undefined): Rank | undefined {
    const known = this.#heads.get(set)
    if (known) return known
    const head = seek()
    if (head) this.#heads.set(set, head)
    return head
  }

  /** The same, if it is known. */
  knownHead(set: number): Rank | undefined {
    return this.#heads.get(set)
  }

  /** A leaf of a set came, went or changed. */
  forgetHead(set: number): void {
    this.#heads.delete(set)
  }

  enqueue(set: number, child: Group): void {
    let queue = this.queues.get(set)
    if (!queue) {
      queue = new Queue()
      this.queues.set(set, queue)
    }
    queue.add(child)
  }

  dequeue(set: number, child: Group): void {
    const queue = this.queues.get(set)
    if (!queue) return
    queue.delete(child)
    if (queue.size === 0) this.queues.delete(set)
  }
}

/** What of a group decides whether, and when, the leaves below it are picked. */
export type Rules = Pick<
  Group,
  'priority' | 'needs' | 'paused' | 'unfinished' | 'max_workers' | 'error_limit' | 'wake_at' | 'user'
>

/** Adds to a counter that is absent when it is zero; answers what it was. */
export function add(counts: Map<number, number>, key: number, by: number): number {
  const was = counts.get(key) ?? 0
  if (was + by === 0) counts.delete(key)
  else counts.set(key, was + by)
  return was
}
