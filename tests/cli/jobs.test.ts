import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Event, Job, Worker } from '../../src/models.ts'
import { cleanUp, coalition, freshFolder, NEVER, pick, type Running, reader, start, startService } from './harness.ts'

/** Each command is a program of its own, 0.3 s of a quiet machine and seconds of a busy one. */
setDefaultTimeout(60_000)

let server: Running
beforeAll(async () => {
  server = await startService(['serve', '--port', '0', '--data', freshFolder()])
})
afterAll(cleanUp)

const job = (id: string | number) => server.client.call<Job>('GET', `/api/jobs/${id}`)
/** Runs a command that must go well, and answers what it printed. */
async function good(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await server.run(...words)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.trim()
}
const add = (...words: string[]) => good('jobs', 'add', ...words)
/** So that no other test's job is picked instead. */
async function onlyFor(name: string): Promise<string> {
  await server.client.call('POST', `/api/workers/${name}/pick`, {})
  await server.client.call('POST', '/api/workers', { [name]: { affinity: name } })
  return name
}

describe('jobs add', () => {
  test('prints just the id, and the job has what was given', async () => {
    const group = await add('--title', 'Shot 010', '--paused')
    expect(group).toMatch(/^\d+$/)
    const first = await add('--paused', '--', 'true')
    const id = await add(
      ...['--title', 'Frame 1', '--parent', group, '--dir', '/tmp', '--env', 'A=1', '--env', 'P=C:\\new'],
      ...['--priority', '-5', '--retry', '3', '--timeout', '2h', '--affinity', 'LINUX,GPU', '--user', 'ann'],
      ...['--depends', first, '--url', 'http://x/y', '--progress-pattern', 'at %percent', '--paused'],
      ...['--', 'blender', '-b', 'my shot.blend'],
    )
    expect(await job(id)).toMatchObject({
      parent: Number(group),
      title: 'Frame 1',
      dir: '/tmp',
      environment: 'A=1\\nP=C:\\new',
      priority: -5,
      retry: 3,
      timeout: 7200,
      affinity: 'GPU,LINUX',
      user: 'ann',
      dependencies: [Number(first)],
      url: 'http://x/y',
      progress_pattern: 'at %percent',
      paused: 1,
      command: process.platform === 'win32' ? 'blender -b "my shot.blend"' : "blender -b 'my shot.blend'",
    })
    expect(await job(group)).toMatchObject({ command: '', total: 1 })
  })

  test('what decides when, where and how often it is tried is said by options too', async () => {
    const waited = await add('--paused', '--title', 'a group')
    const id = await add(
      ...['--paused', '--limits', 'nuke, maya', '--memory', '8000', '--cores', '4', '--gpus', '1', '--retry', '3'],
      ...['--start-after', '2030-01-01T00:00:00Z', '--retry-delay', '1m', '--retry-growth', '2', '--min-run-time', '5'],
      ...['--idle-timeout', '10m', '--fatal', 'out of memory', '--success', '^saved', '--depends', `any:${waited}`],
      ...['--', 'true'],
    )
    expect(await job(id)).toMatchObject({
      limits: 'maya,nuke',
      memory: 8000,
      cores: 4,
      gpus: 1,
      start_after: Date.UTC(2030, 0, 1) / 1000,
      retry_delay: 60,
      retry_growth: 2,
      min_run_time: 5,
      idle_timeout: 600,
      fatal: 'out of memory',
      success: '^saved',
      dependencies: [Number(waited)],
      dependency_kinds: { [waited]: 'any' },
    })
    await good('jobs', 'edit', waited, '--max-workers', '5', '--error-limit', '2')
    expect(await job(waited)).toMatchObject({ max_workers: 5, error_limit: 2 })
    await good('jobs', 'edit', id, '--start-after', '0', '--depends', '')
    expect(await job(id)).toMatchObject({ start_after: 0, dependencies: [], dependency_kinds: {} })
  })

  test('the job is whose account submits it, or nobody’s', async () => {
    const user = async (env: Record<string, string>) => {
      const { stdout } = await coalition(['jobs', 'add', '--paused', '--', 'true'], {
        env: { COALITION_URL: server.url, USERNAME: '', ...env },
      })
      return (await job(stdout.trim())).user
    }
    if (process.platform !== 'win32') {
      expect(await user({ USER: 'ann', LOGNAME: '' })).toBe('ann')
      expect(await user({ USER: '', LOGNAME: 'ann' })).toBe('ann')
      expect(await user({ USER: '', LOGNAME: '' })).toBe('')
    }
  })

  test('what the server refuses is its sentence and exit code 1', async () => {
    const { code, stdout, stderr } = await server.run('jobs', 'add', '--parent', '999999', '--', 'true')
    expect(stderr).toStartWith('coalition: ')
    expect(stderr).toContain('999999')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })
})

