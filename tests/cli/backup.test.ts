/** Backup, restore and check as an administrator uses them: real processes on a real data folder. */
import { Database } from 'bun:sqlite'
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Job } from '../../src/models.ts'
import { cleanUp, coalition, freshFolder, pick, type Running, start, startService, until } from './harness.ts'

setDefaultTimeout(60_000)
afterAll(cleanUp)

const serve = (data: string): Promise<Running> => startService(['serve', '--port', '0', '--data', data])

/** What the API answers of all jobs, and what is in the logs. */
async function portrait({ client }: Running) {
  const roots = await client.call<Job[]>('GET', '/api/jobs')
  const below = await Promise.all(roots.map(({ id }) => client.call<Job[]>('GET', `/api/jobs/${id}/children`)))
  const jobs = [...roots, ...below.flat()]
  const logs = await Promise.all(jobs.map(({ id }) => client.call<string>('GET', `/api/jobs/${id}/log`)))
  return { jobs, logs, events: await client.call('GET', '/api/events') }
}

/** Of a farm that has done something. */
async function folderWithFarm(): Promise<{ data: string; told: Awaited<ReturnType<typeof portrait>> }> {
  const data = freshFolder()
  const server = await serve(data)
  const group = await server.client.call<number>('PUT', '/api/jobs', { title: 'shot', user: 'anna' })
  for (const title of ['a', 'b', 'c'])
    await server.client.call('PUT', '/api/jobs', { parent: group, title, command: 'x', affinity: 'linux' })
  await server.client.call('PUT', '/api/jobs', { title: 'last', command: 'x', dependencies: [group] })
  await server.client.call('PUT', '/api/jobs', { title: 'free', command: 'x' })
  const run = await pick(server.client, 'node-1')
  await run.print('some output\n')
  await run.end(0)
  const told = await portrait(server)
  await server.stop()
  return { data, told }
}

const query = (path: string, statement: string): unknown[][] => {
  const db = new Database(path, { readonly: true })
  try {
    return db.query(statement).values()
  } finally {
    db.close()
  }
}

test('a backup of a stopped server, restored elsewhere, is the same farm with its logs', async () => {
  const { data, told } = await folderWithFarm()
  const file = join(freshFolder(), 'farm.db')
  const made = await coalition(['backup', file, '--logs', '--data', data])
  expect(made).toMatchObject({ code: 0, stderr: '' })
  expect(made.stdout).toContain('6 jobs')
  expect(readdirSync(join(file, '..')).sort()).toEqual(['farm.db', 'farm.db.logs'])
  expect(readdirSync(data).sort()).toEqual(['coalition.db', 'lock', 'logs'])

  const other = freshFolder()
  expect(await coalition(['restore', file, '--data', other])).toMatchObject({ code: 0, stderr: '' })
  const server = await serve(other)
  expect(await portrait(server)).toEqual(told)
  // And ids go on where they were.
  expect(await server.client.call<number>('PUT', '/api/jobs', { title: 'next' })).toBe(7)
  await server.stop()
})

test('a backup of a server under load is the farm of one moment, and the server goes on', async () => {
  const data = freshFolder()
  const server = await serve(data)
  const file = join(freshFolder(), 'farm.db')
  let over = false
  let answered = 0
  const load = Array.from({ length: 4 }, async (_, i) => {
    while (!over) {
      const id = await server.client.call<number>('PUT', '/api/jobs', { title: `of ${i}`, command: 'x' })
      const run = await pick(server.client, `node-${i}`)
      await run.end(0)
      await server.client.call('PUT', '/api/jobs', { title: 'shot', children: [{ command: 'x', dependencies: [id] }] })
      answered++
    }
  })
  try {
    await until('some load', () => answered > 20)
    for (let round = 0; round < 3; round++) {
      const before = query(join(data, 'coalition.db'), 'select count(*) from jobs')[0]?.[0] as number
      const from = answered
      expect(await coalition(['backup', file, '--data', data])).toMatchObject({ code: 0, stderr: '' })
      expect(answered).toBeGreaterThan(from)
      const after = query(join(data, 'coalition.db'), 'select count(*) from jobs')[0]?.[0] as number
      const kept = query(file, 'select count(*) from jobs')[0]?.[0] as number
      expect(kept).toBeGreaterThanOrEqual(before)
      expect(kept).toBeLessThanOrEqual(after)
    }
  } finally {
    over = true
    await Promise.all(load)
  }
  // All that it holds is what the server still says of it, but for what came later.
  const copied = query(file, `select id, title from jobs order by id`)
  const there = query(join(data, 'coalition.db'), `select id, title from jobs order by id limit ${copied.length}`)
  expect(copied).toEqual(there)
  await server.stop()
  const other = freshFolder()
  expect((await coalition(['restore', file, '--data', other])).code).toBe(0)
  expect(await coalition(['check', '--data', other])).toMatchObject({ code: 0 })
})

