import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Worker } from '../../src/models.ts'
import { refusal, START, type TestFarm, testFarm } from '../support/farm.ts'

const kinds = (farm: TestFarm, id: number) => farm.farm.whyJob(id).reasons.map((reason) => reason.kind)
const reason = (farm: TestFarm, id: number, kind: string) =>
  farm.farm.whyJob(id).reasons.find((each) => each.kind === kind)

test('a job that a worker can take has no reason, and the worker is told that it gets it', async () => {
  await using farm = testFarm()
  await farm.worker('w')
  const job = await farm.leaf()
  expect(farm.farm.whyJob(job)).toEqual({
    state: 'WAITING',
    text: expect.stringContaining('as soon as one asks'),
    reasons: [],
  })
  expect(farm.farm.whyWorker('w')).toMatchObject({ next: job, reasons: [] })
  expect(await farm.picked('w')).toBe(job)
  expect(farm.farm.whyJob(job).reasons).toMatchObject([{ kind: 'running', worker: 'w' }])
  expect(farm.farm.whyWorker('w').reasons).toMatchObject([{ kind: 'running', job }])
})

test('pauses are told with who is paused', async () => {
  await using farm = testFarm()
  await farm.worker('w')
  const { film, shot, job } = await farm.tree({ film: { shot: { job: 'x' } } })
  await farm.farm.pauseJobs([film])
  expect(farm.farm.whyJob(job).reasons).toMatchObject([{ kind: 'paused_group', job: film }])
  await farm.farm.pauseJobs([shot, job])
  expect(kinds(farm, job)).toEqual(['paused', 'paused_group', 'paused_group'])
  expect(reason(farm, shot, 'paused')).toMatchObject({ job: shot })
})

test('dependencies are told with what is waited for, its own and those of its groups', async () => {
  await using farm = testFarm()
  await farm.worker('w')
  const { shot, job, a, b, done } = await farm.tree({ shot: { job: 'x' }, a: 'x', b: 'x', done: 'x' })
  await farm.farm.editJobs({ [done]: { priority: 5000 } })
  await farm.end(await farm.begin('w'))
  await farm.farm.setDependencies(job, [a, done])
  await farm.farm.setDependencies(shot, [b])
  expect(farm.farm.whyJob(job).reasons).toMatchObject([
    { kind: 'dependencies', job, jobs: [a], count: 1 },
    { kind: 'group_dependencies', job: shot, jobs: [b], count: 1 },
  ])
  expect(farm.farm.whyJob(job).text).toBe(
    `It waits for job ${a} to be FINISHED. Its group ${shot} waits for job ${b} to be FINISHED.`,
  )
})

test('names that no active worker has are told, of the job and its groups together', async () => {
  await using farm = testFarm()
  await farm.worker('linux', 'LINUX')
  await farm.worker('gpu', 'GPU', 'MAYA')
  const shot = await farm.group({ affinity: 'LINUX' })
  const job = await farm.leaf({ parent: shot, affinity: 'GPU' })
  expect(farm.farm.whyJob(job)).toMatchObject({
    text: 'None of the 2 active workers has GPU and LINUX in one line of its affinity.',
    reasons: [{ kind: 'affinity', needs: ['GPU', 'LINUX'] }],
  })
  expect(farm.farm.whyWorker('gpu').reasons).toMatchObject([
    { kind: 'affinity', ready: [{ needs: ['GPU', 'LINUX'], count: 1 }] },
  ])
  await farm.farm.editWorkers({ gpu: { affinity: 'MAYA\nGPU,LINUX' } })
  expect(kinds(farm, job)).toEqual([])
})

test('stopped and silent workers do not count', async () => {
  await using farm = testFarm()
  await farm.worker('w')
  const job = await farm.leaf()
  await farm.farm.setWorkersActive(['w'], false)
  expect(kinds(farm, job)).toEqual(['no_worker'])
  expect(farm.farm.whyWorker('w').reasons).toMatchObject([{ kind: 'inactive' }])
  await farm.farm.setWorkersActive(['w'], true)
  farm.clock.advance(61)
  await farm.farm.step()
  expect(kinds(farm, job)).toEqual(['no_worker'])
  expect(farm.farm.whyWorker('w').reasons).toMatchObject([{ kind: 'silent' }])
})

