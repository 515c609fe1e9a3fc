/** What has been over for long is deleted, if the configuration says so: a little at each step, so that nobody notices. */
import type { Db } from '../db/open.ts'
import type { JobRow } from '../db/schema.ts'
import type { KeepAudit } from '../domain/audit.ts'
import type { Core, Tx } from '../domain/core.ts'
import type { Group } from '../domain/group.ts'
import { deleteJob } from '../domain/removal.ts'
import { jobAt } from '../domain/rows.ts'

/** Days; 0: for ever. */
export interface Keep {
  finished: number
  events: number
  audit?: KeepAudit
}

const DAY = 86_400
/** Rows looked at in one go. */
const READ = 200
const EVENTS = 200
/** Operations in one step: with a step a second up to 864,000 root jobs a day. */
const OPERATIONS = 10

export const prepareRetention = ({ sqlite }: Db) => ({
  finishedRoots: sqlite.prepare<Pick<JobRow, 'id' | 'total' | 'start_time' | 'duration'>, [number]>(
    `select id, total, start_time, duration from jobs
      where parent = 0 and state = 'FINISHED' and id > ? order by id limit ${READ}`,
  ),
  ends: sqlite.prepare<{ id: number; ended: number }, [number, number]>(
    `select id, start_time + duration as ended from jobs
      where parent = ? and id > ? and command <> '' order by id limit ${READ}`,
  ),
  deleteEvents: sqlite.prepare<unknown, [number, number]>(
    `delete from events where id in (select id from events
      where start < ? and start + duration < ? and state <> 'WORKING' order by start limit ${EVENTS})`,
  ),
})
type Statements = ReturnType<typeof prepareRetention>

/** A root job whose last run ended before the cutoff; what a group of them counted when it was looked at. */
interface Found {
  id: number
  total: number
  duration: number
}

export class Retention {
  #statements
  #search
  #cutoff = 0

  constructor(
    private readonly core: Core,
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
    if (keep.events > 0) await this.#deleteEvents(now - keep.events * DAY)
    const { audit } = keep
    if (!audit || !this.core.audit.due(now, audit)) return
    for (let i = 0; i < OPERATIONS; i++) if (!(await write((tx) => tx.audit.sweep(now, audit)))) return
  }

  async #deleteEvents(before: number): Promise<void> {
    for (let i = 0; i < OPERATIONS; i++)
      if ((await this.write(() => this.#statements.deleteEvents.run(before, before).changes)) < EVENTS) return
  }

  async #deleteJobs(cutoff: number): Promise<void> {
    this.#cutoff = cutoff
    for (let i = 0; i < OPERATIONS; i++) {
      const found = this.#search.next().value
      if (found === undefined) return
      await this.write((tx) => deleteFound(tx, found, cutoff))
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
): Generator<Found | undefined, never> {
  for (let after = 0; ; ) {
    const page = finishedRoots.all(after)
    for (const row of page) {
      const { total, duration } = tree.get(row.id) ?? row
      const group = tree.get(row.id)
      if (group ? yield* areOver(group) : isOver(row, cutoff())) yield { id: row.id, total, duration }
    }
    after = page.at(-1)?.id ?? 0
    yield undefined
  }

  /** `start_time` of a group is its latest start, so most that are too young are known by it. */
  function* areOver(root: Group): Generator<undefined, boolean> {
    if (root.state !== 'FINISHED' || root.start_time >= cutoff()) return false
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
 * Deletes a root job and all below it; the rows of a group go behind it, in steps, however few they are: nobody waits for
 * this (domain/removal.ts). Somebody may have started it again, or moved something into it, since it was found: then it
 * stays.
 */
function deleteFound(tx: Tx, { id, total, duration }: Found, cutoff: number): void {
  const row = jobAt(tx, id)
  const group = tx.tree.get(id)
  if (row?.parent !== 0 || (group ?? row).state !== 'FINISHED' || (group ?? row).start_time >= cutoff) return
  if (group ? group.total === total && group.duration === duration : isOver(row, cutoff))
    deleteJob({ ...tx, steps: { ...tx.steps, atOnce: 0 } }, row)
}

const isOver = ({ start_time, duration }: Pick<JobRow, 'start_time' | 'duration'>, cutoff: number) =>
  start_time + duration < cutoff
