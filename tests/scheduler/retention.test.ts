import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from '../../src/db/open.ts'
import { checkFarm, mend } from '../../src/domain/check.ts'
import { prepareRetention } from '../../src/scheduler/retention.ts'
import { type TestFarm, testFarm } from '../support/farm.ts'

const DAY = 86_400
const there = (farm: TestFarm, id: number) => farm.db.sqlite.query('select 1 from jobs where id = ?').get(id) !== null
const count = (farm: TestFarm, table: string) =>
  farm.db.sqlite.query<{ n: number }, []>(`select count(*) as n from ${table}`).get()?.n ?? 0

/** A few rows at a time, to see it happen. */
const STEPS = { atOnce: 1000, links: 500, rows: 50, ms: 0 }

/** Steps until nothing changes any more; answers how many it took. */
async function settle(farm: TestFarm): Promise<number> {
  for (let steps = 1, still = 0; ; steps++) {
    const before = count(farm, 'jobs') + count(farm, 'events')
    await farm.farm.step()
    await farm.workOff()
    still = count(farm, 'jobs') + count(farm, 'events') === before ? still + 1 : 0
    if (still === 5) return steps - still
  }
}

test('a FINISHED root job goes with all below it, its logs and dependencies, when its last run is old enough', async () => {
  await using farm = testFarm({ keep: { finished: 2, events: 0 } })
  const { film, a } = await farm.tree({ film: { shot: { a: 'x', b: 'x' }, c: 'x' } })
  const waits = await farm.leaf({ dependencies: [film] })
  const run = await farm.begin()
  farm.heartbeat(run, { output: { bytes: Buffer.from('output'), offset: 0 } })
  const log = join(farm.logs, '0', `${run.job}.log`)
  await farm.end(run)
  await farm.runOnce()
  const last = await farm.begin()
  farm.clock.advance(DAY)
  await farm.end(last)
  await farm.farm.pauseJobs([waits])
  // The last run began three days ago, but ended two days ago and no more.
  farm.clock.advance(2 * DAY)
  await settle(farm)
  expect([there(farm, film), there(farm, a), existsSync(log)]).toEqual([true, true, true])
  farm.clock.advance(1)
  await settle(farm)
  expect([there(farm, film), there(farm, a), existsSync(log)]).toEqual([false, false, false])
  expect(farm.job(waits)).toMatchObject({ state: 'PAUSED', dependencies: [] })
  expect(count(farm, 'events')).toBe(3)
  expect(checkFarm(farm.db.sqlite)).toEqual([])
})

test('what is not FINISHED, is paused, runs again or is in a group that is not over stays', async () => {
  await using farm = testFarm({ keep: { finished: 1, events: 0 } })
  const ids = await farm.tree({ wrong: 'x', paused: 'x', done: 'x', half: { one: 'x', two: 'x' }, empty: {} })
  await farm.farm.editJobs({ [ids.wrong]: { priority: 2000 } })
  expect(await farm.runOnce(1)).toBe(ids.wrong)
  for (let i = 0; i < 3; i++) await farm.runOnce()
  await farm.farm.pauseJobs([ids.paused])
  farm.clock.advance(3 * DAY)
  await settle(farm)
  expect(there(farm, ids.done)).toBe(false)
  for (const name of ['wrong', 'paused', 'half', 'one', 'two', 'empty'] as const)
    expect(there(farm, ids[name])).toBe(true)
})

test('by default everything stays', async () => {
  await using farm = testFarm()
  const job = await farm.leaf()
  await farm.runOnce()
  farm.clock.advance(10_000 * DAY)
  await settle(farm)
  expect([there(farm, job), count(farm, 'events')]).toEqual([true, 1])
})