describe('jobs list and show', () => {
  test('list the children of a group, filtered and sorted, as a table and as JSON', async () => {
    const group = await add('--title', 'listed', '--paused')
    const low = await add('--parent', group, '--title', 'low', '--priority', '1', '--user', 'ann', '--', 'true')
    const high = await add('--parent', group, '--title', 'high', '--priority', '9', '--user', 'bob', '--', 'true')
    const table = (await good('jobs', 'list', group, '--sort', 'priority', '--desc')).split('\n')
    expect(table[0]).toMatch(/^\s*ID\s+STATE\s+TITLE/)
    expect(table.slice(1).map((line) => line.trim().split(/\s+/).slice(0, 3))).toEqual([
      [high, 'WAITING', 'high'],
      [low, 'WAITING', 'low'],
    ])
    const json = JSON.parse(await good('jobs', 'list', group, '--user', 'ann', '--state', 'waiting', '--json')) as Job[]
    expect(json.map(({ id }) => id)).toEqual([Number(low)])
    expect(json[0]).toEqual(await job(low))
  })

  test('a table that is cut says so', async () => {
    const group = await add('--title', 'long', '--paused')
    for (const title of ['a', 'b']) await add('--parent', group, '--title', title, '--', 'true')
    const { stdout, stderr } = await server.run('jobs', 'list', group, '--limit', '1')
    expect(stdout.trim().split('\n')).toHaveLength(2)
    expect(stderr).toContain('the first 1;')
    expect((await server.run('jobs', 'list', group, '--limit', '2')).stderr).toBe('')
  })

  test('show has every field, and --json the answer of the API', async () => {
    const id = await add('--title', 'shown', '--paused', '--', 'echo', 'hi')
    const fields = await good('jobs', 'show', id)
    expect(fields).toContain('\ntitle             shown\n')
    for (const name of Object.keys(await job(id))) expect(fields).toMatch(new RegExp(`^${name}\\b`, 'm'))
    expect(JSON.parse(await good('jobs', 'show', id, '--json'))).toEqual(await job(id))
    expect(await server.run('jobs', 'show', '999999')).toMatchObject({ code: 1, stdout: '' })
  })
})

test('jobs edit, pause, start, reset, reset-errors and delete change many at once', async () => {
  const [a, b] = [await add('--paused', '--', 'true'), await add('--paused', '--', 'true')]
  const states = async () => [(await job(a)).state, (await job(b)).state]
  expect(await good('jobs', 'edit', a, b, '--title', 'both', '--priority', '7', '--command', 'false')).toBe(
    '2 jobs changed',
  )
  for (const id of [a, b]) expect(await job(id)).toMatchObject({ title: 'both', priority: 7, command: 'false' })
  expect(await good('jobs', 'edit', a, '--depends', b, '--json')).toBe('1')
  expect((await job(a)).dependencies).toEqual([Number(b)])
  await good('jobs', 'edit', a, '--depends', '')
  expect((await job(a)).dependencies).toEqual([])
  await good('jobs', 'start', a, b)
  expect(await states()).toEqual(['WAITING', 'WAITING'])
  expect(await good('jobs', 'pause', a)).toBe(`job ${a} paused`)
  expect(await states()).toEqual(['PAUSED', 'WAITING'])
  await good('jobs', 'reset-errors', a, b)
  await good('jobs', 'reset', b)
  expect(await server.run('jobs', 'pause', b, '999999')).toMatchObject({ code: 1 })
  expect(await states()).toEqual(['PAUSED', 'WAITING'])
  await good('jobs', 'delete', `${a},${b}`)
  expect(await server.run('jobs', 'show', a)).toMatchObject({ code: 1 })
})

