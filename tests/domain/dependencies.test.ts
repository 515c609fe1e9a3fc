import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { FarmError } from '../../src/errors.ts'
import { dump } from '../support/compare.ts'
import { refusal, TestFarm, testFarm } from '../support/farm.ts'
import { Model } from '../support/model.ts'
import { Refused } from '../support/rules.ts'

const RUNS = Number(process.env.FUZZ_RUNS ?? 150)

test('a job waits for all that it depends on', async () => {
  await using farm = testFarm()
  const { a, b, last } = await farm.tree({ a: 'x', b: 'y', last: 'z' })
  await farm.farm.setDependencies(last, [b, a, a])
  expect(farm.job(last)).toMatchObject({ state: 'PENDING', dependencies: [a, b] })
  await farm.runOnce()
  expect(farm.state(last)).toBe('PENDING')
  await farm.runOnce()
  expect(farm.state(last)).toBe('WAITING')
})

test('an error of a dependency does not free those that wait, its later end does', async () => {
  await using farm = testFarm()
  const { a, last } = await farm.tree({ a: 'x', last: 'z' })
  await farm.farm.setDependencies(last, [a])
  await farm.runOnce(1)
  expect(farm.state(last)).toBe('PENDING')
  expect(await farm.pick()).toBeNull()
  await farm.farm.resetErrorJobs([a])
  await farm.runOnce(0)
  expect(farm.state(last)).toBe('WAITING')
})

test('what is FINISHED already holds nobody', async () => {
  await using farm = testFarm()
  const a = await farm.leaf()
  await farm.runOnce()
  expect(farm.state(await farm.leaf({ dependencies: [a] }))).toBe('WAITING')
})

test('when a dependency is reset, those that have not started wait again, and those that have go on', async () => {
  await using farm = testFarm()
  const { a, waiting, running, done } = await farm.tree({ a: 'x', done: 'z', running: 'y', waiting: 'w' })
  await farm.runOnce()
  for (const id of [waiting, running, done]) await farm.farm.setDependencies(id, [a])
  await farm.runOnce()
  await farm.begin()
  await farm.farm.resetJobs([a])
  expect([waiting, running, done].map((id) => farm.state(id))).toEqual(['PENDING', 'WORKING', 'FINISHED'])
})

test('a run that fails and is to be retried is PENDING when its dependency was reset meanwhile', async () => {
  await using farm = testFarm()
  const { a, last } = await farm.tree({ a: 'x', last: 'z' })
  await farm.runOnce()
  await farm.farm.editJobs({ [last]: { retry: 1, dependencies: [a] } })
  const run = await farm.begin()
  await farm.farm.resetJobs([a])
  await farm.end(run, 1)
  expect(farm.state(last)).toBe('PENDING')
})

test('a group that is PENDING holds back what is below it, whose states do not change', async () => {
  await using farm = testFarm()
  const { a, film, frame } = await farm.tree({ a: 'x', film: { shot: { frame: 'y' } } })
  await farm.farm.setDependencies(film, [a])
  expect([film, frame].map((id) => farm.state(id))).toEqual(['PENDING', 'WAITING'])
  expect(await farm.picked('w1')).toBe(a)
  expect(await farm.pick('w2')).toBeNull()
  await farm.end({ run: 1, name: 'w1' })
  expect(await farm.picked('w2')).toBe(frame)
})

test('the end of a group frees those that wait for it, and a new job in it holds them again', async () => {
  await using farm = testFarm()
  const { film, last } = await farm.tree({ film: { shot: { frame: 'x' } }, last: 'y' })
  await farm.farm.setDependencies(last, [film])
  await farm.runOnce()
  expect(farm.state(last)).toBe('WAITING')
  await farm.leaf({ parent: film })
  expect(farm.state(last)).toBe('PENDING')
})

test('deleting the last job of a group that is not FINISHED finishes it, and frees those that wait', async () => {
  await using farm = testFarm()
  const { film, b, last } = await farm.tree({ film: { a: 'x', b: 'y' }, last: 'z' })
  await farm.farm.setDependencies(last, [film])
  await farm.runOnce()
  await farm.farm.deleteJobs([b])
  expect([film, last].map((id) => farm.state(id))).toEqual(['FINISHED', 'WAITING'])
})

