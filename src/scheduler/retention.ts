/** What has been over for long is deleted, if the configuration says so: a little at each step, so that nobody notices. */
import type { Db } from '../db/open.ts'
import type { JobRow } from '../db/schema.ts'
import type { Core, Tx } from '../domain/core.ts'
import type { Group } from '../domain/group.ts'
import { jobRow } from '../domain/rows.ts'
import { deleteJob } from '../domain/subtree.ts'

/** Days; 0: for ever. */
export interface Keep {
  finished: number
  events: number
}

const DAY = 86_400
/** Rows looked at in one go. */
const READ = 200
/** Leaves deleted in one operation, some 10 ms; a group goes with its last ones, so that it is never there and empty. */
const LEAVES = 10
const EVENTS = 200
/** Operations in one step: with a step a second up to 8 million jobs a day. */
const OPERATIONS = 10

export const prepareRetention = ({ sqlite }: Db) => ({
  finishedRoots: sqlite.prepare<Pick<JobRow, 'id' | 'command' | 'start_time' | 'duration'>, [number]>(
    `select id, command, start_time, duration from jobs
      where parent = 0 and state = 'FINISHED' and id > ? order by id limit ${READ}`,
  ),
  ends: sqlite.prepare<{ id: number; ended: number }, [number, number]>(
    `select id, start_time + duration as ended from jobs
      where parent = ? and id > ? and command <> '' order by id limit ${READ}`,
  ),
  leaves: sqlite.prepare<JobRow, [number]>(
    `select * from jobs where parent = ? and command <> '' order by id limit ${LEAVES + 1}`,
  ),
  deleteEvents: sqlite.prepare<unknown, [number, number]>(
    `delete from events where id in (select id from events
      where start < ? and start + duration < ? and state <> 'WORKING' order by start limit ${EVENTS})`,
  ),
})
type Statements = ReturnType<typeof prepareRetention>

export class Retention {
  #statements
  #search
  /** A root job that is being deleted, step by step. */
  #doomed: number | undefined
  #cutoff = 0

  constructor(
    core: Core,
    private readonly keep: Keep,
    private readonly write: <T>(operation: (tx: Tx) => T) => Promise<T>,
  ) {
    this.#statements = prepareRetention(core.db)
    this.#search = searchRoots(core, this.#statements, () => this.#cutoff)
  }

  /** A bounded piece of the work, each operation in a commit of its own; what is left waits for the next step. */
  async step(now: number): Promise<void> {
    const { keep, write } = this
    if (keep.finished > 0) await this.#deleteJobs(now - keep.finished * DAY)
    if (keep.events === 0) return
    const before = now - keep.events * DAY
    for (let i = 0; i < OPERATIONS; i++)
      if ((await write(() => this.#statements.deleteEvents.run(before, before).changes)) < EVENTS) return
  }

  async #deleteJobs(cutoff: number): Promise<void> {
    this.#cutoff = cutoff
    for (let i = 0; i < OPERATIONS; i++) {
      this.#doomed ??= this.#search.next().value
      const root = this.#doomed
      if (root === undefined) return
      if (!(await this.write((tx) => deleteSome(tx, this.#statements, root, cutoff)))) this.#doomed = undefined
    }
  }
}

/**
 * The root jobs whose last run ended before the cutoff, round and round: groups of them as pages of an index, so a farm of
 * any size costs a step the same. Undefined when it has read its fill.
 */
function* searchRoots(
  { tree }: Core,
  { finishedRoots, ends }: Statements,
  cutoff: () => number,
): Generator<number | undefined, never> {
  for (let after = 0; ; ) {
    const page = finishedRoots.all(after)
    for (const { id, command, start_time, duration } of page) {
      const group = tree.get(id)
      if (command !== '' ? start_time + duration < cutoff() : group && (yield* isOver(group))) yield id
    }
    after = page.at(-1)?.id ?? 0
    yield undefined
  }

  /** `start_time` of a group is its latest start, so most that are too young are known by it. */
  function* isOver(root: Group): Generator<undefined, boolean> {
    if (root.start_time >= cutoff()) return false
    for (const group of tree.below(root))
      for (let after = 0, page = ends.all(group.id, after); page.length > 0; page = ends.all(group.id, after)) {
        if (page.some(({ ended }) => ended >= cutoff())) return false
        after = page.at(-1)?.id ?? 0
        if (page.length === READ) yield undefined
      }
    return true
  }
}

/**
 * Deletes some of what is below a root job, the deepest first; answers whether there is more. Somebody may have started it
 * again, or moved something into it, since it was found: then it stays, with what it has left.
 */
function deleteSome(tx: Tx, { leaves }: Statements, root: number, cutoff: number): boolean {
  const row = tx.rows.job.get({ id: root })
  const group = tx.tree.get(root)
  if (row?.parent !== 0 || (group ?? row).state !== 'FINISHED' || (group ?? row).start_time >= cutoff) return false
  if (!group) {
    if (row.start_time + row.duration < cutoff) deleteJob(tx, row)
    return false
  }
  let deepest = group
  for (let child: Group | undefined = group; child; [child] = child.children) deepest = child
  const some = leaves.all(deepest.id)
  if (some.some(({ start_time, duration }) => start_time + duration >= cutoff)) return false
  if (some.length > LEAVES) {
    for (const leaf of some.slice(0, LEAVES)) deleteJob(tx, leaf)
    return true
  }
  // What would be empty goes too: an empty group is not FINISHED, and what waits for it would wait again.
  let top = deepest
  while (top !== group && top.parent?.total === some.length) top = top.parent
  deleteJob(tx, jobRow(tx, top.id))
  return top !== group
}
