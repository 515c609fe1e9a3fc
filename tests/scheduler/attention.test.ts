/** What the server says that a wrangler should look at, and what it does not. */
import { expect, test } from 'bun:test'
import { type TestFarm, testFarm } from '../support/farm.ts'

const found = (farm: TestFarm, kind: string) => farm.farm.attention().items.filter((item) => item.kind === kind)

test('a worker whose last three runs failed is named, until one goes well, or it is deleted', async () => {
  await using farm = testFarm()
  for (let i = 0; i < 10; i++) await farm.leaf()
  for (const code of [1, 1]) await farm.runOnce(code, 'bad')
  expect(found(farm, 'worker_errors')).toEqual([])
  const job = await farm.runOnce(1, 'bad')
  expect(found(farm, 'worker_errors')).toMatchObject([{ worker: 'bad', count: 3, job }])
  await farm.runOnce(0, 'bad')
  expect(found(farm, 'worker_errors')).toEqual([])
  for (const code of [1, 1, 1]) await farm.runOnce(code, 'bad')
  await farm.farm.deleteWorkers(['bad'])
  expect(found(farm, 'worker_errors')).toEqual([])
})

test('a worker that fell silent is named; one that is stopped may be silent', async () => {
  await using farm = testFarm({ workerTimeout: 60 })
  await farm.worker('gone')
  await farm.worker('off')
  await farm.farm.setWorkersActive(['off'], false)
  farm.clock.advance(61)
  await farm.farm.step()
  expect(found(farm, 'worker_silent')).toMatchObject([{ worker: 'gone', text: 'gone shows no sign of life.' }])
  await farm.pick('gone')
  expect(found(farm, 'worker_silent')).toEqual([])
})

test('failed jobs are one thing to look at for each group, while they are in ERROR and it is not long ago', async () => {
  // What is reset is so at once, though its row follows later.
  await using farm = testFarm({ steps: { atOnce: 0, links: 500, rows: 1, ms: 0 } })
  const { shot } = await farm.tree({ shot: { a: 'x', b: 'x', c: 'x' } })
  const alone = await farm.leaf({ title: 'alone' })
  for (const worker of ['w1', 'w2']) await farm.runOnce(1, worker)
  await farm.runOnce(0, 'w3')
  await farm.runOnce(1, 'w4')
  expect(found(farm, 'job_errors').map(({ job, count, text }) => ({ job, count, text }))).toEqual([
    { job: shot, count: 2, text: `2 jobs in group ${shot} 'shot' failed, the last on w2.` },
    { job: alone, count: 1, text: `Job ${alone} 'alone' failed on w4.` },
  ])
  await farm.farm.resetErrorJobs([shot])
  expect(found(farm, 'job_errors').map(({ job }) => job)).toEqual([alone])
  farm.clock.advance(3601)
  expect(found(farm, 'job_errors')).toEqual([])
})

test('a run that takes three times what its siblings took is named; few siblings say nothing', async () => {
  await using farm = testFarm()
  const group = await farm.group({ title: 'shot' })
  for (let i = 0; i < 7; i++) await farm.leaf({ parent: group, title: `f${i}` })
  const timed = async (seconds: number) => {
    const run = await farm.begin()
    farm.clock.advance(seconds)
    await farm.end(run)
  }
  for (let i = 0; i < 4; i++) await timed(30)
  const early = await farm.begin('slow')
  farm.clock.advance(500)
  expect(found(farm, 'run_slow')).toEqual([])
  await farm.end(early)
  // (4 × 30 + 500) / 5 = 124 s on average.
  const { job } = await farm.begin('slow')
  farm.clock.advance(371)
  expect(found(farm, 'run_slow')).toEqual([])
  farm.clock.advance(1)
  expect(found(farm, 'run_slow')).toMatchObject([{ job, worker: 'slow' }])
  expect(found(farm, 'run_slow')[0]?.text).toBe(
    `Job ${job} 'f5' has run for 6 min on slow; its siblings took 2 min on average.`,
  )
})

test('of each kind the worst fifty are named, and all are counted', async () => {
  await using farm = testFarm({ workerTimeout: 60 })
  for (let i = 0; i < 60; i++) await farm.worker(`w${i}`)
  farm.clock.advance(61)
  await farm.farm.step()
  const { items, totals } = farm.farm.attention()
  expect([items.length, totals.worker_silent]).toEqual([50, 60])
})
