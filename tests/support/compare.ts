/** Holds a farm against the model, and against itself: what is in memory and what is counted must follow from the rows. */
import { expect } from 'bun:test'
import { dependencies, type EventRow, type JobRow, type WorkerRow } from '../../src/db/schema.ts'
import { DISTINCT } from '../../src/domain/distinct.ts'
import { Tree } from '../../src/domain/tree.ts'
import type { Job } from '../../src/models.ts'
import { cachedLines } from '../../src/scheduler/assign.ts'
import { hasWork, pick } from '../../src/scheduler/pick.ts'
import type { TestFarm } from './farm.ts'
import type { Model } from './model.ts'

/** The same text for the same farm. Sets of names that nothing needs any more may stay. */
export function dump({ db }: TestFarm): string {
  const tables = ['jobs', 'dependencies', 'workers', 'events', 'affinities', 'reset_groups']
  return JSON.stringify(tables.map((table) => db.sqlite.query(`select * from ${table} order by 1, 2`).all()))
}

const twins = new WeakMap<TestFarm, Tree>()

/** The tree as values, groups by id. */
export function portrait(tree: Tree): { groups: Record<number, unknown>; size: number } {
  const groups: Record<number, unknown> = {}
  for (const group of tree.below(tree.root)) {
    const { parent, children, leaves, ready, queues, ...counters } = group
    groups[group.id] = {
      ...counters,
      parent: parent?.id,
      known: tree.get(group.id) === group,
      children: [...children].map((child) => child.id).sort((a, b) => a - b),
      leaves: sorted(leaves),
      ready: sorted(ready),
      queues: sorted(queues).map(([set, queue]) => [set, queue.valuesArray().map((each) => each.id)]),
    }
  }
  return { groups, size: tree.size }
}
const sorted = <V>(map: Map<number, V>) => [...map].sort(([a], [b]) => a - b)

/** The tree in memory is what one built from the rows would be. */
export function expectTreeOfRows(test: TestFarm): void {
  const { core } = test.farm
  const twin = twins.get(test) ?? new Tree(test.db, core.needs)
  twins.set(test, twin)
  twin.load()
  same('the tree', portrait(core.tree), portrait(twin))
}

export function expectSame(test: TestFarm, model: Model, lines: readonly string[]): void {
  const { farm } = test
  const rows = rowsThere(test)
  model.notYet = notYetReady(test)
  same(
    'the ids',
    [...rows.keys()],
    [...model.jobs.keys()].sort((a, b) => a - b),
  )
  for (const id of rows.keys()) {
    const { title, dir, environment, user, url, progress_pattern, frames, ...job } = farm.getJob(id)
    same(`job ${id}`, { ...job, dependencies: job.dependencies.toSorted((a, b) => a - b) }, model.wire(model.job(id)))
  }
  same(
    'the workers',
    farm.listWorkers().map(({ ip, cpu, free_memory, total_memory, ...worker }) => worker),
    [...model.workers.values()].map((worker) => model.workerWire(worker)).sort((a, b) => (a.name < b.name ? -1 : 1)),
  )
  same(
    'the events',
    test.events().map(({ job_title, ...event }) => event),
    model.events.map((event) => (event.state === 'WORKING' ? { ...event, duration: model.now - event.start } : event)),
  )
  same(
    'the numbered affinities',
    new Map(Object.entries(farm.listAffinities()).filter(([, name]) => name !== '')),
    new Map([...model.numbers].sort(([a], [b]) => a - b).map(([id, name]) => [String(id), name])),
  )
  for (const affinity of lines) {
    const found = pick(farm.core, cachedLines(farm.core, affinity))
    same(`the pick for '${affinity}'`, found, model.choose(affinity))
    same(
      `whether there is work for '${affinity}'`,
      hasWork(farm.core, cachedLines(farm.core, affinity)),
      found !== undefined,
    )
  }
  expectListsOf(test, rows)
  expectTreeOfRows(test)
  expectRowsHoldTogether(test, rows)
}

