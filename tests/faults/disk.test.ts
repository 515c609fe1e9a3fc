/** A disk that is full, or cannot be written: every call says so, nothing is half done, and all goes on when it is well again. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkFarm } from '../../src/domain/check.ts'
import type { Event, Job } from '../../src/models.ts'
import type { Assignment } from '../../src/protocol.ts'
import { createSandbox, type Sandbox, type Server, until } from '../e2e/sandbox.ts'
import { type SmallDisk, setImmutable, smallDisk, whyNoDisk, whyNoImmutable } from './smallDisk.ts'

setDefaultTimeout(120_000)

const noDisk = whyNoDisk()
if (noDisk) console.log(`not tested, for want of a small disk: ${noDisk}`)
const noImmutable = whyNoImmutable()
if (noImmutable) console.log(`not tested, for want of files that nobody may write: ${noImmutable}`)

let sandbox: Sandbox
const disks: SmallDisk[] = []
beforeAll(() => {
  sandbox = createSandbox()
})
afterAll(async () => {
  await sandbox.cleanUp()
  for (const disk of disks) disk.remove()
})

function mounted(megabytes: number): SmallDisk {
  const disk = smallDisk(megabytes)
  disks.push(disk)
  return disk
}

interface Answer {
  status: number
  text: string
}
async function call(server: Server, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  })
  return { status: response.status, text: await response.text() }
}

/** Done, or refused for want of the disk, in words: no third thing. Answers whether it was done. */
function doneOrRefused({ status, text }: Answer): boolean {
  if (status === 200) return true
  expect({ status, text }).toMatchObject({
    status: 507,
    text: expect.stringMatching(
      /The disk of the data folder (is full|cannot be written|fails): .*, and send this again\. Nothing of it was done\./,
    ),
  })
  return false
}