test('how many go first is counted, and that all are busy is said', async () => {
  await using farm = testFarm()
  await farm.worker('w')
  await farm.worker('v', 'GPU')
  const { job } = await farm.tree({ early: { a: 'x', b: 'x' }, c: 'x', late: { d: 'x', job: 'x' }, last: { e: 'x' } })
  await farm.leaf({ affinity: 'GPU', priority: 9999 })
  expect(farm.farm.whyJob(job).reasons).toMatchObject([{ kind: 'queue', count: 4 }])
  await farm.begin('w')
  await farm.begin('v')
  expect(farm.farm.whyJob(job).reasons).toMatchObject([
    { kind: 'queue', count: 3 },
    { kind: 'busy', count: 2 },
  ])
})

test('ends are told', async () => {
  await using farm = testFarm()
  await farm.worker('w')
  const good = await farm.leaf()
  await farm.end(await farm.begin('w'))
  const bad = await farm.leaf({ retry: 1 })
  await farm.end(await farm.begin('w'), 1)
  await farm.end(await farm.begin('w'), 1)
  expect(kinds(farm, good)).toEqual(['finished'])
  expect(reason(farm, bad, 'error')).toMatchObject({ run_done: 2, retry: 1 })
  expect(farm.farm.whyWorker('w').reasons).toMatchObject([{ kind: 'nothing_ready' }])
})

test('groups tell what is in them', async () => {
  await using farm = testFarm()
  await farm.worker('w')
  const { film, empty } = await farm.tree({ film: { a: 'x', b: 'x' }, empty: {} })
  expect(farm.farm.whyJob(film).reasons).toMatchObject([{ kind: 'group', total: 2, waiting: 2 }])
  expect(kinds(farm, empty)).toEqual(['empty'])
})

const ready = 'It is a group of 3: 0 running, 3 ready, 0 finished, 0 in error.'

test('why nobody takes what is ready in a group is said, of all of it or of a part', async () => {
  await using farm = testFarm()
  await farm.worker('w', 'LINUX')
  const { film, a, b } = await farm.tree({ film: { a: 'x', b: 'x', c: 'x' } })
  await farm.farm.editJobs({ [film]: { affinity: 'MAYA' } })
  expect(farm.farm.whyJob(film).text).toBe(`${ready} The one active worker has not MAYA in one line of its affinity.`)
  await farm.farm.editJobs({ [film]: { affinity: 'LINUX' }, [a]: { affinity: 'MAYA' }, [b]: { limits: 'none' } })
  await farm.farm.setLimits({ none: 0 })
  expect(farm.farm.whyJob(film).text).toBe(
    `${ready} Of 1 that are ready: The one active worker has not LINUX and MAYA in one line of its affinity. Of 1 that are ready: The limit none is 0 runs, and 0 are in use.`,
  )
  const other = await farm.leaf({ priority: 5000 })
  await farm.farm.editJobs({ [film]: { affinity: '' }, [a]: { affinity: '' }, [b]: { limits: '' } })
  expect(kinds(farm, film)).toEqual(['group', 'queue'])
  expect(await farm.picked('w')).toBe(other)
  expect(kinds(farm, film)).toEqual(['group', 'busy'])
})

test('of a group that waits frame by frame it is told for which, as long as it holds anything back', async () => {
  await using farm = testFarm()
  await farm.worker('w')
  const sim = await farm.farm.addJob({ frames: '1-4', chunk: 2, command: 's {start} {end}' })
  const comp = await farm.farm.addJob({
    frames: '1-4',
    command: 'c {frame}',
    dependencies: [{ job: sim, kind: 'frame' }],
  })
  expect(farm.farm.whyJob(comp).text).toBe(
    `It is a group of 4: 0 running, 0 ready, 4 held back, 0 finished, 0 in error. Frame by frame it waits for job ${sim}.`,
  )
  expect(reason(farm, comp, 'dependencies')).toMatchObject({ job: comp, jobs: [sim], count: 1 })
  expect(farm.farm.whyWorker('w').next).toBeDefined()
  await farm.runOnce(0, 'w')
  await farm.runOnce(0, 'w')
  expect(kinds(farm, comp)).toEqual(['group'])
})

test('of a group in which nothing is ready one job is told, and what holds it', async () => {
  await using farm = testFarm()
  await farm.worker('w')
  const { bad } = await farm.tree({ bad: 'x' })
  await farm.runOnce(1, 'w')
  const { film, shot, a, b } = await farm.tree({ film: { empty: {}, shot: { a: 'x', b: 'x' } } })
  await farm.farm.editJobs({ [a]: { dependencies: [bad] }, [b]: { paused: 1 } })
  const counts = 'It is a group of 2: 0 running, 0 ready, 2 held back, 0 finished, 0 in error.'
  const words = [`${counts} Of what is held back, job ${b}: It is paused: start it.`]
  words.push(`${counts} Of what is held back, job ${a}: It waits for job ${bad} (in ERROR) to be FINISHED.`)
  expect(words).toContain(farm.farm.whyJob(film).text)
  await farm.farm.setDependencies(shot, [bad])
  expect(farm.farm.whyJob(film).reasons.at(-1)).toMatchObject({
    kind: 'dependencies',
    job: expect.any(Number),
    jobs: [bad],
  })
  await farm.farm.editJobs({ [a]: { dependencies: [] } })
  expect(farm.farm.whyJob(film).text).toBe(
    `${counts} Of what is held back, job ${shot}: It waits for job ${bad} (in ERROR) to be FINISHED.`,
  )
  await farm.farm.setDependencies(shot, [])
  expect(kinds(farm, film)).toEqual(['group'])
})

