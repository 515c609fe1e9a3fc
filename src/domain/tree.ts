import type { Db } from '../db/open.ts'
import { type Counts, countsOf, difference, type Leaf, NO_COUNTS, sum, totalsOf } from './counts.ts'
import { add, Group } from './group.ts'
import { COUNTERS, prepareGroupRows } from './groupRows.ts'
import type { NeedSets } from './needs.ts'
import { groupState } from './states.ts'

/**
 * The tree of groups, in memory; leaves stay in the database. It is built from the rows at start, changed only inside the
 * transaction that changes the rows, and written back at the commit: the truth is the database alone.
 *
 * A leaf that changes moves counters at its ancestors, nothing else; a pause, a priority, a dependency of a group is a
 * change at one node and its ancestors, whatever hangs below. Every method here leaves its inverse in the journal.
 */
export class Tree {
  /** The root: id 0, no row. It is never held, and counts the whole farm. */
  root = new Group(0)
  #groups = new Map<number, Group>()
  /** How to take back each change since the last commit. */
  #journal: (() => void)[] = []
  #dirty = new Set<Group>()
  /** Groups and leaves that became FINISHED (+1) or left it (−1) in this operation; their dependents are told. */
  flips = new Map<number, number>()
  #rows

  constructor(
    db: Db,
    private readonly needs: NeedSets,
  ) {
    this.#rows = prepareGroupRows(db)
    this.load()
  }

  get(id: number): Group | undefined {
    return id === 0 ? this.root : this.#groups.get(id)
  }

  get size(): number {
    return this.#groups.size
  }

  /** A group and every group below it, each before those below it. */
  *below(top: Group): Generator<Group> {
    const stack = [top]
    for (let group = stack.pop(); group; group = stack.pop()) {
      yield group
      for (const child of group.children) stack.push(child)
    }
  }

  // Changes. Each is its own inverse with other arguments.

  /** A leaf appears (`before` null), goes (`after` null) or changes. */
  moveLeaf(before: Leaf | null, after: Leaf | null): void {
    this.#journal.push(() => this.moveLeaf(after, before))
    if (before && after && before.parent === after.parent) {
      this.#count(this.#at(after.parent), difference(countsOf(after), countsOf(before)), true)
    } else {
      if (before) this.#count(this.#at(before.parent), difference(NO_COUNTS, countsOf(before)), true)
      if (after) this.#count(this.#at(after.parent), countsOf(after), true)
    }
    const wasReady = before?.ready === 1
    const isReady = after?.ready === 1
    if (wasReady) this.#at(before.parent).forgetHead(before.needs_id)
    if (isReady) this.#at(after.parent).forgetHead(after.needs_id)
    if (wasReady && isReady && before.parent === after.parent && before.needs_id === after.needs_id) return
    if (wasReady) this.#leafReady(this.#at(before.parent), before.needs_id, -1)
    if (isReady) this.#leafReady(this.#at(after.parent), after.needs_id, 1)
  }

  /** A group appears: empty, or with what it had when it was detached. */
  attach(group: Group, parent: Group): void {
    this.#groups.set(group.id, group)
    group.parent = parent
    parent.children.add(group)
    this.#dirty.add(group)
    this.#count(parent, totalsOf(group, 1), false)
    this.#offer(group, 1)
    this.#journal.push(() => this.detach(group))
  }

  /** A group appears with all that was made below it: groups linked to it, and leaves counted in `leaves` and `total`. */
  graft(top: Group, parent: Group): void {
    const below = [...this.below(top)]
    const forget = () => {
      for (const group of below) {
        this.#groups.delete(group.id)
        this.#dirty.delete(group)
      }
    }
    this.#journal.push(forget)
    for (const group of below.toReversed()) {
      this.#groups.set(group.id, group)
      this.#dirty.add(group)
      for (const child of group.children) sum(group, totalsOf(child, 1))
      this.#gather(group)
      group.state = groupState(group, group.paused, group.unfinished)
    }
    this.attach(top, parent)
  }

  /** Takes a group, and all below it, out of its parent. */
  detach(group: Group): void {
    const parent = group.parent ?? this.root
    this.#offer(group, -1)
    this.#count(parent, totalsOf(group, -1), false)
    parent.children.delete(group)
    group.parent = null
    this.#groups.delete(group.id)
    this.#dirty.delete(group)
    this.#journal.push(() => this.attach(group, parent))
  }

  move(group: Group, parent: Group): void {
    this.detach(group)
    this.attach(group, parent)
  }

