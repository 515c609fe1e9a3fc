import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { checkFarm, mend } from '../../src/domain/check.ts'
import { TABLES } from '../../src/domain/invariants.ts'
import { TestFarm, testFarm } from '../support/farm.ts'

/** Something of everything: groups in groups, each state, a run, dependencies, a pause, names that are needed. */
async function farmOfAll(): Promise<TestFarm> {
  const farm = testFarm()
  const ids = await farm.tree({ film: { shot: { a: 'x', b: 'x', c: 'x' }, later: { d: 'x' } }, alone: 'x' })
  await farm.farm.setDependencies(ids.later, [ids.shot])
  await farm.farm.setDependencies(ids.alone, [ids.a])
  await farm.farm.editJobs({ [ids.d]: { affinity: 'linux', timeout: 10 } })
  await farm.runOnce(0)
  await farm.runOnce(1)
  await farm.begin('w2')
  await farm.leaf({ title: 'held' })
  await farm.farm.pauseJobs([ids.d])
  return farm
}

const run = (farm: TestFarm, statement: string) => farm.db.sqlite.run(statement)
const names = (farm: TestFarm) => checkFarm(farm.db.sqlite).map(({ name }) => name)

test('a farm that nobody tampered with is sound, also with a submission half made', async () => {
  await using farm = await farmOfAll()
  expect(checkFarm(farm.db.sqlite)).toEqual([])
  run(farm, `insert into jobs (parent, title) values (-1, 'being made')`)
  run(farm, `insert into jobs (parent, command, ready) select id, 'x', 1 from jobs where parent = -1`)
  expect(checkFarm(farm.db.sqlite)).toEqual([])
})

test('in the middle of a reset and a delete a farm is sound, and to mend it ends the reset', async () => {
  await using farm = testFarm({ steps: { atOnce: 0, links: 500, rows: 1, ms: 0 }, policy: { blocklistAfter: 0 } })
  const { film, wrong, gone, kept, after, ...leaves } = await farm.tree({
    film: { a: 'x', b: 'x', c: 'x' }, wrong: { d: 'x', e: 'x' }, gone: { f: 'x', g: 'x' }, kept: { h: 'x' }, after: 'x',
  }) // biome-ignore format: a tree
  for (const title of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) await farm.runOnce(title < 'd' || title > 'e' ? 0 : 1)
  await farm.farm.setDependencies(after, [film, leaves.b, leaves.g, { job: wrong, kind: 'any' }])
  await farm.farm.setDependencies(leaves.f, [leaves.g])
  await farm.farm.resetJobs([film])
  await farm.farm.resetErrorJobs([wrong])
  await farm.farm.deleteJobs([gone])
  const there = [film, wrong, kept, after, leaves.a, leaves.b, leaves.c, leaves.d, leaves.e, leaves.h]
  const before = there.map((id) => farm.job(id))
  expect(before.map((job) => job.state)).toEqual([
    'WAITING', 'WAITING', 'FINISHED', 'PENDING', 'WAITING', 'WAITING', 'WAITING', 'WAITING', 'WAITING', 'FINISHED',
  ]) // biome-ignore format: a list of states
  const copies: string[] = []
  do {
    expect(checkFarm(farm.db.sqlite)).toEqual([])
    copies.push(join(farm.logs, `${copies.length}.db`))
    farm.db.sqlite.run('vacuum into ?', [copies.at(-1) as string])
  } while (await farm.farm.workOff())
  expect(copies.length).toBeGreaterThan(6)
  for (const path of copies) {
    using copy = new Database(path)
    expect(mend(copy)).toEqual({})
    expect(copy.query('select count(*) as n from reset_groups').get()).toEqual({ n: 0 })
    expect(checkFarm(copy)).toEqual([])
    await using again = new TestFarm({ path, clock: farm.clock })
    expect(there.map((id) => again.job(id))).toEqual(before)
    expect(again.farm.health().jobs).toMatchObject({ ready: 5, errors: 0, finished: 1 })
  }
})