test('a backup that is killed leaves what was there, and nothing in the way of the next', async () => {
  const { data } = await folderWithFarm()
  const folder = freshFolder()
  const file = join(folder, 'farm.db')
  await coalition(['backup', file, '--data', data])
  const before = readFileSync(file)
  // Large enough that there is a moment to kill it in.
  const db = new Database(join(data, 'coalition.db'))
  db.run(`with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000)
    insert into events (worker, job_id, job_title, state, start) select 'w', 1, 'title of ' || i, 'FINISHED', i from n`)
  db.close()
  const child = start(['backup', file, '--data', data])
  await until('a part', () => readdirSync(folder).some((name) => name.endsWith('.part')))
  child.kill('SIGKILL')
  await child.exited
  expect(readFileSync(file).equals(before)).toBe(true)
  expect(readdirSync(folder).length).toBeGreaterThan(1)

  expect((await coalition(['backup', file, '--data', data])).code).toBe(0)
  expect(readdirSync(folder)).toEqual(['farm.db'])
  expect(query(file, 'select count(*) from events')).toEqual([[300_001]])
})

test('a backup takes the place of an older one and of nothing else', async () => {
  const { data } = await folderWithFarm()
  const folder = freshFolder()
  mkdirSync(folder)
  const text = join(folder, 'notes.txt')
  writeFileSync(text, 'not a database')
  const missing = freshFolder()
  for (const [file, from, said] of [
    [text, data, 'no backup'],
    [folder, data, 'is a folder'],
    [join(data, 'coalition.db'), data, "the server's own file"],
    [join(folder, 'x.db'), missing, 'There is no database'],
    [join(text, 'x.db'), data, 'could not be made'],
  ] as const) {
    const { code, stdout, stderr } = await coalition(['backup', file, '--data', from])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(said)
  }
  expect(readFileSync(text, 'utf8')).toBe('not a database')
  expect(readdirSync(folder)).toEqual(['notes.txt'])
})

test('restore refuses a running server, a database that is there, and what is no sound backup', async () => {
  const { data, told } = await folderWithFarm()
  const folder = freshFolder()
  const file = join(folder, 'farm.db')
  await coalition(['backup', file, '--data', data])
  const refused = async (said: string, from: string, ...words: string[]) => {
    const { code, stderr } = await coalition(['restore', from, '--data', data, ...words])
    expect(code).toBe(1)
    expect(stderr).toContain(said)
  }
  await refused('--force', file)
  await refused('There is no backup', join(folder, 'none.db'), '--force')
  const cut = join(folder, 'cut.db')
  writeFileSync(cut, readFileSync(file))
  truncateSync(cut, statSync(cut).size / 2)
  await refused('nothing was changed', cut, '--force')
  const newer = join(folder, 'newer.db')
  writeFileSync(newer, readFileSync(file))
  const db = new Database(newer)
  db.run('pragma user_version = 999')
  db.close()
  await refused('newer version', newer, '--force')
  const server = await serve(data)
  await refused('Another Coalition server', file, '--force')
  expect(await portrait(server)).toEqual(told)
  await server.stop()
  expect(readdirSync(data).sort()).toEqual(['coalition.db', 'lock', 'logs'])
})

