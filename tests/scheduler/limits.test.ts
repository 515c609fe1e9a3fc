/** What holds jobs that are ready: limits of the farm, caps of groups, what hosts have, the clock, other users. */
import { expect, test } from 'bun:test'
import { memoryClass } from '../../src/domain/needs.ts'
import { type TestFarm, testFarm } from '../support/farm.ts'

const kinds = (farm: TestFarm, id: number) => farm.farm.whyJob(id).reasons.map((reason) => reason.kind)
const ask = async (farm: TestFarm, name: string, machine = {}) =>
  (await farm.farm.pick(name, machine, new AbortController().signal))?.job.id

test('no more runs at once than a limit says, of jobs that name it or are in a group that does', async () => {
  await using farm = testFarm()
  await farm.farm.setLimits({ nuke: 2 })
  const shot = await farm.group({ limits: 'nuke' })
  const inside = await farm.leaf({ parent: shot })
  const named = await farm.leaf({ limits: 'nuke, maya' })
  const held = await farm.leaf({ limits: 'nuke' })
  const free = await farm.leaf()
  expect([await farm.picked('w1'), await farm.picked('w2'), await farm.picked('w3')]).toEqual([inside, named, free])
  expect(await farm.pick('w4')).toBeNull()
  expect(farm.farm.listLimits()).toEqual({ nuke: { max: 2, per: 'run', used: 2 } })
  expect(farm.farm.whyJob(held).reasons).toMatchObject([{ kind: 'limit', limit: 'nuke', count: 2 }])
  expect(farm.farm.whyWorker('w4').reasons).toMatchObject([{ kind: 'limit' }])
  await farm.end({ run: farm.workerNamed('w1').current_event, name: 'w1' })
  expect(await farm.picked('w4')).toBe(held)
})

test('a limit by host counts hosts: on one that has it already there may be more', async () => {
  await using farm = testFarm()
  await farm.farm.setLimits({ houdini: { max: 1, per: 'host' } })
  for (let i = 0; i < 3; i++) await farm.leaf({ limits: 'houdini' })
  expect(await ask(farm, 'a-1', { host: 'a' })).toBe(1)
  expect(await ask(farm, 'b-1', { host: 'b' })).toBeUndefined()
  expect(await ask(farm, 'a-2', { host: 'a' })).toBe(2)
  expect(farm.farm.listLimits()).toMatchObject({ houdini: { used: 1 } })
})

test('a limit lowered below what runs lets the runs end; one taken away holds nothing', async () => {
  await using farm = testFarm()
  await farm.farm.setLimits({ nuke: 2 })
  for (let i = 0; i < 4; i++) await farm.leaf({ limits: 'nuke' })
  const first = await farm.begin('w1')
  const second = await farm.begin('w2')
  await farm.farm.setLimits({ nuke: 1 })
  expect(farm.heartbeat(first).go_on).toBe(true)
  await farm.end(first)
  expect(await farm.pick('w1')).toBeNull()
  await farm.end(second)
  expect(await farm.picked('w1')).toBe(3)
  await farm.farm.setLimits({ nuke: null })
  expect(await farm.picked('w2')).toBe(4)
})

test('a run holds what its job needed when it began, whatever is edited, and through a restart', async () => {
  await using farm = testFarm()
  await farm.farm.setLimits({ nuke: 1 })
  const job = await farm.leaf({ limits: 'nuke' })
  const run = await farm.begin('w1')
  await farm.farm.editJobs({ [job]: { limits: '' } })
  expect(farm.farm.listLimits()).toMatchObject({ nuke: { used: 1 } })
  await farm.end(run)
  expect(farm.farm.listLimits()).toMatchObject({ nuke: { used: 0 } })
})

test('a worker that waits for a limit starts as soon as a run gives it back', async () => {
  await using farm = testFarm()
  await farm.worker('w2')
  await farm.farm.setLimits({ nuke: 1 })
  await farm.leaf({ limits: 'nuke' })
  const second = await farm.leaf({ limits: 'nuke' })
  const run = await farm.begin('w1')
  const waiting = farm.pick('w2', 30)
  await farm.end(run)
  expect((await waiting)?.job.id).toBe(second)
})

test('a group runs as many leaves at once as its max_workers, counted over all below it', async () => {
  await using farm = testFarm()
  const film = await farm.group({ max_workers: 2 })
  const shot = await farm.group({ parent: film })
  for (const parent of [film, shot, shot, film]) await farm.leaf({ parent })
  const runs = [await farm.begin('w1'), await farm.begin('w2')]
  expect(await farm.pick('w3')).toBeNull()
  expect(farm.farm.whyJob(film + 5).reasons).toMatchObject([{ kind: 'max_workers', job: film, count: 2 }])
  await farm.farm.editJobs({ [film]: { max_workers: 3 } })
  expect(await farm.pick('w3')).not.toBeNull()
  await farm.farm.editJobs({ [film]: { max_workers: 1 } })
  await farm.end(runs[0] as { run: number; name: string })
  expect(await farm.pick('w1')).toBeNull()
})

