import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BackupSchedule, type ScheduleOptions } from '../../src/backup/schedule.ts'
import { openData } from '../../src/db/open.ts'
import { checkFarm } from '../../src/domain/check.ts'
import { createFarm } from '../../src/farm.ts'
import { TestClock, tempFolder } from '../support/farm.ts'

setDefaultTimeout(60_000)
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const HOUR = 3600

/** A farm that is in use, as a server has it, and its schedule. */
async function running(more: Partial<ScheduleOptions> = {}) {
  const data = tempFolder()
  folders.push(data)
  const opened = openData(data)
  const farm = createFarm(opened.db, { logs: opened.logs })
  await farm.addJob({ title: 'shot', command: 'x {frame}', frames: '1-100' })
  const clock = new TestClock()
  const said: string[] = []
  const folder = join(data, 'backups')
  const options = { data, folder, everyHours: 24, keep: 2, worthwhile: () => true, clock: clock.read, ...more }
  const schedule = new BackupSchedule({ ...options, say: (text) => said.push(text) })
  return {
    data,
    folder,
    farm,
    clock,
    said,
    schedule,
    made: () => readdirSync(folder).sort(),
    again: () => new BackupSchedule(options),
    async [Symbol.asyncDispose]() {
      await schedule.stop()
      await farm.stop()
      opened.close()
    },
  }
}

test('a backup is made when one is due, is whole, and the oldest of too many goes', async () => {
  await using farm = await running()
  const { clock, schedule, made } = farm
  expect(schedule.standing).toEqual({ last: 0 })
  expect(await schedule.runOnce()).toBe(true)
  expect(schedule.standing).toEqual({ last: clock.now })
  expect(await schedule.runOnce()).toBe(false)
  clock.advance(24 * HOUR - 1)
  expect(await schedule.runOnce()).toBe(false)
  // Another start of the server goes on from what is there.
  expect(farm.again().standing).toEqual({ last: clock.now - 24 * HOUR + 1 })
  expect(await farm.again().runOnce()).toBe(false)
  clock.advance(1)
  const [first] = made()
  writeFileSync(join(farm.folder, 'coalition-20200101T000000Z-schema-1.db'), 'from before a migration')
  writeFileSync(join(farm.folder, 'notes.txt'), 'of somebody')
  for (let day = 0; day < 2; day++) {
    expect(await schedule.runOnce()).toBe(true)
    clock.advance(24 * HOUR)
  }
  expect(made()).toHaveLength(4)
  expect(made()).not.toContain(first)
  expect(made()).toEqual(expect.arrayContaining(['coalition-20200101T000000Z-schema-1.db', 'notes.txt']))
  const copy = tempFolder()
  folders.push(copy)
  writeFileSync(join(copy, 'coalition.db'), await Bun.file(join(farm.folder, made()[2] ?? '')).bytes())
  const { db, close } = openData(copy)
  expect(checkFarm(db.sqlite)).toEqual([])
  expect(db.sqlite.query('select count(*) from jobs').values()).toEqual([[101]])
  close()
  expect(farm.said).toEqual([])
})

test('an empty farm is not backed up', async () => {
  await using farm = await running({ worthwhile: () => false })
  expect(await farm.schedule.runOnce()).toBe(false)
  expect(readdirSync(farm.data)).not.toContain('backups')
})

test('one that fails is said, also in the health, leaves nothing, and is tried again', async () => {
  await using farm = await running()
  const { clock, schedule } = farm
  // Where the folder should be, a file is.
  writeFileSync(farm.folder, '')
  expect(await schedule.runOnce()).toBe(true)
  expect(schedule.standing).toMatchObject({ last: 0, problem: expect.any(String) })
  expect(farm.said).toEqual([expect.stringContaining('tried again in 10 minutes')])
  clock.advance(599)
  expect(await schedule.runOnce()).toBe(false)
  rmSync(farm.folder)
  clock.advance(1)
  expect(await schedule.runOnce()).toBe(true)
  expect(schedule.standing).toEqual({ last: clock.now })
  expect(farm.made()).toHaveLength(1)
})

test('one whose process cannot do its work tells in its own words why', async () => {
  await using farm = await running()
  // A folder has the name that the backup is to get.
  mkdirSync(join(farm.folder, 'coalition-20270115T080000Z.db', 'x'), { recursive: true })
  expect(await farm.schedule.runOnce()).toBe(true)
  expect(farm.schedule.standing.problem).toContain('is a folder')
})

test('requests are served while it is made, and what a stop has cut short is taken away by the next', async () => {
  await using farm = await running()
  farm.farm.core.db.sqlite.run(`with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000)
    insert into events (worker, job_id, job_title, state, start) select 'w', 1, 'title of ' || i, 'FINISHED', i from n`)
  const making = farm.schedule.runOnce()
  let over = false
  void making.then(() => {
    over = true
  })
  let served = 0
  for (; !over && served < 10_000; served++) await farm.farm.addJob({ title: 'meanwhile' })
  expect(served).toBeGreaterThan(50)
  await making

  farm.clock.advance(25 * HOUR)
  const cut = farm.schedule.runOnce()
  while (!farm.made().some((name) => name.endsWith('.part'))) await Bun.sleep(1)
  await farm.schedule.stop()
  await cut
  expect(farm.said).toEqual([])
  expect(farm.made().some((name) => name.endsWith('.part'))).toBe(true)
  const next = farm.again()
  expect(await next.runOnce()).toBe(true)
  expect(farm.made().filter((name) => name.endsWith('.part'))).toEqual([])
  expect(farm.made()).toHaveLength(2)
})
