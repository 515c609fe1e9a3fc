/** A database of each version there was, with a farm in it, becomes one of this version. */
import { Database } from 'bun:sqlite'
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MIGRATIONS, migrate, versionOf } from '../../src/db/migrate.ts'
import { openData, openDatabase, StartError } from '../../src/db/open.ts'
import { checkFarm } from '../../src/domain/check.ts'
import { createFarm } from '../../src/farm.ts'
import { tempFolder } from '../support/farm.ts'

const DRIZZLE = join(import.meta.dir, '../../drizzle')
const FIXTURES = join(import.meta.dir, 'fixtures')
const names = readdirSync(DRIZZLE)
  .filter((name) => name.endsWith('.sql'))
  .sort()

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A data folder with a database as the program of that time left it. */
function folderAt(version: number, fixture: string): { data: string; path: string } {
  const data = tempFolder()
  folders.push(data)
  const path = join(data, 'coalition.db')
  const db = new Database(path, { create: true })
  migrate(db, MIGRATIONS.slice(0, version))
  db.run(readFileSync(join(FIXTURES, fixture), 'utf8'))
  db.close()
  return { data, path }
}

test('each migration has a fixture: rows as they were after it, which every later version has to take', () => {
  expect(names).toHaveLength(MIGRATIONS.length)
  expect(names.filter((name) => !existsSync(join(FIXTURES, name)))).toEqual([])
})

describe.each(names.map((name, i) => [name, i + 1] as const))('a farm as %s made it', (name, version) => {
  test('is whole in this version, and is worked on', async () => {
    const { data } = folderAt(version, name)
    const { db, logs, close } = openData(data)
    expect(versionOf(db.sqlite)).toBe(MIGRATIONS.length)
    expect(checkFarm(db.sqlite)).toEqual([])
    const farm = createFarm(db, { logs })
    try {
      expect(farm.getJob(4)).toMatchObject({ title: 'done', command: 'echo "ü"', state: 'FINISHED', duration: 20 })
      expect(farm.getJob(1)).toMatchObject({ state: 'ERROR', total: 4, total_working: 1, affinity: 'linux' })
      expect([...farm.listEvents()].flat()).toHaveLength(3)
      await farm.endRun(3, 0, { worker: 'node-1', vitals: {} })
      expect(farm.getJob(7).state).toBe('WAITING')
      expect((await farm.pick('node-2', {}, new AbortController().signal))?.job.id).toBe(8)
      expect(checkFarm(db.sqlite)).toEqual([])
    } finally {
      await farm.stop()
      close()
    }
    const kept = existsSync(join(data, 'backups')) ? readdirSync(join(data, 'backups')) : []
    expect(kept).toHaveLength(version < MIGRATIONS.length ? 1 : 0)
  })
})

describe('before a migration', () => {
  const [newest = ''] = names.slice(-1)
  const next = [...MIGRATIONS, ['alter table jobs add column colour text', 'update jobs set colour = title']]
  const titles = (path: string) => {
    const db = new Database(path, { readonly: true })
    const values = db.query('select title from jobs order by id').values()
    db.close()
    return values
  }

  test('a copy is made of the database as it was', () => {
    const { data, path } = folderAt(MIGRATIONS.length, newest)
    const before = titles(path)
    const backups = join(data, 'backups')
    const { sqlite } = openDatabase(path, { backups }, next)
    expect(sqlite.query('select colour from jobs order by id').values()).toEqual(before)
    sqlite.close()
    const [copy = ''] = readdirSync(backups)
    expect(copy).toMatch(new RegExp(`^coalition-\\d{8}T\\d{6}Z-schema-${MIGRATIONS.length}\\.db$`))
    expect(titles(join(backups, copy))).toEqual(before)
    const old = new Database(join(backups, copy), { readonly: true })
    expect(versionOf(old)).toBe(MIGRATIONS.length)
    old.close()
    // Once is enough.
    openDatabase(path, { backups }, next).sqlite.close()
    expect(readdirSync(backups)).toEqual([copy])
  })

  test('and when it cannot be made nothing is migrated', () => {
    const { data, path } = folderAt(MIGRATIONS.length, newest)
    const backups = join(data, 'backups')
    writeFileSync(backups, 'a file')
    expect(() => openDatabase(path, { backups }, next)).toThrow(StartError)
    expect(() => openDatabase(path, { backups }, next)).toThrow('--backup-dir')
    const db = new Database(path, { readonly: true })
    expect(versionOf(db)).toBe(MIGRATIONS.length)
    db.close()
  })

  test('a migration that fails in its middle has changed nothing', () => {
    const { data, path } = folderAt(MIGRATIONS.length, newest)
    const broken = [...MIGRATIONS, ['update jobs set title = 1', 'insert into nowhere values (1)']]
    const before = titles(path)
    expect(() => openDatabase(path, { backups: join(data, 'backups') }, broken)).toThrow('nowhere')
    expect(titles(path)).toEqual(before)
    openData(data).close()
  })
})
