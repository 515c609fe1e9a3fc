import type { Database } from 'bun:sqlite'
import { readingAsReset } from './seen.ts'

/** What a group's row says of the leaves below it: the first three of its own, the others of all. */
export const COUNTED = [
  'finished',
  'errors',
  'working',
  'total',
  'total_finished',
  'total_errors',
  'total_working',
  'duration',
  'working_since',
] as const
export type Counted = Record<(typeof COUNTED)[number], number>

export interface CountedGroup extends Counted {
  id: number
  parent: number
  /** The latest start of a leaf below. Not what `start_time` is: that stays when the leaf is reset or goes. */
  latest: number
}

/** Groups by id, each before those below it. */
export interface Recount {
  groups: Map<number, CountedGroup>
  /** Groups that no way from the root leads to. Those that are just being made (submission.ts) are not among them. */
  unreached: number[]
}

interface Leaves {
  parent: number
  state: string
  count: number
  duration: number
  start_time: number
  latest: number
}

/**
 * Counts the leaves of every group anew, from what is seen of their rows (seen.ts). The tree in memory moves the same numbers by deltas
 * (tree.ts); this is what they are held against. Leaves are added up by SQLite along an index, groups are in memory, as
 * they are in the server.
 */
export function recount(sqlite: Database): Recount {
  const found = new Map<number, CountedGroup>()
  const below = new Map<number, CountedGroup[]>()
  for (const { id, parent } of sqlite
    .query<{ id: number; parent: number }, []>(`select id, parent from jobs where command = ''`)
    .iterate()) {
    const group = { id, parent, ...NOTHING_COUNTED, latest: 0 }
    found.set(id, group)
    const siblings = below.get(parent)
    if (siblings) siblings.push(group)
    else below.set(parent, [group])
  }
  const leaves = `
    select parent, iif(r.job_id is null, state, 'WAITING') as state, count(*) as count,
      sum(iif(r.job_id is null, duration, 0)) as duration, sum(start_time) as start_time,
      max(iif(r.job_id is null, start_time, 0)) as latest
    from jobs left join ${readingAsReset('jobs')} where command <> '' group by parent, jobs.state, r.job_id is null`
  for (const row of sqlite.query<Leaves, []>(leaves).iterate()) {
    const group = found.get(row.parent)
    if (group) addLeaves(group, row)
  }

  const groups = reach(0, below)
  const unborn = [...below.keys()].filter((parent) => parent < 0).map((parent) => reach(parent, below))
  const known = (id: number) => groups.has(id) || unborn.some((cradle) => cradle.has(id))
  for (const group of [...groups.values()].reverse()) {
    const above = groups.get(group.parent)
    if (above) addGroup(above, group)
  }
  return { groups, unreached: [...found.keys()].filter((id) => !known(id)) }
}

const NOTHING_COUNTED = Object.fromEntries(COUNTED.map((name) => [name, 0])) as Counted

function reach(top: number, below: ReadonlyMap<number, CountedGroup[]>): Map<number, CountedGroup> {
  const reached = new Map<number, CountedGroup>()
  const stack = [...(below.get(top) ?? [])]
  for (let group = stack.pop(); group; group = stack.pop()) {
    reached.set(group.id, group)
    for (const child of below.get(group.id) ?? []) stack.push(child)
  }
  return reached
}

function addLeaves(group: CountedGroup, { state, count, duration, start_time, latest }: Leaves): void {
  group.total += count
  if (state === 'FINISHED') group.total_finished = group.finished = count
  else if (state === 'ERROR') group.total_errors = group.errors = count
  else if (state === 'WORKING') {
    group.total_working = group.working = count
    group.working_since = start_time
  }
  if (state !== 'WORKING') group.duration += duration
  group.latest = Math.max(group.latest, latest)
}

function addGroup(above: CountedGroup, group: CountedGroup): void {
  above.total += group.total
  above.total_finished += group.total_finished
  above.total_errors += group.total_errors
  above.total_working += group.total_working
  above.duration += group.duration
  above.working_since += group.working_since
  above.latest = Math.max(above.latest, group.latest)
}