test('a large group goes in small steps, others come in between, and what waited for it never waits again', async () => {
  await using farm = testFarm({ keep: { finished: 1, events: 0 } })
  const [group = 0] = await farm.farm.addJobs([
    {
      title: 'shot',
      children: [{ title: 'deep', children: [{ command: 'x {frame}', frames: '1-400' }] }, { title: 'none' }],
    },
  ])
  farm.db.sqlite.run(`update jobs set state = 'FINISHED', ready = 0, start_time = 5 where command <> ''`)
  await using again = reopened(farm)
  const waits = await again.leaf({ dependencies: [group] })
  expect(again.state(group)).toBe('FINISHED')
  for (let steps = 0; again.farm.health().jobs.total > 1 && steps < 10; steps++) await again.farm.step()
  expect(() => again.job(group)).toThrow('There is no job')
  const all = count(again, 'jobs')
  expect(all).toBeGreaterThan(400)
  for (let before = all; await again.farm.workOff(); before = count(again, 'jobs')) {
    expect(before - count(again, 'jobs')).toBeLessThanOrEqual(50)
    expect(again.state(waits)).toBe('WAITING')
    expect(checkFarm(again.db.sqlite)).toEqual([])
    await again.group({ title: 'meanwhile' })
  }
  expect(there(again, group)).toBe(false)
  expect(again.job(waits).dependencies).toEqual([])
})

test('a group that a young job was moved into while it was looked at stays', async () => {
  await using farm = testFarm({ keep: { finished: 1, events: 0 } })
  const young = await farm.leaf()
  const group = await farm.farm.addJob({ title: 'shot', command: 'x {frame}', frames: '1-400' })
  farm.db.sqlite.run(`update jobs set state = 'FINISHED', ready = 0, start_time = 5 where command <> ''`)
  // It began long ago, and ended just now: nothing but its own row says so.
  farm.db.sqlite.run(`update jobs set duration = ${farm.clock.now - 5} where id = ${young}`)
  await using again = reopened(farm)
  await again.farm.step()
  await again.farm.editJobs({ [young]: { parent: group } })
  await settle(again)
  expect(again.job(group)).toMatchObject({ total: 401, state: 'FINISHED' })
  again.clock.advance(DAY + 1)
  await settle(again)
  expect(there(again, group)).toBe(false)
})

test('events of runs that ended long ago go; that of a run that goes on stays', async () => {
  await using farm = testFarm({ keep: { finished: 0, events: 30 }, workerTimeout: 86_400 * 100 })
  const old = await farm.leaf()
  await farm.runOnce()
  const long = await farm.leaf()
  const run = await farm.begin()
  farm.clock.advance(31 * DAY)
  const young = await farm.leaf()
  await farm.runOnce(0, 'w2')
  farm.db.sqlite.run(`
    with recursive n(i) as (values (1) union all select i + 1 from n where i < 5000)
    insert into events (worker, job_id, job_title, state, start) select 'w', 1, '', 'FINISHED', i from n`)
  expect(await settle(farm)).toBeGreaterThan(1)
  expect(farm.events().map(({ job_id }) => job_id)).toEqual([long, young])
  expect(there(farm, old)).toBe(true)
  await farm.end(run)
  farm.clock.advance(30 * DAY + 1)
  await settle(farm)
  expect(farm.events()).toEqual([])
})

test('no step scans a table that grows', () => {
  const db = openDatabase(':memory:')
  for (const [name, statement] of Object.entries(prepareRetention(db))) {
    const text = statement.toString().replaceAll('NULL', '?')
    const plan = db.sqlite
      .query<{ detail: string }, number[]>(`explain query plan ${text}`)
      .all(...(text.match(/\?/g) ?? []).map(() => 1))
    const scans = plan.filter(({ detail }) => detail.startsWith('SCAN') || detail.includes('TEMP B-TREE'))
    expect({ name, scans }).toEqual({ name, scans: [] })
  }
  db.sqlite.close()
})

/** The same rows, as a server finds them that comes after somebody who wrote them by hand. */
function reopened(farm: TestFarm): TestFarm {
  const path = join(farm.logs, 'coalition.db')
  mend(farm.db.sqlite)
  farm.db.sqlite.run('vacuum into ?', [path])
  return testFarm({ path, logs: farm.logs, clock: farm.clock, keep: { finished: 1, events: 0 }, steps: STEPS })
}
