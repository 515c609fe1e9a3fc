import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { Commits, type Companion } from '../../src/db/commit.ts'
import { dump, expectTreeOfRows, portrait } from '../support/compare.ts'
import { refusal, testFarm } from '../support/farm.ts'

/** What stands beside the rows: how many there should be. */
class Counter implements Companion {
  count = 0
  commits = 0
  #kept = 0
  mark = () => this.count - this.#kept
  undo(mark: number): void {
    this.count = this.#kept + mark
  }
  beforeCommit = () => undefined
  committed = () => {
    this.commits++
    this.#kept = this.count
  }
}

function counted() {
  const sqlite = new Database(':memory:', { strict: true })
  sqlite.run('PRAGMA foreign_keys = ON')
  sqlite.run('create table kinds (name text primary key)')
  // Looked at when the transaction commits, not before.
  sqlite.run('create table items (name text, kind text references kinds (name) deferrable initially deferred)')
  const counter = new Counter()
  const commits = new Commits(sqlite, counter)
  const add = (name: string, kind: string | null = null) =>
    commits.write(() => {
      sqlite.run('insert into items values (?, ?)', [name, kind])
      counter.count++
      if (name === 'bad') throw new Error('bad item')
      return name
    })
  const items = () =>
    sqlite
      .query<{ name: string }, []>('select name from items')
      .all()
      .map((row) => row.name)
  return { sqlite, counter, commits, add, items }
}

test('operations that arrive together share one commit', async () => {
  const { counter, add, items } = counted()
  expect(await Promise.all([add('a'), add('b'), add('c')])).toEqual(['a', 'b', 'c'])
  expect(items()).toEqual(['a', 'b', 'c'])
  expect(counter).toMatchObject({ count: 3, commits: 1 })
})

test('an operation that fails takes back only itself, in rows and in memory', async () => {
  const { counter, add, items } = counted()
  const outcomes = await Promise.allSettled([add('a'), add('bad'), add('b'), add('bad'), add('c')])
  expect(outcomes.map((outcome) => outcome.status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
  ])
  expect(outcomes[1]).toMatchObject({ reason: new Error('bad item') })
  expect(items()).toEqual(['a', 'b', 'c'])
  expect(counter.count).toBe(3)
})

test('operations that are done again come in their order, and one that cannot be is never among them', async () => {
  const { commits, add, items } = counted()
  const turns: string[] = []
  const turn = (name: string, once: boolean) =>
    commits.write(
      () => {
        turns.push(name)
      },
      { once },
    )
  const outcomes = await Promise.allSettled([turn('a', false), add('x'), turn('b', true), turn('c', false), add('bad')])
  expect(outcomes.map((outcome) => outcome.status)).toEqual([...Array(4).fill('fulfilled'), 'rejected'])
  expect(turns).toEqual(['a', 'b', 'c', 'c'])
  expect(items()).toEqual(['x'])
})

test('an operation that fails before it writes makes nothing be done again', async () => {
  const { commits, add, items } = counted()
  let turns = 0
  const refuse = () =>
    commits.write(() => {
      throw new Error('refused')
    })
  const count = () => commits.write(() => ++turns)
  const outcomes = await Promise.allSettled([add('a'), count(), refuse(), add('b')])
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  expect(turns).toBe(1)
  expect(items()).toEqual(['a', 'b'])
})

test('a commit that fails is told to all who are in it, and memory goes back; the next one is none the worse', async () => {
  const { counter, add, items } = counted()
  await add('before')
  const outcomes = await Promise.allSettled([add('a'), add('b', 'no such kind'), add('c')])
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(items()).toEqual(['before'])
  expect(counter.count).toBe(1)
  await add('after')
  expect(items()).toEqual(['before', 'after'])
  expect(counter.count).toBe(2)
})

test('when no transaction can be begun, all who wait are told', async () => {
  const { sqlite, commits, add } = counted()
  sqlite.run('BEGIN')
  const outcomes = await Promise.allSettled([add('a'), add('b')])
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected'])
  expect(commits.waiting).toBe(0)
})