describe('jobs log', () => {
  test('prints it whole, or its last lines', async () => {
    const worker = await onlyFor('log-1')
    const id = await add('--affinity', worker, '--', 'true')
    const run = await pick(server.client, worker)
    expect(run.job.id).toBe(Number(id))
    // More than a page, and characters of several bytes that a page may cut.
    const line = `${'ä€😀'.repeat(100)}\n`
    const whole = line.repeat(3000)
    for (let at = 0; at < 3000; at += 1000) await run.print(line.repeat(1000))
    await run.print('the end\n')
    await run.end(0)
    const { stdout } = await server.run('jobs', 'log', id)
    expect(stdout.length).toBe(whole.length + 'the end\n'.length)
    expect(stdout === `${whole}the end\n`).toBe(true)
    expect((await server.run('jobs', 'log', id, '--tail', '1')).stdout).toBe('the end\n')
    expect((await server.run('jobs', 'log', id, '--tail', '2')).stdout).toBe(`${line}the end\n`)
    expect(await server.run('jobs', 'log', '999999')).toMatchObject({ code: 1, stdout: '' })
  }, 20_000)

  test('--follow prints as it grows, and ends with the job', async () => {
    const worker = await onlyFor('log-2')
    const id = await add('--affinity', worker, '--', 'true')
    const run = await pick(server.client, worker)
    await run.print('zero\none\n')
    const follower = start(['jobs', 'log', id, '--follow', '--tail', '1'], { env: { COALITION_URL: server.url } })
    const output = reader(follower.stdout)
    expect(await output.until(/one\n/)).toBe('one\n')
    await run.print('two\n')
    expect(await output.until(/two\n/)).toBe('one\ntwo\n')
    expect(follower.exitCode).toBeNull()
    await run.print('three\n')
    await run.end(1)
    expect(await output.until(NEVER)).toBe('one\ntwo\nthree\n')
    expect(await follower.exited).toBe(0)
  }, 20_000)
})

describe('jobs wait', () => {
  test('ends with 0 when all are FINISHED, and prints how they ended', async () => {
    const worker = await onlyFor('wait-1')
    const ids = [await add('--affinity', worker, '--', 'true'), await add('--affinity', worker, '--', 'true')]
    const waiting = server.run('jobs', 'wait', ...ids)
    for (const _ of ids) await (await pick(server.client, worker)).end(0)
    const { code, stdout } = await waiting
    expect(stdout.trim().split('\n')).toEqual(
      ids.map((id) => expect.stringMatching(new RegExp(`^${id} FINISHED 0:0\\d$`))),
    )
    expect(code).toBe(0)
  })

  test('ends with 1 when one is in ERROR, and names it', async () => {
    const worker = await onlyFor('wait-2')
    const ids = [await add('--affinity', worker, '--', 'true'), await add('--affinity', worker, '--', 'true')]
    await (await pick(server.client, worker)).end(0)
    await (await pick(server.client, worker)).end(3)
    const { code, stdout, stderr } = await server.run('jobs', 'wait', ...ids, '--json')
    expect((JSON.parse(stdout) as Job[]).map(({ state }) => state)).toEqual(['FINISHED', 'ERROR'])
    expect(stderr).toContain(`in ERROR: ${ids[1]};`)
    expect(code).toBe(1)
  })

  test('ends with 3 when the time is over, and with 1 for a job that is not there', async () => {
    const id = await add('--paused', '--', 'true')
    expect(await server.run('jobs', 'wait', id, '--timeout', '1')).toMatchObject({ code: 3, stdout: '' })
    expect(await server.run('jobs', 'wait', '999999')).toMatchObject({ code: 1, stdout: '' })
  })

  test('survives a restart of the server', async () => {
    const data = freshFolder()
    const before = await startService(['serve', '--port', '0', '--data', data])
    const { port } = new URL(before.url)
    const id = (await before.run('jobs', 'add', '--', 'true')).stdout.trim()
    const waiting = start(['jobs', 'wait', id, '--timeout', '60'], { env: { COALITION_URL: before.url } })
    const complaints = reader(waiting.stderr)
    expect(await before.stop()).toBe(0)
    expect(await complaints.until(/trying again/)).toContain('trying again')
    const after = await startService(['serve', '--port', port, '--data', data])
    await (await pick(after.client, 'w')).end(0)
    expect(await waiting.exited).toBe(0)
    await after.stop()
  }, 30_000)
})

