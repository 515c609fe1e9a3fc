/** Dependencies that are not on all of a job: on any leaf of it, or frame by frame. */
import { expect, test } from 'bun:test'
import { refusal, type TestFarm, testFarm } from '../support/farm.ts'

const COMMAND = 'render {start} {end}'
const frames = (farm: TestFarm, frames: string, chunk = 1) => farm.farm.addJob({ frames, chunk, command: COMMAND })
/** The leaf of a group that renders these. */
const leafOf = (farm: TestFarm, group: number, text: string): number => {
  const found = [...farm.farm.listChildren(group)].flat().find((job) => job.frames === text)
  if (!found) throw new Error(`no leaf renders ${text}`)
  return found.id
}
const finish = async (farm: TestFarm, id: number) => {
  await farm.farm.editJobs({ [id]: { priority: 9999 } })
  const begun = await farm.begin('finisher')
  expect(begun.job).toBe(id)
  await farm.end(begun)
}

test('a frame starts when its frame there is FINISHED, and not before', async () => {
  await using farm = testFarm()
  const sim = await frames(farm, '1-3')
  const render = await frames(farm, '1-3')
  await farm.farm.setDependencies(render, [{ job: sim, kind: 'frame' }])
  expect(farm.job(render)).toMatchObject({
    state: 'WAITING',
    dependencies: [sim],
    dependency_kinds: { [sim]: 'frame' },
  })
  const second = leafOf(farm, render, '2')
  expect(farm.job(second)).toMatchObject({ state: 'PENDING', dependencies: [leafOf(farm, sim, '2')] })
  await finish(farm, leafOf(farm, sim, '2'))
  expect([1, 2, 3].map((frame) => farm.state(leafOf(farm, render, `${frame}`)))).toEqual([
    'PENDING',
    'WAITING',
    'PENDING',
  ])
  await farm.farm.resetJobs([leafOf(farm, sim, '2')])
  expect(farm.state(second)).toBe('PENDING')
})

test('chunks of different size wait by overlap', async () => {
  await using farm = testFarm()
  const sim = await frames(farm, '1-10', 4)
  const render = await frames(farm, '2-11', 3)
  await farm.farm.setDependencies(render, [{ job: sim, kind: 'frame' }])
  const waits = (text: string) => farm.job(leafOf(farm, render, text)).dependencies.map((id) => farm.job(id).frames)
  expect(waits('2-4')).toEqual(['1-4'])
  expect(waits('5-7')).toEqual(['5-8'])
  expect(waits('8-10')).toEqual(['5-8', '9-10'])
  expect(farm.job(leafOf(farm, render, '11'))).toMatchObject({ state: 'WAITING', dependencies: [] })
})

test('within one submission, by name, and all of it or nothing', async () => {
  await using farm = testFarm()
  const [shot] = await farm.farm.addJobs([
    {
      title: 'shot',
      children: [
        { name: 'sim', frames: '1-4', command: 'sim {frame}' },
        { name: 'beauty', frames: '1-4', chunk: 2, command: COMMAND, dependencies: [{ job: 'sim', kind: 'frame' }] },
      ],
    },
  ])
  const [sim, beauty] = [...farm.farm.listChildren(shot as number)].flat().map((job) => job.id)
  expect(farm.job(leafOf(farm, beauty as number, '1-2')).dependencies).toEqual([
    leafOf(farm, sim as number, '1'),
    leafOf(farm, sim as number, '2'),
  ])
  const error = await refusal(
    farm.farm.addJobs([{ command: 'x', dependencies: [{ job: sim as number, kind: 'frame' }] }]),
  )
  expect(error.message).toContain('is not a group of frames')
})

test('any: the first FINISHED leaf is enough', async () => {
  await using farm = testFarm()
  const shot = await frames(farm, '1-3')
  const preview = await farm.leaf({ dependencies: [{ job: shot, kind: 'any' }] })
  expect(farm.farm.whyJob(preview).text).toContain(`waits for any of job ${shot}`)
  await finish(farm, leafOf(farm, shot, '2'))
  expect(farm.state(preview)).toBe('WAITING')
  await farm.farm.resetJobs([shot])
  expect(farm.state(preview)).toBe('PENDING')
})

test('a client that knows no kinds hands back ids, and they stay what they were', async () => {
  await using farm = testFarm()
  const sim = await frames(farm, '1-2')
  const render = await frames(farm, '1-2')
  const other = await farm.leaf()
  await farm.farm.setDependencies(render, [{ job: sim, kind: 'frame' }])
  await farm.farm.editJobs({ [render]: { title: 'renamed', dependencies: [sim, other] } })
  expect(farm.job(render).dependency_kinds).toEqual({ [sim]: 'frame' })
  expect(farm.state(leafOf(farm, render, '1'))).toBe('PENDING')
  await farm.farm.setDependencies(render, [{ job: sim, kind: 'all' }])
  expect(farm.state(render)).toBe('PENDING')
  expect(farm.job(leafOf(farm, render, '1'))).toMatchObject({ state: 'WAITING', dependencies: [] })
})

test('what is taken away frees the frames, but not from what they wait for otherwise', async () => {
  await using farm = testFarm()
  const sim = await frames(farm, '1-2')
  const render = await frames(farm, '1-2')
  const first = leafOf(farm, render, '1')
  await farm.farm.setDependencies(first, [leafOf(farm, sim, '1')])
  await farm.farm.setDependencies(render, [{ job: sim, kind: 'frame' }])
  await farm.farm.setDependencies(render, [])
  expect(farm.state(first)).toBe('PENDING')
  expect(farm.state(leafOf(farm, render, '2'))).toBe('WAITING')
  await farm.farm.deleteJobs([sim])
  expect(farm.state(first)).toBe('WAITING')
})