test('what is freed and held goes through chains of groups in one operation', async () => {
  await using farm = testFarm()
  const { a, g1, g2, x1, x2, end } = await farm.tree({ a: 'x', g1: { x1: 'x' }, g2: { x2: 'x' }, end: 'x' })
  for (let run = 0; run < 3; run++) await farm.runOnce()
  await farm.farm.setDependencies(g1, [a])
  await farm.farm.setDependencies(g2, [g1])
  await farm.farm.setDependencies(end, [g2])
  await farm.farm.resetJobs([x1, x2, a])
  expect([g1, g2].map((id) => farm.state(id))).toEqual(['PENDING', 'PENDING'])
  expect(await farm.picked('w1')).toBe(a)
  expect(await farm.pick('w2')).toBeNull()
})

test('a job cannot depend on itself, on what it is in, or on what is below it', async () => {
  await using farm = testFarm()
  const { film, shot, frame } = await farm.tree({ film: { shot: { frame: 'x' } } })
  for (const [job, on] of [[frame, frame], [frame, shot], [frame, film], [film, shot], [film, frame]] as const)
    expect(await refusal(farm.farm.setDependencies(job, [on]))).toMatchObject({ kind: 'invalid', field: 'dependencies' })
}) // biome-ignore format: pairs

test('a circle is refused, also through groups', async () => {
  await using farm = testFarm()
  const { a, b, film, frame } = await farm.tree({ a: 'x', b: 'y', film: { frame: 'z' } })
  await farm.farm.setDependencies(b, [a])
  await farm.farm.setDependencies(film, [b])
  // `a` would wait for a job that waits for its group, that waits for b, that waits for a.
  for (const on of [b, film, frame])
    expect(await refusal(farm.farm.setDependencies(a, [on]))).toMatchObject({ kind: 'invalid' })
  expect(farm.job(a).dependencies).toEqual([])
})

test('a move that closes a circle is refused, and one that brings its dependencies along is judged by them', async () => {
  await using farm = testFarm()
  const { film, frame, after } = await farm.tree({ film: { frame: 'z' }, after: 'x' })
  await farm.farm.setDependencies(after, [film])
  const before = dump(farm)
  expect(await refusal(farm.farm.editJobs({ [after]: { parent: film } }))).toMatchObject({ field: `${after}.parent` })
  expect(dump(farm)).toBe(before)
  await farm.farm.editJobs({ [after]: { parent: film, dependencies: [frame] } })
  expect(farm.job(after)).toMatchObject({ parent: film, dependencies: [frame], state: 'PENDING' })
})

test('a dependency that is not there is refused by the field', async () => {
  await using farm = testFarm()
  const a = await farm.leaf()
  expect(await refusal(farm.farm.setDependencies(a, [99]))).toMatchObject({ kind: 'invalid', field: 'dependencies' })
  expect(await refusal(farm.leaf({ dependencies: [99] }))).toMatchObject({ kind: 'invalid', field: 'dependencies' })
  expect(await refusal(farm.farm.setDependencies(99, []))).toMatchObject({ kind: 'not_found' })
  expect([...farm.farm.listChildren(0)].flat()).toHaveLength(1)
})

test(
  'just those dependencies and moves are refused after which some job could never end',
  async () => {
    const id = fc.integer({ min: 1, max: 9 })
    const step = fc.oneof(
      fc.record({ job: id, on: fc.array(id, { minLength: 1, maxLength: 3 }) }),
      fc.record({ job: id, parent: fc.integer({ min: 0, max: 9 }) }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ group: fc.boolean(), parent: fc.nat(8) }), { minLength: 9, maxLength: 9 }),
        fc.array(step, { maxLength: 25, size: 'max' }),
        async (jobs, steps) => {
          await using farm = new TestFarm({})
          const model = new Model(60)
          for (const [i, { group, parent }] of jobs.entries()) {
            const input = { command: group ? '' : 'render', parent: parent <= i ? parent : 0 }
            if (model.jobs.get(input.parent)?.command) input.parent = 0
            model.add(input)
            await farm.farm.addJob(input)
          }
          for (const each of steps) {
            const { job } = each
            const [said, done] =
              'on' in each
                ? [() => model.depend(job, each.on), () => farm.farm.setDependencies(job, each.on)]
                : [() => model.edit({ [job]: each }), () => farm.farm.editJobs({ [job]: { parent: each.parent } })]
            expect({ each, refused: await refuses(done) }).toEqual({
              each,
              refused: await refuses(async () => model.atomic(said)),
            })
          }
        },
      ),
      { numRuns: RUNS },
    )
  },
  { timeout: 3_600_000 },
)

async function refuses(operation: () => Promise<unknown>): Promise<boolean> {
  try {
    await operation()
    return false
  } catch (error) {
    if (error instanceof FarmError || error instanceof Refused) return true
    throw error
  }
}
