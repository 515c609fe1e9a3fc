/**
 * How deep the tree may be. What changes in a leaf moves the counters of all the groups that it is in, and each of them is
 * written at the commit: with 1,000 levels a pick and an end took 10 ms each, with 10,000 some 100 ms, and one call that
 * gave each of 10,000 levels an affinity took 70 s. Farms have five levels, or ten.
 */
import { invalid } from '../errors.ts'
import type { Group } from './group.ts'
import { upFrom } from './path.ts'
import type { Tree } from './tree.ts'

/** So many groups may one job be in, one in the other. */
export const DEEPEST = 1000

/** How many groups a job in this one is in; none in the root. */
export function groupsTo(group: Group): number {
  return Array.from(upFrom(group)).length
}

export function refuseDeeper(levels: number, field: string): void {
  if (levels > DEEPEST)
    throw invalid(
      field,
      `A job can be in at most ${DEEPEST} groups, one in the other, and this one would be in ${levels}: put it into a group nearer the root.`,
    )
}

/** A group comes into another one, with all that is below it. */
export function refuseMoveDeeper(tree: Tree, moved: Group, parent: Group, field: string): void {
  const above = groupsTo(parent)
  // Out of what is too deep, by another version, everybody may go.
  if (above + tree.size < DEEPEST || (moved.parent && above <= groupsTo(moved.parent))) return
  let deepest = 0
  const stack = [{ group: moved, levels: 0 }]
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { group, levels } = next
    deepest = Math.max(deepest, levels)
    for (const child of group.children) stack.push({ group: child, levels: levels + 1 })
  }
  refuseDeeper(above + deepest, field)
}
