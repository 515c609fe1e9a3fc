/** Many that wait for one, and frames that wait for frames by the thousand: done in steps, and right in between. */
import { afterAll, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { checkFarm, mend } from '../../src/domain/check.ts'
import { MOST_DEPENDENCIES } from '../../src/domain/dependencies.ts'
import { expectTreeOfRows } from '../support/compare.ts'
import { refusal, TestClock, TestFarm, tempFolder, testFarm } from '../support/farm.ts'

/** Five are told at once, then three at a time. */
const STEPS = { atOnce: 1000, links: 5, rows: 3, ms: 0 }
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const count = ({ db }: TestFarm, where: string) =>
  db.sqlite.query<{ n: number }, []>(`select count(*) as n from jobs where command <> '' and ${where}`).get()?.n

/** Works off what is left, and looks at the farm after each step: how many rows each of them changed. */
async function workOff(farm: TestFarm): Promise<number[]> {
  const told: number[] = []
  const pending = () => count(farm, 'unfinished > 0') ?? 0
  for (let before = pending(), more = true; more; before = pending()) {
    more = await farm.farm.workOff()
    told.push(Math.abs(before - pending()))
    expect(checkFarm(farm.db.sqlite)).toEqual([])
    expectTreeOfRows(farm)
  }
  return told
}

async function hubOf(farm: TestFarm, spokes = 20) {
  const hub = await farm.leaf({ title: 'hub', priority: 9999 })
  const ids = await farm.farm.addJobs(Array.from({ length: spokes }, () => ({ command: 'x', dependencies: [hub] })))
  return { hub, ids }
}

async function runHub(farm: TestFarm, hub: number): Promise<void> {
  const run = await farm.begin('hub')
  expect(run.job).toBe(hub)
  await farm.end(run)
}

test('those that wait for one by the dozen are told a few at a time, and others are served in between', async () => {
  await using farm = testFarm({ steps: STEPS })
  const { hub } = await hubOf(farm)
  await runHub(farm, hub)
  expect(count(farm, 'ready = 1')).toBe(5)
  const between = await farm.leaf({ title: 'between', priority: 5000 })
  expect((await farm.pick('other'))?.job.id).toBe(between)
  const told = await workOff(farm)
  expect(Math.max(...told)).toBe(STEPS.rows)
  expect(count(farm, `unfinished = 0 and state = 'WAITING'`)).toBe(20)
})

test('a reset between the steps is told instead, and nobody begins who has not heard of it', async () => {
  await using farm = testFarm({ steps: STEPS })
  const { hub, ids } = await hubOf(farm)
  await runHub(farm, hub)
  await farm.farm.workOff()
  await farm.farm.resetJobs([hub])
  expect((await farm.pick('hub'))?.job.id).toBe(hub)
  expect(await farm.pick('other')).toBeNull()
  await workOff(farm)
  expect(ids.map((id) => farm.state(id))).toEqual(ids.map(() => 'PENDING'))
  expect(farm.db.sqlite.query('select * from tellings').all()).toEqual([])
})

test('a group that waits is held too when what it waits for was reset and it has not been told', async () => {
  await using farm = testFarm({ steps: STEPS })
  const { hub } = await hubOf(farm)
  const [group = 0] = await farm.farm.addJobs([{ title: 'g', dependencies: [hub], children: [{ command: 'y' }] }])
  await runHub(farm, hub)
  await workOff(farm)
  await farm.farm.pauseJobs(Array.from({ length: 20 }, (_, i) => hub + 1 + i))
  await farm.farm.resetJobs([hub])
  expect((await farm.pick('hub'))?.job.id).toBe(hub)
  expect(await farm.pick('other')).toBeNull()
  await workOff(farm)
  expect(farm.state(group)).toBe('PENDING')
})

test('what changes between the steps is not told twice, nor forgotten', async () => {
  await using farm = testFarm({ steps: STEPS })
  const { hub, ids } = await hubOf(farm)
  const [first = 0] = ids
  const last = ids.at(-1) ?? 0
  await runHub(farm, hub)
  const other = await farm.leaf({ title: 'other', paused: true })
  await farm.farm.setDependencies(last, [hub, other])
  await farm.farm.setDependencies(first, [])
  const late = await farm.leaf({ dependencies: [hub] })
  await farm.farm.deleteJobs([ids[10] ?? 0])
  await workOff(farm)
  expect(farm.state(last)).toBe('PENDING')
  await farm.farm.setDependencies(last, [hub])
  await farm.farm.resetJobs([hub])
  await farm.farm.deleteJobs([hub])
  await workOff(farm)
  for (const id of [first, last, late]) expect(farm.state(id)).toBe('WAITING')
})

test('telling goes on after a restart', async () => {
  const folder = tempFolder()
  folders.push(folder)
  const clock = new TestClock()
  const start = () => new TestFarm({ path: join(folder, 'coalition.db'), logs: folder, clock, steps: STEPS })
  const before = start()
  const { hub } = await hubOf(before)
  await runHub(before, hub)
  await before.farm.workOff()
  expect(count(before, 'unfinished > 0')).toBeGreaterThan(0)
  await using after = start()
  await workOff(after)
  expect(count(after, 'unfinished > 0')).toBe(0)
})

test('a check finds nothing wrong while some are still to be told, and to mend tells all of them', async () => {
  await using farm = testFarm({ steps: STEPS })
  const { hub } = await hubOf(farm)
  await runHub(farm, hub)
  expect(checkFarm(farm.db.sqlite)).toEqual([])
  expect(mend(farm.db.sqlite)).toMatchObject({ unfinished: 15 })
  expect(farm.db.sqlite.query('select * from tellings').all()).toEqual([])
  expect(checkFarm(farm.db.sqlite)).toEqual([])
  expect(count(farm, 'unfinished > 0')).toBe(0)
})

/** Two groups of twelve frames, the second in chunks of two. */
async function twoGroups(farm: TestFarm) {
  const [sim = 0, render = 0] = await farm.farm.addJobs([
    { title: 'sim', frames: '1-12', command: 's {frame}' },
    { title: 'render', frames: '1-12', chunk: 2, command: 'r {start} {end}' },
  ])
  const links = () =>
    farm.db.sqlite
      .query<{ job_id: number; dependency: number }, []>(
        `select job_id, dependency from dependencies where kind = 'frame' and job_id <> ${render} order by 1, 2`,
      )
      .all()
  return { sim, render, links }
}
const frameByFrame = (job: number) => [{ job, kind: 'frame' as const }]

test('large groups are linked frame by frame in steps, and held until all of it is done', async () => {
  await using farm = testFarm({ steps: STEPS })
  const { sim, render, links } = await twoGroups(farm)
  await farm.farm.setDependencies(render, frameByFrame(sim))
  expect(farm.job(render)).toMatchObject({ state: 'PENDING', dependencies: [sim] })
  expect(links()).toEqual([])
  for (let i = 0; i < 12; i++) await farm.end(await farm.begin('early'))
  expect(await farm.pick('early')).toBeNull()
  await workOff(farm)
  expect(links()).toHaveLength(12)
  expect(farm.state(render)).toBe('WAITING')
  expect(count(farm, 'ready = 1')).toBe(6)
  await farm.farm.resetJobs([sim])
  await workOff(farm)
  expect(count(farm, `parent = ${render} and state = 'PENDING'`)).toBe(6)
  await farm.farm.setDependencies(render, [])
  await workOff(farm)
  expect(links()).toEqual([])
  expect(count(farm, `parent = ${render} and state = 'WAITING'`)).toBe(6)
})

test('links that are taken away before they are made, or made again, or whose group is deleted, leave nothing', async () => {
  await using farm = testFarm({ steps: STEPS })
  const { sim, render, links } = await twoGroups(farm)
  await farm.farm.setDependencies(render, frameByFrame(sim))
  for (let i = 0; i < 6; i++) await farm.farm.workOff()
  await farm.farm.setDependencies(render, [])
  await farm.farm.workOff()
  await farm.farm.setDependencies(render, frameByFrame(sim))
  await workOff(farm)
  expect(links()).toHaveLength(12)
  await farm.farm.setDependencies(render, [])
  await farm.farm.workOff()
  await farm.farm.setDependencies(render, frameByFrame(sim))
  await farm.farm.workOff()
  await farm.farm.deleteJobs([sim])
  await workOff(farm)
  expect(links()).toEqual([])
  expect(farm.state(render)).toBe('WAITING')
  expect(count(farm, 'ready = 1')).toBe(6)
  expect(farm.db.sqlite.query('select * from frame_links').all()).toEqual([])
})

test('more dependencies than one job, or one call, may have are refused, with what to do instead', async () => {
  await using farm = testFarm()
  const { ids } = await hubOf(farm, 1)
  const many = Array.from({ length: MOST_DEPENDENCIES + 1 }, (_, i) => i + 1)
  const [id = 0] = ids
  for (const operation of [
    farm.farm.setDependencies(id, many),
    farm.farm.addJob({ command: 'x', dependencies: many }),
    farm.farm.editJobs({ [id]: { dependencies: many.slice(1) }, 1: { dependencies: [id] } }),
  ])
    expect(await refusal(operation)).toMatchObject({ kind: 'invalid', message: expect.stringContaining('group') })
  expect(farm.job(id).dependencies).toHaveLength(1)
})
