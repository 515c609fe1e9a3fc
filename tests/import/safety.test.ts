/** An import is whole or was never there, and touches no farm that is in use. */
import { Database } from 'bun:sqlite'
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openData } from '../../src/db/open.ts'
import { createFarm } from '../../src/farm.ts'
import { type ImportReport, importFarm } from '../../src/import/import.ts'
import { openSource } from '../../src/import/open.ts'
import { cleanUp, coalition, reader, start } from '../cli/harness.ts'
import { expectCounted } from './recount.ts'
import { createBigOldSqlite, createOldSqlite, STUDIO, scratch } from './support.ts'

const { folder, fresh, remove } = scratch('import-safety')
afterAll(async () => {
  await cleanUp()
  remove()
})
const studio = createOldSqlite(join(folder, 'studio.db'), STUDIO)
const PART = '.import-part'

async function importInto(data: string, more: { logs?: string; place?: string } = {}): Promise<ImportReport> {
  const source = await openSource(more.place ?? studio)
  try {
    return await importFarm({ source, data, logs: more.logs })
  } finally {
    await source.close()
  }
}

function jobsIn(data: string): unknown {
  const { db, close } = openData(data)
  try {
    return db.sqlite.query('select count(*) as jobs from jobs').get()
  } finally {
    close()
  }
}

describe('the data folder', () => {
  test('is made whole: the database is closed, and nothing stays beside it', async () => {
    const data = fresh()
    await importInto(data)
    expect(readdirSync(data).sort()).toEqual(['coalition.db', 'lock', 'logs'])
    expect(existsSync(data + PART)).toBe(false)
  })

  test('may be empty, or one in which a server was started without any work', async () => {
    const empty = fresh()
    mkdirSync(empty)
    await importInto(empty)
    expect(jobsIn(empty)).toEqual({ jobs: 11 })
    const started = fresh()
    openData(started).close()
    await importInto(started)
    expect(jobsIn(started)).toEqual({ jobs: 11 })
  })

  test('with a farm in it is refused, and stays as it is', async () => {
    const data = fresh()
    const made = openData(data)
    const farm = createFarm(made.db, { logs: made.logs })
    await farm.addJob({ title: 'mine', command: 'x' })
    await farm.stop()
    made.close()
    await expect(importInto(data)).rejects.toThrow(/not empty \(it has jobs\).*--data/)
    expect(jobsIn(data)).toEqual({ jobs: 1 })
    expect(existsSync(data + PART)).toBe(false)
  })

  test('with a server in it, with other files or with logs is refused', async () => {
    const data = fresh()
    const server = openData(data)
    await expect(importInto(data)).rejects.toThrow(/Another Coalition server uses/)
    server.close()
    const strange = fresh()
    mkdirSync(strange)
    writeFileSync(join(strange, 'thesis.txt'), 'years of work')
    await expect(importInto(strange)).rejects.toThrow(/holds thesis\.txt/)
    expect(readdirSync(strange)).toEqual(['thesis.txt'])
    const logs = fresh()
    mkdirSync(join(logs, 'logs', '0'), { recursive: true })
    await expect(importInto(logs)).rejects.toThrow(/holds logs/)
  })

  test('that another import is making is refused', async () => {
    const data = fresh()
    const other = openData(data + PART)
    await expect(importInto(data)).rejects.toThrow(/Another import .* is under way/)
    other.close()
    await importInto(data)
    expect(existsSync(data + PART)).toBe(false)
  })

  test("is not made where the place for its making holds somebody's files", async () => {
    const data = fresh()
    mkdirSync(data + PART)
    writeFileSync(join(data + PART, 'thesis.txt'), 'years of work')
    await expect(importInto(data)).rejects.toThrow(/holds thesis\.txt: move it away/)
    expect(readdirSync(data + PART)).toEqual(['thesis.txt'])
  })
})

describe('a source', () => {
  const refused = async (place: string, sentence: RegExp) => {
    const data = fresh()
    await expect(importInto(data, { place })).rejects.toThrow(sentence)
    expect(existsSync(data)).toBe(false)
  }

  test('that is no file, no database or no farm is refused in a sentence', async () => {
    await refused(join(folder, 'missing.db'), /There is no file .*missing\.db/)
    const text = fresh('.txt')
    writeFileSync(text, 'jobs, jobs, jobs. '.repeat(100))
    await refused(text, /cannot be read as a SQLite database/)
    const other = fresh('.db')
    const db = new Database(other, { create: true })
    db.run('create table Jobs (id integer)')
    db.close()
    await refused(other, /no table Jobs/)
  })

  test('that is a farm of this version is refused', async () => {
    const data = fresh()
    openData(data).close()
    await refused(join(data, 'coalition.db'), /Coalition 5 already/)
  })

  test('is not changed', async () => {
    const before = await Bun.file(studio).bytes()
    await importInto(fresh())
    expect(await Bun.file(studio).bytes()).toEqual(before)
  })

  test('whose folder of logs is not there is refused before anything is made', async () => {
    const data = fresh()
    await expect(importInto(data, { logs: join(folder, 'nowhere') })).rejects.toThrow(/nowhere cannot be read.*--logs/)
    expect(existsSync(data)).toBe(false)
    expect(existsSync(data + PART)).toBe(false)
  })
})