  /** Changes what decides whether, and when, the leaves below are picked. */
  change(group: Group, to: Partial<Pick<Group, 'priority' | 'needs' | 'paused' | 'unfinished'>>): void {
    const was = { priority: group.priority, needs: group.needs, paused: group.paused, unfinished: group.unfinished }
    this.#offer(group, -1)
    Object.assign(group, to)
    this.#offer(group, 1)
    this.#restate(group)
    this.#journal.push(() => this.change(group, was))
  }

  started(group: Group, time: number): void {
    for (let g: Group | null = group; g && g.id !== 0; g = g.parent) {
      const was = g.start_time
      const node = g
      node.start_time = Math.max(was, time)
      this.#dirty.add(node)
      const undo = () => {
        node.start_time = was
      }
      this.#journal.push(undo)
    }
  }

  /**
   * All leaves below `top` read as reset from now on, and so does every group. What they have ready stays as it is, and
   * comes with their rows. Of the groups only those in `waited` have anybody to tell, and no row of one is written: 11,000 of
   * them would take a tenth of a second.
   */
  clear(top: Group, number: number, waited: ReadonlySet<number>): void {
    const { total_finished: finished, total_errors: errors, duration } = top
    const taken: Counts = { ...NO_COUNTS, finished, errors, duration }
    const before: { group: Group; was: Partial<Group> }[] = []
    for (const group of this.below(top)) {
      const { finished, errors, total_finished, total_errors, duration, start_time, reset, state } = group
      const was = { finished, errors, total_finished, total_errors, duration, start_time, reset, state }
      before.push({ group, was })
      group.finished = group.errors = group.total_finished = group.total_errors = 0
      group.duration = group.start_time = 0
      group.reset = number
      group.state = groupState(group, group.paused, group.unfinished)
      if (waited.has(group.id)) this.flip(group.id, was.state, group.state)
    }
    if (top.parent) this.#count(top.parent, difference(NO_COUNTS, taken), false)
    const undo = () => {
      for (const { group, was } of before) Object.assign(group, was)
      if (top.parent) this.#count(top.parent, taken, false)
    }
    this.#journal.push(undo)
  }

  /** The leaves of a group that are in ERROR, which ran for `duration` in all, read as reset from now on. */
  clearErrors(group: Group, duration: number, number: number): void {
    const was = group.resetErrors
    const taken: Counts = { ...NO_COUNTS, errors: group.errors, duration }
    group.resetErrors = number
    this.#count(group, difference(NO_COUNTS, taken), true)
    const undo = () => {
      group.resetErrors = was
      this.#count(group, taken, true)
    }
    this.#journal.push(undo)
  }

  /** Rows of some leaves of a group were rewritten after a reset: so many more of a set are ready. */
  addReady(group: Group, set: number, by: number): void {
    group.forgetHead(set)
    this.#leafReady(group, set, by)
    this.#journal.push(() => this.addReady(group, set, -by))
  }

  /** All rows of leaves of a group show its resets. */
  settled(group: Group): void {
    const { reset, resetErrors } = group
    group.reset = group.resetErrors = 0
    this.#dirty.add(group)
    this.#journal.push(() => Object.assign(group, { reset, resetErrors }))
  }

