import type { Db } from '../db/open.ts'
import { Changes } from './changes.ts'
import { CLEARED, type Counts, countsOf, difference, type Leaf, NO_COUNTS, sum, totalsOf } from './counts.ts'
import { add, Group, type Rules } from './group.ts'
import { COUNTERS, groupOf, prepareGroupRows } from './groupRows.ts'
import { Journal } from './journal.ts'
import type { NeedSets } from './needs.ts'
import { Offers } from './offers.ts'
import { Shares } from './shares.ts'
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
  #journal = new Journal()
  #dirty = new Set<Group>()
  /** Groups and leaves that became FINISHED (+1) or left it (−1) in this operation; their dependents are told. */
  flips = new Map<number, number>()
  /** Groups below which the first leaf became FINISHED (+1), or the last one left it (−1). */
  firsts = new Map<number, number>()
  /** Groups whose direct leaves in ERROR changed in this operation, with how many there were before it. */
  errorsBefore = new Map<Group, number>()
  #offers
  #rows

  constructor(
    db: Db,
    private readonly needs: NeedSets,
    private readonly changes = new Changes(),
    readonly shares = new Shares('fifo', new Map()),
  ) {
    this.#offers = new Offers(needs)
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
  below(top: Group): [Group, ...Group[]] {
    const found: [Group, ...Group[]] = [top]
    // What is found is looked below in its turn.
    for (const group of found) for (const child of group.children) found.push(child)
    return found
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
    if (wasReady) this.#offers.leaves(this.#at(before.parent), before.needs_id, -1)
    if (isReady) this.#offers.leaves(this.#at(after.parent), after.needs_id, 1)
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
    if (!group.held) this.#offers.all(group, 1)
    this.#journal.push(() => this.detach(group))
  }

  /** A group appears with all that was made below it: groups linked to it, and leaves counted in `leaves` and `total`. */
  graft(top: Group, parent: Group): void {
    const below = this.below(top)
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
      this.#offers.gather(group)
      group.state = groupState(group, group.paused, group.unfinished)
    }
    this.attach(top, parent)
  }

  /** Takes a group, and all below it, out of its parent. */
  detach(group: Group): void {
    const parent = group.parent ?? this.root
    this.changes.members(parent.id)
    if (!group.held) this.#offers.all(group, -1)
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
    if (!group.held) this.#offers.all(group, -1)
    if (atRoot) this.shares.move(group.user, -group.total_working)
    Object.assign(group, to)
    group.lane = this.#laneOf(group)
    if (atRoot) this.shares.move(group.user, group.total_working)
    if (!group.held) this.#offers.all(group, 1)
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
   * All leaves below a group read as reset from now on, and so does every group; `below`: the group, and those below it. What
   * they have ready stays as it is, and comes with their rows. Of the groups only those in `waited` have anybody to tell, and
   * no row of one is written: 11,000 of them would take a tenth of a second.
   */
  clear(below: readonly [Group, ...Group[]], number: number, waited: ReadonlySet<number>): void {
    const [top] = below
    const { total_finished: finished, total_errors: errors, duration } = top
    const taken: Counts = { ...NO_COUNTS, finished, errors, duration }
    const cleared = { ...CLEARED, reset: number }
    const before: { group: Group; was: Partial<Group> }[] = []
    this.changes.swept()
    for (const group of below) {
      const { finished, errors, total_finished, total_errors, duration, start_time, reset, state } = group
      const was = { finished, errors, total_finished, total_errors, duration, start_time, reset, state }
      before.push({ group, was })
      if (errors > 0) this.#noteErrors(group)
      if (total_errors > 0) this.#assign(group, cleared)
      else Object.assign(group, cleared)
      group.state = groupState(group, group.paused, group.unfinished)
      this.changes.job(group.id, group.parent?.id ?? 0)
      if (!waited.has(group.id)) continue
      this.flip(group.id, was.state, group.state)
      if (total_finished > 0) add(this.firsts, group.id, -1)
    }
    if (top.parent) this.#count(top.parent, difference(NO_COUNTS, taken))
    this.#journal.push(() => {
      if (top.parent) this.#count(top.parent, taken)
      for (const { group, was } of before.reverse()) this.#assign(group, was)
    })
  }

  /** Other counters may hold a group no more, or again: what it has ready is offered accordingly. */
  #assign(group: Group, counters: Partial<Group>): void {
    const { held } = group
    Object.assign(group, counters)
    if (group.held !== held) this.#offers.all(group, held ? 1 : -1)
  }

  /** The leaves of a group that are in ERROR, which ran for `duration` in all, read as reset from now on. */
  clearErrors(group: Group, duration: number, number: number): void {
    const was = group.resetErrors
    const taken: Counts = { ...NO_COUNTS, errors: group.errors, duration }
    this.changes.swept()
    group.resetErrors = number
    // Nobody runs any of them, so it makes no difference whose they are.
    this.#count(group, difference(NO_COUNTS, taken), '')
    this.#journal.push(() => {
      group.resetErrors = was
      this.#count(group, taken, '')
    })
  }

  /** Rows of some leaves of a group were rewritten after a reset: so many more of a set are ready. */
  addReady(group: Group, set: number, by: number): void {
    group.forgetHead(set)
    this.#offers.leaves(group, set, by)
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
    const below = this.below(top).filter((group) => group !== top)
    const dirty = below.filter((group) => this.#dirty.has(group))
    this.changes.swept()
    this.changes.gone(top.id)
    for (const group of below) {
      this.#groups.delete(group.id)
      this.#dirty.delete(group)
      this.changes.gone(group.id)
    }
    this.#journal.push(() => {
      for (const group of below) this.#groups.set(group.id, group)
      for (const group of dirty) this.#dirty.add(group)
    })
    this.detach(top)
  }

  /** What else in memory goes back with this operation. */
  onUndo(undo: () => void): void {
    this.#journal.push(undo)
  }

  // Companion of the commit (db/commit.ts).

  mark(): number {
    this.#forgetNews()
    this.changes.mark()
    return this.#journal.length
  }

  undo(mark: number): void {
    this.#journal.undo(mark)
    this.#forgetNews()
    this.changes.undo(mark === 0)
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
    this.changes.committed()
  }

  /** Builds the tree from the rows: one pass over the groups, one over the index of ready leaves. */
  load(): void {
    this.root = new Group(0)
    this.#groups.clear()
    this.#dirty.clear()
    const groups = new Map<number, Group>([[0, this.root]])
    const rows = this.#rows.groups.all()
    for (const row of rows) groups.set(row.id, groupOf(row, this.shares.name(row.user)))
    for (const row of rows) {
      const [group, parent] = [groups.get(row.id), groups.get(row.parent)]
      if (!group || !parent) continue
      group.parent = parent
      group.lane = this.#laneOf(group)
      parent.children.add(group)
    }
    // What is being made or deleted is in no group that the root knows.
    for (const group of this.below(this.root)) if (group !== this.root) this.#groups.set(group.id, group)
    for (const row of this.#rows.ready.all()) this.get(row.parent)?.leaves.set(row.needs_id, row['count(*)'])
    for (const row of this.#rows.resetErrors.all()) {
      const group = this.get(row.job_id)
      if (group) group.resetErrors = row.errors
    }
    for (const group of this.below(this.root).reverse()) this.#offers.gather(group)
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
      if (counts.errors !== 0) this.#noteErrors(from)
      from.errors += counts.errors
      if (from === this.root) this.shares.move(leafOf, counts.working)
    }
    for (let group: Group | null = from; group; group = group.parent) {
      const { held, total_finished } = group
      sum(group, counts)
      if (group === this.root) return
      if (group.parent === this.root) this.shares.move(group.user, counts.working)
      // Full, or broken, or no more: what it has ready is offered accordingly.
      if (group.held !== held) this.#offers.all(group, held ? 1 : -1)
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

  #noteErrors(group: Group): void {
    if (!this.errorsBefore.has(group)) this.errorsBefore.set(group, group.errors)
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