test('what is waited for and does not go on by itself is told', async () => {
  await using farm = testFarm()
  await farm.worker('w')
  const bad = await farm.leaf()
  await farm.runOnce(1, 'w')
  const { shot, good } = await farm.tree({ shot: { frame: 'x' }, good: 'x' })
  await farm.farm.pauseJobs([shot])
  const job = await farm.leaf({ dependencies: [bad, shot, good] })
  expect(farm.farm.whyJob(job).text).toBe(
    `It waits for job ${bad} (in ERROR), job ${shot} (PAUSED) and job ${good} to be FINISHED.`,
  )
})

test('that a job is left to others after a failure is told, of the job and of the worker that is free', async () => {
  await using farm = testFarm()
  await farm.worker('a')
  await farm.worker('b')
  const job = await farm.leaf({ retry: 3 })
  await farm.end(await farm.begin('a'), 1)
  await farm.farm.pauseJobs([job])
  await farm.leaf()
  await farm.begin('b')
  await farm.farm.editJobs({ [job]: { paused: 0 } })
  await farm.end(await farm.begin('a'), 1)
  expect(farm.farm.whyJob(job)).toMatchObject({
    text: 'It failed on a, and is left to others for up to a minute. The one other worker that fits is busy.',
    reasons: [
      { kind: 'avoided', worker: 'a', since: START + 60 },
      { kind: 'busy', count: 1 },
    ],
  })
  expect(farm.farm.whyWorker('a').reasons).toMatchObject([{ kind: 'avoided' }])
})

test('a limit of hosts that lets those who are free take nothing is told as that, and not as a want of room', async () => {
  await using farm = testFarm()
  await farm.worker('a')
  await farm.worker('b')
  await farm.farm.setLimits({ nuke: { max: 1, per: 'host' } })
  await farm.leaf({ limits: 'nuke' })
  const job = await farm.leaf({ limits: 'nuke' })
  await farm.begin('a')
  expect(farm.farm.whyJob(job)).toMatchObject({
    text: 'The limit nuke is 1 host, and 1 is in use.',
    reasons: [{ kind: 'limit', limit: 'nuke', count: 1 }],
  })
})

test('an idle worker is told of all that keeps it from what is ready, and of what is not', async () => {
  await using farm = testFarm({ policy: { blocklistAfter: 1 } })
  await farm.worker('w')
  await farm.farm.setLimits({ none: 0 })
  const { shot, other } = await farm.tree({ shot: { a: 'x', b: 'x' }, other: { c: 'x' } })
  await farm.end(await farm.begin('w'), 1)
  const held = await farm.leaf({ limits: 'none' })
  const big = await farm.leaf({ memory: 500 })
  const maya = await farm.leaf({ affinity: 'MAYA' })
  await farm.runOnce(0, 'w')
  expect(farm.farm.whyWorker('w').reasons).toMatchObject([
    { kind: 'resources', text: 'Ready jobs of its affinity ask for memory, cores or GPUs, and it declares none.' },
    { kind: 'limit', text: '1 ready job is held by the limit none.' },
    {
      kind: 'blocklist',
      text: `1 ready job is in job ${shot}, for which it is blocked: it failed there too often.`,
      jobs: [shot],
    },
    { kind: 'affinity', text: 'Other ready jobs need what it has not: 1 needs MAYA, and it has no affinity.' },
  ])
  await farm.farm.deleteJobs([shot, other, held, big, maya])
  const later = await farm.leaf({ start_after: START + 100 })
  expect(farm.farm.whyWorker('w').reasons).toMatchObject([{ kind: 'nothing_ready', count: 1 }])
  await farm.farm.deleteJobs([later])
  expect(farm.farm.whyWorker('w').text).toBe('No job is ready to run.')
})