  /** Takes a group and all below it out for good: they are being deleted. */
  forget(top: Group): void {
    const below = [...this.below(top)].filter((group) => group !== top)
    const dirty = below.filter((group) => this.#dirty.has(group))
    for (const group of below) {
      this.#groups.delete(group.id)
      this.#dirty.delete(group)
    }
    const undo = () => {
      for (const group of below) this.#groups.set(group.id, group)
      for (const group of dirty) this.#dirty.add(group)
    }
    this.#journal.push(undo)
    this.detach(top)
  }

  /** What else in memory goes back with this operation. */
  onUndo(undo: () => void): void {
    this.#journal.push(undo)
  }

  // Companion of the commit (db/commit.ts).

  mark(): number {
    this.flips.clear()
    return this.#journal.length
  }

  undo(mark: number): void {
    while (this.#journal.length > mark) {
      const undo = this.#journal.pop()
      const length = this.#journal.length
      undo?.()
      this.#journal.length = length
    }
    this.flips.clear()
  }

  /** Writes the groups that changed: 64 picks below one group in one commit cost one update of it. */
  beforeCommit(): void {
    this.needs.save()
    for (const group of this.#dirty) {
      const values: Record<string, string | number> = { id: group.id }
      for (const name of COUNTERS)
        values[name] = typeof group[name] === 'boolean' ? Number(group[name]) : (group[name] as string | number)
      this.#rows.save.run(values)
    }
  }

  committed(): void {
    this.needs.saved()
    this.#dirty.clear()
    this.#journal.length = 0
  }

  /** Builds the tree from the rows: one pass over the groups, one over the index of ready leaves. */
  load(): void {
    this.root = new Group(0)
    this.#groups.clear()
    this.#dirty.clear()
    const groups = new Map<number, Group>()
    const rows = this.#rows.groups.all()
    for (const row of rows) {
      const group = new Group(row.id, row.priority, row.needs_id)
      for (const name of COUNTERS) if (name !== 'paused') Object.assign(group, { [name]: row[name] })
      group.paused = row.paused === 1
      groups.set(row.id, group)
    }
    for (const row of rows) {
      const group = groups.get(row.id)
      const parent = row.parent === 0 ? this.root : groups.get(row.parent)
      if (!group || !parent) continue
      group.parent = parent
      parent.children.add(group)
    }
    // What is being made or deleted is in no group that the root knows.
    for (const group of this.below(this.root)) if (group !== this.root) this.#groups.set(group.id, group)
    for (const row of this.#rows.ready.all()) this.get(row.parent)?.leaves.set(row.needs_id, row['count(*)'])
    for (const row of this.#rows.resetErrors.all()) {
      const group = this.get(row.job_id)
      if (group) group.resetErrors = row.errors
    }
    for (const group of [...this.below(this.root)].reverse()) this.#gather(group)
    this.#countRoot()
  }

  // The work.

  #at(id: number): Group {
    const group = this.get(id)
    if (!group) throw new Error(`job ${id} is not a group of the tree`)
    return group
  }

  /** Adds counters to a group and all its ancestors; `direct`: they are of a leaf child of `from`. */
  #count(from: Group, counts: Counts, direct: boolean): void {
    if (Object.values(counts).every((count) => count === 0)) return
    if (direct) {
      from.finished += counts.finished
      from.errors += counts.errors
      from.working += counts.working
    }
    for (let group: Group | null = from; group; group = group.parent) {
      sum(group, counts)
      if (group.id !== 0) this.#restate(group)
    }
  }

  #restate(group: Group): void {
    const was = group.state
    group.state = groupState(group, group.paused, group.unfinished)
    this.#dirty.add(group)
    this.flip(group.id, was, group.state)
  }

  /** Notes that a job became FINISHED or left it. */
  flip(id: number, was: string, is: string): void {
    const by = Number(is === 'FINISHED') - Number(was === 'FINISHED')
    if (by !== 0) add(this.flips, id, by)
  }

  #leafReady(group: Group, set: number, by: number): void {
    add(group.leaves, set, by)
    this.#ready(group, set, by)
  }

  /** Ready leaves came or went below `from`: every ancestor up to the first held one counts them. */
  #ready(from: Group, below: number, by: number): void {
    let set = below
    for (let group: Group | null = from; group; group = group.parent) {
      const was = add(group.ready, set, by)
      if (group.held || !group.parent) return
      const above = this.needs.union(set, group.needs)
      if (was === 0) group.parent.enqueue(above, group)
      else if (was + by === 0 && !this.#offers(group, above)) group.parent.dequeue(above, group)
      set = above
    }
  }

  /** Counts anew what a group has ready: its leaves, and what its children, which were counted before, offer. */
  #gather(group: Group): void {
    for (const [set, count] of group.leaves) add(group.ready, set, count)
    for (const child of group.children) this.#offerTo(group, child, 1, false)
  }

  /** Whether a group has something ready that needs just this set, its own needs included. */
  #offers(group: Group, above: number): boolean {
    for (const set of group.ready.keys()) if (this.needs.union(set, group.needs) === above) return true
    return false
  }

  /** Gives all that a group has ready to its ancestors (1), or takes it from them (−1). */
  #offer(group: Group, sign: 1 | -1): void {
    if (group.parent) this.#offerTo(group.parent, group, sign, true)
  }

  #offerTo(parent: Group, group: Group, sign: 1 | -1, upwards: boolean): void {
    if (group.held) return
    for (const [set, count] of group.ready) {
      const above = this.needs.union(set, group.needs)
      if (sign === 1) parent.enqueue(above, group)
      else parent.dequeue(above, group)
      if (upwards) this.#ready(parent, above, sign * count)
      else add(parent.ready, above, count)
    }
  }

  /** The root has no row: it is the sum of what is in it. */
  #countRoot(): void {
    const { root } = this
    for (const group of root.children) sum(root, totalsOf(group, 1))
    const leaves = this.#rows.rootLeaves()
    if (!leaves) return
    sum(root, leaves)
    root.finished = leaves.finished
    root.errors = leaves.errors
    root.working = leaves.working
  }
}
