import { Database } from 'bun:sqlite'
import { afterAll, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Commits } from '../../src/db/commit.ts'
import { Flusher, flushesBeside } from '../../src/db/flush.ts'
import { openDatabase } from '../../src/db/open.ts'
import { tempFolder } from '../support/farm.ts'

const folder = tempFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const alone = { mark: () => 0, undo: () => undefined, beforeCommit: () => undefined, committed: () => undefined }

/** Commits whose flushes end when the test says so. */
function held() {
  const sqlite = new Database(':memory:', { strict: true })
  sqlite.run('create table items (name text)')
  const waiting: (() => void)[] = []
  const commits = new Commits(sqlite, alone, { flush: (answer) => waiting.push(answer) })
  const told: string[] = []
  const add = (name: string) =>
    commits
      .write(() => sqlite.run('insert into items values (?)', [name]), {
        committed: () => told.push(`${name} is done`),
      })
      .then(() => told.push(`${name} is answered`))
  const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)))
  return { sqlite, commits, waiting, told, add, turn }
}

test('what is committed is seen by all at once, and answered when it is on disk', async () => {
  const { waiting, told, add, turn } = held()
  const first = add('a')
  await turn()
  const second = add('b')
  await turn()
  expect(told).toEqual(['a is done', 'b is done'])
  expect(waiting).toHaveLength(2)
  waiting[0]?.()
  await first
  expect(told).toEqual(['a is done', 'b is done', 'a is answered'])
  waiting[1]?.()
  await second
  expect(told.at(-1)).toBe('b is answered')
})

test('while some are on their way to the disk, as many are gathered, or all until they are there', async () => {
  const { waiting, told, add, turn } = held()
  const first = [add('a'), add('b')]
  await turn()
  const second = [add('c')]
  await turn()
  expect(told).toEqual(['a is done', 'b is done'])
  second.push(add('d'))
  await turn()
  expect(told).toEqual(['a is done', 'b is done', 'c is done', 'd is done'])
  const third = add('e')
  await turn()
  expect(waiting).toHaveLength(2)
  waiting[0]?.()
  await Promise.all(first)
  await turn()
  // Two are still on their way.
  expect(waiting).toHaveLength(2)
  waiting[1]?.()
  await Promise.all(second)
  await turn()
  expect(told.at(-1)).toBe('e is done')
  waiting[2]?.()
  await third
})

test('what fails is told, and what follows from it is not done', async () => {
  const { commits, waiting, told, add, turn } = held()
  const failed = commits.write(
    () => {
      throw new Error('no')
    },
    { committed: () => told.push('never') },
  )
  const good = add('a')
  await turn()
  waiting[0]?.()
  await expect(failed).rejects.toThrow('no')
  await good
  expect(told).toEqual(['a is done', 'a is answered'])
})

test('what has written nothing waits for no flush but for that of what it has seen', async () => {
  const { commits, waiting, told, add, turn } = held()
  const first = add('a')
  const look = commits.write(() => 'seen')
  await turn()
  waiting.shift()?.()
  await first
  expect(await look).toBe('seen')
  expect(await commits.write(() => 'nothing new')).toBe('nothing new')
  const second = add('b')
  await turn()
  const third = commits.write(() => told.push('b is seen')).then(() => told.push('b was seen'))
  await turn()
  expect(told.slice(2)).toEqual(['b is done', 'b is seen'])
  expect(waiting).toHaveLength(2)
  for (const flush of waiting) flush()
  await Promise.all([second, third])
  expect(told).toContain('b was seen')
})

test('commits that come while one is flushed share the next flush, in their order', async () => {
  const file = join(folder, 'log')
  await Bun.write(file, 'x')
  const flusher = new Flusher(file)
  const told: number[] = []
  await new Promise<void>((resolve) => {
    flusher.flush(() => {
      told.push(1)
      flusher.flush(() => {
        told.push(4)
        resolve()
      })
    })
    flusher.flush(() => told.push(2))
    flusher.flush(() => told.push(3))
  })
  expect(told).toEqual([1, 2, 3, 4])
  flusher.close()
})

test('nobody is answered after a flush that failed', async () => {
  // What cannot be flushed: a device that is no disk.
  const { promise, resolve } = Promise.withResolvers<Error>()
  const told: string[] = []
  const flusher = new Flusher('/dev/null', resolve)
  flusher.flush(() => told.push('kept'))
  expect((await promise).message).toContain('EINVAL')
  flusher.flush(() => told.push('kept'))
  expect(told).toEqual([])
})

test.if(flushesBeside(process.platform))(
  'the log that is flushed is the one that SQLite writes, and is let go',
  async () => {
    const path = join(folder, 'coalition.db')
    const db = openDatabase(path)
    expect(db.sqlite.query('pragma synchronous').get()).toEqual({ synchronous: 1 })
    db.sqlite.run("insert into limits (name, max, per) values ('nuke', 1, 'run')")
    await new Promise<void>((resolve) => db.flush(resolve))
    const opened = () =>
      readdirSync('/proc/self/fd').filter((fd) => {
        const link = `/proc/self/fd/${fd}`
        return existsSync(link) && readlinkSync(link) === `${path}-wal`
      }).length
    expect(opened()).toBe(2)
    expect(readFileSync(`${path}-wal`).byteLength).toBeGreaterThan(0)
    db.close()
    expect(opened()).toBeLessThan(2)
  },
)

test.each([
  ['linux', true],
  ['darwin', false],
  ['win32', false],
] as const)('on %s the flush is beside: %p', (platform, beside) => {
  expect(flushesBeside(platform)).toBe(beside)
})
