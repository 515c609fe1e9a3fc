import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { askerOf } from '../../src/scheduler/asker.ts'
import { hasWork, pick } from '../../src/scheduler/pick.ts'
import { TestFarm, testFarm } from '../support/farm.ts'
import { Model } from '../support/model.ts'

/** A worker that there is not, without a line. */
const NOBODY = { name: 'nobody', affinity: '', host: '', memory: 0, cores: 0, gpus: 0 }
const RUNS = Number(process.env.FUZZ_RUNS ?? 60)

/** What a worker gets, one after the other, until there is nothing. */
async function order(farm: TestFarm, worker: string): Promise<number[]> {
  const ids: number[] = []
  for (let id = await farm.picked(worker); id !== undefined; id = await farm.picked(worker)) {
    ids.push(id)
    await farm.end({ run: farm.workerNamed(worker).current_event, name: worker })
  }
  return ids
}

test('the higher priority first, then the older', async () => {
  await using farm = testFarm()
  const [low, first, second, high] = await Promise.all([1, 5, 5, 9].map((priority) => farm.leaf({ priority })))
  expect(await order(farm, 'w')).toEqual([high, first, second, low] as number[])
})

test('priority is compared from the root down: a job of great priority in a group of small waits', async () => {
  await using farm = testFarm()
  const small = await farm.group({ priority: 1 })
  const great = await farm.group({ priority: 2 })
  const urgent = await farm.leaf({ parent: small, priority: 9_000_000 })
  const deep = await farm.group({ parent: great, priority: -9_000_000 })
  const humble = await farm.leaf({ parent: deep, priority: -9_000_000 })
  expect(await order(farm, 'w')).toEqual([humble, urgent])
})

test('of equal roots the older one, however old what is in them', async () => {
  await using farm = testFarm()
  const older = await farm.group()
  const younger = await farm.group()
  const early = await farm.leaf({ parent: younger })
  const late = await farm.leaf({ parent: older })
  expect(await order(farm, 'w')).toEqual([late, early])
})

test('a leaf and a group beside each other are compared as equals', async () => {
  await using farm = testFarm()
  const group = await farm.group({ priority: 5 })
  const leaf = await farm.leaf({ priority: 6 })
  const inside = await farm.leaf({ parent: group })
  const last = await farm.leaf({ priority: 5 })
  expect(await order(farm, 'w')).toEqual([leaf, inside, last])
})

test('any integer is a priority', async () => {
  await using farm = testFarm()
  const { MAX_SAFE_INTEGER: most } = Number
  const [least, zero, greatest, next] = await Promise.all(
    [-most, 0, most, most - 1].map((priority) => farm.leaf({ priority })),
  )
  expect(await order(farm, 'w')).toEqual([greatest, next, zero, least] as number[])
})

test('a job needs its own affinities and those of all its ancestors', async () => {
  await using farm = testFarm()
  for (const [name, line] of Object.entries({ both: 'linux,maya,x', linux: 'linux', maya: 'maya' }))
    await farm.worker(name, line)
  const film = await farm.group({ affinity: 'linux' })
  const frame = await farm.leaf({ parent: await farm.group({ parent: film }), affinity: 'maya' })
  expect(await farm.pick('linux')).toBeNull()
  expect(await farm.pick('maya')).toBeNull()
  expect(await farm.picked('both')).toBe(frame)
})

test('names of affinities are compared exactly', async () => {
  await using farm = testFarm()
  await farm.worker('w', 'Linux,maya2025')
  await farm.leaf({ affinity: 'linux' })
  await farm.leaf({ affinity: 'maya' })
  expect(await farm.pick('w')).toBeNull()
})

test("a worker's lines are its order of preference, before all priority", async () => {
  await using farm = testFarm()
  await farm.worker('w', 'gpu', 'linux,maya')
  const nothing = await farm.leaf({ priority: 9000 })
  const maya = await farm.leaf({ affinity: 'maya', priority: 5000 })
  const both = await farm.leaf({ affinity: 'maya,linux', priority: 6000 })
  const gpu = await farm.leaf({ affinity: 'gpu', priority: 1 })
  await farm.leaf({ affinity: 'gpu,maya' })
  expect(await order(farm, 'w')).toEqual([gpu, both, maya, nothing])
})

