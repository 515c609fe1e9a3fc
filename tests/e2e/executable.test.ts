/** The built executable alone in a folder: its server as a browser, a script and an administrator meet it. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Health } from '../../src/answers.ts'
import type { Event, Job, Worker } from '../../src/models.ts'
import { lives } from '../support/processes.ts'
import { asServer, createSandbox, filesBelow, POSIX, type Sandbox, type Server, until } from './sandbox.ts'

/** Programs start here by the dozen, and the machine may be busy with other things. */
setDefaultTimeout(120_000)

let sandbox: Sandbox
beforeAll(() => {
  sandbox = createSandbox()
})
afterAll(() => sandbox.cleanUp())

const fetched = async (url: string) => {
  const response = await fetch(url)
  return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() }
}

const isDatabase = (file: string) => /^coalition\.db(-wal|-shm)?$/.test(file)

describe('serve, in a folder with nothing but the executable', () => {
  let server: Server
  let group: number
  let job: number

  beforeAll(async () => {
    server = await sandbox.serve(sandbox.freshFolder())
    group = await server.client.call<number>('PUT', '/api/jobs', { title: 'group' })
    job = await server.client.call<number>('PUT', '/api/jobs', { parent: group, title: 'leaf', command: 'echo test' })
  })

  test('answers the state of the farm', async () => {
    const health = await server.client.call<Health>('GET', '/api/health')
    expect(health).toMatchObject({ status: 'ok', jobs: { total: 1, ready: 1 }, workers: { total: 0 } })
    const version = await sandbox.run(['--version'])
    expect(version).toEqual({ code: 0, stdout: `${health.version}\n`, stderr: '' })
  })

  const GETS = [
    ...readFileSync(join(import.meta.dir, '..', 'http', 'rest_api.rst'), 'utf8').matchAll(/^\.\. http:get:: (\S+)/gm),
  ].map(([, path = '']) => path)

  test('has the reads of rest_api.rst to try', () => {
    expect(GETS).toContain('/api/jobs/(int:id)/log')
    expect(GETS.length).toBeGreaterThanOrEqual(7)
  })

  test.each(GETS)('answers GET %s', async (path) => {
    const answer = await fetched(server.url + path.replace('(int:id)', String(path.endsWith('children') ? group : job)))
    expect(answer).toMatchObject({ status: 200, type: 'application/json' })
    const body = JSON.parse(answer.text)
    if (path === '/api/jobs/(int:id)/children') expect(body).toMatchObject([{ id: job, title: 'leaf' }])
    else if (path === '/api/jobs') expect(body).toMatchObject([{ id: group, total: 1 }])
    else if (path === '/api/jobs/(int:id)') expect(body).toMatchObject({ id: job, state: 'WAITING', parent: group })
    else if (path === '/api/jobs/(int:id)/log') expect(body).toBe('')
    else expect(body).toEqual([])
  })

  test('answers a number as JSON, and a mistake as a problem', async () => {
    const call = (body: string) => fetch(`${server.url}/api/jobs`, { method: 'PUT', body })
    const made = await call('{"title": "x", "state": "PAUSED", "command": "x"}')
    expect(made.headers.get('content-type')).toBe('application/json')
    expect(await made.json()).toBe(job + 1)
    const refused = await call('{"priority": "high"}')
    expect(refused.status).toBe(422)
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(await refused.text()).toContain('priority')
  })

  test('shows Swagger UI from inside, with nothing from elsewhere', async () => {
    const page = await fetched(`${server.url}/docs`)
    expect(page).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' })
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path)
    expect(assets.length).toBeGreaterThanOrEqual(4)
    for (const path of assets) {
      expect(path).toStartWith('/docs/')
      const asset = await fetched(server.url + path)
      expect(asset.status).toBe(200)
      expect(asset.text.length).toBeGreaterThan(50)
    }
    expect((await fetched(`${server.url}/docs/swagger-ui-bundle.js`)).text).toContain('SwaggerUIBundle')
    expect(JSON.parse((await fetched(`${server.url}/docs/json`)).text)).toMatchObject({
      openapi: '3.1.0',
      paths: { '/api/jobs/{id}/log': { get: {} } },
    })
  })

  test('has the database, the lock and the logs in its folder, and nothing anywhere else', () => {
    const files = filesBelow(server.data)
    expect(files.filter((file) => !isDatabase(file))).toEqual(['lock', 'logs/'])
    expect(files).toContain('coalition.db')
    expect(filesBelow(sandbox.temporary)).toEqual([])
  })

  test.skipIf(!POSIX)('answers a long poll that is in flight when it is stopped, and exits with 0', async () => {
    // Paused jobs only: nothing is there for the worker.
    await server.client.call('POST', '/api/pausejobs', [group])
    const poll = fetch(`${server.url}/api/workers/poller/pick`, { method: 'POST', body: '{"wait": 60}' })
    await until(async () => (await server.client.call<Worker[]>('GET', '/api/workers')).length === 1, 'the poll')
    const began = performance.now()
    expect(await server.stop()).toBe(0)
    expect(performance.now() - began).toBeLessThan(4000)
    const answer = await poll
    expect(answer.status).toBe(200)
    expect(await answer.json()).toBeNull()
    expect(server.stdout).toBe(`coalition ${server.stdout.split(' ')[1]} listening on ${server.url}\n`)
    expect(server.stderr).toBe('')
    expect(filesBelow(server.data)).toEqual(['coalition.db', 'lock', 'logs/'])
  })

  test.skipIf(!POSIX)('has everything again when it is started on the same folder', async () => {
    const { data } = server
    server = await sandbox.serve(data)
    const portrait = async () => {
      const paths = ['/api/jobs', `/api/jobs/${group}/children`, '/api/workers', '/api/events']
      const lists = paths.map((path) => server.client.call<object[]>('GET', path))
      // A worker's silence is counted from the start of the server that would hear it.
      return (await Promise.all(lists)).map((list) => list.map((row) => ({ ...row, ping_time: 0 })))
    }
    const [jobs, children, workers] = (await portrait()) as [Job[], Job[], Worker[]]
    expect(jobs.map(({ id, state, paused }) => [id, state, paused])).toEqual([
      [group, 'PAUSED', 1],
      [job + 1, 'PAUSED', 1],
    ])
    expect(children).toMatchObject([{ id: job, command: 'echo test', state: 'WAITING' }])
    expect(workers).toMatchObject([{ name: 'poller' }])
    const before = await portrait()
    // Without a farewell, too: what was answered was on the disk.
    server.kill('SIGKILL')
    await server.exited
    server = await sandbox.serve(data)
    expect(await portrait()).toEqual(before)
    expect(await server.client.call<number>('PUT', '/api/jobs', { title: 'next' })).toBe(job + 2)
    expect(await server.stop('SIGINT')).toBe(0)
  })
})

