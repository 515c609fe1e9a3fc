import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { STEPS } from '../../src/domain/background.ts'
import { isTelling } from '../../src/domain/telling.ts'
import { FarmError } from '../../src/errors.ts'
import type { Policy } from '../../src/farm.ts'
import { dump, expectSame } from '../support/compare.ts'
import { TestFarm } from '../support/farm.ts'
import { Model } from '../support/model.ts'
import { beginning, LINES, type Operation, operation, resolve } from '../support/operations.ts'
import { Refused } from '../support/rules.ts'

/** FUZZ_RUNS=20000 for a night; FUZZ_SEED to see one failure again (fast-check prints it). */
const RUNS = Number(process.env.FUZZ_RUNS ?? 200)
const SEED = process.env.FUZZ_SEED ? { seed: Number(process.env.FUZZ_SEED) } : {}
const WORKER_TIMEOUT = 60

const policy = fc.record<Policy>({
  order: fc.constantFrom('fifo', 'fair'),
  weights: fc.constantFrom(new Map(), new Map([['ann', 2], ['bob', 0.5]])), // biome-ignore format: pairs
  blocklistAfter: fc.constantFrom(0, 1, 2, 3),
  decreasePriorityAfter: fc.constantFrom(0, 1, 2),
})

/**
 * Resets and deletes are done in their transaction; or all of them in steps of two rows, whenever the draw says; or what
 * became FINISHED, or is linked frame by frame, is told in steps before the farm is looked at.
 */
const KINDS = [
  ['as always', STEPS],
  ['with steps behind the answers', { atOnce: 0, links: 500, rows: 2, ms: 0 }],
  ['with everybody told in steps what he waits for', { atOnce: 1000, links: 0, rows: 2, ms: 0 }],
] as const

test.each(KINDS)(
  'after any operations, one by one or many in one commit, the farm is what the model of behaviour.md is (%s)',
  async (_, steps) => {
    const turn = fc.record({ op: operation, workOff: fc.constantFrom(0, 0, 0, 1, 2, 5, 100) })
    const sequence = fc.array(turn, { maxLength: 50, size: 'max' })
    await fc.assert(
      fc.asyncProperty(policy, beginning, sequence, async (policy, first, then) => {
        await using farm = new TestFarm({ workerTimeout: WORKER_TIMEOUT, policy, steps })
        const model = new Model(WORKER_TIMEOUT, policy)
        for (const op of first) await perform(op, farm, model)
        expectSame(farm, model, LINES)
        for (const { op, workOff } of then) {
          await perform(op, farm, model)
          expectSame(farm, model, LINES)
          for (let i = 0; i < workOff && (await farm.farm.workOff()); i++) expectSame(farm, model, LINES)
        }
        await farm.workOff()
        expectSame(farm, model, LINES)
        expect(model.late).toEqual({ ready: new Set(), avoid: new Map() })
        expect(farm.db.sqlite.query('select count(*) as left from jobs where parent < 0').get()).toEqual({ left: 0 })
      }),
      { numRuns: RUNS, ...SEED },
    )
  },
  { timeout: 3_600_000 },
)

async function perform(op: Operation, farm: TestFarm, model: Model): Promise<void> {
  await operate(op, farm, model)
  const { core } = farm.farm
  while (isTelling(core) || core.links.nextFrames.get()) await farm.farm.workOff()
}

async function operate(op: Operation, farm: TestFarm, model: Model): Promise<void> {
  if (op.do === 'burst') return burst(op.operations, farm, model)
  if (op.do === 'time') {
    farm.clock.advance(op.seconds)
    model.now = farm.clock.now
    model.atomic(() => model.step())
    return farm.farm.step()
  }
  const deed = resolve(op, model, farm)
  if (!deed) return
  const before = dump(farm)
  const expected = await outcome(() => model.atomic(deed.model))
  expect(await outcome(deed.farm)).toEqual(expected)
  if ('refused' in expected) expect(dump(farm)).toBe(before)
}

/** All at once: they share a commit, and must do what they would do one after the other. */
async function burst(operations: Operation[], farm: TestFarm, model: Model): Promise<void> {
  const lastRun = model.nextRun - 1
  // The word of a worker counts when it is said, not when the commit comes: so that both agree, everybody spoke just now.
  for (const { id, worker, state } of model.events) {
    if (state !== 'WORKING') continue
    model.heartbeat(id, worker)
    farm.heartbeat({ run: id, name: worker })
  }
  const outcomes: { expected: Promise<unknown>; actual: Promise<unknown> }[] = []
  // What a reset makes ready, and when, is its own affair: no pick is compared with one that comes before its steps.
  const { ready, avoid } = model.late
  const waits = ready.size + avoid.size > 0 || operations.some((op) => op.do === 'reset' || op.do === 'resetErrors')
  const { atOnce, links } = farm.farm.core.steps
  for (const op of operations) {
    // Nor with one that comes before everybody has been told.
    if (op.do === 'pick' && ((atOnce === 0 && waits) || links === 0)) continue
    const deed = resolve(op, model, farm, lastRun)
    if (deed) outcomes.push({ expected: outcome(() => model.atomic(deed.model)), actual: outcome(deed.farm) })
  }
  for (const { expected, actual } of outcomes) expect(await actual).toEqual(await expected)
}

/** What an operation answered, or the kind of its refusal; any other error is a fault. */
async function outcome(act: () => unknown): Promise<{ answered: unknown } | { refused: string }> {
  try {
    return { answered: await act() }
  } catch (error) {
    if (error instanceof FarmError || error instanceof Refused) return { refused: error.kind }
    throw error
  }
}