test('inside a job the server of the farm is meant, and COALITION_URL or --server goes before it', async () => {
  const elsewhere = 'http://127.0.0.1:1'
  const at = (env: Record<string, string>, ...words: string[]) => coalition(['jobs', 'list', ...words], { env })
  expect((await at({ COALITION_SERVER: server.url })).code).toBe(0)
  expect((await at({ COALITION_SERVER: elsewhere, COALITION_URL: server.url })).code).toBe(0)
  expect((await at({ COALITION_URL: elsewhere }, '--server', server.url.replace('http://', ''))).code).toBe(0)
  expect((await at({ COALITION_URL: elsewhere })).code).toBe(1)
})

test('workers list, edit, stop, start and delete', async () => {
  const name = await onlyFor('node-1')
  const worker = async () =>
    (await server.client.call<Worker[]>('GET', '/api/workers')).find((other) => other.name === name)
  await good('workers', 'edit', name, '--affinity', 'LINUX,GPU', '--affinity', 'LINUX', '--inactive')
  expect(await worker()).toMatchObject({ affinity: expect.stringMatching(/^(GPU,LINUX|LINUX,GPU)\nLINUX$/), active: 0 })
  expect(await good('workers', 'list')).toMatch(/^node-1\s+WAITING\s+no\b.*LINUX \| LINUX|^node-1.*GPU \| LINUX/m)
  await good('workers', 'start', name)
  expect((await worker())?.active).toBe(1)
  expect(await good('workers', 'stop', name)).toBe('worker node-1 stopped')
  expect((await worker())?.active).toBe(0)
  expect(JSON.parse(await good('workers', 'list', '--json'))).toContainEqual(await worker())
  await good('workers', 'delete', name)
  expect(await worker()).toBeUndefined()
  expect(await server.run('workers', 'stop', name)).toMatchObject({ code: 1, stdout: '' })
})

test('events list the runs, of one job or of one worker', async () => {
  const worker = await onlyFor('eve')
  const id = await add('--affinity', worker, '--title', 'an event', '--', 'true')
  await (await pick(server.client, worker)).end(0)
  const table = await good('events', '--worker', worker)
  expect(table.split('\n')[0]).toMatch(/^\s*RUN\s+START\s+STATE/)
  expect(table).toMatch(/FINISHED\s+0:0\d\s+eve\s+\d+\s+an event$/m)
  const json = JSON.parse(await good('events', '--job', id, '--howlong', '1h', '--json')) as Event[]
  expect(json).toMatchObject([{ worker, job_id: Number(id), state: 'FINISHED' }])
})

test('a reader that has enough is no fault', async () => {
  const list = start(['jobs', 'list', '--json'], { env: { COALITION_URL: server.url } })
  await list.stdout.cancel()
  expect(await list.exited).toBe(0)
})

describe('limits and blocklists', () => {
  test('are set, listed with what is in use, and taken away', async () => {
    expect(await good('limits', 'set', 'nuke', '10')).toBe('limit nuke is 10')
    await good('limits', 'set', 'houdini', '5', '--per-host')
    const [head, ...rows] = (await good('limits', 'list')).split('\n').map((line) => line.trim().split(/\s+/))
    expect([head, ...rows]).toEqual([
      ['NAME', 'USED', 'OF', 'PER'],
      ['houdini', '0', '5', 'host'],
      ['nuke', '0', '10', 'run'],
    ])
    await good('limits', 'delete', 'nuke', 'houdini')
    expect(JSON.parse(await good('limits', 'list', '--json'))).toEqual({})
  })

  test('a worker that failed too often is shown, and let in again', async () => {
    const worker = await onlyFor('unlucky')
    const id = await add('--affinity', worker, '--retry', '9', '--', 'true')
    for (let failures = 0; failures < 3; failures++) {
      const run = await pick(server.client, worker)
      await run.end(1)
    }
    expect(await server.client.call<null>('POST', `/api/workers/${worker}/pick`, {})).toBeNull()
    expect(await good('jobs', 'why', id)).toContain('unlucky failed too often')
    expect(await good('jobs', 'blocklist', id)).toMatch(/unlucky\s+3\s.*yes/)
    await good('jobs', 'blocklist', id, '--clear', worker)
    expect((await pick(server.client, worker)).job.id).toBe(Number(id))
  })
})