describe('without a command', () => {
  test('is serve, with its settings from the environment or coalition.toml', async () => {
    const data = sandbox.freshFolder()
    const server = await asServer(sandbox.start([], { COALITION_PORT: '0', COALITION_DATA: data }), data)
    expect(await server.client.call<Job[]>('GET', '/api/jobs')).toEqual([])
    expect(filesBelow(data)).toContain('lock')
    server.kill('SIGTERM')
    await server.exited
  })

  test.skipIf(!POSIX)('keeps its data in the place of the platform', async () => {
    const home = sandbox.freshFolder()
    mkdirSync(home)
    const server = await asServer(sandbox.start([], { COALITION_PORT: '0', HOME: home }))
    expect(filesBelow(home)).toContainEqual(expect.stringMatching(/\/coalition\/coalition\.db$/))
    expect(await server.stop()).toBe(0)
  })
})

describe('a start that cannot succeed says why in one sentence', () => {
  async function refused(words: string[], ...said: string[]) {
    const { code, stdout, stderr } = await sandbox.run(words)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^coalition: [^\n]+\.\n$/)
    for (const word of said) expect(stderr).toContain(word)
    expect(stderr).not.toMatch(/\bat .*:\d+/)
  }

  test('when the port is in use', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    try {
      const data = sandbox.freshFolder()
      for (const command of ['serve', 'up'])
        await refused([command, '--port', String(port), '--data', data], `Port ${port}`, 'in use', '--port')
      // And lets go of the folder.
      const server = await sandbox.serve(data)
      server.kill('SIGTERM')
      await server.exited
    } finally {
      taken.close()
    }
  })

  test('when a file is where the folder should be', async () => {
    const file = sandbox.freshFolder()
    writeFileSync(file, 'a file')
    for (const data of [file, join(file, 'below')])
      await refused(['serve', '--port', '0', '--data', data], data, 'cannot be written', '--data')
    expect(readFileSync(file, 'utf8')).toBe('a file')
  })

  test.skipIf(process.platform !== 'linux')('when the file system takes no files', async () => {
    await refused(['serve', '--port', '0', '--data', '/proc/coalition'], '/proc/coalition', 'cannot be written')
    await refused(['serve', '--port', '0', '--data', '/proc'], '/proc', 'cannot be written')
  })

  test('when the database is from a newer version, which stays as it was', async () => {
    const data = sandbox.freshFolder()
    const server = await sandbox.serve(data)
    server.kill('SIGTERM')
    await server.exited
    const path = join(data, 'coalition.db')
    const db = new Database(path)
    db.run('PRAGMA user_version = 999')
    db.close()
    await refused(['serve', '--port', '0', '--data', data], 'newer version', '999')
    const again = new Database(path, { readonly: true })
    expect(again.query('PRAGMA user_version').get()).toEqual({ user_version: 999 })
    again.close()
  })

  test('when what is there is no database', async () => {
    const data = sandbox.freshFolder()
    mkdirSync(data)
    const path = join(data, 'coalition.db')
    writeFileSync(path, 'no database at all, '.repeat(500))
    await refused(['serve', '--port', '0', '--data', data], data, 'cannot be opened')
    expect(readFileSync(path, 'utf8')).toStartWith('no database at all')
  })

  test('when another server has the folder', async () => {
    const data = sandbox.freshFolder()
    const server = await sandbox.serve(data)
    await refused(['serve', '--port', '0', '--data', data], data, 'Another Coalition server')
    expect((await fetched(`${server.url}/api/health`)).status).toBe(200)
    server.kill('SIGKILL')
    await server.exited
    // The lock goes with the process.
    const next = await sandbox.serve(data)
    next.kill('SIGTERM')
    await next.exited
  })

  test('and a setting that is wrong is refused by name, with 2', async () => {
    for (const [words, said] of [
      [['serve', '--port', '70000'], '--port'],
      [['serve', '--prot', '1'], '--prot'],
      [['sevre'], 'sevre'],
    ] as const) {
      const { code, stdout, stderr } = await sandbox.run([...words])
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain(said)
    }
    const { code, stderr } = await sandbox.run(['serve'], { COALITION_PROT: '1' })
    expect(code).toBe(2)
    expect(stderr).toContain('COALITION_PROT')
    expect(existsSync(join(sandbox.folder, 'coalition.db'))).toBe(false)
  })
})

test.skipIf(!POSIX)('up is a server with workers, which leave together', async () => {
  const data = sandbox.freshFolder()
  const up = await asServer(
    sandbox.start(['up', '--workers', '2', '--name', 'desk', '--port', '0', '--data', data]),
    data,
  )
  const id = await up.client.call<number>('PUT', '/api/jobs', { command: 'echo "agent=$PPID on $COALITION_WORKER"' })
  const said = await sandbox.run(['jobs', 'wait', String(id), '--server', up.url, '--timeout', '30'])
  expect(said.code).toBe(0)
  const log = await up.client.call<string>('GET', `/api/jobs/${id}/log`)
  expect(log).toMatch(/^agent=\d+ on desk-[12]\n$/)
  expect(await up.client.call<Event[]>('GET', `/api/events?job=${id}`)).toMatchObject([{ state: 'FINISHED' }])
  expect(await up.stop('SIGINT')).toBe(0)
  const agent = Number(/\d+/.exec(log)?.[0])
  expect(lives(agent)).toBe(false)
  expect(filesBelow(sandbox.temporary)).toEqual([])
})