describe('an import that is stopped', () => {
  const JOBS = 20_000
  const big = createBigOldSqlite(join(folder, 'big.db'), JOBS)
  const logs = join(folder, 'big-logs')
  mkdirSync(logs)
  for (let id = 2; id < 4000; id++) writeFileSync(join(logs, `${id}.log`), `log of ${id}`)
  const words = (data: string) => ['import', big, '--logs', logs, '--data', data]

  /** Ends the process when it says that it is there. */
  async function stopAt(stage: string, signal: NodeJS.Signals, data: string) {
    const child = start(words(data))
    const errors = reader(child.stderr)
    const said = await errors.until(new RegExp(`^${stage}\\b`, 'm'))
    child.kill(signal)
    const code = await child.exited
    return { code, said: said + (await errors.until(/$^/)) }
  }

  test('by kill -9, whenever it comes, has made no farm; the next one does, and clears up', async () => {
    const data = fresh()
    for (const stage of ['affinities', 'jobs', 'events', 'counters', 'logs']) {
      const { code, said } = await stopAt(stage, 'SIGKILL', data)
      expect(said).toContain(stage)
      expect(code).not.toBe(0)
      expect(existsSync(data)).toBe(false)
    }
    const { code, stdout } = await coalition(words(data))
    expect(code).toBe(0)
    expect(stdout).toMatch(/jobs +20000\n/)
    expect(stdout).toMatch(/logs +3998\n/)
    expect(existsSync(data + PART)).toBe(false)
    const { db, close } = openData(data)
    expectCounted(db)
    close()
  }, 60_000)

  test.skipIf(process.platform === 'win32')(
    'by Ctrl-C leaves nothing at all',
    async () => {
      for (const stage of ['jobs', 'logs']) {
        const data = fresh()
        const { code, said } = await stopAt(stage, 'SIGINT', data)
        expect(code).toBe(130)
        expect(said).toContain('interrupted: nothing is in')
        expect(existsSync(data)).toBe(false)
        expect(existsSync(data + PART)).toBe(false)
      }
    },
    60_000,
  )

  test('by its caller leaves nothing at all', async () => {
    const data = fresh()
    const stop = new AbortController()
    const source = await openSource(big)
    const doing = importFarm({
      source,
      data,
      signal: stop.signal,
      onProgress: ({ stage, done }) => {
        if (stage === 'jobs' && done > 0) stop.abort()
      },
    })
    await expect(doing).rejects.toThrow()
    await source.close()
    expect(existsSync(data)).toBe(false)
    expect(existsSync(data + PART)).toBe(false)
  })
})

describe('coalition import', () => {
  test('prints what arrived, what could not, and what to do next', async () => {
    const data = fresh()
    const { code, stdout, stderr } = await coalition(['import', studio, '--data', data])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^IMPORTED +NUMBER\njobs +11\ngroups +3\n/)
    expect(stdout).toContain('Jobs that were running wait, and run again: 1\n  job 21\n')
    expect(stdout).toContain(
      'Dependencies on jobs that are gone, which held nothing back, are dropped: 1\n  job 30 waited for job 7\n',
    )
    expect(stdout).toContain('the highest of these jobs is 200')
    expect(stdout).toContain(`coalition serve --data ${data}`)
    expect(stdout).toContain('--logs')
    expect(stderr).toContain('jobs: 0 of 11\n')
  })

  test('says in one line what is wrong, and ends with 1 or, of a wrong use, with 2', async () => {
    const data = fresh()
    await importInto(data)
    const again = await coalition(['import', studio, '--data', data])
    expect(again).toMatchObject({ code: 1, stdout: '' })
    expect(again.stderr).toMatch(/^coalition: The database in .* is not empty .*\n$/)
    expect(await coalition(['import'])).toMatchObject({ code: 2 })
    expect(await coalition(['import', studio, '--ini', 'x'])).toMatchObject({ code: 2 })
    const wrong = await coalition(['import', 'mysql://u:secret@127.0.0.1:1/farm', '--data', fresh()])
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toMatch(/^coalition: mysql:\/\/u@127\.0\.0\.1:1\/farm cannot be read/)
    expect(wrong.stderr).not.toContain('secret')
  })
})