test('a worker that is blocked for what failed on it last is told of the block, not of others that do not come', async () => {
  await using farm = testFarm({ policy: { blocklistAfter: 1 } })
  await farm.worker('a')
  await farm.worker('b')
  const job = await farm.leaf({ retry: 9 })
  await farm.end(await farm.begin('a'), 1)
  await farm.end(await farm.begin('b'), 1)
  for (const name of ['a', 'b'])
    expect(farm.farm.whyWorker(name).reasons).toMatchObject([{ kind: 'blocklist', jobs: [job] }])
  await farm.farm.clearBlocklist(job, ['b'])
  expect(farm.farm.whyWorker('b').next).toBe(job)
  expect(farm.farm.whyWorker('a').reasons).toMatchObject([{ kind: 'blocklist', jobs: [job] }])
})

test('a job that is tried again later says how to try it now', async () => {
  await using farm = testFarm()
  await farm.worker('w')
  const job = await farm.leaf({ retry: 1, retry_delay: 60 })
  await farm.end(await farm.begin('w'), 1)
  expect(farm.farm.whyJob(job).text).toBe('It failed, and is tried again in 60 s: start it to try now.')
  await farm.farm.startJobs([job])
  expect(kinds(farm, job)).toEqual([])
})

test('what is not there is refused', async () => {
  await using farm = testFarm()
  expect((await refusal(Promise.try(() => farm.farm.whyJob(1)))).message).toContain('no job 1')
  expect((await refusal(Promise.try(() => farm.farm.whyWorker('nobody')))).message).toContain("no worker 'nobody'")
})

test('who is blocked is told of a group, and of a job that others are too busy for', async () => {
  await using farm = testFarm({ policy: { blocklistAfter: 1 } })
  await farm.worker('w')
  await farm.worker('v')
  const { shot, c } = await farm.tree({ shot: { a: 'x', b: 'x', c: 'x' } })
  expect(kinds(farm, shot)).toEqual(['group'])
  await farm.end(await farm.begin('w'), 1)
  expect(reason(farm, shot, 'blocklist')).toMatchObject({ job: shot, workers: ['w'], count: 1 })
  await farm.begin('v')
  expect(reason(farm, c, 'busy')).toMatchObject({
    text: `The one worker that fits is busy; w failed too often in job ${shot} and is blocked for it.`,
    workers: ['w'],
  })
  await farm.farm.deleteJobs([c])
  expect(kinds(farm, shot)).toEqual(['group'])
})

const NAMES = ['A', 'B', 'C']
const affinity = fc.subarray(NAMES).map((names) => names.join(','))
const branch = fc.record({
  parent: fc.nat(5),
  group: fc.boolean(),
  affinity: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: affinity }),
  priority: fc.integer({ min: 1, max: 3 }),
  paused: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  waits: fc.option(fc.nat(9), { freq: 5 }),
  limits: fc.constantFrom('', '', '', '', 'none', 'some', 'host'),
  memory: fc.constantFrom(0, 0, 0, 0, 500, 2000),
  cores: fc.constantFrom(0, 0, 0, 0, 2),
  start_after: fc.constantFrom(0, 0, 0, 0, 0, START + 100),
  max_workers: fc.constantFrom(0, 0, 0, 1),
  error_limit: fc.constantFrom(0, 0, 0, 1),
  failed: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
})
const failing = fc
  .record({ branch, failed: fc.integer({ min: 0, max: 2 }).map((n) => n === 0) })
  .map(({ branch, failed }) => ({ ...branch, failed }))
type Branch = typeof branch extends fc.Arbitrary<infer T> ? T : never

/** A farm of these workers, and of these jobs in groups among those before them; answers the leaves. */
async function build(farm: TestFarm, branches: readonly Branch[], lines: readonly string[][]): Promise<number[]> {
  await farm.farm.setLimits({ none: 0, some: 1, host: { max: 1, per: 'host' } })
  for (const [i, own] of lines.entries()) {
    await farm.worker(`w${i}`, ...own)
    await farm.farm.pick(`w${i}`, { memory: 1000 * i, cores: 2 }, new AbortController().signal)
  }
  const groups = [0]
  const leaves: number[] = []
  const all: number[] = []
  for (const { parent, group, waits, paused, max_workers, error_limit, failed, ...rest } of branches) {
    const dependencies = waits !== null && all[waits] ? [all[waits] as number] : []
    const caps = group ? { max_workers, error_limit } : {}
    const at = groups[parent % groups.length] as number
    const input = { ...rest, ...caps, paused, parent: at, command: group ? '' : 'x' }
    const id = await farm.farm.addJob({ ...input, dependencies }).catch(() => farm.farm.addJob(input))
    all.push(id)
    ;(group ? groups : leaves).push(id)
    // What is ready at this moment may have failed before: on the worker that gets it, which is then blocked there.
    const run = failed ? await farm.pick('w0') : null
    if (run) await farm.end({ run: run.run, name: 'w0' }, 1)
  }
  return leaves
}

