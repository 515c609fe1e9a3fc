/** Who could take a job, and what would go before it. */
import { sql } from 'drizzle-orm'
import type { JobRow } from '../db/schema.ts'
import type { Core } from '../domain/core.ts'
import type { Group } from '../domain/group.ts'
import { NOTHING } from '../domain/needs.ts'
import type { Kind } from '../domain/roster.ts'
import { fitsIn } from '../domain/usage.ts'
import { cachedLines, kindFits, type Line } from './asker.ts'

/** Jobs before another are counted so far, no further: a queue of ten thousand and one of a million are the same to wait in. */
export const MOST_COUNTED = 10_000

export interface Fitting {
  /** Active workers that show signs of life, whose affinity and machine fit, and who are not blocked. */
  names: string[]
  /** Of each kind of them: the first line that covers the job, and those that go before it. */
  kinds: { kind: Kind; line: Line; earlier: readonly Line[] }[]
}

export function fittingWorkers(core: Core, needed: number, root: number): Fitting {
  const fitting: Fitting = { names: [], kinds: [] }
  for (const kind of core.roster.kinds) {
    if (!kindFits(core, kind, needed)) continue
    const lines = cachedLines(core, kind.affinity)
    const at = lines.findIndex((line) => line(needed))
    const names = [...kind.members].filter((name) => !core.blocklist.of(name).has(root))
    const line = lines[at]
    if (!line || names.length === 0) continue
    for (const name of names) fitting.names.push(name)
    fitting.kinds.push({ kind, line, earlier: lines.slice(0, at) })
  }
  return fitting
}

/**
 * Ready leaves that a worker would take first: all that fit an earlier line of it, and in the line of this one those of
 * higher rank beside it, and all below the groups of higher rank beside each of its ancestors. With order = "fair" it is
 * how many would go first if nothing began or ended meanwhile, but that leaves at the root of other users are not counted.
 */
export function countBefore(
  { tree, needs, usage, db }: Core,
  row: JobRow,
  { kind, line, earlier }: Fitting['kinds'][number],
): number {
  const { shares } = tree
  const can = (set: number) => {
    const need = needs.at(set)
    return fitsIn(need, kind) && !need.limits.some((name) => usage.isFull(name, ''))
  }
  const sooner: Line = (set) => earlier.some((each) => each(set)) && can(set)
  const fits: Line = (set) => line(set) && can(set) && !earlier.some((each) => each(set))
  let before = 0
  for (const [set, count] of tree.root.ready) if (sooner(set)) before += count
  let at: Pick<JobRow, 'id' | 'priority' | 'parent' | 'user'> = row
  const paths = pathSets(tree.get(row.parent), needs.union.bind(needs))
  for (let group = tree.get(row.parent); group; group = group.parent ?? undefined) {
    const path = paths.get(group) ?? NOTHING
    const fair = group === tree.root && shares.isFair
    for (const set of group.leaves.keys())
      if (fits(needs.union(path, set)))
        before += db.all<unknown>(
          sql`select 1 from jobs where parent = ${group.id} and needs_id = ${set} and ready = 1 and (priority > ${at.priority}
            or (priority = ${at.priority} and id < ${at.id} ${fair ? sql`and user = ${at.user}` : sql``})) limit ${MOST_COUNTED + 1}`,
        ).length
    const goesFirst = (child: Group) =>
      child.priority - at.priority || (fair ? shares.of(at.user) - shares.of(child.user) : 0) || at.id - child.id
    for (const child of group.children)
      if (!child.held && goesFirst(child) > 0)
        for (const [set, count] of child.ready)
          if (fits(needs.union(path, needs.union(set, child.needs)))) before += count
    if (before > MOST_COUNTED) return before
    at = { id: group.id, priority: group.priority, parent: group.parent?.id ?? 0, user: group.user }
  }
  return before
}

/** What each group on the way up adds to what is below it, itself included. */
function pathSets(bottom: Group | undefined, union: (a: number, b: number) => number): Map<Group, number> {
  const up: Group[] = []
  for (let group = bottom; group; group = group.parent ?? undefined) up.push(group)
  const sets = new Map<Group, number>()
  let set = NOTHING
  for (const group of up.reverse()) {
    set = union(set, group.needs)
    sets.set(group, set)
  }
  return sets
}
