import { afterAll, expect, test } from 'bun:test'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expectTreeOfRows } from '../support/compare.ts'
import { refusal, TestClock, TestFarm, tempFolder, testFarm } from '../support/farm.ts'

/** Everything goes on behind the answer, two rows at a time, when a test says so. */
const STEPS = { atOnce: 0, links: 500, rows: 2, ms: 0 }
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A data folder, and what starts a server on it. */
function dataFolder() {
  const folder = tempFolder()
  folders.push(folder)
  const clock = new TestClock()
  return {
    folder,
    start: () => new TestFarm({ path: join(folder, 'coalition.db'), logs: folder, clock, steps: STEPS }),
  }
}

const SIX = { film: { a: 'x', b: 'x', shot: { c: 'x', d: 'x', e: 'x' } }, after: 'y' } as const
const LEAVES = ['a', 'b', 'c', 'd', 'e'] as const
const stop = (farm: TestFarm) => farm[Symbol.asyncDispose]()
const rows = ({ db }: TestFarm) =>
  db.sqlite.query<{ count: number }, []>('select count(*) as count from jobs').get()?.count

test('a group that is deleted is nowhere from the first moment on, while its rows go step by step', async () => {
  await using farm = testFarm({ steps: STEPS })
  const { film, shot, a, e, after } = await farm.tree(SIX)
  await farm.farm.setDependencies(after, [e, a])
  await farm.farm.editJobs({ [e]: { user: 'ann' } })
  const { run, name } = await farm.begin()
  await farm.farm.deleteJobs([film])
  expect(rows(farm)).toBe(8)
  do {
    for (const gone of [film, shot, a, e]) {
      expect(() => farm.job(gone)).toThrow(`There is no job ${gone}`)
      expect(() => farm.logText(gone)).toThrow('There is no job')
      expect(() => farm.farm.whyJob(gone)).toThrow('There is no job')
      expect(await refusal(farm.farm.pauseJobs([gone]))).toMatchObject({ kind: 'not_found' })
      expect(await refusal(farm.leaf({ parent: gone }))).toMatchObject({ kind: 'invalid', field: 'parent' })
      expect(await refusal(farm.farm.setDependencies(after, [gone]))).toMatchObject({ kind: 'invalid' })
    }
    expect([...farm.farm.listChildren(0)].flat().map((job) => job.id)).toEqual([after])
    expect(() => [...farm.farm.listChildren(shot)]).toThrow('There is no job')
    expect(() => farm.farm.findGroup(['film'])).toThrow("There is no group 'film'")
    expect(farm.farm.distinctValues('user')).toEqual([{ user: '' }])
    expect(farm.job(after)).toMatchObject({ state: 'WAITING', dependencies: [] })
    expect(farm.farm.health().jobs).toMatchObject({ total: 1, ready: 1, working: 0 })
    expect(farm.heartbeat({ run, name }).go_on).toBe(false)
  } while (await farm.farm.workOff())
  expect(rows(farm)).toBe(1)
  expect(farm.db.sqlite.query('select * from dependencies').all()).toEqual([])
})

test('a delete goes on after a restart in the middle of it, with the logs', async () => {
  const { folder, start } = dataFolder()
  const before = start()
  const { film, a } = await before.tree(SIX)
  const run = await before.begin()
  before.heartbeat(run, { output: { bytes: new TextEncoder().encode('frame 1\n') } })
  await before.end(run)
  expect(run.job).toBe(a)
  const log = join(folder, '0', `${a}.log`)
  expect(existsSync(log)).toBe(true)
  await before.farm.deleteJobs([film])
  await before.farm.workOff()
  const left = rows(before) as number
  expect(left).toBeGreaterThan(1)
  expect(left).toBeLessThan(8)
  // Another server on the same file: the first was never stopped.
  await using after = start()
  expect(() => after.job(film)).toThrow('There is no job')
  expect(after.farm.health().jobs).toMatchObject({ total: 1, ready: 1 })
  expectTreeOfRows(after)
  await after.workOff()
  expect(rows(after)).toBe(1)
  expect(existsSync(log)).toBe(false)
  expect(after.events(a)).toHaveLength(1)
  await stop(before)
})

test('a server that runs works off what it finds, and what it is asked for, by itself', async () => {
  const { start } = dataFolder()
  const before = start()
  const { film } = await before.tree(SIX)
  const { film: other } = await before.tree(SIX)
  await before.farm.deleteJobs([film])
  await stop(before)
  await using after = start()
  expect(rows(after)).toBe(16)
  after.farm.run()
  await after.farm.deleteJobs([other])
  const deadline = Date.now() + 20_000
  while (rows(after) !== 2 && Date.now() < deadline) await Bun.sleep(5)
  expect(rows(after)).toBe(2)
})

