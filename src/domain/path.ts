/** What a job's place in the tree says of it. */
import type { JobRow } from '../db/schema.ts'
import type { Core } from './core.ts'
import type { Group } from './group.ts'

/** A group and those that it is in, the nearest first, without the root. What happens with each run has loops of its own below. */
export function* upFrom(group: Group | null | undefined): Generator<Group> {
  for (let above = group; above && above.id !== 0; above = above.parent) yield above
}

/** All that a leaf needs: its own needs and those of its groups. */
export function pathNeeds({ tree, needs }: Pick<Core, 'tree' | 'needs'>, parent: number, needs_id: number): number {
  let set = needs_id
  for (let group = tree.get(parent); group; group = group.parent ?? undefined) set = needs.union(set, group.needs)
  return set
}

/** The root job that a job is in; itself, when it is one. */
export function rootOf({ tree }: Pick<Core, 'tree'>, { id, parent }: Pick<JobRow, 'id' | 'parent'>): number {
  let root = id
  for (let group = tree.get(parent); group && group.id !== 0; group = group.parent ?? undefined) root = group.id
  return root
}
