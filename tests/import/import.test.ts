import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DataFolder, openData } from '../../src/db/open.ts'
import { createFarm, type Farm } from '../../src/farm.ts'
import { type ImportReport, importFarm, type Progress } from '../../src/import/import.ts'
import { openSource } from '../../src/import/open.ts'
import { sourceOf } from '../../src/import/source.ts'
import { openSqlite } from '../../src/import/sqlite.ts'
import { expectCounted, expectOneTree } from './recount.ts'
import { createOldSqlite, type OldRows, STUDIO, scratch } from './support.ts'

const { folder, fresh, remove } = scratch('import')
afterAll(remove)

async function importRows(rows: OldRows, logs?: string) {
  const source = await openSource(createOldSqlite(fresh('.db'), rows))
  const data = fresh()
  const progress: Progress[] = []
  const report = await importFarm({ source, data, logs, onProgress: (each) => progress.push(each) })
  await source.close()
  return { data, report, progress }
}

const found = ({ findings }: ImportReport) => Object.fromEntries(findings.map(({ kind, count }) => [kind, count]))

describe('a farm of Coalition 4 in SQLite', () => {
  let made: DataFolder
  let farm: Farm
  let report: ImportReport
  let progress: Progress[]
  const job = (id: number) => farm.getJob(id)

  beforeAll(async () => {
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    writeFileSync(join(logs, '11.log'), Buffer.from([0xff, 0x00, 0x0a, 0x41]))
    writeFileSync(join(logs, '900.log'), 'of a job that is gone')
    writeFileSync(join(logs, 'server.log'), 'no log of a job')
    const imported = await importRows(STUDIO, logs)
    ;({ report, progress } = imported)
    made = openData(imported.data)
    farm = createFarm(made.db, { logs: made.logs })
  })
  afterAll(async () => {
    await farm.stop()
    made.close()
  })

  test('arrives in number', () => {
    expect(report.counts).toEqual({
      ...{ jobs: 11, groups: 3, dependencies: 3, workers: 2, events: 3, affinities: 3, logs: 1 },
    })
  })

  test('keeps ids, hierarchy and what users said of their jobs', () => {
    expect(job(24)).toMatchObject({ parent: 23, title: 'nuke', command: 'nuke', priority: 8, retry: 0 })
    expect(job(25)).toMatchObject({ command: "sh -c 'join'", timeout: 600, dependencies: [10, 24] })
    expect(job(20)).toMatchObject({ parent: 0, priority: 200, dependencies: [10] })
    expect(job(26).environment).toBe('A=1\\nB=2')
    expect(job(30)).toMatchObject({ dir: '/mnt', user: 'kim' })
  })

  test("reads Python's None in an environment as none", () => expect(job(30).environment).toBe(''))

  test('has every job in its state; what was running waits', () => {
    const states = [10, 11, 12, 20, 21, 22, 23, 24, 25, 26, 30].map((id) => [id, job(id).state])
    expect(states).toEqual([
      [10, 'FINISHED'],
      [11, 'FINISHED'],
      [12, 'FINISHED'],
      [20, 'ERROR'],
      [21, 'WAITING'],
      [22, 'ERROR'],
      [23, 'WAITING'],
      [24, 'WAITING'],
      [25, 'PENDING'],
      [26, 'PAUSED'],
      [30, 'WAITING'],
    ])
    expect(job(22)).toMatchObject({ run_done: 3, start_time: 1_700_000_000, duration: 60, worker: 'r1' })
    expect(job(11).progress).toBe(1)
  })

  test('counts as a recount does', () => {
    expectCounted(made.db)
    expectOneTree(made.db)
    expect(job(20)).toMatchObject({ total: 5, total_errors: 1, total_working: 0, errors: 1, duration: 60 })
  })

  test('finds no fault with counters that were right in Coalition 4, where a job was running', () => {
    expect(found(report)).toEqual({ gone: 1, working: 1, open: 1, log: 1 })
  })

  test('names affinities by their bits, not by what was typed, and a number without a name by its number', () => {
    expect(job(24).affinity).toBe('#5,nuke license')
    expect(job(10).affinity).toBe('linux')
    expect(farm.listAffinities()).toMatchObject({ 1: 'linux', 2: 'windows', 3: '', 63: 'nuke license' })
  })

  test('has the workers with their lines in order', () => {
    const [r1, r2] = farm.listWorkers()
    expect(r1).toMatchObject({
      ...{ name: 'r1', ip: '10.0.0.1', state: 'WAITING', finished: 7, error: 2, last_job: 21, current_event: 0 },
      ...{
        affinity: '#5,linux,nuke license\nlinux',
        cpu: '[12.5, 3]',
        free_memory: 512,
        total_memory: 2048,
        active: 1,
      },
      start_time: 1_700_000_000,
    })
    expect(r2).toMatchObject({ name: 'r2', state: 'TIMEOUT', last_job: 0, cpu: '[]', active: 0, affinity: '' })
  })

  test('has the history, of jobs that are gone too; a run without an end is LOST', () => {
    expect([...farm.listEvents()].flat()).toMatchObject([
      { id: 1, worker: 'r1', job_id: 11, state: 'FINISHED', start: 1_700_000_000, duration: 60 },
      { id: 2, worker: 'gone', job_id: 900, job_title: 'deleted', state: 'ERROR', duration: 5 },
      { id: 4, worker: 'r1', job_id: 21, state: 'LOST' },
    ])
  })

  test('has the logs, byte for byte, where the server looks for them', () => {
    expect([...farm.core.logs.read(11, 0, 100)]).toEqual([0xff, 0x00, 0x0a, 0x41])
    expect(farm.core.logs.size(900)).toBe(0)
    expect(readFileSync(join(folder, 'logs', '11.log')).byteLength).toBe(4)
  })

  test('tells its progress to the end of each stage', () => {
    const ends = progress.filter(({ done, total }) => total > 0 && done === total).map(({ stage }) => stage)
    expect([...new Set(ends)]).toEqual(['affinities', 'workers', 'jobs', 'dependencies', 'events', 'counters', 'logs'])
  })

  test('goes on: a worker gets what only it can do, then by priority, and ids are never used again', async () => {
    const never = new AbortController().signal
    const picked = async (name: string) => (await farm.pick(name, {}, never))?.job.id ?? null
    expect(await picked('r1')).toBe(24)
    expect(await picked('r2')).toBeNull()
    expect(await picked('new')).toBe(21)
    expect(await picked('newer')).toBe(30)
    expect(await picked('newest')).toBeNull()
    expect(await farm.addJob({ title: 'next', command: 'next' })).toBe(901)
    const run = await farm.pick('newest', {}, never)
    expect(run).toMatchObject({ run: 8, job: { id: 901 } })
    const nuke = farm.getJob(24)
    expect(nuke).toMatchObject({ state: 'WORKING', worker: 'r1' })
    await farm.endRunOfJob('r1', 24, 0, {})
    expect(job(25).state).toBe('WAITING')
    expect(job(20)).toMatchObject({ total_finished: 1, total_working: 1 })
  })
})