test('jobs share a host as long as what they declare fits into it; what declares nothing takes a slot', async () => {
  await using farm = testFarm()
  const machine = { host: 'h', memory: 16_000, cores: 8, gpus: 1 }
  const big = await farm.leaf({ memory: 8000, cores: 6 })
  const many = await farm.leaf({ cores: 4 })
  const gpu = await farm.leaf({ gpus: 1, cores: 2 })
  const plain = await farm.leaf()
  expect(await ask(farm, 'h-1', machine)).toBe(big)
  expect(await ask(farm, 'h-2', machine)).toBe(gpu)
  expect(await ask(farm, 'h-3', machine)).toBe(plain)
  expect(await ask(farm, 'h-4', machine)).toBeUndefined()
  expect(kinds(farm, many)).toEqual(['room'])
  expect(farm.farm.whyWorker('h-4').reasons).toMatchObject([{ kind: 'resources' }])
  await farm.end({ run: farm.workerNamed('h-1').current_event, name: 'h-1' })
  expect(await ask(farm, 'h-4', machine)).toBe(many)
})

test('what no worker has is said', async () => {
  await using farm = testFarm()
  await farm.farm.pick('w', { memory: 1000 }, new AbortController().signal)
  const job = await farm.leaf({ memory: 2000 })
  expect(farm.farm.whyJob(job).reasons).toMatchObject([{ kind: 'resources' }])
  expect(farm.farm.whyWorker('w').text).toBe(
    'Ready jobs of its affinity take more than its host has left: it has 1000 MB, of which nothing is taken.',
  )
})

test('a worker that declares nothing has what it reports, as the old ones do', async () => {
  await using farm = testFarm()
  const job = await farm.leaf({ memory: 4000, cores: 2 })
  expect(await ask(farm, 'old', { cpu: [1, 2], total_memory: 3000 })).toBeUndefined()
  expect(await ask(farm, 'old', { cpu: [1, 2], total_memory: 8000 })).toBe(job)
})

test('memory is exact in round figures, and else counted in eighths of powers of two, so that a farm has few classes of it', () => {
  expect([0, 500, 1000, 1024, 2500, 8000, 8192, 64_000].map((mb) => mb && memoryClass(mb))).toEqual([
    0, 500, 1000, 1024, 2500, 8000, 8192, 64_000,
  ])
  expect([1, 15, 17, 1001, 1030, 7999, 8193].map(memoryClass)).toEqual([1, 15, 18, 1024, 1152, 8192, 9216])
  const all = Array.from({ length: 1 << 16 }, (_, mb) => mb + 1)
  const classesOf = (list: readonly number[]) => new Set(list.map(memoryClass)).size
  expect(classesOf(all.filter((mb) => mb % 500 > 0 && mb % 1024 > 0))).toBeLessThan(120)
  expect(classesOf(all)).toBeLessThan(320)
})

test('a worker takes as many jobs as its memory is a multiple of what they declare', async () => {
  await using farm = testFarm()
  const machine = { host: 'h', memory: 16_000 }
  const job = await farm.leaf({ memory: 16_000 })
  expect(await ask(farm, 'h-1', machine)).toBe(job)
  await farm.end({ run: farm.workerNamed('h-1').current_event, name: 'h-1' })
  const jobs: number[] = []
  for (let i = 0; i < 5; i++) jobs.push(await farm.leaf({ memory: 4000 }))
  for (let i = 0; i < 4; i++) expect(await ask(farm, `h-${i}`, machine)).toBe(jobs[i] as number)
  expect(await ask(farm, 'h-4', machine)).toBeUndefined()
})

test('start_after holds a job, and all that is in a group, until then', async () => {
  await using farm = testFarm()
  const time = farm.clock.now + 60
  const group = await farm.group({ start_after: time })
  const inside = await farm.leaf({ parent: group, priority: 9 })
  const alone = await farm.leaf({ start_after: time })
  expect(await farm.pick('w')).toBeNull()
  expect([kinds(farm, inside), kinds(farm, alone)]).toEqual([['start_after'], ['start_after']])
  farm.clock.advance(60)
  await farm.farm.step()
  expect([await farm.picked('w1'), await farm.picked('w2')]).toEqual([inside, alone])
})

test('a worker that waits starts what becomes due', async () => {
  await using farm = testFarm()
  await farm.worker('w')
  const job = await farm.leaf({ start_after: farm.clock.now + 5 })
  const waiting = farm.pick('w', 30)
  farm.clock.advance(5)
  await farm.farm.step()
  expect((await waiting)?.job.id).toBe(job)
})

test('by fair order the user with the least running goes first, weighted, and priority before all', async () => {
  await using farm = testFarm({ policy: { order: 'fair', weights: new Map([['ann', 2]]) } })
  const roots: Record<string, number> = {}
  for (const user of ['ann', 'bob']) {
    roots[user] = await farm.group({ user })
    for (let i = 0; i < 6; i++) await farm.leaf({ parent: roots[user] })
  }
  for (let i = 0; i < 3; i++) await farm.leaf({ user: 'cy' })
  await farm.leaf({ user: 'bob', priority: 2000 })
  const users: string[] = []
  for (let i = 0; i < 9; i++) {
    const id = await farm.picked(`w${i}`)
    const { parent } = farm.job(id as number)
    users.push(farm.job(parent || (id as number)).user)
  }
  // bob has the urgent one; then ann counts half.
  expect(users).toEqual(['bob', 'ann', 'cy', 'ann', 'ann', 'bob', 'cy', 'ann', 'ann'])
})

test('by first come, first served the older root goes on, whoever has how much', async () => {
  await using farm = testFarm()
  const ann = await farm.group({ user: 'ann' })
  for (let i = 0; i < 3; i++) await farm.leaf({ parent: ann })
  await farm.leaf({ user: 'bob' })
  expect([await farm.picked('w1'), await farm.picked('w2'), await farm.picked('w3')]).toEqual([2, 3, 4])
})
