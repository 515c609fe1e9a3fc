import { expect, test } from 'bun:test'
import { DEEPEST } from '../../src/domain/depth.ts'
import { expectTreeOfRows } from '../support/compare.ts'
import { refusal, testFarm } from '../support/farm.ts'

/** Groups one in the other: so many levels, the last of them empty. */
function nested(levels: number): { title: string; children?: object[] } {
  let tree: { title: string; children?: object[] } = { title: 'bottom' }
  for (let i = 1; i < levels; i++) tree = { title: 'level', children: [tree] }
  return tree
}

test('a tree may be as deep as is said, by one request or by several, and no deeper', async () => {
  await using farm = testFarm()
  const top = await farm.farm.addJob(nested(DEEPEST))
  const bottom = top + DEEPEST - 1
  const leaf = await farm.leaf({ parent: bottom })
  const lower = await farm.farm.addJob({ parent: bottom, title: 'lower' })
  expect(await refusal(farm.leaf({ parent: lower }))).toMatchObject({ kind: 'invalid', field: 'parent' })
  expect(await refusal(farm.farm.addJob({ parent: bottom, children: [{ children: [{}] }] }))).toMatchObject({
    field: 'children.0.children',
  })
  expect((await refusal(farm.farm.addJob(nested(DEEPEST + 2)))).message).toContain('nearer the root')
  expect((await farm.pick('anybody'))?.job.id).toBe(leaf)
  expect(farm.job(top)).toMatchObject({ total: 1, total_working: 1, state: 'WORKING' })
  expectTreeOfRows(farm)
})

test('what is moved takes its depth along, and may always come nearer to the root', async () => {
  await using farm = testFarm()
  const top = await farm.farm.addJob(nested(DEEPEST - 5))
  const bottom = top + DEEPEST - 6
  const small = await farm.farm.addJob(nested(7))
  expect(await refusal(farm.farm.editJobs({ [small]: { parent: bottom } }))).toMatchObject({
    field: `${small}.parent`,
    message: expect.stringContaining(`in ${DEEPEST + 1}`),
  })
  expect(farm.job(small).parent).toBe(0)
  await farm.farm.editJobs({ [small + 1]: { parent: bottom } })
  await farm.farm.editJobs({ [top + 10]: { parent: 0 } })
  await farm.farm.editJobs({ [top + 10]: { parent: top + 9 } })
  await farm.farm.deleteJobs([top])
  await farm.workOff()
  expect(farm.farm.health().jobs.total).toBe(0)
  expectTreeOfRows(farm)
})