test('on a database that cannot be written every change is refused, and the farm is what it was', async () => {
  await using farm = testFarm()
  const { shot, frame } = await farm.tree({ shot: { frame: 'render' } })
  const run = await farm.begin()
  const [before, tree] = [dump(farm), JSON.stringify(portrait(farm.farm.core.tree))]

  farm.db.sqlite.run('PRAGMA query_only = 1')
  const outcomes = await Promise.allSettled([
    farm.leaf({ parent: shot }),
    farm.farm.resetJobs([shot]),
    farm.farm.pauseJobs([frame]),
    farm.end(run),
    farm.farm.deleteJobs([shot]),
  ])
  expect(outcomes.map((outcome) => outcome.status)).toEqual(outcomes.map(() => 'rejected'))
  farm.db.sqlite.run('PRAGMA query_only = 0')

  expect(dump(farm)).toBe(before)
  expect(JSON.stringify(portrait(farm.farm.core.tree))).toBe(tree)
  expect(farm.heartbeat(run).go_on).toBe(true)
  expect((await farm.end(run)).state).toBe('FINISHED')
  expect(farm.state(shot)).toBe('FINISHED')
  expectTreeOfRows(farm)
})

test('a batch that fails at its commit takes back resets, deletions and moves of groups', async () => {
  await using farm = testFarm()
  const ids = await farm.tree({ a: { b: { frame: 'render' }, c: { other: 'render' } }, d: {} })
  await farm.runOnce()
  const [before, tree] = [dump(farm), JSON.stringify(portrait(farm.farm.core.tree))]
  // A trigger that lets nothing through: it fires when the tree writes its groups, the last act before the commit.
  farm.db.sqlite.run(
    "create temp trigger no_more before update of total on jobs begin select raise(abort, 'the disk is full'); end",
  )
  const outcomes = await Promise.allSettled([
    farm.farm.resetJobs([ids.a]),
    farm.farm.editJobs({ [ids.b]: { parent: ids.d } }),
    farm.farm.deleteJobs([ids.c]),
    farm.farm.setAffinities({ 1: 'linux' }),
  ])
  expect(outcomes.map((outcome) => outcome.status)).toEqual(outcomes.map(() => 'rejected'))
  farm.db.sqlite.run('drop trigger no_more')
  expect(dump(farm)).toBe(before)
  expect(JSON.stringify(portrait(farm.farm.core.tree))).toBe(tree)
})

test('an operation that fails after others changed the same groups leaves what they did', async () => {
  await using farm = testFarm()
  const { g, x } = await farm.tree({ g: { frame: 'render' }, x: {} })
  await farm.runOnce()
  expect(farm.state(g)).toBe('FINISHED')
  const [, refused] = await Promise.all([
    farm.farm.resetJobs([g]),
    refusal(farm.farm.editJobs({ [x]: { priority: 5, dependencies: [999] } })),
    farm.farm.pauseJobs([x]),
  ])
  expect(refused).toMatchObject({ kind: 'invalid', field: `${x}.dependencies` })
  expect(farm.job(g)).toMatchObject({ state: 'WAITING', total: 1, total_finished: 0 })
  expect(farm.job(x)).toMatchObject({ state: 'PAUSED', priority: 1000 })
  expectTreeOfRows(farm)
})

test('what a group is counts at once for the next operation of the same commit', async () => {
  await using farm = testFarm()
  const { g, frame } = await farm.tree({ g: { frame: 'render' } })
  await farm.runOnce(1)
  await Promise.all([farm.farm.pauseJobs([g]), farm.farm.editJobs({ [g]: { paused: 0 } })])
  expect(farm.state(g)).toBe('ERROR')
  await Promise.all([farm.farm.deleteJobs([frame]), farm.farm.editJobs({ [g]: { command: 'render' } })])
  expect(farm.job(g)).toMatchObject({ state: 'WAITING', total: 0, total_errors: 0, errors: 0 })
})