async function finished(farm: TestFarm) {
  const ids = await farm.tree(SIX)
  for (let i = 0; i < LEAVES.length; i++) await farm.runOnce()
  await farm.farm.setDependencies(ids.after, [ids.d, ids.film])
  expect(farm.state(ids.film)).toBe('FINISHED')
  return ids
}

test('a group that is reset reads as reset from the first moment on, and each leaf runs once', async () => {
  await using farm = testFarm({ steps: STEPS })
  const { film, shot, after, ...leaves } = await finished(farm)
  expect(farm.state(after)).toBe('WAITING')
  await farm.farm.resetJobs([film])
  const picked: number[] = []
  for (;;) {
    expect(farm.state(after)).toBe('PENDING')
    for (const title of LEAVES)
      if (!picked.includes(leaves[title]))
        expect(farm.job(leaves[title])).toMatchObject({ state: 'WAITING', progress: 0, run_done: 0, start_time: 0 })
    expect(
      [...farm.farm.listChildren(shot, { state: ['FINISHED'] })].flat().every((job) => picked.includes(job.id)),
    ).toBe(true)
    expect(farm.job(film)).toMatchObject({ total: 5, total_finished: picked.length })
    if (picked.length === LEAVES.length) break
    const job = await farm.picked()
    if (job === undefined) {
      expect(farm.farm.whyJob(leaves.e).reasons.map((reason) => reason.kind)).toContain('resetting')
      expect(await farm.farm.workOff()).toBe(true)
      continue
    }
    picked.push(job)
    const run = farm.events().at(-1)?.id as number
    await farm.end({ run, name: 'worker-1' })
    expect(farm.job(job)).toMatchObject({ state: 'FINISHED', run_done: 1, progress: 1 })
    if (picked.length === LEAVES.length) break
  }
  await farm.workOff()
  expect(picked.toSorted()).toEqual(LEAVES.map((title) => leaves[title]).toSorted())
  expect(farm.state(after)).toBe('WAITING')
})

test('what is done to a leaf between the steps of a reset stays', async () => {
  await using farm = testFarm({ steps: STEPS })
  const { film, a, b, c, d, e } = await finished(farm)
  const other = await farm.group()
  await farm.farm.resetJobs([film])
  await farm.farm.pauseJobs([b])
  await farm.farm.editJobs({ [c]: { priority: 5000 }, [d]: { parent: other } })
  const fresh = await farm.leaf({ parent: film, paused: true })
  const moved = await farm.leaf({ paused: true })
  await farm.farm.editJobs({ [moved]: { parent: film } })
  await farm.farm.deleteJobs([e])
  await farm.workOff()
  expect([a, b, c, d, fresh, moved].map((id) => farm.state(id))).toEqual([
    'WAITING', 'PAUSED', 'WAITING', 'WAITING', 'PAUSED', 'PAUSED',
  ]) // biome-ignore format: a list of states
  expect(farm.job(c)).toMatchObject({ priority: 5000, run_done: 0 })
  expect(farm.job(d)).toMatchObject({ parent: other, run_done: 0, progress: 0 })
  expectTreeOfRows(farm)
})

test('a reset goes on after a restart in the middle of it', async () => {
  const { start } = dataFolder()
  const before = start()
  const { film, after: waiting, ...leaves } = await finished(before)
  await before.farm.resetJobs([film])
  await before.farm.workOff()
  await using after = start()
  const check = () => {
    expect(after.job(film)).toMatchObject({ state: 'WAITING', total: 5, total_finished: 0, finished: 0, duration: 0 })
    for (const title of LEAVES) expect(after.job(leaves[title])).toMatchObject({ state: 'WAITING', run_done: 0 })
    expect(after.state(waiting)).toBe('PENDING')
    expectTreeOfRows(after)
  }
  check()
  while (await after.farm.workOff()) check()
  const picked = new Set<number>()
  for (let i = 0; i < LEAVES.length; i++) picked.add(await after.runOnce())
  expect(picked.size).toBe(LEAVES.length)
  expect(after.state(film)).toBe('FINISHED')
  await stop(before)
})

