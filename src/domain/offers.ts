import { add, type Group } from './group.ts'
import type { NeedSets } from './needs.ts'

/**
 * What groups have ready, offered from each to its parent unless it is held: so a pick sees at the root what there is, and
 * goes down without looking at what it does not take.
 */
export class Offers {
  constructor(private readonly needs: NeedSets) {}

  /** So many more leaves of a group itself are ready that need this set. */
  leaves(group: Group, set: number, by: number): void {
    add(group.leaves, set, by)
    this.#ready(group, set, by)
  }

  /** Gives all that a group has ready to its ancestors (1), or takes it from them (−1). */
  all(group: Group, sign: 1 | -1): void {
    if (group.parent) this.#give(group.parent, group, sign, true)
  }

  /** Counts anew what a group has ready: its leaves, and what its children, which were counted before, offer. */
  gather(group: Group): void {
    for (const [set, count] of group.leaves) add(group.ready, set, count)
    for (const child of group.children) if (!child.held) this.#give(group, child, 1, false)
  }

  /** Ready leaves came or went below `from`: every ancestor up to the first held one counts them. */
  #ready(from: Group, below: number, by: number): void {
    let set = below
    for (let group: Group | null = from; group; group = group.parent) {
      const was = add(group.ready, set, by)
      if (group.held || !group.parent) return
      const above = this.needs.union(set, group.needs)
      if (was === 0) group.parent.enqueue(above, group)
      else if (was + by === 0 && !this.#has(group, above)) group.parent.dequeue(above, group)
      set = above
    }
  }

  /** Whether a group has something ready that needs just this set, its own needs included. */
  #has(group: Group, above: number): boolean {
    for (const set of group.ready.keys()) if (this.needs.union(set, group.needs) === above) return true
    return false
  }

  #give(parent: Group, group: Group, sign: 1 | -1, upwards: boolean): void {
    for (const [set, count] of group.ready) {
      const above = this.needs.union(set, group.needs)
      if (sign === 1) parent.enqueue(above, group)
      else parent.dequeue(above, group)
      if (upwards) this.#ready(parent, above, sign * count)
      else add(parent.ready, above, count)
    }
  }
}
