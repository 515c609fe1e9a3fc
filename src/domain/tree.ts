import type { Db } from '../db/open.ts'
import { Changes } from './changes.ts'
import { type Counts, countsOf, difference, type Leaf, NO_COUNTS, sum, totalsOf } from './counts.ts'
import { add, Group } from './group.ts'
import { COUNTERS, prepareGroupRows } from './groupRows.ts'
import type { NeedSets } from './needs.ts'
import { groupState } from './states.ts'

/** A change, and how to take it back; `ofTree`: not needed where the tree is built anew. */
interface Change {
  undo: () => void
  ofTree: boolean
}

/**
 * The tree of groups, in memory; leaves stay in the database. It is built from the rows at start, changed only inside the
 * transaction that changes the rows, and written back at the commit: the truth is the database alone.
 *
 * A leaf that changes moves counters at its ancestors, nothing else; a pause, a priority, a dependency of a group is a
 * change at one node and its ancestors, whatever hangs below. Every method here either has an inverse in the journal, or
 * (`forget`) has the tree built anew if the transaction fails.
 */
export class Tree {
  /** The root: id 0, no row. It is never held, and counts the whole farm. */
  root = new Group(0)
  #groups = new Map<number, Group>()
  #journal: Change[] = []
  #rebuild = false
  #dirty = new Set<Group>()
  /** Groups and leaves that became FINISHED (+1) or left it (−1) in this operation; their dependents are told. */
  flips = new Map<number, number>()
  #rows

  constructor(
    db: Db,
    private readonly needs: NeedSets,
    private readonly changes = new Changes(),
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
    this.#journal.push({ undo: () => this.moveLeaf(after, before), ofTree: true })
    if (before?.parent !== after?.parent) {
      if (before) this.changes.members(before.parent)
      if (after) this.changes.members(after.parent)
    }
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
    this.changes.members(parent.id)
    this.#touch(group)
    this.#count(parent, totalsOf(group, 1), false)
    this.#offer(group, 1)
    this.#journal.push({ undo: () => this.detach(group), ofTree: true })
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
    this.#journal.push({ undo: forget, ofTree: true })
    for (const group of below.toReversed()) {
      this.#groups.set(group.id, group)
      this.#touch(group)
      for (const child of group.children) sum(group, totalsOf(child, 1))
      this.#gather(group)
      group.state = groupState(group, group.paused, group.unfinished)
    }
    this.attach(top, parent)
  }

  /** Takes a group, and all below it, out of its parent. */
  detach(group: Group): void {
    const parent = group.parent ?? this.root
    this.changes.members(parent.id)
    this.#offer(group, -1)
    this.#count(parent, totalsOf(group, -1), false)
    parent.children.delete(group)
    group.parent = null
    this.#groups.delete(group.id)
    this.#dirty.delete(group)
    this.#journal.push({ undo: () => this.attach(group, parent), ofTree: true })
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
    this.#journal.push({ undo: () => this.change(group, was), ofTree: true })
  }

  started(group: Group, time: number): void {
    for (let g: Group | null = group; g && g.id !== 0; g = g.parent) {
      const was = g.start_time
      const node = g
      node.start_time = Math.max(was, time)
      this.#touch(node)
      const undo = () => {
        node.start_time = was
      }
      this.#journal.push({ undo, ofTree: true })
    }
  }

  /**
   * After the leaves below `top` were changed in the database by the statement, not one by one: reads again what they
   * have ready and takes the given counters. `settle` runs while nothing above counts what is below.
   */
  replace(top: Group, settle: (group: Group) => void): void {
    this.#rebuild = true
    this.changes.swept()
    // No way back but anew; it counts as a change all the same, or an operation that fails after it would look like the first.
    this.#journal.push({ undo: () => undefined, ofTree: true })
    const parent = top.parent
    if (parent) {
      this.#offer(top, -1)
      this.#count(parent, totalsOf(top, -1), false)
    }
    const groups = [...this.below(top)]
    for (const group of groups) {
      settle(group)
      group.ready.clear()
      group.queues.clear()
      group.forgetHeads()
      this.#touch(group)
    }
    for (const group of groups.reverse()) {
      this.#gather(group)
      this.#restate(group)
    }
    if (parent) {
      this.#count(parent, totalsOf(top, 1), false)
      this.#offer(top, 1)
    }
  }

  /** Takes a group and all below it out for good: they are being deleted. */
  forget(top: Group): void {
    this.#rebuild = true
    this.changes.swept()
    const below = [...this.below(top)]
    this.detach(top)
    for (const group of below) {
      this.#groups.delete(group.id)
      this.#dirty.delete(group)
      this.changes.gone(group.id)
    }
  }

  /** What else in memory goes back with this operation. */
  onUndo(undo: () => void): void {
    this.#journal.push({ undo, ofTree: false })
  }

  // Companion of the commit (db/commit.ts).

  mark(): number {
    this.flips.clear()
    this.changes.mark()
    return this.#journal.length
  }

  undo(mark: number): boolean {
    this.flips.clear()
    if (this.#rebuild && mark > 0) return false
    while (this.#journal.length > mark) {
      const { undo, ofTree } = this.#journal.pop() as Change
      const length = this.#journal.length
      if (!this.#rebuild || !ofTree) undo()
      this.#journal.length = length
    }
    if (this.#rebuild) this.load()
    this.flips.clear()
    this.changes.undo(mark === 0)
    return true
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
    this.#rebuild = false
    this.changes.committed()
  }

  /** Builds the tree from the rows: one pass over the groups, one over the index of ready leaves. */
  load(): void {
    this.root = new Group(0)
    this.#groups.clear()
    this.#dirty.clear()
    this.#rebuild = false
    const rows = this.#rows.groups.all()
    for (const row of rows) {
      const group = new Group(row.id, row.priority, row.needs_id)
      for (const name of COUNTERS) if (name !== 'paused') Object.assign(group, { [name]: row[name] })
      group.paused = row.paused === 1
      this.#groups.set(row.id, group)
    }
    for (const row of rows) {
      const group = this.#at(row.id)
      group.parent = this.#at(row.parent)
      group.parent.children.add(group)
    }
    for (const row of this.#rows.ready.all()) this.#at(row.parent).leaves.set(row.needs_id, row['count(*)'])
    const groups = [...this.below(this.root)].reverse()
    for (const group of groups) this.#gather(group)
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

  /** Its row is written at the commit, and told. */
  #touch(group: Group): void {
    this.#dirty.add(group)
    this.changes.job(group.id, group.parent?.id ?? 0)
  }

  #restate(group: Group): void {
    const was = group.state
    group.state = groupState(group, group.paused, group.unfinished)
    this.#touch(group)
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
