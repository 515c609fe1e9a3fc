/** Old workers, in the Pythons of this machine, on the real server, with real jobs; and our own worker beside them. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Event, Job } from '../../src/models.ts'
import { runAgent } from '../../src/worker/agent.ts'
import { PYTHONS } from '../http/python.ts'
import { type TestServer, testServer, until } from '../support/server.ts'

let server: TestServer
const running: OldWorker[] = []
beforeEach(async () => {
  server = await testServer()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.crash()))
  await server.stop()
})

interface OldWorker {
  /** What it said: `picked 3 old`, `sent 3 aGk=`, `killed 3`, `ended 3 0`. */
  lines: string[]
  /** Gone from one moment to the next, with what it ran. */
  crash(): Promise<void>
}

function oldWorker(interpreter: string, name: string, slots = 1): OldWorker {
  const program = join(import.meta.dir, 'old_worker.py')
  const child = Bun.spawn([interpreter, program, new URL(server.url).host, name, String(slots), '0.05'], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const lines: string[] = []
  const read = (async () => {
    let rest = ''
    const decoder = new TextDecoder()
    const source = child.stdout.getReader()
    for (let part = await source.read(); part.value; part = await source.read()) {
      const parts = (rest + decoder.decode(part.value, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts)
    }
  })()
  const worker = {
    lines,
    async crash() {
      child.kill('SIGKILL')
      await child.exited
      await read
    },
  }
  running.push(worker)
  return worker
}

const state = async (id: number, wanted: Job['state']) =>
  until(async () => (await server.job(id)).state === wanted, `job ${id} to be ${wanted}`)
const said = (worker: OldWorker, line: string) => until(() => worker.lines.includes(line), `'${line}'`)
const logOf = async (id: number) => (await server.get<string>(`/api/jobs/${id}/log`)).body
const events = async (query = '') => (await server.get<Event[]>(`/api/events?${query}`)).body

// Its jobs are commands of a POSIX shell.
describe.skipIf(process.platform === 'win32').each(PYTHONS)('an old worker in %s', (interpreter) => {
  test('runs jobs to their end: environment, directory, exit codes, retries', async () => {
    const good = await server.add({ command: 'echo "$SHOT in $(pwd)"', dir: '/', environment: 'SHOT=010\nB=2' })
    const bad = await server.add({ command: 'echo oops >&2; exit 3', retry: 1, dir: '' })
    const worker = oldWorker(interpreter, 'old')
    await state(good, 'FINISHED')
    await state(bad, 'ERROR')
    expect(await logOf(good)).toBe('010 in /\n')
    expect(await logOf(bad)).toMatch(/^oops\n.* run on old\noops\n$/)
    expect(await server.job(bad)).toMatchObject({ run_done: 2, worker: 'old' })
    expect(worker.lines.filter((line) => line.startsWith('ended'))).toEqual([
      `ended ${good} 0`,
      `ended ${bad} 3`,
      `ended ${bad} 3`,
    ])
    const [seen] = (await server.get<{ name: string; finished: number; error: number; cpu: string }[]>('/api/workers'))
      .body
    expect(seen).toMatchObject({ name: 'old', finished: 1, error: 2, cpu: '[12.5,3]' })
  })

  test('prints what a user typed, whatever the letters, and a character that two heartbeats share', async () => {
    const texts = ['Grüße €', '漢字', '😀 "double" \\back', '$HOME `id` %s {0}']
    const commands = texts.map((text) => `printf '%s\\n' '${text}'`)
    const ids: number[] = []
    for (const command of commands) ids.push(await server.add({ command }))
    const split = await server.add({ command: "printf 'caf\\303'; sleep 0.3; printf '\\251\\n'" })
    const worker = oldWorker(interpreter, 'old')
    await state(split, 'FINISHED')
    for (const [i, id] of ids.entries()) {
      expect(await server.job(id)).toMatchObject({ state: 'FINISHED' })
      expect(await logOf(id)).toBe(`${texts[i]}\n`)
    }
    const halves = worker.lines.filter((line) => line.startsWith(`sent ${split} `)).map((line) => line.split(' ')[2])
    // The bytes `caf\xc3`, then `\xa9\n`.
    expect(halves).toEqual(['Y2Fmww==', 'qQo='])
    expect(await logOf(split)).toBe('café\n')
  })

  test('kills what was paused under it, and goes on with the next', async () => {
    const long = await server.add({ command: 'echo begun; sleep 60; echo never', priority: 2000 })
    const next = await server.add({ command: 'echo next' })
    const worker = oldWorker(interpreter, 'old')
    await until(async () => (await logOf(long)) === 'begun\n', 'its first output')
    await server.post('/api/pausejobs', [long])
    await said(worker, `killed ${long}`)
    await said(worker, `ended ${long} -9`)
    await state(next, 'FINISHED')
    expect(await server.job(long)).toMatchObject({ state: 'PAUSED', run_done: 0 })
    expect(await logOf(long)).toBe('begun\n')
    expect((await events()).map(({ job_id, state: end }) => [job_id, end])).toEqual([
      [long, 'STOPPED'],
      [next, 'FINISHED'],
    ])
  })

  test('that crashed and asks again gets its job once more', async () => {
    const id = await server.add({
      command: 'test -e "$MARK" || { : > "$MARK"; echo first; sleep 5; }; echo second',
      environment: `MARK=${join(server.data, 'mark')}`,
    })
    const first = oldWorker(interpreter, 'old')
    await until(async () => (await logOf(id)) === 'first\n', 'its first output')
    await first.crash()
    expect(await server.job(id)).toMatchObject({ state: 'WORKING' })
    const second = oldWorker(interpreter, 'old')
    await state(id, 'FINISHED')
    await said(second, `ended ${id} 0`)
    expect((await events()).map((event) => event.state)).toEqual(['LOST', 'FINISHED'])
    expect(await server.job(id)).toMatchObject({ run_done: 1 })
    expect(await logOf(id)).toEndWith('second\n')
  })

  test('shares a farm with our own: several at once, each job once', async () => {
    const group = await server.add({ title: 'frames', paused: 1 })
    const ids: number[] = []
    for (let i = 0; i < 10; i++)
      ids.push(await server.add({ parent: group, command: `sleep 0.2; echo frame ${i}`, dir: i % 2 ? '' : '.' }))
    const old = oldWorker(interpreter, 'old', 3)
    const stop = new AbortController()
    const options = {
      serverUrl: server.url,
      name: 'new',
      workers: 1,
      sleepSeconds: 0.05,
      heartbeatSeconds: 0.1,
      log: () => {},
    }
    const agent = runAgent(options, stop.signal)
    try {
      await until(async () => (await server.get<unknown[]>('/api/workers')).body.length === 4, 'four workers')
      await server.post('/api/startjobs', [group])
      await state(group, 'FINISHED')
    } finally {
      stop.abort()
      await agent
    }
    const ran = await events()
    expect(ran.map(({ job_id }) => job_id).toSorted((a, b) => a - b)).toEqual(ids)
    expect(new Set(ran.map(({ state: end }) => end))).toEqual(new Set(['FINISHED']))
    expect([...new Set(ran.map(({ worker }) => worker))].toSorted()).toEqual(['new', 'old-1', 'old-2', 'old-3'])
    for (const [i, id] of ids.entries()) expect(await logOf(id)).toBe(`frame ${i}\n`)
    expect(old.lines.filter((line) => line.startsWith('killed'))).toEqual([])
  })
})
