/** Random operations as plain data, so that fast-check can shrink a failing sequence to the few that matter. */
import fc from 'fast-check'
import type { RunState } from '../../src/db/schema.ts'
import type { Dependency, LimitEdits } from '../../src/models.ts'
import { nothingFor } from '../../src/scheduler/assign.ts'
import type { TestFarm } from './farm.ts'
import type { Change, Machine, Model } from './model.ts'

/** Names a job, a run or a worker among those that there are; near the top, one that is not there. */
type Ref = number
const ref = fc.nat(999)
const NOWHERE = 985

/** Change as drawn: ids are still refs, and times are seconds from now. */
type DrawnChange = Change

export type Operation =
  | { do: 'add'; change: DrawnChange }
  | { do: 'frames'; change: DrawnChange; count: number; chunk: number }
  | { do: 'limits'; edits: LimitEdits }
  | { do: 'clearBlocklist'; job: Ref }
  | { do: 'edit'; edits: { job: Ref; change: DrawnChange }[] }
  | { do: 'depend'; job: Ref; on: Dependency[] }
  | { do: 'start' | 'pause' | 'reset' | 'resetErrors' | 'delete'; jobs: Ref[] }
  | { do: 'pick'; worker: Ref; machine: Machine }
  | { do: 'end'; run: Ref; worker: Ref; end: 'FINISHED' | 'ERROR' | 'STOPPED' }
  | { do: 'heartbeat'; run: Ref; worker: Ref; progress: number }
  | { do: 'active'; workers: Ref[]; active: boolean }
  | { do: 'lines'; workers: Ref[]; affinity: string }
  | { do: 'deleteWorkers'; workers: Ref[] }
  | { do: 'setAffinities'; names: Record<string, string> }
  | { do: 'time'; seconds: number }
  | { do: 'burst'; operations: Operation[] }

export const WORKERS = ['w1', 'w2', 'w3', 'w4'] as const
export const LINES = ['', 'a', 'a,b', 'b\n*', '*\na', 'a\nb,c', ' c, a ,b', 'c,*\nb', 'd', '#2,e'] as const

const command = fc.constantFrom('', 'render')
const priority = fc.constantFrom(1000, 1000, 1000, 2000, 0, -7, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER)
const affinity = fc.constantFrom('', '', '', 'a', 'b', 'a,b', 'b, a,a', 'c', 'd', '#2')
const few = <T>(of: fc.Arbitrary<T>, most = 4) => fc.array(of, { minLength: 1, maxLength: most })
const rarely = <T>(of: fc.Arbitrary<T>, freq = 4) => fc.option(of, { nil: undefined, freq })

/** Fields that were not drawn are absent, as in a request. */
const record = (fields: { [K in keyof DrawnChange]?: fc.Arbitrary<DrawnChange[K] | undefined> }) =>
  fc
    .record(fields)
    .map((change) => Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)))
    .map((change): DrawnChange => change)

const dependency: fc.Arbitrary<Dependency> = fc.oneof(
  { weight: 5, arbitrary: ref },
  { weight: 1, arbitrary: fc.record({ job: ref, kind: fc.constantFrom('all', 'any', 'frame', 'frame') }) },
)
const seldom = <T>(...values: T[]) =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...values) })

const rareFields = {
  affinity: rarely(affinity),
  dependencies: fc.option(few(dependency, 3), { nil: undefined, freq: 1 }),
  paused: seldom(true, false),
  user: rarely(fc.constantFrom('ann', 'bob', 'cy')),
  limits: seldom('nuke', 'nuke', 'maya,nuke', 'maya', ''),
  memory: seldom(0, 100, 1000, 1030),
  cores: seldom(0, 1, 2, 3),
  gpus: seldom(0, 1),
  start_after: seldom(-5, 3, 25),
  retry: fc.constantFrom(undefined, undefined, 1, 2),
  retry_delay: seldom(0, 3, 10),
  retry_growth: seldom(1, 2, 2.5),
  timeout: seldom(5, 30),
  min_run_time: seldom(0, 2),
}
/** What only a group may have. */
const groupFields = { max_workers: seldom(0, 1, 2, 1), error_limit: seldom(0, 1, 2, 1) }
const place = { parent: rarely(ref), priority: rarely(priority, 1) }
const add = fc.oneof(
  { weight: 6, arbitrary: record({ ...rareFields, ...place, command: fc.constant('render') }) },
  { weight: 5, arbitrary: record({ ...rareFields, ...groupFields, ...place, command: fc.constant('') }) },
  { weight: 1, arbitrary: record({ ...rareFields, ...groupFields, ...place, command }) },
)
const edit = record({
  ...rareFields,
  ...groupFields,
  dependencies: fc.option(fc.array(dependency, { maxLength: 3 }), { nil: undefined, freq: 1 }),
  command: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, '', 'render'),
  parent: rarely(ref, 1),
  priority: rarely(priority, 1),
})

