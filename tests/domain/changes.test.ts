/** The news of the farm: what a commit changed, by id. */
import { expect, test } from 'bun:test'
import { refusal, testFarm } from '../support/farm.ts'

test('nothing is collected while nobody listens', async () => {
  await using farm = testFarm()
  const { changes } = farm.farm.core
  const before = changes.seq
  await farm.leaf()
  expect(changes.seq).toBe(before)
})

test('a commit is one entry: the job, its groups, and where it came', async () => {
  await using farm = testFarm()
  const { changes } = farm.farm.core
  const { group, inner } = await farm.tree({ group: { inner: { leaf: 'x' } } })
  changes.listen(() => undefined)
  const { seq } = changes
  const added = await farm.leaf({ parent: inner })
  const [batch, ...more] = changes.since(seq) ?? []
  expect(more).toEqual([])
  expect(batch).toMatchObject({ seq: seq + 1, members: new Set([inner]), gone: new Set(), swept: false })
  expect(batch?.jobs).toEqual(
    new Map([
      [inner, group],
      [group, 0],
    ]),
  )
  await farm.farm.pauseJobs([added])
  expect(changes.since(seq + 1)?.[0]?.jobs.get(added)).toBe(inner)
})

test('what was taken back is no news, though others in its commit were', async () => {
  await using farm = testFarm()
  const { changes } = farm.farm.core
  const [kept, refused] = [await farm.leaf(), await farm.leaf()]
  changes.listen(() => undefined)
  const { seq } = changes
  const [, error] = await Promise.all([
    farm.farm.pauseJobs([kept]),
    refusal(farm.farm.editJobs({ [refused]: { priority: 5, dependencies: [refused] } })),
  ])
  expect(error.kind).toBe('invalid')
  const ids = (changes.since(seq) ?? []).flatMap((batch) => [...batch.jobs.keys()])
  expect(ids).toEqual([kept])
})

test('a job that was made and deleted by one call is gone, and not news', async () => {
  await using farm = testFarm()
  const { changes } = farm.farm.core
  const group = await farm.group()
  changes.listen(() => undefined)
  const { seq } = changes
  await farm.farm.deleteJobs([group])
  const [batch] = changes.since(seq) ?? []
  expect(batch?.gone).toEqual(new Set([group]))
  expect(batch?.jobs.has(group)).toBe(false)
})

test('what is remembered has a bound, and who comes from before it begins anew', async () => {
  await using farm = testFarm()
  const { changes } = farm.farm.core
  changes.listen(() => undefined)
  const { seq } = changes
  const ids = await farm.farm.addJobs(Array.from({ length: 15_000 }, () => ({ command: 'x' })))
  await farm.farm.pauseJobs(ids)
  const half = changes.seq
  expect(changes.since(half - 1)).toHaveLength(1)
  for (let i = 0; i < 4; i++) await farm.farm.pauseJobs(ids)
  expect(changes.since(seq)).toBeUndefined()
  expect(changes.since(half - 1)).toBeUndefined()
  expect(changes.since(changes.seq)).toEqual([])
  // A number that was never given is of another life.
  expect(changes.since(changes.seq + 1)).toBeUndefined()
})