function expectSound(data: string): void {
  const db = new Database(join(data, 'coalition.db'), { readonly: true })
  try {
    expect(db.query('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    expect(checkFarm(db)).toEqual([])
    expect(db.query('select count(*) as born from jobs where parent < 0').get()).toEqual({ born: 0 })
  } finally {
    db.close()
  }
}

/** CPU seconds that a process has used. */
const cpuOf = (pid: number): number => {
  const { stdout } = Bun.spawnSync(['ps', '-o', 'cputimes=', '-p', String(pid)])
  return Number(stdout.toString().trim())
}

const linesAbout = (server: Server, words: RegExp) => server.stderr.split('\n').filter((line) => words.test(line))

/** Everything that changes something, in turn, until each has been refused at least once; answers what was made. */
async function refuseEverything(server: Server, jobs: number[]): Promise<string[]> {
  const made: string[] = []
  const refused = new Map<string, number>()
  const long = 'x'.repeat(60_000)
  const calls: Record<string, (i: number) => Promise<Answer>> = {
    add: (i) => call(server, 'PUT', '/api/jobs', { title: `late ${i}`, command: `: ${long}` }),
    tree: (i) =>
      call(server, 'PUT', '/api/jobs', {
        title: `tree ${i}`,
        frames: '1-4000',
        command: `: ${'y'.repeat(200)} {frame}`,
      }),
    edit: (i) =>
      call(
        server,
        'POST',
        '/api/jobs',
        Object.fromEntries(jobs.map((id) => [id, { title: `${i}`, environment: long }])),
      ),
    pause: (i) => call(server, 'POST', i % 2 ? '/api/pausejobs' : '/api/startjobs', jobs),
    pick: (i) => call(server, 'POST', `/api/workers/hand-${i}/pick`, { wait: 0 }),
    depend: () => call(server, 'POST', `/api/jobs/${jobs[0]}/dependencies`, jobs.slice(1)),
    limits: (i) => call(server, 'POST', '/api/limits', { [`limit ${i}`]: 5 }),
  }
  const names = Object.keys(calls)
  // What is refused for its size first leaves room for what is small: those have to come often.
  for (let i = 0; i < 400 && refused.size < names.length; i++)
    for (const name of names) {
      const answer = await (calls[name] as (i: number) => Promise<Answer>)(i)
      if (!doneOrRefused(answer)) refused.set(name, (refused.get(name) ?? 0) + 1)
      else if (name === 'add') made.push(`late ${i}`)
      else if (name === 'tree') made.push(`tree ${i}`)
    }
  expect([...refused.keys()].sort()).toEqual(names.sort())
  return made
}

test.skipIf(noDisk !== undefined)(
  'a full disk costs no run, no answer and no change; with room again all goes on',
  async () => {
    const disk = mounted(8)
    const data = join(disk.folder, 'data')
    const server = await sandbox.serve(data, { words: ['--backup-every', '0'] })
    const go = join(sandbox.folder, 'go')
    const lines = 30_000
    // Prints until it is told to end: more than there is room for, and 64 kB at once.
    const printing = await server.client.call<number>('PUT', '/api/jobs', {
      title: 'printing',
      priority: 5000,
      command: `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "line $i äöü"; done; while [ ! -e ${go} ]; do sleep 0.1; done; echo end`,
    })
    const worker = await sandbox.worker(server, 'agent')
    await until(
      async () => (await server.client.call<Job>('GET', `/api/jobs/${printing}`)).state === 'WORKING',
      'the run',
    )
    const jobs: number[] = []
    for (let i = 0; i < 10; i++)
      jobs.push(await server.client.call<number>('PUT', '/api/jobs', { title: `early ${i}`, command: ':' }))
    const held = await server.client.call<Assignment>('POST', '/api/workers/holder/pick', { wait: 0 })
    const { run } = held
    jobs.splice(jobs.indexOf(held.job.id), 1)

    disk.fill()
    const made = await refuseEverything(server, jobs)
    // What needs no room goes on: reading, and signs of life.
    for (const path of ['/api/jobs', '/api/workers', '/api/events', '/api/health', `/api/jobs/${printing}/log`])
      expect((await call(server, 'GET', path)).status).toBe(200)
    const beat = await call(server, 'POST', `/api/runs/${run}/heartbeat`, { worker: 'holder' })
    expect(beat).toMatchObject({ status: 200, text: expect.stringContaining('"go_on":true') })
    // Output waits at the worker until it is taken; what was taken of it is said.
    const output = Buffer.from('0123456789abcde\n'.repeat(12_000))
    let taken = 0
    const say = async (): Promise<boolean> => {
      const log = output.subarray(taken, taken + 48_000)
      const answer = await call(server, 'POST', `/api/runs/${run}/heartbeat`, {
        worker: 'holder',
        log: log.toString('base64'),
        log_offset: taken,
      })
      if (!doneOrRefused(answer)) return false
      taken = (JSON.parse(answer.text) as { log_size: number }).log_size
      return true
    }
    while (taken < output.length && (await say()));
    expect(taken).toBeLessThan(output.length)
    doneOrRefused(
      await call(server, 'POST', `/api/runs/${run}/end`, {
        worker: 'holder',
        exit_code: 0,
        log: output.subarray(taken).toString('base64'),
        log_offset: taken,
      }),
    )
    // It does not spin: while nobody asks anything it does next to nothing, and has said once what is wrong.
    const before = cpuOf(server.pid)
    await Bun.sleep(3000)
    expect(cpuOf(server.pid) - before).toBeLessThan(2)
    expect(linesAbout(server, /disk of the data folder is full/).length).toBeLessThan(4)
    expect(server.stderr.split('\n').length).toBeLessThan(10)

    disk.makeRoom()
    await until(
      async () => (await call(server, 'POST', '/api/pausejobs', [jobs[0]])).status === 200,
      'the first change',
    )
    while (taken < output.length) expect(await say()).toBe(true)
    const ended = await call(server, 'POST', `/api/runs/${run}/end`, { worker: 'holder', exit_code: 0 })
    expect(ended).toMatchObject({ status: 200, text: expect.stringContaining('FINISHED') })
    expect(JSON.parse((await call(server, 'GET', `/api/jobs/${held.job.id}/log`)).text)).toBe(output.toString())
    writeFileSync(go, '')
    await until(
      async () => (await server.client.call<Job>('GET', `/api/jobs/${printing}`)).state === 'FINISHED',
      'the end of the run',
      60,
    )
    const log = await server.client.call<string>('GET', `/api/jobs/${printing}/log`)
    expect(log).toBe(`${Array.from({ length: lines }, (_, i) => `line ${i + 1} äöü\n`).join('')}end\n`)
    expect(await server.client.call<Event[]>('GET', `/api/events?job=${printing}`)).toMatchObject([
      { state: 'FINISHED' },
    ])
    const titles = (await server.client.call<Job[]>('GET', '/api/jobs')).map(({ title }) => title)
    expect(titles.filter((title) => /^(late|tree)/.test(title)).sort()).toEqual(made.sort())
    await until(() => linesAbout(server, /is written again/).length > 0, 'the word that it is well')
    expect(await worker.stop()).toBe(0)
    expect(await server.stop()).toBe(0)
    expectSound(data)
  },
)

test.skipIf(noDisk !== undefined)(
  'on a full disk a server stops as ever, does not start, says why, and harms nothing',
  async () => {
    const disk = mounted(8)
    const data = join(disk.folder, 'data')
    const words = ['serve', '--port', '0', '--data', data, '--backup-every', '0']
    const FULL = /The disk of the data folder \S+ is full \(.*\): make room, and start again\./
    /** It may have the few pages that it begins with: then it reads, and refuses to write. Else it says why it ends. */
    const startsOrSaysWhy = async () => {
      const child = sandbox.start(words)
      const begun = await Promise.race([
        child.exited.then(() => false),
        child.says(/listening/).then(
          () => true,
          () => false,
        ),
      ])
      if (begun) child.kill('SIGTERM')
      expect(await child.exited).toBe(begun ? 0 : 1)
      if (!begun) expect(child.stderr).toMatch(FULL)
    }
    disk.fill()
    const { code: early, stderr: said } = await sandbox.run(words)
    expect({ early, said }).toMatchObject({ early: 1, said: expect.stringMatching(FULL) })
    disk.makeRoom()
    const server = await sandbox.serve(data)
    const id = await server.client.call<number>('PUT', '/api/jobs', { title: 'kept', command: ':' })
    disk.fill()
    await server.client.call('GET', '/api/health')
    expect(await server.stop()).toBe(0)
    disk.fill()
    await startsOrSaysWhy()
    disk.makeRoom()
    const next = await sandbox.serve(data)
    expect(await next.client.call<Job>('GET', `/api/jobs/${id}`)).toMatchObject({ title: 'kept' })
    // Killed while the disk is full: what was answered is in the log of the database.
    disk.fill()
    next.kill('SIGKILL')
    await next.exited
    await startsOrSaysWhy()
    disk.makeRoom()
    const last = await sandbox.serve(data)
    expect(await last.client.call<Job>('GET', `/api/jobs/${id}`)).toMatchObject({ title: 'kept' })
    expect(await last.stop()).toBe(0)
    expectSound(data)

    disk.setWritable(false)
    const { code, stderr } = await sandbox.run(words)
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/The data folder \S+ cannot be written \(EROFS/),
    })
    disk.setWritable(true)
    expectSound(data)
  },
)

