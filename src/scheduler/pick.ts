/**
 * THE pick: which job a worker gets (`behaviour.md`, "Which job a worker gets").
 *
 * 1. Only leaves with a command, WAITING, not held by time, with no ancestor that is held: paused, pending, asleep, full
 *    (`max_workers`) or broken (`error_limit`). The tree counts no others (domain/tree.ts).
 * 2. A job needs its own affinities and those of all its ancestors. The worker's lines are its order of preference: what
 *    fits the first line goes first, then the second, and so on. Jobs that need no name come after all of them, unless a
 *    line `*` says where they come.
 * 3. Of what fits a line, only what limits have room for and the worker's host has memory, cores and GPUs for; what failed on
 *    this worker last is left for a minute to others that fit, on other hosts, if there are any; nothing of a root job that it is blocklisted for.
 * 4. Within a line, from the root down: the child with the highest priority, then the oldest, that has something for this
 *    worker below it. A group at that place is entered, a leaf is the answer. With order = "fair", of root jobs of equal
 *    priority those of the user who has the least running, weighted, go first.
 *
 * Nothing here looks at a job that is not picked: groups offer what they have ready by the set of what it needs, in the
 * order of their rank, and one seek in the index `jobs_ready` finds the leaf. The cost is lines × levels × sets, whatever
 * the number of jobs. The first leaf of each set is remembered until one of that set changes: a seek for each set that the
 * line covers was a fifth of all the server did with 20 sets, and now a pick costs one. Limits, resources and the worker that
 * failed a job are parts of its set, so that a rule of the farm is a set that nobody may take now, not a job to step over;
 * only a blocklist, and what a worker is to leave to others, depend on the root job, and are looked at there.
 *
 * What else a pick and an end cost, and what making it less gave (CPU of each request of pick, heartbeat, end by 64 workers:
 * 209 µs before, 169 after): no savepoint around each (db/commit.ts), Bun's router for the old wire (http/coalition.ts), no
 * stat of logs that are not there (domain/logs.ts), no second read of the worker's row (assign.ts) and of the run's. On a
 * machine twice as fast: 49 before, 44 since sets that cannot beat what was found are passed over, 40 since commits gather more
 * (db/commit.ts). Of these 40 the library itself takes 11 and SQLite 16: 7 in the statements' writes, 3 in their reads, 6 in
 * the commits. Tried, and not told from noise: pages of 1 and 2 kB, `events_open` and `events_by_start` left out. Without
 * `jobs_by_parent_state` a run took 8 % less, without `events_by_worker` as much again; lists of a million need both. SQLite
 * alone, with four indexes and without any of these rules, reached 51 % of what the HTTP library does, and this 25 %
 * (tests/bench/floor.ts): what is left to gain is in what is done for each request, and there nothing takes over 4 %.
 */
import type { Core } from '../domain/core.ts'
import { byRank, type Group, type Queue, type Rank } from '../domain/group.ts'
import type { Asker, Line } from './asker.ts'

/** Of the children of a group: a leaf, or a group to enter. */
type Child = Rank & { user: string }

/** The id of the leaf that a worker gets now; undefined when there is nothing for it. */
export function pick(core: Pick<Core, 'tree' | 'rows' | 'needs'>, asker: Asker): number | undefined {
  const { needs } = core
  for (const line of asker.lines) {
    const top = bestAtRoot(core, asker, line)
    if (!top) continue
    if (!('children' in top)) return top.id
    let group = top
    let path = group.needs
    for (;;) {
      const fits = (set: number) => {
        const all = needs.union(path, set)
        return line(all) && asker.may(all, top.id)
      }
      const child = bestLeaf(core, group, fits, bestGroup(group, fits))
      if (!child) break
      if (!('children' in child)) return child.id
      group = child
      path = needs.union(path, child.needs)
    }
  }
  return undefined
}

/** Whether a worker would get anything. */
export function hasWork(core: Pick<Core, 'tree' | 'rows' | 'needs'>, asker: Asker): boolean {
  // Nearly always this says no, and it is a look at a few sets.
  const { ready } = core.tree.root
  if (!asker.lines.some((line) => ready.keys().some(line))) return false
  return pick(core, asker) !== undefined
}