test('restore --force keeps what was there aside, whole', async () => {
  const { data, told } = await folderWithFarm()
  const file = join(freshFolder(), 'farm.db')
  await coalition(['backup', file, '--data', data])
  const later = await serve(data)
  await later.client.call('PUT', '/api/jobs', { title: 'later' })
  await later.client.call('DELETE', '/api/jobs', [1])
  // Its last changes are in the log of the database, which has to go aside with it.
  later.process.kill('SIGKILL')
  await later.process.exited
  const { code, stdout } = await coalition(['restore', file, '--data', data, '--force'])
  expect(code).toBe(0)
  const [aside = ''] = readdirSync(data).filter((name) => name.startsWith('replaced-'))
  expect(stdout).toContain(aside)
  expect(query(join(data, 'coalition.db'), 'select count(*) from jobs')).toEqual([[6]])
  const old = new Database(join(data, aside, 'coalition.db'))
  expect(old.query('select count(*) from jobs').values()).toEqual([[3]])
  old.close()
  const server = await serve(data)
  expect((await portrait(server)).jobs).toEqual(told.jobs)
  // Seven was given after the backup, to a job that somebody may remember.
  expect(await server.client.call<number>('PUT', '/api/jobs', {})).toBe(8)
  await server.stop()
})

test('check says what is sound, what is not, and mends what follows from the rest', async () => {
  const { data } = await folderWithFarm()
  const path = join(data, 'coalition.db')
  expect(await coalition(['check', '--data', data])).toEqual({
    code: 0,
    stdout: 'Sound: 6 jobs, schema 1.\n',
    stderr: '',
  })
  const db = new Database(path)
  db.run(`update jobs set total = 9 where title = 'shot'`)
  db.run(`update jobs set needs_id = 77 where title = 'b'`)
  db.close()
  const broken = readFileSync(path)
  const found = await coalition(['check', '--data', data])
  expect(found.code).toBe(1)
  for (const said of ['counters*', 'job 1: total 9, counted 3', 'needs:', 'needs set 77', '--repair'])
    expect(found.stdout).toContain(said)
  expect(readFileSync(path).equals(broken)).toBe(true)

  const mended = await coalition(['check', '--data', data, '--repair'])
  expect(mended.code).toBe(1)
  for (const said of ['counters: 1 rows', 'Left', 'needs set 77']) expect(mended.stdout).toContain(said)
  const [copy = ''] = readdirSync(join(data, 'backups'))
  expect(copy).toMatch(/-repair\.db$/)
  expect(query(join(data, 'backups', copy), `select total from jobs where id = 1`)).toEqual([[9]])
  expect(query(path, `select total from jobs where id = 1`)).toEqual([[3]])

  const again = new Database(path)
  again.run(`update jobs set needs_id = 1 where title = 'b'`)
  again.run(`update jobs set total = 9 where title = 'shot'`)
  again.close()
  const whole = await coalition(['check', '--data', data, '--repair'])
  expect(whole.code).toBe(0)
  expect(whole.stdout).toContain('Sound')
})

test('check is for stopped servers, and names damage of the file', async () => {
  const { data } = await folderWithFarm()
  const server = await serve(data)
  expect(await coalition(['check', '--data', data])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Another Coalition server'),
  })
  await server.stop()
  const path = join(data, 'coalition.db')
  const bytes = readFileSync(path)
  bytes.fill(0x5a, 20_480, 45_056)
  writeFileSync(path, bytes)
  const { code, stdout } = await coalition(['check', '--data', data])
  expect(code).toBe(1)
  for (const said of ['damaged', 'coalition restore']) expect(stdout).toContain(said)
  const repaired = await coalition(['check', '--data', data, '--repair'])
  expect(repaired.code).toBe(1)
  expect(readFileSync(path).equals(bytes)).toBe(true)
  expect(existsSync(join(data, 'backups'))).toBe(false)
  expect((await coalition(['check', '--data', freshFolder()])).stderr).toContain('There is no database')
  expect((await coalition(['check', '--dta', data])).code).toBe(2)
})
