/** Every rule of the pick together: busy farms, worker by worker, against the naive model. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Policy } from '../../src/farm.ts'
import type { LimitEdits } from '../../src/models.ts'
import { expectSame } from '../support/compare.ts'
import { TestFarm } from '../support/farm.ts'
import { Model } from '../support/model.ts'

const RUNS = Number(process.env.FUZZ_RUNS ?? 100)
const WORKERS = ['w1', 'w2', 'w3', 'w4', 'w5']

/** Mostly what comes first. */
const mostly = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) })
const given = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T

const node = fc
  .record({
    parent: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 5, arbitrary: fc.nat(20) }),
    group: fc.boolean(),
    priority: mostly(1000, 2000, 3),
    affinity: mostly('', 'a', 'b', 'a,b'),
    user: fc.constantFrom('ann', 'bob', 'cy'),
    limits: mostly(undefined, 'nuke', 'maya', 'maya,nuke'),
    memory: mostly(undefined, 400, 1000),
    cores: mostly(undefined, 1, 2, 4),
    max_workers: mostly(undefined, 1, 2),
    error_limit: mostly(undefined, 1, 2),
    start_after: mostly(undefined, 5, 12),
    retry: fc.constantFrom(0, 1, 3),
    retry_delay: mostly(undefined, 2, 4),
    retry_growth: mostly(undefined, 2),
    min_run_time: mostly(undefined, 2),
    on: mostly(undefined, 'all' as const, 'any' as const),
  })
  .map(({ group, max_workers, error_limit, ...job }) => ({
    group,
    job: group ? { ...job, max_workers, error_limit } : job,
  }))

const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pick' as const), worker: fc.nat(4) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      worker: fc.nat(4),
      end: fc.constantFrom('FINISHED' as const, 'ERROR' as const, 'ERROR' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('time' as const), seconds: fc.constantFrom(1, 3, 5) }) },
)
const limits: fc.Arbitrary<LimitEdits> = fc.record(
  {
    nuke: fc.constantFrom(0, 1, 2),
    maya: fc.record({ max: fc.constantFrom(1, 2), per: fc.constantFrom('run', 'host') }),
  },
  { requiredKeys: [] },
)
const machine = fc.record(
  {
    host: fc.constantFrom('h1', 'h2'),
    memory: fc.constantFrom(500, 1500, 3000),
    cores: fc.constantFrom(1, 4),
  },
  { requiredKeys: ['memory', 'cores'] },
)
const policy = fc.record<Policy>({
  order: fc.constantFrom('fifo', 'fair'),
  weights: fc.constantFrom(new Map<string, number>(), new Map([['ann', 3]])),
  blocklistAfter: fc.constantFrom(0, 1, 2),
  decreasePriorityAfter: fc.constantFrom(0, 1, 2),
})

test(
  'a busy farm with every rule gives each worker what the model of the rules gives it',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        policy,
        limits,
        fc.array(fc.tuple(machine, fc.constantFrom('', 'a\n*', 'a,b', 'b', '*')), { minLength: 5, maxLength: 5 }),
        fc.array(node, { minLength: 15, maxLength: 40, size: 'max' }),
        fc.array(act, { minLength: 40, maxLength: 80, size: 'max' }),
        async (policy, limits, machines, nodes, acts) => {
          await using farm = new TestFarm({ policy })
          const model = new Model(60, policy)
          const signal = new AbortController().signal
          await farm.farm.setLimits(limits)
          model.setLimits(limits)
          for (const [i, [machine, affinity]] of machines.entries()) {
            const name = WORKERS[i] as string
            await farm.farm.pick(name, machine, signal)
            model.pick(name, machine)
            await farm.farm.editWorkers({ [name]: { affinity } })
            model.setLines([name], affinity)
          }
          const groups = [0]
          for (const { group, job } of nodes) {
            const { on, start_after, ...fields } = job
            const last = model.nextJob - 1
            const input = given({
              ...fields,
              command: group ? '' : 'render',
              parent: groups[fields.parent % groups.length] as number,
              start_after: start_after && model.now + start_after,
            })
            const id = model.atomic(() => model.add(input))
            expect(await farm.farm.addJob(input)).toBe(id)
            if (group) groups.push(id)
            if (!on || last === 0) continue
            const dependencies = [{ job: last, kind: on }]
            const refused = await farm.farm.setDependencies(id, dependencies).catch(() => 'refused')
            expect(attempt(model, () => model.depend(id, dependencies))).toBe(refused as undefined)
          }
          for (const each of acts) {
            if (each.do === 'time') {
              farm.clock.advance(each.seconds)
              model.now = farm.clock.now
              // Nobody falls silent here.
              for (const name of WORKERS) {
                model.speak(name)
                farm.farm.core.live.ping(name, model.now, {})
              }
              model.step()
              await farm.farm.step()
              continue
            }
            const name = WORKERS[each.worker] as string
            const { run = 0 } = model.workers.get(name) ?? {}
            if (each.do === 'pick') {
              if (run > 0) continue
              const expected = model.pick(name)
              const assignment = await farm.farm.pick(name, {}, signal)
              expect(assignment && { run: assignment.run, job: assignment.job.id }).toEqual(expected)
            } else if (run > 0) {
              const expected = model.atomic(() => model.end(run, name, each.end))
              const { state } = await farm.end({ run, name }, each.end === 'ERROR' ? 1 : 0)
              expect(state).toBe(expected)
            }
          }
          expectSame(farm, model, ['', 'a,b\n*'])
        },
      ),
      { numRuns: RUNS },
    )
  },
  { timeout: 3_600_000 },
)

function attempt(model: Model, act: () => void): unknown {
  try {
    return model.atomic(act)
  } catch {
    return 'refused'
  }
}