test('a line * says where jobs come that need nothing', async () => {
  await using farm = testFarm()
  await farm.worker('w', 'gpu', '*', 'linux')
  const linux = await farm.leaf({ affinity: 'linux', priority: 9000 })
  const nothing = await farm.leaf()
  const gpu = await farm.leaf({ affinity: 'gpu', priority: 1 })
  expect(await order(farm, 'w')).toEqual([gpu, nothing, linux])
})

test('a line * does not fit jobs that need something', async () => {
  await using farm = testFarm()
  await farm.worker('w', '*')
  await farm.leaf({ affinity: 'linux' })
  expect(await farm.pick('w')).toBeNull()
})

test('in a group, what the line fits is found beside what it does not', async () => {
  await using farm = testFarm()
  await farm.worker('w', 'linux')
  const film = await farm.group()
  const windows = await farm.group({ parent: film, priority: 9000, affinity: 'windows' })
  await farm.leaf({ parent: windows })
  const mixed = await farm.group({ parent: film, priority: 8000 })
  await farm.leaf({ parent: mixed, priority: 9000, affinity: 'windows' })
  const fits = await farm.leaf({ parent: mixed, affinity: 'linux' })
  expect(await farm.picked('w')).toBe(fits)
})

test('an edit of priority or affinity, of a group or a leaf, counts for the next pick', async () => {
  await using farm = testFarm()
  const { a, b, a1, b1, b2 } = await farm.tree({ a: { a1: 'x' }, b: { b1: 'x', b2: 'x' } })
  const next = () => pick(farm.farm.core, askerOf(farm.farm.core, NOBODY))
  expect(next()).toBe(a1)
  await farm.farm.editJobs({ [b]: { priority: 2000 } })
  expect(next()).toBe(b1)
  await farm.farm.editJobs({ [b2]: { priority: 2000 } })
  expect(next()).toBe(b2)
  await farm.farm.editJobs({ [b]: { affinity: 'gpu' } })
  expect(next()).toBe(a1)
  await farm.farm.editJobs({ [a]: { affinity: 'gpu' } })
  expect(next()).toBeUndefined()
})

test('two workers that ask at once get two jobs', async () => {
  await using farm = testFarm()
  await farm.leaf()
  await farm.leaf()
  const jobs = await Promise.all(['w1', 'w2', 'w3'].map((name) => farm.picked(name)))
  expect(jobs.toSorted()).toEqual([1, 2, undefined])
})

test(
  'on deep and wide random trees every worker gets, to the last job, what the rule says',
  async () => {
    const names = fc.constantFrom('', '', '', 'a', 'b', 'a,c')
    const node = fc.record({
      // Mostly below the last few: deep trees; sometimes anywhere: wide ones.
      parent: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: -4, max: -1 }) }, fc.nat(60)),
      group: fc.boolean(),
      priority: fc.constantFrom(1000, 1000, 2000, 0, -3),
      affinity: names,
      paused: fc.constantFrom(false, false, false, false, false, true),
    })
    const lines = fc.constantFrom('', 'a', 'a\n*\nb', 'b\na,b,c', '*\na,c', 'c,b,a')
    await fc.assert(
      fc.asyncProperty(
        fc.array(node, { minLength: 10, maxLength: 60, size: 'max' }),
        fc.array(lines, { minLength: 80, maxLength: 80 }),
        async (nodes, asked) => {
          await using farm = new TestFarm({})
          const model = new Model(60)
          const groups = [0]
          const added: Promise<number>[] = []
          for (const { parent, group, ...rest } of nodes) {
            const at = parent < 0 ? Math.max(0, groups.length + parent) : parent % groups.length
            const input = { ...rest, command: group ? '' : 'render', parent: groups[at] as number }
            const id = model.add(input)
            if (group) groups.push(id)
            added.push(farm.farm.addJob(input))
          }
          await Promise.all(added)
          for (const affinity of asked) {
            const worker = { ...NOBODY, affinity }
            const ready = askerOf(farm.farm.core, worker)
            const id = pick(farm.farm.core, ready)
            expect({ affinity, id }).toEqual({ affinity, id: model.choose(worker) })
            expect(hasWork(farm.farm.core, ready)).toBe(id !== undefined)
            if (id === undefined) continue
            // Out of the way, by what makes no other difference.
            model.pause([id])
            await farm.farm.pauseJobs([id])
          }
        },
      ),
      { numRuns: RUNS },
    )
  },
  { timeout: 3_600_000 },
)
