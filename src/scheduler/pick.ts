/**
 * THE pick: which job a worker gets (`behaviour.md`, "Which job a worker gets").
 *
 * 1. Only leaves with a command, WAITING, with no ancestor paused or pending: the tree counts no others (domain/tree.ts).
 * 2. A job needs its own affinities and those of all its ancestors. The worker's lines are its order of preference: what
 *    fits the first line goes first, then the second, and so on. Jobs that need nothing come after all of them, unless a
 *    line `*` says where they come.
 * 3. Within a line, from the root down: the child with the highest priority, then the oldest, that has something for this
 *    line below it. A group at that place is entered, a leaf is the answer.
 *
 * Nothing here looks at a job that is not picked: groups offer what they have ready by the set of names it needs, in the
 * order of their rank, and one seek in the index `jobs_ready` finds the leaf. The cost is lines × levels × sets, whatever
 * the number of jobs. The first leaf of each set is remembered until one of that set changes: a seek for each set that the
 * line covers was a fifth of all the server did with 20 sets, and now a pick costs one.
 *
 * What else a pick and an end cost, and what making it less gave (CPU of each request of pick, heartbeat, end by 64 workers:
 * 209 µs before, 169 after): no savepoint around each (db/commit.ts), Bun's router for the old wire (http/coalition.ts), no
 * stat of logs that are not there (domain/logs.ts), no second read of the worker's row (assign.ts) and of the run's.
 */
import type { Core } from '../domain/core.ts'
import { byRank, type Group, type Rank } from '../domain/group.ts'
import { type NeedSets, NOTHING, namesOf } from '../domain/needs.ts'

/** One line of a worker's affinity: whether it covers all that a job needs. */
export type Line = (needs: number) => boolean

/** The worker's lines in their order, with the place of the jobs that need nothing. */
export function linesOf(affinity: string, needs: NeedSets): Line[] {
  const lines = affinity.split('\n').map(namesOf)
  const ordered = lines.map((names) => coverOf(new Set(names), needs))
  return lines.some((names) => names.includes(ANYTHING)) ? ordered : [...ordered, needsNothing]
}

const ANYTHING = '*'
const needsNothing: Line = (set) => set === NOTHING

/** Sets are interned and never change, so what a line says of one is remembered. */
function coverOf(names: ReadonlySet<string>, needs: NeedSets): Line {
  const known: (boolean | undefined)[] = [names.has(ANYTHING)]
  return (set) => {
    const covers = known[set] ?? needs.names(set).every((name) => names.has(name))
    known[set] = covers
    return covers
  }
}

/** The id of the leaf that a worker with these lines gets now; undefined when there is nothing for it. */
export function pick(
  { tree, rows, needs }: Pick<Core, 'tree' | 'rows' | 'needs'>,
  lines: readonly Line[],
): number | undefined {
  for (const line of lines) {
    let group = tree.root
    let path = NOTHING
    for (;;) {
      const fits = (set: number) => line(needs.union(path, set))
      const child = first(bestGroup(group, fits), bestLeaf(group, fits))
      if (!child) break
      if (!('children' in child)) return child.id
      group = child
      path = needs.union(path, child.needs)
    }
  }
  return undefined

  function bestLeaf(group: Group, fits: Line): Rank | undefined {
    let best: Rank | undefined
    for (const set of group.leaves.keys()) {
      if (!fits(set)) continue
      best = first(
        best,
        group.head(set, () => rows.firstReady.get({ parent: group.id, needs_id: set })),
      )
    }
    return best
  }
}

/** Whether a worker with these lines would get anything. */
export const hasWork = ({ tree }: Pick<Core, 'tree'>, lines: readonly Line[]): boolean =>
  lines.some((line) => tree.root.ready.keys().some(line))

function bestGroup(group: Group, fits: Line): Group | undefined {
  let best: Group | undefined
  for (const [set, queue] of group.queues) {
    if (!fits(set)) continue
    const key = queue.minKey()
    if (key) best = first(best, queue.get(key))
  }
  return best
}

function first<A extends Rank, B extends Rank>(a: A | undefined, b: B | undefined): A | B | undefined {
  if (!a || !b) return a ?? b
  return byRank(a, b) <= 0 ? a : b
}
