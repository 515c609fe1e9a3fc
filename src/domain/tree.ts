import type { Db } from '../db/open.ts'
import { Changes } from './changes.ts'
import { type Counts, countsOf, difference, type Leaf, NO_COUNTS, sum, totalsOf } from './counts.ts'
import { add, Group, type Rules } from './group.ts'
import { COUNTERS, groupOf, prepareGroupRows } from './groupRows.ts'
import { Journal } from './journal.ts'
import type { NeedSets } from './needs.ts'
import { Shares } from './shares.ts'
import { groupState } from './states.ts'

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
  #journal = new Journal()
  #rebuild = false
  #dirty = new Set<Group>()
  /** Groups and leaves that became FINISHED (+1) or left it (−1) in this operation; their dependents are told. */
  flips = new Map<number, number>()
  /** Groups below which the first leaf became FINISHED (+1), or the last one left it (−1). */
  firsts = new Map<number, number>()
  /** Groups whose direct leaves in ERROR changed in this operation, with how many there were before it. */
  errorsBefore = new Map<Group, number>()
  #rows

  constructor(
    db: Db,
    private readonly needs: NeedSets,
    private readonly changes = new Changes(),
    readonly shares = new Shares('fifo', new Map()),
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
    if (before?.parent !== after?.parent) {
      if (before) this.changes.members(before.parent)
      if (after) this.changes.members(after.parent)
    }
    if (before && after && before.parent === after.parent && before.user === after.user) {
      this.#count(this.#at(after.parent), difference(countsOf(after), countsOf(before)), after.user)
    } else {
      if (before) this.#count(this.#at(before.parent), difference(NO_COUNTS, countsOf(before)), before.user)
      if (after) this.#count(this.#at(after.parent), countsOf(after), after.user)
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
    group.lane = this.#laneOf(group)
    parent.children.add(group)
    this.changes.members(parent.id)
    this.#touch(group)
    this.#countBelow(group, parent, 1)
    if (!group.held) this.#offer(group, 1)
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
    if (!group.held) this.#offer(group, -1)
    this.#countBelow(group, parent, -1)
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
  change(group: Group, to: Partial<Rules>): void {
    const { priority, needs, paused, unfinished, max_workers, error_limit, wake_at, user } = group
    const was = { priority, needs, paused, unfinished, max_workers, error_limit, wake_at, user }
    const atRoot = group.parent === this.root
    if (!group.held) this.#offer(group, -1)
    if (atRoot) this.shares.move(group.user, -group.total_working)
    Object.assign(group, to)
    group.lane = this.#laneOf(group)
    if (atRoot) this.shares.move(group.user, group.total_working)
    if (!group.held) this.#offer(group, 1)
    this.#restate(group)
    this.#journal.push(() => this.change(group, was))
  }

  started(group: Group, time: number): void {
    for (let g: Group | null = group; g && g.id !== 0; g = g.parent) {
      const was = g.start_time
      const node = g
      node.start_time = Math.max(was, time)
      this.#touch(node)
      this.#journal.push(() => {
        node.start_time = was
      })
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
    this.#journal.push(() => undefined)
    const parent = top.parent
    if (parent) {
      if (!top.held) this.#offer(top, -1)
      this.#countBelow(top, parent, -1)
    }
    const groups = [...this.below(top)]
    for (const group of groups) {
      const started = group.total_finished > 0
      settle(group)
      if (started && group.total_finished === 0) add(this.firsts, group.id, -1)
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
      this.#countBelow(top, parent, 1)
      if (!top.held) this.#offer(top, 1)
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
    this.#journal.push(undo, false)
  }

  // Companion of the commit (db/commit.ts).

  mark(): number {
    this.#forgetNews()
    this.changes.mark()
    return this.#journal.length
  }

  undo(mark: number): boolean {
    this.#forgetNews()
    if (this.#rebuild && mark > 0) return false
    this.#journal.undo(mark, !this.#rebuild)
    if (this.#rebuild) this.load()
    this.#forgetNews()
    this.changes.undo(mark === 0)
    return true
  }

  #forgetNews(): void {
    this.flips.clear()
    this.firsts.clear()
    this.errorsBefore.clear()
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
    this.#journal.clear()
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
      this.#groups.set(row.id, groupOf(row, this.shares.name(row.user)))
    }
    for (const row of rows) {
      const group = this.#at(row.id)
      group.parent = this.#at(row.parent)
      group.lane = this.#laneOf(group)
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

  /** Adds counters to a group and all its ancestors; `leafOf`: they are of a leaf child of `from`, of this user. */
  #count(from: Group, counts: Counts, leafOf?: string): void {
    if (Object.values(counts).every((count) => count === 0)) return
    if (leafOf !== undefined) {
      from.finished += counts.finished
      from.working += counts.working
      if (counts.errors !== 0 && !this.errorsBefore.has(from)) this.errorsBefore.set(from, from.errors)
      from.errors += counts.errors
      if (from === this.root) this.shares.move(leafOf, counts.working)
    }
    for (let group: Group | null = from; group; group = group.parent) {
      const { held, total_finished } = group
      sum(group, counts)
      if (group === this.root) return
      if (group.parent === this.root) this.shares.move(group.user, counts.working)
      // Full, or broken, or no more: what it has ready is offered accordingly.
      if (group.held !== held) this.#offer(group, held ? 1 : -1)
      if (total_finished > 0 !== group.total_finished > 0) add(this.firsts, group.id, total_finished > 0 ? -1 : 1)
      this.#restate(group)
    }
  }

  /** All that a group counts comes to its parent, or goes. */
  #countBelow(group: Group, parent: Group, sign: 1 | -1): void {
    this.#count(parent, totalsOf(group, sign))
    if (parent === this.root) this.shares.move(group.user, sign * group.total_working)
  }

  #laneOf(group: Group): number {
    return group.parent === this.root ? this.shares.laneOf(group.user) : 0
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
    for (const child of group.children) if (!child.held) this.#offerTo(group, child, 1, false)
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
    this.shares.clear()
    for (const group of root.children) this.shares.move(group.user, group.total_working)
    for (const { user, count } of this.#rows.rootRuns()) this.shares.move(user, count)
    const leaves = this.#rows.rootLeaves()
    if (!leaves) return
    sum(root, leaves)
    root.finished = leaves.finished
    root.errors = leaves.errors
    root.working = leaves.working
  }
}