/** What is done to the rows, and which of the things that always hold it breaks. */
const HARM: [string, string[]][] = [
  [`update jobs set total = 7 where title = 'shot'`, ['counters']],
  [`update jobs set duration = 99 where title = 'film'`, ['counters']],
  [`update jobs set state = 'FINISHED' where title = 'film'`, ['group state']],
  [`update jobs set ready = 1 where title = 'a'`, ['ready']],
  [`update jobs set ready = 0 where title = 'held'`, ['ready']],
  [`update jobs set waits_for = 0 where title = 'alone'`, ['waits_for']],
  [`update jobs set waited = 0 where title = 'a'`, ['waited']],
  [`update jobs set unfinished = 0 where title = 'later'`, ['group state', 'unfinished', 'waiting']],
  ['update dependencies set met = 1', ['told', 'unfinished']],
  [`update jobs set state = 'PENDING', ready = 0 where title = 'held'`, ['waiting']],
  [`update jobs set wake_at = 5 where title = 'held'`, ['ready', 'wake_at']],
  [`update events set needs_id = 99 where state = 'WORKING'`, ['held']],
  [`update jobs set total = 1 where title = 'a'`, ['leaf counters']],
  [`update jobs set deadline = 5 where title = 'c'`, ['deadline']],
  [`update jobs set paused = 0 where title = 'd'`, ['paused']],
  [`update jobs set run = 0 where title = 'c'`, ['running', 'worker run', 'events']],
  [`update jobs set run = 999 where title = 'c'`, ['run', 'holder', 'worker run', 'events']],
  [`update jobs set worker = 'w9' where title = 'c'`, ['run', 'holder', 'worker run']],
  [`update workers set current_event = 0, state = 'WAITING' where name = 'w2'`, ['holder']],
  [`update workers set state = 'WORKING' where name = 'worker-1'`, ['worker state']],
  [`update events set state = 'FINISHED' where state = 'WORKING'`, ['run']],
  [`update events set state = 'WORKING' where id = 1`, ['events']],
  [`update jobs set parent = 999 where title = 'held'`, ['parent']],
  [`update jobs set parent = (select id from jobs where title = 'a') where title = 'held'`, ['parent']],
  [`update jobs set parent = (select id from jobs where title = 'shot') where title = 'film'`, ['circle']],
  [`update jobs set needs_id = 99 where title = 'a'`, ['needs']],
  [
    `delete from jobs where title = 'held'; insert into dependencies (job_id, dependency) values (1, 999)`,
    ['dependencies', 'unfinished', 'waits_for'],
  ],
  [`update sqlite_sequence set seq = 2 where name = 'jobs'`, ['ids']],
]

test.each(HARM)('%p is found', async (harm, broken) => {
  await using farm = await farmOfAll()
  for (const statement of harm.split('; ')) run(farm, statement)
  expect(names(farm).sort()).toEqual([...broken].sort())
  for (const { count, examples } of checkFarm(farm.db.sqlite)) {
    expect(examples.length).toBe(Math.min(count, 10))
    expect(examples[0]).toMatch(/^(job|run|worker|jobs|events)/)
  }
})

/** Counted over many rows. */
const OF_GROUPS = ['circle', 'counters', 'group state']

test('there is a harm for each thing that always holds', () => {
  const ofRows = TABLES.flatMap(({ invariants }) => invariants.map(({ name }) => name))
  expect([...new Set(HARM.flatMap(([, broken]) => broken))].sort()).toEqual([...ofRows, ...OF_GROUPS].sort())
})

test('what follows from other rows is put right again, and nothing else is touched', async () => {
  await using farm = await farmOfAll()
  const dump = () => JSON.stringify(farm.db.sqlite.query('select * from jobs order by id').all())
  const before = dump()
  expect(mend(farm.db.sqlite)).toEqual({})
  run(
    farm,
    `update jobs set total = total + 1, finished = 4, total_finished = 9, working_since = 3, state = 'FINISHED'
    where command = ''`,
  )
  run(farm, 'update jobs set waits_for = 5, unfinished = 3, deadline = 4')
  run(farm, `update jobs set ready = 1 - ready, total_working = 1 where command <> ''`)
  const mended = farm.db.sqlite.transaction(() => mend(farm.db.sqlite))()
  expect(Object.keys(mended)).toEqual(expect.arrayContaining(['counters', 'group state', 'waits_for', 'ready']))
  expect(checkFarm(farm.db.sqlite)).toEqual([])
  expect(dump()).toBe(before)
})

test('of a thousand breaches of one kind there are ten examples and the number', async () => {
  await using farm = testFarm()
  await farm.farm.addJob({ title: 'shot', command: 'x {frame}', frames: '1-1000' })
  run(farm, `update jobs set ready = 0 where command <> ''`)
  expect(checkFarm(farm.db.sqlite)).toMatchObject([{ name: 'ready', count: 1000, mendable: true }])
  expect(checkFarm(farm.db.sqlite)[0]?.examples).toHaveLength(10)
})