test.skipIf(process.platform === 'win32')(
  'files that may not be written are refused at the start, by name',
  async () => {
    const data = sandbox.freshFolder()
    const server = await sandbox.serve(data)
    await server.client.call('PUT', '/api/jobs', { title: 'kept' })
    expect(await server.stop()).toBe(0)
    const database = join(data, 'coalition.db')
    const root = process.getuid?.() === 0
    // Root writes what it likes, unless nobody may.
    if (root && noImmutable) return
    const close = () => (root ? setImmutable(database, true) : chmodSync(database, 0o444))
    close()
    const { code, stderr } = await sandbox.run(['serve', '--port', '0', '--data', data])
    if (root) setImmutable(database, false)
    else chmodSync(database, 0o644)
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${database} cannot be written`),
    })
    expectSound(data)
  },
)

test.skipIf(noImmutable !== undefined)(
  'a database that nobody may write while the server runs is refused in words, and taken up again',
  async () => {
    const data = sandbox.freshFolder()
    const server = await sandbox.serve(data)
    const id = await server.client.call<number>('PUT', '/api/jobs', { title: 'kept', command: ':' })
    const files = ['coalition.db', 'coalition.db-wal'].map((name) => join(data, name)).filter(existsSync)
    for (const file of files) expect(setImmutable(file, true)).toBeUndefined()
    try {
      expect(doneOrRefused(await call(server, 'PUT', '/api/jobs', { title: 'late' }))).toBe(false)
      expect(doneOrRefused(await call(server, 'POST', '/api/workers/w/pick', { wait: 0 }))).toBe(false)
      expect((await call(server, 'GET', `/api/jobs/${id}`)).status).toBe(200)
      await Bun.sleep(2500)
      expect(linesAbout(server, /disk of the data folder/).length).toBe(1)
      expect(server.stderr.split('\n').length).toBeLessThan(6)
    } finally {
      for (const file of files) setImmutable(file, false)
    }
    await until(
      async () => (await call(server, 'PUT', '/api/jobs', { title: 'again' })).status === 200,
      'the first change',
    )
    expect((await server.client.call<Job[]>('GET', '/api/jobs')).map(({ title }) => title)).toEqual(['kept', 'again'])
    expect(await server.stop()).toBe(0)
    expectSound(data)
  },
)
