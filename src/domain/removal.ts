/**
 * Deleting a job and all below it: gone at once, worked off in steps.
 *
 * A million rows, with their dependencies and logs, take 9 s to delete. So a group that is deleted is taken out of the tree
 * and put below `GRAVE`, a parent that no group has: that is the note of what is left to do, and nobody sees it or anything
 * below it, since every look at a job asks the tree for its group (seen.ts). What runs below is stopped, and those outside
 * that waited for something in it are freed in the same transaction, which costs a few microseconds for each group and each
 * dependency on something below, and some 30 for each of those from outside. `discard` removes the rows later, some at a
 * time and the deepest first, also after a restart of the server.
 *
 * A submission that takes several transactions is made below a parent of its own under 0 (submission.ts), and what is left
 * of one that the server did not finish goes the same way.
 */
import type { Db } from '../db/open.ts'
import type { JobRow } from '../db/schema.ts'
import { clearBlocklist } from './blocklist.ts'
import type { Core, Tx } from './core.ts'
import { addUnfinished } from './dependents.ts'
import type { Group } from './group.ts'
import { isGroup, jobAt } from './rows.ts'
import { endRun } from './runs.ts'
import { stopBelow } from './subtree.ts'
import { tellDependents } from './telling.ts'

/** The parent of groups that are deleted. Those of jobs that are being made are below it. */
export const GRAVE = -1

type Values = Record<string, string | number>

type Gone = Pick<JobRow, 'id' | 'waits_for' | 'waited'>

/** Who waits for whom, and where he is who waits. */
interface Link {
  job_id: number
  job_parent: number
  job_command: string
  dependency: number
  /** What was waited for was there: it held nobody back. */
  met: number
}
const LINK = `d.job_id, job.parent as job_parent, job.command as job_command, d.dependency, d.met`
const LINKED = `join dependencies d on d.dependency = j.id join jobs job on job.id = d.job_id`

export function prepareRemoval({ sqlite }: Db) {
  const statement = <Row>(text: string) => sqlite.prepare<Row, [Values]>(text)
  return {
    waitingFor: statement<Link>(`select ${LINK} from jobs j ${LINKED} where j.id = $id`),
    waitingForChildren: statement<Link>(`
      select ${LINK} from json_each($groups) g
      join jobs j indexed by jobs_waited on j.parent = g.value and j.waited = 1 ${LINKED}`),
    waitForLess: statement('update jobs set waits_for = waits_for - 1 where id = $id'),
    children: statement<Gone>(`
      select id, waits_for, waited from jobs where parent = $parent limit $rows`),
    one: statement<Gone>('select id, waits_for, waited from jobs where id = $id'),
    drop: statement('delete from jobs where id in (select value from json_each($ids))'),
    dropWaiting: statement('delete from dependencies where job_id in (select value from json_each($ids))'),
    dropWaited: statement('delete from dependencies where dependency in (select value from json_each($ids))'),
    hidden: sqlite.prepare<{ id: number }, []>('select id from jobs where parent < 0 limit 1'),
    bury: statement('update jobs set parent = $grave where parent < $grave'),
  }
}

/** Deletes a job and all below it, with their dependencies and logs; those that waited for one of them are freed. */
export function deleteJob(tx: Tx, row: JobRow): void {
  tellDependents(tx)
  clearBlocklist(tx, row.id)
  const { tree, rows } = tx
  const group = isGroup(row) ? tree.get(row.id) : undefined
  if (group) {
    stopBelow(tx, group)
    const waiting = whoWaits(tx, group)
    tree.forget(group)
    free(tx, waiting)
    if (group.total > tx.steps.atOnce) {
      rows.setParent.run({ id: row.id, parent: GRAVE, reset: 0 })
      return
    }
    const logs: number[] = []
    while (discard(tx, row.id, (ids) => logs.push(...ids)));
    drop(tx, [row])
    tx.after(() => tx.logs.remove(logs))
  } else {
    const leaf = row.run > 0 ? endRun(tx, row, 'STOPPED') : row
    const waiting = tx.removal.waitingFor.all({ id: row.id })
    tree.moveLeaf(leaf, null)
    tx.changes.gone(row.id)
    free(tx, waiting)
    drop(tx, [row])
    tx.after(() => tx.logs.remove([row.id]))
  }
}

/** Who, outside a group, waits for it or for something in it. */
function whoWaits(tx: Tx, top: Group): Link[] {
  const { tree, removal } = tx
  const inside = new Set<number>()
  for (const group of tree.below(top)) inside.add(group.id)
  const links = [
    ...removal.waitingFor.all({ id: top.id }),
    ...removal.waitingForChildren.all({ groups: JSON.stringify([...inside]) }),
  ]
  return links.filter((link) => !inside.has(link.job_command === '' ? link.job_id : link.job_parent))
}

function free(tx: Tx, waiting: readonly Link[]): void {
  for (const { job_id, dependency, met } of waiting) {
    tx.rows.removeDependency.run({ job_id, dependency })
    tx.removal.waitForLess.run({ id: job_id })
    tx.changes.job(job_id, jobAt(tx, job_id)?.parent ?? 0)
    if (met === 0) addUnfinished(tx, job_id, -1)
  }
}

function drop({ removal }: Pick<Core, 'removal'>, jobs: readonly Gone[]): void {
  if (jobs.length === 0) return
  const list = (some: typeof jobs) => JSON.stringify(some.map((job) => job.id))
  const waiting = jobs.filter((job) => job.waits_for > 0)
  const waited = jobs.filter((job) => job.waited === 1)
  if (waiting.length > 0) removal.dropWaiting.run({ ids: list(waiting) })
  if (waited.length > 0) removal.dropWaited.run({ ids: list(waited) })
  removal.drop.run({ ids: list(jobs) })
}

/** Removes some of what lies below a parent that nobody sees: the deepest first. Answers whether there is more. */
export function discard(
  core: Pick<Core, 'rows' | 'removal' | 'steps'>,
  top: number,
  onGone: (ids: readonly number[]) => void,
): boolean {
  const path = [top]
  let left = core.steps.rows
  const remove = (jobs: readonly Gone[]) => {
    onGone(jobs.map((job) => job.id))
    drop(core, jobs)
    left -= jobs.length
  }
  // Up again by the way it came down: from the top for each group, 2,000 levels took 20 s.
  for (let parent = path.at(-1); parent !== undefined && left > 0; parent = path.at(-1)) {
    const group = core.rows.groupIn.get({ parent })
    if (group) {
      path.push(group.id)
      continue
    }
    const children = core.removal.children.all({ parent, rows: left })
    if (children.length > 0) remove(children)
    if (left <= 0) break
    path.pop()
    if (parent !== top) remove(core.removal.one.all({ id: parent }))
  }
  return left < core.steps.rows
}

/** At the start of the server: what was being made when it ended is buried. */
export const buryUnborn = ({ removal }: Pick<Core, 'removal'>): void => {
  removal.bury.run({ grave: GRAVE })
}