const limit: fc.Arbitrary<LimitEdits[string]> = fc.oneof(
  fc.constantFrom(0, 1, 2, null),
  fc.record({ max: fc.constantFrom(0, 1, 2), per: fc.constantFrom('run' as const, 'host' as const) }),
)
/** Mostly a worker is what it was. */
const machine: fc.Arbitrary<Machine> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        host: fc.constantFrom('', 'h1', 'h2'),
        memory: fc.constantFrom(0, 1100, 2200),
        cores: fc.constantFrom(0, 3, 4),
        gpus: fc.constantFrom(0, 1, 2),
      },
      { requiredKeys: [] },
    ),
  },
)
const jobs = few(ref, 3)
const workers = few(ref, 2)
const weighted = (weight: number, arbitrary: fc.Arbitrary<Operation>) => ({ weight, arbitrary })
const op = <T extends Operation>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<Operation> => arbitrary

const single = fc.oneof(
  weighted(7, op(fc.record({ do: fc.constant('add'), change: add }))),
  weighted(5, op(fc.record({ do: fc.constant('edit'), edits: few(fc.record({ job: ref, change: edit }), 3) }))),
  weighted(4, op(fc.record({ do: fc.constant('depend'), job: ref, on: fc.array(dependency, { maxLength: 3 }) }))),
  weighted(
    2,
    op(
      fc.record({
        do: fc.constant('frames'),
        change: record({ ...rareFields, ...groupFields, ...place }),
        count: fc.integer({ min: 2, max: 4 }),
        chunk: fc.integer({ min: 1, max: 2 }),
      }),
    ),
  ),
  weighted(
    1,
    op(
      fc.record({
        do: fc.constant('limits'),
        edits: fc.dictionary(fc.constantFrom('nuke', 'maya'), limit, { noNullPrototype: true, minKeys: 1 }),
      }),
    ),
  ),
  weighted(1, op(fc.record({ do: fc.constant('clearBlocklist'), job: ref }))),
  weighted(2, op(fc.record({ do: fc.constant('start'), jobs }))),
  weighted(2, op(fc.record({ do: fc.constant('pause'), jobs }))),
  weighted(2, op(fc.record({ do: fc.constant('reset'), jobs }))),
  weighted(2, op(fc.record({ do: fc.constant('resetErrors'), jobs }))),
  weighted(1, op(fc.record({ do: fc.constant('delete'), jobs: few(ref, 2) }))),
  weighted(9, op(fc.record({ do: fc.constant('pick'), worker: ref, machine }))),
  weighted(
    9,
    op(
      fc.record({
        do: fc.constant('end'),
        run: ref,
        worker: ref,
        end: fc.constantFrom('FINISHED', 'FINISHED', 'FINISHED', 'ERROR', 'STOPPED'),
      }),
    ),
  ),
  weighted(1, op(fc.record({ do: fc.constant('active'), workers, active: fc.boolean() }))),
  weighted(2, op(fc.record({ do: fc.constant('lines'), workers, affinity: fc.constantFrom(...LINES) }))),
  weighted(1, op(fc.record({ do: fc.constant('deleteWorkers'), workers }))),
  weighted(
    1,
    op(
      fc.record({
        do: fc.constant('setAffinities'),
        names: fc.dictionary(fc.constantFrom('1', '2', '3', '60'), fc.constantFrom('', 'a', 'b', 'c', 'd', 'e'), {
          noNullPrototype: true,
          maxKeys: 3,
        }),
      }),
    ),
  ),
)

export const operation = fc.oneof(
  { weight: 12, arbitrary: single },
  {
    weight: 1,
    arbitrary: op(
      fc.record({ do: fc.constant('heartbeat'), run: ref, worker: ref, progress: fc.constantFrom(0.25, 0.5, 1) }),
    ),
  },
  {
    weight: 1,
    arbitrary: op(fc.record({ do: fc.constant('time'), seconds: fc.constantFrom(1, 4, 20, 61) })),
  },
  {
    weight: 3,
    arbitrary: op(
      fc.record({ do: fc.constant('burst'), operations: fc.array(single, { minLength: 2, maxLength: 6 }) }),
    ),
  },
)

/** The farm before the operations: a wide and deep tree with a few dependencies. */
export const beginning = fc.array(op(fc.record({ do: fc.constant('add'), change: add })), {
  maxLength: 16,
  size: 'max',
})

/** An operation on both: what the model says comes of it, and how to have the farm do it. */
export interface Deed {
  model: () => unknown
  farm: () => unknown
}

/**
 * An operation with its refs resolved to what there is in the model now; null when there is nothing to do it to.
 * In a burst, runs are those of before it and reported on by who holds them, and workers ask only when the farm would not
 * answer at once with nothing: such answers are about the time before the burst.
 */
