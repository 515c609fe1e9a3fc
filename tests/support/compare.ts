/** Holds a farm against the model, and against itself: what is in memory and what is counted must follow from the rows. */
import { expect } from 'bun:test'
import type { JobRow } from '../../src/db/schema.ts'
import { Blocklist } from '../../src/domain/blocklist.ts'
import { checkFarm } from '../../src/domain/check.ts'
import { Roster } from '../../src/domain/roster.ts'
import { Tree } from '../../src/domain/tree.ts'
import { Usage } from '../../src/domain/usage.ts'
import { askerOf } from '../../src/scheduler/asker.ts'
import { hasWork, pick } from '../../src/scheduler/pick.ts'
import type { TestFarm } from './farm.ts'
import type { Model } from './model.ts'

/** The same text for the same farm. Sets of names that nothing needs any more may stay. */
export function dump({ db }: TestFarm): string {
  const tables = ['jobs', 'dependencies', 'workers', 'events', 'affinities', 'limits', 'blocklist']
  return JSON.stringify(tables.map((table) => db.sqlite.query(`select * from ${table} order by 1, 2`).all()))
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
        queue
          .valuesArray()
          .map((each) => each.id)
          .sort(),
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
  const rows = new Map(
    db.sqlite
      .query<JobRow, []>('select * from jobs order by id')
      .all()
      .map((row) => [row.id, row]),
  )
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
  expectTreeOfRows(test)
  expectMemoryOfRows(test)
  for (const user of new Set([...model.jobs.values()].map((job) => job.user)))
    same(`what ${user} has`, farm.core.tree.shares.of(user), model.share(user))
  same('what does not hold together', checkFarm(db.sqlite), [])
  const held = [...rows.values()].filter((row) => row.run > 0)
  same('runs in memory', [...farm.core.live.runs.keys()].sort(), held.map((row) => row.run).sort())
}

/** What runs hold, who is blocked and who is present: as one who reads the database now would know it. */
function expectMemoryOfRows({ db, farm: { core } }: TestFarm): void {
  same('what runs hold', core.usage.portrait(), new Usage(db, core.needs).portrait())
  same('limits', [...core.usage.limits].sort(), [...new Usage(db, core.needs).limits].sort())
  const portraitOf = (roster: Roster) => [...roster.kinds].map((kind) => [kind.key, [...kind.members].sort()]).sort()
  same('workers that are present', portraitOf(core.roster), portraitOf(new Roster(db)))
  const blocklist = new Blocklist(db, core.policy.blocklistAfter)
  for (const name of core.live.workers.keys())
    same(`what ${name} is blocked for`, [...core.blocklist.of(name)].sort(), [...blocklist.of(name)].sort())
}

/** `expect` draws the difference, slowly: so it is asked only when there is one. */
function same(what: string, actual: unknown, expected: unknown): void {
  if (!Bun.deepEquals(actual, expected)) expect({ [what]: actual }).toEqual({ [what]: expected })
}
