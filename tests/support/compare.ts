/** Holds a farm against the model, and against itself: what is in memory and what is counted must follow from the rows. */
import { expect } from 'bun:test'
import { type JobRow, workers } from '../../src/db/schema.ts'
import { Blocklist } from '../../src/domain/blocklist.ts'
import { checkFarm } from '../../src/domain/check.ts'
import { DISTINCT } from '../../src/domain/distinct.ts'
import { Roster } from '../../src/domain/roster.ts'
import { readsAsReset } from '../../src/domain/seen.ts'
import { Tree } from '../../src/domain/tree.ts'
import { Usage } from '../../src/domain/usage.ts'
import type { Job } from '../../src/models.ts'
import { askerOf } from '../../src/scheduler/asker.ts'
import { hasWork, pick } from '../../src/scheduler/pick.ts'
import type { TestFarm } from './farm.ts'
import type { Model } from './model.ts'

/** The same text for the same farm. Sets of names that nothing needs any more may stay. */
export function dump({ db }: TestFarm): string {
  const tables = [
    'jobs',
    'dependencies',
    'tellings',
    'frame_links',
    'workers',
    'events',
    'affinities',
    'limits',
    'blocklist',
    'reset_groups',
  ]
  return JSON.stringify(tables.map((table) => db.sqlite.query(`select * from ${table} order by 1`).all()))
}

/** A worker that there is not, with a line of its own. */
const NOBODY = { name: 'nobody', host: '', memory: 0, cores: 0, gpus: 0 }

const twins = new WeakMap<TestFarm, Tree>()

/** The tree as values, groups by id. */
export function portrait(tree: Tree): { groups: Record<number, unknown>; size: number } {
  const groups: Record<number, unknown> = {}
  for (const group of tree.below(tree.root)) {
    // Lanes are numbered as users come up.
    const { parent, children, leaves, ready, queues, lane, ...counters } = group
    groups[group.id] = {
      ...counters,
      parent: parent?.id,
      known: tree.get(group.id) === group,
      children: [...children].map((child) => child.id).sort((a, b) => a - b),
      leaves: sorted(leaves),
      ready: sorted(ready),
      queues: sorted(queues).map(([set, queue]) => [
        set,
        queue.first === queue.groups[0],
        queue.groups.map((each) => each.id).sort(),
      ]),
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

/** A command is free text: the model knows only whether there is one. */
function wireOf(model: Model, id: number) {
  const { command, ...wire } = model.wire(model.job(id))
  return wire
}

export function expectSame(test: TestFarm, model: Model, lines: readonly string[]): void {
  const { farm, db } = test
  const rows = rowsThere(test)
  model.late = lateIn(test)
  same(
    'the ids',
    [...rows.keys()],
    [...model.jobs.keys()].sort((a, b) => a - b),
  )
  for (const id of rows.keys()) {
    const { title, dir, environment, url, progress_pattern, idle_timeout, fatal, success, command, ...job } =
      farm.getJob(id)
    same(`job ${id}`, { ...job, dependencies: job.dependencies.toSorted((a, b) => a - b) }, wireOf(model, id))
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
  const askers = [...farm.listWorkers(), ...lines.map((affinity) => ({ ...NOBODY, affinity }))]
  for (const worker of askers) {
    const asker = askerOf(farm.core, worker)
    const found = pick(farm.core, asker)
    same(`the pick for '${worker.name}' with '${worker.affinity}'`, found, model.choose(worker))
    same(`whether there is work for '${worker.affinity}'`, hasWork(farm.core, asker), found !== undefined)
  }
  expectListsOf(test, rows)
  expectTreeOfRows(test)
  expectMemoryOfRows(test)
  for (const user of new Set([...model.jobs.values()].map((job) => job.user)))
    same(`what ${user} has`, farm.core.tree.shares.of(user), model.share(user))
  same('what does not hold together', checkFarm(db.sqlite), [])
  const held = [...rows.values()].filter((row) => row.run > 0)
  same('runs in memory', [...farm.core.live.runs.keys()].sort(), held.map((row) => row.run).sort())
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

/** What resets have not got to yet of what they do later. */
export function lateIn(test: TestFarm): Model['late'] {
  const { tree, needs } = test.farm.core
  const late: Model['late'] = { ready: new Set(), avoid: new Map() }
  for (const row of rowsThere(test).values()) {
    const group = tree.get(row.parent)
    if (row.command === '' || !group || !readsAsReset(group, row)) continue
    const { avoid } = needs.at(row.needs_id)
    if (row.ready === 0) late.ready.add(row.id)
    if (avoid !== '') late.avoid.set(row.id, avoid)
  }
  return late
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

/** What runs hold, who is blocked and who is present: as one who reads the database now would know it. */
function expectMemoryOfRows({ db, farm: { core } }: TestFarm): void {
  same('what runs hold', core.usage.portrait(), new Usage(db, core.needs).portrait())
  same('limits', [...core.usage.limits].sort(), [...new Usage(db, core.needs).limits].sort())
  const portraitOf = (roster: Roster) => [...roster.kinds].map((kind) => [kind.key, [...kind.members].sort()]).sort()
  same('workers that are present', portraitOf(core.roster), portraitOf(new Roster(db)))
  const SIGNS = { ip: '', ping_time: 0, cpu: '', free_memory: 0, total_memory: 0 }
  const bare = (row: object | undefined) => ({ ...row, ...SIGNS })
  for (const row of db.select().from(workers).all())
    same(`the row of ${row.name}`, bare(core.roster.row(row.name)), bare(row))
  const blocklist = new Blocklist(db, core.policy.blocklistAfter)
  for (const name of core.live.workers.keys())
    same(`what ${name} is blocked for`, [...core.blocklist.of(name)].sort(), [...blocklist.of(name)].sort())
}

/** `expect` draws the difference, slowly: so it is asked only when there is one. */
function same(what: string, actual: unknown, expected: unknown): void {
  if (!Bun.deepEquals(actual, expected)) expect({ [what]: actual }).toEqual({ [what]: expected })
}
