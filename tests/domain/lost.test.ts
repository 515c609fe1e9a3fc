/** Runs that are lost: what the log says, who has the name, which pick is answered how. */
import { describe, expect, test } from 'bun:test'
import { refusal, type TestFarm, testFarm } from '../support/farm.ts'

const NO_SIGNAL = new AbortController().signal
const pick = (farm: TestFarm, name: string, session: string, number: number) =>
  farm.farm.pick(name, { session, pick: number }, NO_SIGNAL)
const output = (text: string, offset: number) => ({ output: { bytes: Buffer.from(text), offset } })

describe('the log of a job', () => {
  test('says that a worker fell silent, and that it came back, once, and not within the output of the next', async () => {
    await using farm = testFarm()
    const job = await farm.leaf()
    const first = await farm.begin('w1')
    farm.heartbeat(first, output('one\n', 0))
    farm.clock.advance(61)
    await farm.farm.step()
    expect(farm.logText(job)).toMatch(/^one\n\[coalition\] \S+ w1 was silent for 60 s: its run 1 is lost, .*\n$/)

    const second = await farm.begin('w2')
    farm.heartbeat(second, output('tw', 0))
    for (let i = 0; i < 3; i++) expect(farm.heartbeat(first, output('late', 4)).go_on).toBe(false)
    await farm.end(first)
    // Offsets go on where they were: the line waits.
    expect(farm.heartbeat(second, output('o\n', 2))).toEqual({ go_on: true, log_size: 4 })
    await farm.end(second)
    const text = farm.logText(job)
    expect(text).toMatch(
      /run on w2\ntwo\n\[coalition\] \S+ w1 came back with its lost run 1: it was told to stop it\n$/,
    )
    expect(text.match(/came back/g)).toHaveLength(1)
    expect(text).not.toContain('late')
  })

  test('says the same of a worker that knows its job and not its run', async () => {
    await using farm = testFarm()
    const job = await farm.leaf()
    await farm.begin('old')
    farm.clock.advance(61)
    await farm.farm.step()
    expect(farm.farm.heartbeatOfJob('old', job, { worker: 'old', vitals: {} })).toBe(false)
    await farm.farm.endRunOfJob('old', job, 0, {})
    expect(farm.logText(job).match(/old came back with its lost run 1/g)).toHaveLength(1)
    expect(farm.job(job)).toMatchObject({ state: 'WAITING', run_done: 0 })
  })

  test('of a job that is gone is not made again', async () => {
    await using farm = testFarm()
    const job = await farm.leaf()
    const run = await farm.begin('w1')
    farm.clock.advance(61)
    await farm.farm.step()
    await farm.farm.deleteJobs([job])
    expect(farm.heartbeat(run).go_on).toBe(false)
    expect(farm.farm.core.logs.size(job)).toBe(0)
  })
})

describe('a name', () => {
  test('stays with the agent that has it while that is heard', async () => {
    await using farm = testFarm()
    const job = await farm.leaf()
    const held = await pick(farm, 'node', 'first', 1)
    const error = await refusal(pick(farm, 'node', 'second', 1))
    expect(error).toMatchObject({ kind: 'conflict', field: 'session' })
    expect(error.message).toContain("Another worker is called 'node'")
    farm.clock.advance(9)
    farm.heartbeat({ run: held?.run ?? 0, name: 'node' }, { speaker: { session: 'first' } })
    farm.clock.advance(9)
    await refusal(pick(farm, 'node', 'second', 2))
    expect(farm.state(job)).toBe('WORKING')
  })

  test('goes to another agent after 10 s of silence, and the first is not heard any more', async () => {
    await using farm = testFarm()
    const job = await farm.leaf()
    const held = await pick(farm, 'node', 'first', 1)
    farm.clock.advance(10)
    const next = await pick(farm, 'node', 'second', 1)
    expect(next).toMatchObject({ job: { id: job } })
    expect(next?.run).not.toBe(held?.run)
    expect(farm.heartbeat({ run: held?.run ?? 0, name: 'node' }, { speaker: { session: 'first' } }).go_on).toBe(false)
    // Nor is a report of its own run taken from another agent.
    expect(farm.heartbeat({ run: next?.run ?? 0, name: 'node' }, { speaker: { session: 'first' } }).go_on).toBe(false)
    expect(farm.state(job)).toBe('WORKING')
  })

  test('is free when its agent leaves, which gives its run back', async () => {
    await using farm = testFarm()
    const job = await farm.leaf()
    await pick(farm, 'node', 'first', 1)
    await farm.farm.leave('node', 'somebody else')
    expect(farm.state(job)).toBe('WORKING')
    await farm.farm.leave('node', 'first')
    expect(farm.state(job)).toBe('WAITING')
    expect(await pick(farm, 'node', 'first', 2)).toBeNull()
    expect(await pick(farm, 'node', 'second', 1)).toMatchObject({ job: { id: job } })
  })

  test('is anybody’s who sends no session, as ever', async () => {
    await using farm = testFarm()
    const job = await farm.leaf()
    const first = await farm.begin('old')
    const second = await farm.begin('old')
    expect(second.run).not.toBe(first.run)
    expect(farm.events(job).map(({ state }) => state)).toEqual(['LOST', 'WORKING'])
  })
})

test('a pick beside an operation that fails is remembered all the same', async () => {
  await using farm = testFarm()
  await farm.leaf({ title: 'a' })
  const refused = farm.farm.pauseJobs([999])
  const [picked] = await Promise.all([pick(farm, 'node', 's', 1), refused.catch(() => {})])
  expect(await pick(farm, 'node', 's', 1)).toEqual(picked)
})