test('a second reset between the steps of the first takes back what ran meanwhile', async () => {
  await using farm = testFarm({ steps: STEPS })
  const { film } = await finished(farm)
  await farm.farm.resetJobs([film])
  await farm.farm.workOff()
  await farm.runOnce()
  expect(farm.job(film).total_finished).toBe(1)
  await farm.farm.resetJobs([film])
  expect(farm.job(film)).toMatchObject({ total_finished: 0, state: 'WAITING' })
  await farm.workOff()
  for (let i = 0; i < LEAVES.length; i++) await farm.runOnce()
  expect(farm.state(film)).toBe('FINISHED')
})

test('a reset of errors is seen at once, and a leaf that fails after it has failed', async () => {
  await using farm = testFarm({ steps: STEPS, policy: { blocklistAfter: 0 } })
  const { film, ...leaves } = await farm.tree(SIX)
  for (const title of LEAVES) await farm.runOnce(title === 'a' ? 0 : 1)
  expect(farm.job(film)).toMatchObject({ total_errors: 4, total_finished: 1 })
  await farm.farm.resetErrorJobs([film])
  expect(farm.job(film)).toMatchObject({ total_errors: 0, total_finished: 1, state: 'WAITING' })
  expect(LEAVES.map((title) => farm.state(leaves[title]))).toEqual([
    'FINISHED', 'WAITING', 'WAITING', 'WAITING', 'WAITING',
  ]) // biome-ignore format: a list of states
  await farm.farm.workOff()
  const failed = await farm.runOnce(1)
  expect(failed).toBe(leaves.b)
  await farm.workOff()
  expect(farm.job(film)).toMatchObject({ total_errors: 1, total_finished: 1 })
  expect(farm.state(failed)).toBe('ERROR')
  expectTreeOfRows(farm)
})

test('an operation that fails takes back only itself, also beside a reset and a delete in one commit', async () => {
  await using farm = testFarm({ steps: STEPS })
  const { film, shot, after, a } = await finished(farm)
  const outcomes = await Promise.allSettled([
    farm.farm.pauseJobs([after]),
    farm.farm.resetJobs([film]),
    farm.farm.deleteJobs([shot, 999]),
    farm.farm.editJobs({ [film]: { priority: 7 }, [shot]: { parent: a } }),
    farm.farm.deleteJobs([shot]),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled'])
  expect(farm.job(film)).toMatchObject({ total: 2, total_finished: 0, priority: 1000 })
  expectTreeOfRows(farm)
  await farm.workOff()
  expect(farm.job(after).dependencies).toEqual([film])
  expectTreeOfRows(farm)
})

test('a group that its errors held is picked from as soon as they are reset, and held again if that fails', async () => {
  await using farm = testFarm({ steps: STEPS, policy: { blocklistAfter: 0 } })
  const { film, shot, a, b } = await farm.tree({ film: { shot: { a: 'x', b: 'x' } } })
  await farm.farm.editJobs({ [shot]: { error_limit: 1 } })
  expect(await farm.runOnce(1)).toBe(a)
  expect(farm.farm.health().jobs.ready).toBe(0)
  const outcomes = await Promise.allSettled([
    farm.farm.editJobs({ [film]: { title: 'first' } }),
    farm.farm.resetErrorJobs([film]),
    farm.farm.resetJobs([film, 999]),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  expect(farm.farm.health().jobs.ready).toBe(1)
  expectTreeOfRows(farm)
  expect(await farm.runOnce(1)).toBe(b)
  expect(farm.farm.health().jobs.ready).toBe(0)
  await farm.farm.resetJobs([film])
  expectTreeOfRows(farm)
  await farm.workOff()
  expect(farm.farm.health().jobs.ready).toBe(2)
})

test('what waits for another try waits no more after a reset, and the worker that failed it may have it', async () => {
  await using farm = testFarm({ steps: STEPS })
  await farm.worker('other')
  const { film, a, b } = await farm.tree({ film: { a: 'x', b: 'x' } })
  await farm.farm.editJobs({ [a]: { retry: 5, retry_delay: 100 }, [b]: { retry: 5 } })
  const [one, two] = [await farm.begin(), await farm.begin('w2')]
  await farm.end(one, 1)
  await farm.end(two, 1)
  expect([await farm.picked('w2'), await farm.picked()]).toEqual([undefined, b])
  await farm.farm.resetJobs([film])
  expect(farm.farm.whyJob(a).reasons.map((reason) => reason.kind)).toContain('resetting')
  await farm.workOff()
  expect(await farm.picked()).toBe(a)
  expectTreeOfRows(farm)
})