/** The rows of jobs that are not being deleted: those that a way leads to from the root. */
function rowsThere({ db }: TestFarm): Map<number, JobRow> {
  return new Map(
    db.sqlite
      .query<JobRow, []>(
        `with recursive there(id) as (select id from jobs where parent = 0
           union select jobs.id from jobs join there on jobs.parent = there.id)
         select * from jobs where id in (select id from there) order by id`,
      )
      .all()
      .map((row) => [row.id, row]),
  )
}

/** Leaves that read WAITING after a reset and are not ready before their rows are rewritten. */
export function notYetReady(test: TestFarm): Set<number> {
  const rows = [...rowsThere(test).values()].filter((row) => row.command !== '' && row.ready === 0)
  return new Set(rows.map((row) => row.id).filter((id) => test.farm.getJob(id).state === 'WAITING'))
}

/** While something is done behind the answers: lists and distinct values are of the same jobs as each by itself. */
function expectListsOf({ farm, db }: TestFarm, rows: Map<number, JobRow>): void {
  if (!db.sqlite.query('select 1 from jobs where parent < 0 union select 1 from reset_groups limit 1').get()) return
  const jobs = [...rows.keys()].map((id) => farm.getJob(id))
  for (const [parent, children] of Map.groupBy(jobs, (job) => job.parent)) {
    same(`the children of ${parent}`, [...farm.listChildren(parent)].flat(), children)
    const { state } = children[0] as Job
    const those = children.filter((job) => job.state === state)
    same(`those ${state}`, [...farm.listChildren(parent, { state: [state] })].flat(), those)
  }
  for (const column of DISTINCT) {
    const wanted = new Set(jobs.map((job) => job[column]))
    // Workers are those that took a job.
    if (column === 'worker') wanted.delete('')
    same(`the values of ${column}`, new Set(farm.distinctValues(column).map((each) => each[column])), wanted)
  }
}

function expectRowsHoldTogether({ db, farm }: TestFarm, rows: Map<number, JobRow>): void {
  const links = db
    .select()
    .from(dependencies)
    .all()
    .filter((link) => rows.has(link.job_id))
  const workers = db.sqlite.query<WorkerRow, []>('select * from workers').all()
  const events = db.sqlite.query<EventRow, []>("select * from events where state = 'WORKING'").all()
  const working = [...rows.values()].filter((row) => row.run > 0)
  same('open events', events.length, working.length)
  same('runs in memory', [...farm.core.live.runs.keys()].sort(), working.map((row) => row.run).sort())
  same('runs that workers hold', workers.filter((worker) => worker.current_event > 0).length, working.length)
  for (const row of rows.values()) {
    const leaf = row.command !== ''
    const mine = links.filter((link) => link.job_id === row.id)
    const event = events.find((each) => each.id === row.run)
    const worker = workers.find((each) => each.current_event === row.run)
    same(
      `what hangs together with job ${row.id}`,
      {
        ready: row.ready,
        run: row.run > 0,
        event: event && { job: event.job_id, worker: event.worker },
        worker: row.run > 0 ? worker?.name : undefined,
        deadline: row.deadline,
        waits_for: row.waits_for,
        unfinished: row.unfinished,
        counted: leaf ? row.total + row.working_since : 0,
      },
      {
        ready: Number(leaf && row.state === 'WAITING'),
        run: leaf && row.state === 'WORKING',
        event: row.run > 0 ? { job: row.id, worker: row.worker } : undefined,
        worker: row.run > 0 ? row.worker : undefined,
        deadline: row.run > 0 && row.timeout > 0 ? row.start_time + row.timeout : 0,
        waits_for: mine.length,
        unfinished: mine.filter(({ dependency }) => farm.getJob(dependency).state !== 'FINISHED').length,
        counted: 0,
      },
    )
  }
}

/** `expect` draws the difference, slowly: so it is asked only when there is one. */
function same(what: string, actual: unknown, expected: unknown): void {
  if (!Bun.deepEquals(actual, expected)) expect({ [what]: actual }).toEqual({ [what]: expected })
}