/** The first of the root jobs, groups and leaves. Blocklists and fairness are matters of root jobs, and so of this alone. */
function bestAtRoot(core: Pick<Core, 'tree' | 'rows'>, asker: Asker, line: Line): Group | Child | undefined {
  const { root, shares } = core.tree
  const better = (a: Group | Child | undefined, b: Group | Child | undefined) => {
    if (!a || !b) return a ?? b
    const fair = shares.isFair ? shares.of(a.user) - shares.of(b.user) : 0
    return (b.priority - a.priority || fair || a.id - b.id) <= 0 ? a : b
  }
  /** Which root jobs that need this set are open to the worker; none at all: undefined. */
  const openIn = (set: number) => {
    if (!line(set)) return undefined
    const sure = asker.isSure(set)
    if (sure && !asker.may(set, 0)) return undefined
    return (id: number) => !asker.blocked.has(id) && (sure || asker.may(set, id))
  }
  let best: Group | Child | undefined
  /** Of what the best one has made useless, nothing is asked: that was two thirds of a pick with 100 sets at the root. */
  const isBehind = (rank: Rank | undefined) =>
    best !== undefined && rank !== undefined && (shares.isFair ? rank.priority < best.priority : !isBefore(rank, best))
  for (const [set, queue] of root.queues) {
    if (isBehind(queue.first)) continue
    const isOpen = openIn(set)
    if (isOpen) best = better(best, bestRootGroup(queue, isOpen, better))
  }
  for (const set of root.leaves.keys()) {
    if (isBehind(root.knownHead(set))) continue
    const isOpen = openIn(set)
    if (isOpen) best = better(best, bestRootLeaf(core, set, isOpen, better))
  }
  return best
}

type Better = (a: Group | Child | undefined, b: Group | Child | undefined) => Group | Child | undefined

/** In a queue of root groups: the highest priority at which there is one that is open to the worker; the first of each user there. */
function bestRootGroup(queue: Queue, isOpen: (id: number) => boolean, better: Better): Group | undefined {
  let best: Group | undefined
  for (let group = queue.first; group; ) {
    if (best && group.priority < best.priority) return best
    const open = isOpen(group.id)
    if (open) best = better(best, group) as Group
    const { priority, lane } = group
    // Of the lane in which one was found, the others are younger.
    group = queue.after(open ? { priority, lane, id: Number.POSITIVE_INFINITY } : group)
  }
  return best
}

/** The same among the leaves at the root that need one set. */
function bestRootLeaf(
  { tree, rows }: Pick<Core, 'tree' | 'rows'>,
  set: number,
  isOpen: (id: number) => boolean,
  better: Better,
): Child | undefined {
  const { root, shares } = tree
  let head = root.head(set, () => rows.firstReady.get({ parent: 0, needs_id: set }))
  // What is stepped over is what this worker failed on before.
  while (head && !isOpen(head.id)) head = rows.nextReady.get({ needs_id: set, priority: head.priority, id: head.id })
  if (!head || !shares.isFair) return head && { ...head, user: '' }
  let best: Child | undefined
  const at = { needs_id: set, priority: head.priority }
  let next = rows.nextOfUsers.get({ ...at, user: '', id: 0 })
  while (next) {
    const open = isOpen(next.id)
    if (open) best = better(best, { ...next, priority: head.priority }) as Child
    next = rows.nextOfUsers.get({ ...at, user: next.user, id: open ? Number.MAX_SAFE_INTEGER : next.id })
  }
  return best
}

const isBefore = (rank: Rank, best: Rank | undefined): boolean => !best || byRank(rank, best) < 0

function bestGroup(group: Group, fits: (set: number) => boolean): Group | undefined {
  let best: Group | undefined
  for (const [set, queue] of group.queues) {
    const child = queue.first
    if (child && isBefore(child, best) && fits(set)) best = child
  }
  return best
}

/** The first leaf of a group, if it comes before `other`; else that. */
function bestLeaf(
  { rows }: Pick<Core, 'rows'>,
  group: Group,
  fits: (set: number) => boolean,
  other: Group | undefined,
): Group | Rank | undefined {
  let best: Group | Rank | undefined = other
  for (const set of group.leaves.keys()) {
    const known = group.knownHead(set)
    if ((known && !isBefore(known, best)) || !fits(set)) continue
    const head = group.head(set, () => rows.firstReady.get({ parent: group.id, needs_id: set }))
    if (head && isBefore(head, best)) best = head
  }
  return best
}
