/** What becomes of runs that fail: delays, other workers, blocklists, verdicts on the output, limits of errors. */
import { expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { judge, Verdict } from '../../src/domain/verdict.ts'
import { TestClock, type TestFarm, tempFolder, testFarm } from '../support/farm.ts'

const kinds = (farm: TestFarm, id: number) => farm.farm.whyJob(id).reasons.map((reason) => reason.kind)
const fail = async (farm: TestFarm, name: string) => farm.end(await farm.begin(name), 1)
const output = (text: string) => ({ output: { bytes: Buffer.from(text) } })

test('how long it still waits is said in words that are read at a glance', async () => {
  await using farm = testFarm({ policy: { blocklistAfter: 0 } })
  const job = await farm.leaf({ retry: 1, retry_delay: 3 * 3600 })
  await fail(farm, 'w')
  const wait = () => farm.farm.whyJob(job).reasons[0]?.text
  expect(wait()).toBe('It failed, and is tried again in 3 h: start it to try now.')
  farm.clock.advance(3600 + 1)
  expect(wait()).toBe('It failed, and is tried again in 120 min: start it to try now.')
  farm.clock.advance(2 * 3600 - 120)
  expect(wait()).toBe('It failed, and is tried again in 119 s: start it to try now.')
})

test('a job that failed is tried again after its delay, which grows if asked', async () => {
  await using farm = testFarm({ policy: { blocklistAfter: 0 } })
  const job = await farm.leaf({ retry: 5, retry_delay: 10, retry_growth: 2 })
  for (const delay of [10, 20, 40]) {
    await fail(farm, 'w')
    expect(farm.farm.whyJob(job).reasons).toMatchObject([
      { kind: 'retry_delay', text: `It failed, and is tried again in ${delay} s: start it to try now.` },
    ])
    farm.clock.advance(delay - 1)
    await farm.farm.step()
    expect(await farm.pick('w')).toBeNull()
    farm.clock.advance(1)
    await farm.farm.step()
  }
  expect(await farm.picked('w')).toBe(job)
})

test('who starts a job that waits for its next try does not wait', async () => {
  await using farm = testFarm()
  const job = await farm.leaf({ retry: 1, retry_delay: 3600 })
  await fail(farm, 'w')
  expect(await farm.pick('w')).toBeNull()
  await farm.farm.startJobs([job])
  expect(await farm.picked('w')).toBe(job)
})

test('what failed on a worker is tried on another one first, and on the same when there is none', async () => {
  await using farm = testFarm()
  await farm.worker('w1')
  const job = await farm.leaf({ retry: 9 })
  await fail(farm, 'w1')
  expect(await farm.picked('w1')).toBe(job)
  await farm.end({ run: farm.workerNamed('w1').current_event, name: 'w1' }, 1)
  // Now there is another one.
  await farm.farm.pauseJobs([job])
  await farm.worker('w2')
  await farm.farm.editJobs({ [job]: { paused: 0 } })
  await farm.farm.startJobs([job])
  await fail(farm, 'w1')
  await farm.farm.clearBlocklist(job)
  expect(await farm.pick('w1')).toBeNull()
  expect(farm.farm.whyWorker('w1').reasons).toMatchObject([{ kind: 'avoided' }])
  expect(await farm.picked('w2')).toBe(job)
})

test('others have a minute: then the worker that failed it may have it again, though they are busy', async () => {
  await using farm = testFarm()
  await farm.worker('w1')
  await farm.worker('w2')
  await farm.leaf({ priority: 5000 })
  await farm.begin('w2')
  const job = await farm.leaf({ retry: 9 })
  await fail(farm, 'w1')
  expect(await farm.pick('w1')).toBeNull()
  const waiting = farm.pick('w1', 30)
  farm.clock.advance(59)
  farm.heartbeat({ run: farm.workerNamed('w2').current_event, name: 'w2' })
  await farm.farm.step()
  farm.clock.advance(1)
  await farm.farm.step()
  expect((await waiting)?.job.id).toBe(job)
})

test('another slot of the same machine is no other worker', async () => {
  await using farm = testFarm()
  const ask = async (name: string) =>
    (await farm.farm.pick(name, { host: 'node' }, new AbortController().signal))?.job.id
  expect([await ask('node-1'), await ask('node-2')]).toEqual([undefined, undefined])
  const job = await farm.leaf({ retry: 9 })
  expect(await ask('node-1')).toBe(job)
  await farm.end({ run: farm.workerNamed('node-1').current_event, name: 'node-1' }, 1)
  expect(await ask('node-1')).toBe(job)
})

test('a worker that could not take it does not keep it from the one that failed it', async () => {
  await using farm = testFarm()
  await farm.worker('gpu', 'GPU')
  await farm.worker('cpu', 'CPU')
  await farm.worker('stopped', 'GPU')
  await farm.farm.setWorkersActive(['stopped'], false)
  const job = await farm.leaf({ retry: 9, affinity: 'GPU' })
  await fail(farm, 'gpu')
  expect(await farm.picked('gpu')).toBe(job)
})

test('after three failures in one root job a worker gets no more of it, and why says so', async () => {
  await using farm = testFarm()
  await farm.worker('bad')
  const { film, a, b, c, d, other } = await farm.tree({
    film: { a: 'x', shot: { b: 'x', c: 'x', d: 'x' } },
    other: 'x',
  })
  for (const job of [a, b, c]) {
    await farm.farm.editJobs({ [job]: { priority: 5000 } })
    await fail(farm, 'bad')
    await farm.farm.editJobs({ [job]: { priority: 1000 } })
  }
  expect(farm.farm.listBlocklist(film)).toMatchObject([{ worker: 'bad', failures: 3, blocked: true }])
  expect(farm.farm.whyJob(d).reasons).toMatchObject([{ kind: 'blocklist', job: film, workers: ['bad'] }])
  expect(await farm.picked('bad')).toBe(other)
  expect(await farm.picked('good')).toBe(d)
})

test('a blocklist is cleared by hand or by a reset of the root job, and lasts through a restart until then', async () => {
  await using farm = testFarm()
  const shot = await farm.group()
  for (let i = 0; i < 6; i++) await farm.leaf({ parent: shot })
  for (let i = 0; i < 3; i++) await fail(farm, 'bad')
  expect(await farm.pick('bad')).toBeNull()
  await farm.farm.clearBlocklist(shot, ['bad'])
  for (let i = 0; i < 3; i++) await fail(farm, 'bad')
  expect(await farm.pick('bad')).toBeNull()
  expect(farm.farm.whyWorker('bad').reasons).toMatchObject([{ kind: 'nothing_ready' }])
  await farm.farm.resetJobs([shot])
  expect(farm.farm.listBlocklist(shot)).toEqual([])
  expect(await farm.pick('bad')).not.toBeNull()
})

test('so many errors in a group hold the rest of it, and a reset lets them go', async () => {
  await using farm = testFarm({ policy: { blocklistAfter: 0 } })
  const shot = await farm.group({ error_limit: 2 })
  for (let i = 0; i < 4; i++) await farm.leaf({ parent: shot })
  await fail(farm, 'w')
  await fail(farm, 'w')
  expect(await farm.pick('w')).toBeNull()
  expect(kinds(farm, shot + 4)).toEqual(['error_limit'])
  const ofShot = () => farm.farm.whyJob(shot).reasons.at(-1)?.text
  expect(ofShot()).toBe('It is a group of 4: 0 running, 2 waiting, 0 finished, 2 in error.')
  await farm.farm.editJobs({ [shot]: { error_limit: 3 } })
  expect(ofShot()).toBe('It is a group of 4: 0 running, 2 ready, 0 finished, 2 in error.')
  await fail(farm, 'w')
  expect(await farm.pick('w')).toBeNull()
  await farm.farm.resetErrorJobs([shot])
  expect(await farm.picked('w')).toBe(shot + 1)
})

test('errors lower the priority of their group by one, once each time they come to be so many', async () => {
  await using farm = testFarm({ policy: { blocklistAfter: 0, decreasePriorityAfter: 2 } })
  const shot = await farm.group({ priority: 5 })
  for (let i = 0; i < 4; i++) await farm.leaf({ parent: shot })
  const priorities: number[] = []
  for (let i = 0; i < 4; i++) {
    await fail(farm, 'w')
    priorities.push(farm.job(shot).priority)
  }
  expect(priorities).toEqual([5, 4, 4, 4])
})

test('a run that is too quick has failed, and its log says why', async () => {
  await using farm = testFarm()
  const job = await farm.leaf({ min_run_time: 10 })
  const run = await farm.begin('w')
  farm.clock.advance(9)
  expect((await farm.end(run)).state).toBe('ERROR')
  expect(farm.logText(job)).toContain('fewer than min_run_time (10 s)')
})

test('a run that prints nothing for too long is ended; one that prints goes on', async () => {
  await using farm = testFarm()
  const job = await farm.leaf({ idle_timeout: 20 })
  const run = await farm.begin('w')
  for (const text of ['a', '', 'b', '']) {
    farm.clock.advance(15)
    farm.heartbeat(run, text === '' ? {} : output(text))
    await farm.farm.step()
    expect(farm.state(job)).toBe('WORKING')
  }
  farm.clock.advance(15)
  expect(farm.heartbeat(run).go_on).toBe(true)
  await farm.farm.step()
  expect(farm.state(job)).toBe('ERROR')
  expect(farm.heartbeat(run).go_on).toBe(false)
  expect(farm.logText(job)).toContain('printed nothing for 20 s')
})

test('a fatal line ends the run at once, whatever its exit code', async () => {
  await using farm = testFarm()
  const job = await farm.leaf({ fatal: 'out of (memory|disk)' })
  const run = await farm.begin('w')
  farm.heartbeat(run, output('all is well\nfatal: out of '))
  await farm.farm.step()
  expect(farm.state(job)).toBe('WORKING')
  farm.heartbeat(run, output('disk\nmore'))
  await farm.farm.step()
  expect(farm.state(job)).toBe('ERROR')
  expect(farm.heartbeat(run).go_on).toBe(false)
  expect(farm.logText(job)).toContain('fatal: out of disk')
})

test('a fatal line in the last words counts too, and a line of success makes a bad exit code a good one', async () => {
  await using farm = testFarm()
  const bad = await farm.leaf({ fatal: '^ERR' })
  const good = await farm.leaf({ success: 'Saved: .*png' })
  const first = await farm.begin('w')
  expect((await farm.farm.endRun(first.run, 0, { worker: 'w', vitals: {}, ...output('ERR 7') })).state).toBe('ERROR')
  const second = await farm.begin('w')
  farm.heartbeat(second, output('Saved: a.png\n'))
  expect((await farm.end(second, 139)).state).toBe('FINISHED')
  expect([farm.state(bad), farm.state(good)]).toEqual(['ERROR', 'FINISHED'])
  expect(farm.logText(good)).toContain('the exit code was 139')
})

test('what the output said before the server was restarted counts after it', async () => {
  const folder = tempFolder()
  const clock = new TestClock()
  const options = { path: join(folder, 'coalition.db'), logs: join(folder, 'logs'), clock }
  let run: { run: number; name: string }
  {
    await using farm = testFarm(options)
    await farm.leaf({ success: 'Saved' })
    run = await farm.begin('w')
    farm.heartbeat(run, output('Saved: a.png\nand more\n'))
  }
  {
    await using farm = testFarm(options)
    expect((await farm.end(run, 1)).state).toBe('FINISHED')
  }
  rmSync(folder, { recursive: true })
})

test.each([
  [0, 5, undefined, 'FINISHED'],
  [1, 5, undefined, 'ERROR'],
  [0, 1, undefined, 'ERROR'],
  [1, 5, { succeeded: true, fatalLine: undefined }, 'FINISHED'],
  [1, 1, { succeeded: true, fatalLine: undefined }, 'ERROR'],
  [0, 5, { succeeded: true, fatalLine: 'x' }, 'ERROR'],
] as const)('exit code %p after %p s with the verdict %p is %p', (exitCode, seconds, verdict, end) => {
  expect(judge(exitCode, seconds, { min_run_time: 2 }, verdict).end).toBe(end)
})

test('a line is found in whatever chunks it comes, also within a character', () => {
  const text = Buffer.from('eins\nzwölf ist fatal\r\ndrei')
  for (let at = 0; at <= text.length; at++) {
    const verdict = new Verdict('^zwölf.*fatal$', 'drei')
    verdict.read(text.subarray(0, at))
    verdict.read(text.subarray(at))
    verdict.finish()
    expect([at, verdict.fatalLine, verdict.succeeded]).toEqual([at, 'zwölf ist fatal', true])
  }
})

test('a pattern that would hang other machines does not hang this one', () => {
  const verdict = new Verdict('^(a+)+$', '')
  verdict.read(Buffer.from(`${'a'.repeat(10_000)}!\n`))
  expect(verdict.fatalLine).toBeUndefined()
})
