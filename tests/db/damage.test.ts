/** Files as bad disks and bad days leave them: each is refused with the way out, and stays as it was. */
import { Database } from 'bun:sqlite'
import { afterAll, describe, expect, test } from 'bun:test'
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DataFolder, openData, StartError } from '../../src/db/open.ts'
import { createFarm } from '../../src/farm.ts'
import { startServer } from '../../src/server.ts'
import { tempFolder } from '../support/farm.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

async function fill({ db, logs }: DataFolder): Promise<void> {
  const farm = createFarm(db, { logs })
  await farm.addJob({ title: 'shot', command: 'render {frame}', frames: '1-2000' })
  await farm.stop()
}

/** A data folder with a farm, closed as a server closes it. */
async function dataFolder(): Promise<{ data: string; path: string }> {
  const data = tempFolder()
  folders.push(data)
  const folder = openData(data)
  await fill(folder)
  folder.close()
  return { data, path: join(data, 'coalition.db') }
}

function refusal(data: string): string {
  try {
    openData(data).close()
  } catch (error) {
    expect(error).toBeInstanceOf(StartError)
    return (error as StartError).message
  }
  throw new Error('it was opened')
}

/** Refused with words and the way out, and not a byte of it is another one. */
function expectRefused(data: string, why: string): void {
  const before = readFileSync(join(data, 'coalition.db'))
  const said = refusal(data)
  expect(said).toContain(why)
  for (const word of [data, 'left as it is', 'coalition restore', 'coalition check', '--force'])
    expect(said).toContain(word)
  expect(readFileSync(join(data, 'coalition.db')).equals(before)).toBe(true)
}

/** As after a power cut: the log is still there, and pages are not what was written. */
async function afterPowerCut(harm: (path: string) => void): Promise<string> {
  const { data } = await dataFolder()
  const folder = openData(data)
  const farm = createFarm(folder.db, { logs: folder.logs })
  await farm.addJob({ title: 'last' })
  const copy = tempFolder()
  folders.push(copy)
  mkdirSync(join(copy, 'logs'))
  for (const name of ['coalition.db', 'coalition.db-wal']) copyFileSync(join(data, name), join(copy, name))
  await farm.stop()
  folder.close()
  harm(join(copy, 'coalition.db'))
  return copy
}

function flipBytes(path: string, from: number, to: number): void {
  const bytes = readFileSync(path)
  for (let i = from; i < Math.min(to, bytes.length); i++) bytes[i] = (bytes[i] ?? 0) ^ 0xff
  writeFileSync(path, bytes)
}

describe('a database that is damaged is refused and left as it is', () => {
  test('cut off in the middle', async () => {
    const { data, path } = await dataFolder()
    truncateSync(path, readFileSync(path).length / 2)
    expectRefused(data, 'cut off')
  })

  test('cut off in its header', async () => {
    const { data, path } = await dataFolder()
    truncateSync(path, 50)
    expectRefused(data, '50 bytes')
  })

  test('empty, while there are logs', async () => {
    const { data, path } = await dataFolder()
    truncateSync(path, 0)
    mkdirSync(join(data, 'logs', '0'))
    expectRefused(data, 'it is empty')
  })

  test('with another header', async () => {
    const { data, path } = await dataFolder()
    flipBytes(path, 0, 16)
    expectRefused(data, 'no SQLite database')
  })

  test('with its schema overwritten', async () => {
    const { data, path } = await dataFolder()
    flipBytes(path, 100, 4096)
    expectRefused(data, '')
  })

  test('without a table, or with another in its place', async () => {
    const { data, path } = await dataFolder()
    const db = new Database(path)
    db.run('drop table needs')
    db.run('drop index jobs_ready')
    db.close()
    expectRefused(data, 'it lacks')
    expectRefused(data, 'needs')
  })

  test('of another program', async () => {
    const data = tempFolder()
    folders.push(data)
    const db = new Database(join(data, 'coalition.db'))
    db.run('create table Jobs (id integer)')
    db.close()
    expectRefused(data, 'another program')
  })

  test('with pages overwritten by a power cut, which a clean end would not have looked for', async () => {
    const data = await afterPowerCut((path) => flipBytes(path, 40_960, 61_440))
    expectRefused(data, 'cannot be opened')
    const sound = await afterPowerCut(() => undefined)
    openData(sound).close()
  })

  test('where the server reads it at its start', async () => {
    const { data, path } = await dataFolder()
    flipBytes(path, 24_576, 300_000)
    const before = readFileSync(path)
    const start = startServer({ host: '127.0.0.1', port: 0, data, worker_timeout: 60 })
    await expect(start).rejects.toThrow('coalition restore')
    expect(readFileSync(path).equals(before)).toBe(true)
  })
})

test('the newest backup is named', async () => {
  const { data, path } = await dataFolder()
  mkdirSync(join(data, 'backups'))
  for (const name of ['coalition-20260102T030405Z.db', 'coalition-20250102T030405Z.db', 'zzz.db'])
    writeFileSync(join(data, 'backups', name), '')
  truncateSync(path, 50)
  expectRefused(data, 'coalition-20260102T030405Z.db')
})

test('what a user added to the database is no reason to refuse it, nor is a longer file', async () => {
  const { data, path } = await dataFolder()
  const db = new Database(path)
  db.run('create view my_jobs as select title from jobs')
  db.close()
  openData(data).close()
  appendFileSync(path, Buffer.alloc(4096))
  openData(data).close()
})

test('an empty file without logs is a farm that has not begun', () => {
  const data = tempFolder()
  folders.push(data)
  writeFileSync(join(data, 'coalition.db'), '')
  openData(data).close()
})