test('an empty database makes an empty farm', async () => {
  const { report, data } = await importRows({})
  expect(report.counts.jobs).toBe(0)
  expect(report.findings).toEqual([])
  const { db, close } = openData(data)
  expect(db.sqlite.query('select count(*) as n from jobs').get()).toEqual({ n: 0 })
  close()
})

test('ids go on behind jobs and events that were deleted', async () => {
  const path = createOldSqlite(fresh('.db'), {
    Jobs: [{ id: 40, command: 'x' }],
    Events: [{ id: 70, worker: 'a', job_id: 40, job_title: '', state: 'FINISHED', start: 1, duration: 1 }],
  })
  const old = new Database(path)
  old.run('delete from Jobs')
  old.run('delete from Events')
  old.close()
  const source = await openSource(path)
  const data = fresh()
  await importFarm({ source, data })
  await source.close()
  const { db, close } = openData(data)
  expect(db.sqlite.query('select name, seq from sqlite_sequence order by name').all()).toEqual([
    { name: 'events', seq: 70 },
    { name: 'jobs', seq: 40 },
  ])
  close()
})

test('an older schema lacks columns and tables: they have their defaults', async () => {
  const path = fresh('.db')
  const old = new Database(path, { create: true })
  old.run(
    'create table Jobs (ID integer primary key, Parent int, Title text, Command text, State text, StartTime int, Retry int, Affinity text)',
  )
  old.run(
    `insert into Jobs values (1, 0, 'group', '', 'WAITING', 0, 0, ''), (2, 1, 'a', 'x', 'ERROR', 5, 3, 'linux, mac')`,
  )
  old.run('create table Workers (Name text, Affinity text)')
  old.run(`insert into Workers values ('w', 'mac,linux')`)
  old.close()
  const source = await openSource(path)
  const data = fresh()
  const report = await importFarm({ source, data })
  await source.close()
  const made = openData(data)
  const farm = createFarm(made.db, { logs: made.logs })
  expect(farm.getJob(2)).toMatchObject({ retry: 3, affinity: 'linux,mac', start_time: 5, dir: '.', state: 'ERROR' })
  expect(farm.listWorkers()).toMatchObject([{ name: 'w', affinity: 'linux,mac', active: 1, state: 'WAITING' }])
  expect(report.counts).toMatchObject({ jobs: 2, workers: 1, events: 0, affinities: 0 })
  expectCounted(made.db)
  await farm.stop()
  made.close()
})

test('pages hold all rows once, also where a key has more rows than a page', async () => {
  const Dependencies = [
    ...Array.from({ length: 25 }, (_, i) => ({ job_id: 7, dependency: i + 100 })),
    ...Array.from({ length: 9 }, (_, i) => ({ job_id: i + 1, dependency: 50 })),
    { job_id: null, dependency: 1 },
  ]
  const path = createOldSqlite(fresh('.db'), { Dependencies })
  for (const page of [1, 2, 3, 10, 34, 1000]) {
    const source = sourceOf(openSqlite(path), page)
    const read: unknown[] = []
    for await (const rows of source.pages('Dependencies')) read.push(...rows)
    await source.close()
    const key = ({ job_id, dependency }: { job_id?: unknown; dependency?: unknown }) => `${job_id} ${dependency}`
    expect(read.map((row) => key(row as object)).sort()).toEqual(
      Dependencies.filter((row) => row.job_id !== null)
        .map(key)
        .sort(),
    )
  }
})