test('a leaf has a reason of its own just when the pick would not give it to anybody, and goes after as many as are counted', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(branch, { minLength: 3, maxLength: 14 }),
      fc.array(fc.array(affinity, { maxLength: 2 }), { minLength: 1, maxLength: 3 }),
      fc.constantFrom<'fifo' | 'fair'>('fifo', 'fair'),
      async (branches, lines, order) => {
        await using farm = testFarm({ policy: { blocklistAfter: 1, order } })
        const leaves = await build(farm, branches, lines)
        for (const leaf of leaves.filter((id) => farm.state(id) !== 'ERROR')) {
          const held = kinds(farm, leaf).filter((kind) => kind !== 'queue' && kind !== 'busy')
          // Its way is cleared of whatever goes first: then somebody gets it, or nobody ever will.
          const others = leaves.filter(
            (other) => other !== leaf && farm.farm.getJob(other).paused === 0 && farm.state(other) !== 'ERROR',
          )
          const before = kinds(farm, leaf).includes('queue') ? reason(farm, leaf, 'queue')?.count : 0
          await farm.farm.pauseJobs(others)
          const takers: string[] = []
          for (const [i] of lines.entries()) if (farm.farm.whyWorker(`w${i}`).next === leaf) takers.push(`w${i}`)
          expect([leaf, takers.length > 0]).toEqual([leaf, held.length === 0])
          await farm.farm.startJobs(others)
          if (lines.length === 1 && takers.length === 1) {
            // The one worker takes those before this one, one by one.
            const taken: number[] = []
            let next = await farm.picked('w0')
            while (next !== undefined && next !== leaf) {
              taken.push(next)
              await farm.farm.pauseJobs([next])
              next = await farm.picked('w0')
            }
            expect([leaf, taken.length]).toEqual([leaf, before ?? 0])
            await farm.farm.startJobs([...taken, leaf])
          }
        }
      },
    ),
    { numRuns: 60 },
  )
}, 60_000)

test('an idle worker that gets nothing is told of what keeps it from each leaf that is ready, and of nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(failing, { minLength: 3, maxLength: 14 }),
      fc.array(fc.array(affinity, { maxLength: 2 }), { minLength: 1, maxLength: 3 }),
      async (branches, lines) => {
        await using farm = testFarm({ policy: { blocklistAfter: 1 } })
        const leaves = await build(farm, branches, lines)
        const held = ['paused', 'paused_group', 'dependencies', 'group_dependencies', 'start_after', 'max_workers', 'error_limit'] // biome-ignore format: kinds
        const ready = leaves.filter((id) => {
          const about = kinds(farm, id)
          return farm.state(id) === 'WAITING' && !about.some((kind) => held.includes(kind))
        })
        for (const [i] of lines.entries()) {
          const worker = farm.workerNamed(`w${i}`)
          const { next, reasons } = farm.farm.whyWorker(worker.name)
          const expected = new Set(ready.map((id) => obstacle(farm, id, worker)))
          expect([i, next !== undefined]).toEqual([i, expected.has('none')])
          if (next !== undefined) continue
          expect(reasons.map(({ kind }) => kind).toSorted()).toEqual(
            expected.size === 0 ? ['nothing_ready'] : [...expected].toSorted(),
          )
        }
      },
    ),
    { numRuns: 200 },
  )
}, 60_000)

/** What keeps a worker from a leaf that is ready, by the words of the rules; nothing runs. */
function obstacle(farm: TestFarm, id: number, worker: Worker): string {
  const path = [farm.job(id)]
  for (let above = path[0]?.parent ?? 0; above !== 0; above = path.at(-1)?.parent ?? 0) path.push(farm.job(above))
  const split = (text: string) => text.split(',').filter((name) => name !== '')
  const names = path.flatMap((job) => split(job.affinity))
  const covers = worker.affinity.split('\n').some((line) => names.every((name) => split(line).includes(name)))
  const most = (what: 'memory' | 'cores') => Math.max(...path.map((job) => job[what]))
  if (!covers) return 'affinity'
  if (most('memory') > worker.memory || most('cores') > worker.cores) return 'resources'
  if (path.some((job) => split(job.limits).includes('none'))) return 'limit'
  const root = path.at(-1)?.id as number
  return farm.farm.listBlocklist(root).some(({ worker: name }) => name === worker.name) ? 'blocklist' : 'none'
}