export function resolve(
  op: Operation,
  model: Model,
  { farm }: TestFarm,
  lastRun = Number.POSITIVE_INFINITY,
): Deed | null {
  switch (op.do) {
    case 'add': {
      const change = changeOf(op.change, model)
      return { model: () => model.add(change), farm: () => farm.addJob(change) }
    }
    case 'edit': {
      const edits = Object.fromEntries(op.edits.map(({ job, change }) => [jobAt(job, model), changeOf(change, model)]))
      return { model: () => model.edit(edits), farm: () => farm.editJobs(edits) }
    }
    case 'depend': {
      const id = jobAt(op.job, model)
      const on = op.on.map((each) => dependencyOf(each, model))
      return { model: () => model.depend(id, on), farm: () => farm.setDependencies(id, on) }
    }
    case 'frames': {
      const { change, count, chunk } = op
      const said = changeOf(change, model)
      return {
        model: () => model.addFrames(said, count, chunk),
        farm: () => farm.addJob({ ...said, frames: `1-${count}`, chunk, command: 'render {start} {end}' }),
      }
    }
    case 'limits':
      return { model: () => model.setLimits(op.edits), farm: () => farm.setLimits(op.edits) }
    case 'clearBlocklist': {
      const id = jobAt(op.job, model)
      return { model: () => model.clearBlocklist(id), farm: () => farm.clearBlocklist(id) }
    }
    case 'start':
    case 'pause':
    case 'reset':
    case 'resetErrors':
    case 'delete': {
      const ids = op.jobs.map((each) => jobAt(each, model))
      const calls = {
        start: farm.startJobs,
        pause: farm.pauseJobs,
        reset: farm.resetJobs,
        resetErrors: farm.resetErrorJobs,
        delete: farm.deleteJobs,
      }
      return { model: () => model[op.do](ids), farm: () => calls[op.do](ids) }
    }
    case 'pick': {
      const name = WORKERS[op.worker % WORKERS.length] as string
      if (Number.isFinite(lastRun) && nothingFor(farm.core, name, {}, op.machine)) return null
      const ask = async () => {
        const assignment = await farm.pick(name, op.machine, new AbortController().signal)
        return assignment && { run: assignment.run, job: assignment.job.id }
      }
      return { model: () => model.pick(name, op.machine), farm: ask }
    }
    case 'end':
    case 'heartbeat': {
      const runs = model.events.filter((event) => event.id <= lastRun)
      // Mostly a run that goes on, from the worker that holds it.
      const open = runs.filter((event) => event.state === 'WORKING')
      const among = open.length > 0 && op.run < 900 ? open : runs
      const event = among[op.run % among.length]
      if (!event) return null
      const { id } = event
      const worker =
        op.worker < 950 || Number.isFinite(lastRun) ? event.worker : (WORKERS[op.worker % WORKERS.length] as string)
      if (op.do === 'heartbeat')
        return {
          model: () => model.heartbeat(id, worker, op.progress),
          farm: () => farm.heartbeat(id, { worker, vitals: {}, progress: op.progress }).go_on,
        }
      const end: RunState = op.end
      const call =
        end === 'STOPPED'
          ? () => farm.releaseRun(id, worker)
          : () => farm.endRun(id, end === 'ERROR' ? 1 : 0, { worker, vitals: {} })
      return { model: () => model.end(id, worker, end), farm: async () => (await call()).state }
    }
    case 'active': {
      const names = workersAt(op.workers)
      return { model: () => model.setActive(names, op.active), farm: () => farm.setWorkersActive(names, op.active) }
    }
    case 'lines': {
      const names = workersAt(op.workers)
      const edits = Object.fromEntries(names.map((name) => [name, { affinity: op.affinity }]))
      return { model: () => model.setLines(names, op.affinity), farm: () => farm.editWorkers(edits) }
    }
    case 'deleteWorkers': {
      const names = workersAt(op.workers)
      return { model: () => model.deleteWorkers(names), farm: () => farm.deleteWorkers(names) }
    }
    case 'setAffinities':
      return { model: () => model.setAffinities(op.names), farm: () => farm.setAffinities(op.names) }
    case 'time':
    case 'burst':
      throw new Error(`${op.do} is not an operation of a user or a worker`)
  }
}

function jobAt(n: Ref, model: Model): number {
  const ids = [...model.jobs.keys()]
  const id = ids[n % ids.length]
  return id === undefined || n >= NOWHERE ? model.nextJob + 1000 : id
}

/** Mostly a group or the root; sometimes a leaf, sometimes what is not there. */
function parentAt(n: Ref, model: Model): number {
  if (n >= 960) return jobAt(n, model)
  const groups = [0, ...[...model.jobs.values()].filter(model.isGroup).map((job) => job.id)]
  return groups[n % groups.length] as number
}

function changeOf({ parent, dependencies, start_after, ...change }: DrawnChange, model: Model): Change {
  return {
    ...change,
    ...(start_after !== undefined && { start_after: model.now + start_after }),
    ...(parent !== undefined && { parent: parentAt(parent, model) }),
    ...(dependencies && { dependencies: dependencies.map((each) => dependencyOf(each, model)) }),
  }
}

const dependencyOf = (drawn: Dependency, model: Model): Dependency =>
  typeof drawn === 'number' ? jobAt(drawn, model) : { ...drawn, job: jobAt(drawn.job, model) }

const workersAt = (refs: readonly Ref[]) => [
  ...new Set(refs.map((n) => (n >= NOWHERE ? 'nobody' : (WORKERS[n % WORKERS.length] as string)))),
]
