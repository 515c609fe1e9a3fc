/** More than anybody needs, all at once: it is served, cut or refused in words, in bounded memory, and others are served meanwhile. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Health } from '../../src/answers.ts'
import { checkFarm } from '../../src/domain/check.ts'
import type { Job } from '../../src/models.ts'
import type { Assignment } from '../../src/protocol.ts'
import { createSandbox, POSIX, type Sandbox, type Server, until } from '../e2e/sandbox.ts'
import { rounds } from './rounds.ts'

setDefaultTimeout(1_200_000)

/** With FAULT_ROUNDS the whole flood; without, what a change can wait for. */
const WHOLE = rounds(1) > 1
const MB = 1024 ** 2
const LOG_LIMIT_MB = 2
const PRINTED = (WHOLE ? 1024 : 48) * MB
const WORKERS = WHOLE ? 10_000 : 2000
const WIDE = WHOLE ? 1_000_000 : 30_000
const MANY = WHOLE ? 100_000 : 4000
/** Dependencies that one call may set. */
const A_CALL = Math.min(MANY, 10_000)
const DEEP = 1000
/** What the server may take on top of what it has at rest. Linux counts it. */
const MOST_MEMORY_MB = WHOLE ? 1500 : 600

let sandbox: Sandbox
let server: Server
beforeAll(async () => {
  sandbox = createSandbox()
  server = await sandbox.serve(sandbox.freshFolder(), {
    words: ['--backup-every', '0', '--log-limit', String(LOG_LIMIT_MB)],
  })
})
afterAll(() => sandbox.cleanUp())

const call = <T>(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown) =>
  server.client.call<T>(method, path, body, { timeoutSeconds: 300 })

/** MB that the server has at most had since it started; 0 where the system does not say. */
function peakMemory(): number {
  const status = `/proc/${server.pid}/status`
  if (!existsSync(status)) return 0
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0) / 1024
}

/** A worker like any other, that wants to be heard while something goes on; answers its longest wait, in ms. */
async function whileOthersAreHeard(flood: () => Promise<void>): Promise<number> {
  let over = false
  let longest = 0
  const flooded = flood().finally(() => {
    over = true
  })
  while (!over) {
    const began = performance.now()
    const answer = await fetch(`${server.url}/workers/heartbeat`, { method: 'POST', body: 'hostname=probe&jobId=1' })
    expect(answer.status).toBe(200)
    longest = Math.max(longest, performance.now() - began)
    await Bun.sleep(10)
  }
  await flooded
  return longest
}

let measured = ''
async function measure(what: string, flood: () => Promise<void>): Promise<void> {
  const began = performance.now()
  const wait = await whileOthersAreHeard(flood)
  measured = `${what}: ${Math.round(performance.now() - began)} ms, longest wait of a heartbeat ${Math.round(wait)} ms, memory at most ${Math.round(peakMemory())} MB`
  console.log(measured)
  expect(peakMemory()).toBeLessThan(MOST_MEMORY_MB)
}

/** Each flood begins on an empty farm: what one leaves, the next one would pick. */
beforeEach(async () => {
  const ids = (await call<Job[]>('GET', '/api/jobs')).map(({ id }) => id)
  if (ids.length > 0) await call('DELETE', '/api/jobs', ids)
})

test.skipIf(!POSIX)(
  `a job that prints ${PRINTED / MB} MB keeps its head and its end, and says what was cut`,
  async () => {
    const worker = await sandbox.worker(server, 'printer')
    const id = await call<number>('PUT', '/api/jobs', {
      command: `echo begin; yes 'a line of output that says nothing at all' | head -c ${PRINTED}; echo; echo end`,
    })
    await measure(`${PRINTED / MB} MB of output`, () =>
      until(async () => (await call<Job>('GET', `/api/jobs/${id}`)).state === 'FINISHED', 'the end of the run', 900),
    )
    const file = join(server.data, 'logs', '0', `${id}.log`)
    expect(statSync(file).size).toBeLessThan((LOG_LIMIT_MB + 1) * MB)
    const log = await call<string>('GET', `/api/jobs/${id}/log`)
    expect(log).toStartWith('begin\na line of output')
    expect(log).toEndWith('a line of output that\nend\n'.slice(-5))
    const cut = [...log.matchAll(/\[coalition\] (\d+) bytes of output are cut here/g)].map(([, bytes]) => Number(bytes))
    // The spool of the agent, of 1 GB, has a limit too.
    expect(cut.length).toBe(1)
    expect(cut[0]).toBeGreaterThan(PRINTED - (LOG_LIMIT_MB + 1) * MB)
    expect(await worker.stop()).toBe(0)
  },
)

/** A connection as a client makes it that is up to something. */
async function connect(onData: (text: string) => void = () => {}) {
  const closed = Promise.withResolvers<void>()
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: server.port,
    socket: {
      data: (_, bytes) => onData(bytes.toString('latin1')),
      close: () => closed.resolve(),
      error: () => closed.resolve(),
    },
  })
  return { socket, closed: closed.promise }
}

const request = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nhost: farm\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

test(`${WORKERS} workers that come back at once all get a job, each its own, and are heard`, async () => {
  await call('PUT', '/api/jobs', { title: 'wide', frames: `1-${WORKERS}`, command: 'x {frame}' })
  const given = new Map<number, string>()
  const taken: string[] = []
  let heard = 0
  await measure(`${WORKERS} workers at once`, async () => {
    const clients = await Promise.all(
      Array.from({ length: WORKERS }, async (_, i) => {
        const name = `node-${i}`
        let text = ''
        const client = await connect((piece) => {
          text += piece
          const at = text.indexOf('\r\n\r\n')
          if (at < 0) return
          const length = Number(/content-length: (\d+)/i.exec(text)?.[1])
          if (text.length < at + 4 + length) return
          const answer = text.slice(at + 4)
          const status = text.slice(9, 12)
          text = ''
          if (status !== '200') taken.push(`${name} was answered ${status}: ${answer}`)
          else if (answer.includes('"go_on":true')) heard++
          else {
            const { run = 0 } = (JSON.parse(answer) ?? {}) as Partial<Assignment>
            if (run === 0) {
              taken.push(`${name} was answered ${answer}`)
              return
            }
            if (given.has(run)) taken.push(`run ${run} was given to ${given.get(run)} and to ${name}`)
            given.set(run, name)
            client.socket.write(request(`/api/runs/${run}/heartbeat`, JSON.stringify({ worker: name })))
          }
        })
        return { ...client, name }
      }),
    )
    for (const { socket, name } of clients) socket.write(request(`/api/workers/${name}/pick`, '{"wait": 0}'))
    await until(() => heard + taken.length >= WORKERS, `the answers to all, ${WORKERS}`, 120).catch((error) => {
      throw new Error(`${error}: ${given.size} were given a run, ${heard} were heard`)
    })
    for (const { socket } of clients) socket.end()
  })
  expect(taken).toEqual([])
  expect(given.size).toBe(WORKERS)
  const { jobs } = await call<Health>('GET', '/api/health')
  expect(jobs.working).toBe(WORKERS)
})

test('a name too long, a header without end and an address without end are cut off, and memory does not grow', async () => {
  const before = peakMemory()
  const endless: Record<string, string> = {
    address: 'GET /api/jobs?title=',
    header: 'GET /api/jobs HTTP/1.1\r\nhost: farm\r\nx-endless: ',
    headers: 'GET /api/jobs HTTP/1.1\r\nhost: farm\r\n',
  }
  for (const [what, beginning] of Object.entries(endless)) {
    let answer = ''
    const { socket, closed } = await connect((text) => {
      answer += text
    })
    socket.write(beginning)
    let over = false
    void closed.then(() => {
      over = true
    })
    const more = what === 'headers' ? 'x-more: yes\r\n'.repeat(500) : 'x'.repeat(8192)
    for (let sent = 0; !over && sent < 64 * MB; sent += more.length) {
      socket.write(more)
      await Bun.sleep(1)
    }
    await Promise.race([closed, Bun.sleep(10_000).then(() => Promise.reject(new Error(`${what}: not cut off`)))])
    expect([what, answer.split('\r\n')[0] ?? '']).toEqual([what, expect.stringMatching(/^HTTP\/1\.1 4\d\d|^$/)])
  }
  expect(peakMemory() - before).toBeLessThan(64)
})

test('clients that send a byte now and then, or read nothing, keep nobody from being served', async () => {
  const count = WHOLE ? 5000 : 500
  const before = peakMemory()
  const begun = 'POST /api/workers/slow/pick HTTP/1.1\r\nhost: farm\r\ncontent-length: 60000000\r\n\r\n{'
  const slow = await Promise.all(Array.from({ length: count }, () => connect()))
  await measure(`${count} slow clients`, async () => {
    for (let byte = 0; byte < 8; byte++) {
      for (const [i, { socket }] of slow.entries()) socket.write(i % 2 ? (begun[byte] ?? '') : byte === 0 ? begun : ' ')
      await Bun.sleep(200)
    }
  })
  // A length that is only announced costs nothing.
  expect(peakMemory() - before).toBeLessThan(64 + count * 0.05)
  for (const { socket } of slow) socket.end()
})

test(`a tree of ${DEEP} levels is made, asked, worked on, moved and deleted, and a deeper one is refused`, async () => {
  let parent = 0
  const tops: number[] = []
  await measure(`${DEEP} levels`, async () => {
    while (tops.length < 4) {
      let tree: object = { title: 'bottom' }
      for (let i = 1; i < DEEP / 4; i++) tree = { title: 'level', children: [tree] }
      const top = await call<number>('PUT', '/api/jobs', { ...tree, parent })
      tops.push(top)
      parent = top + DEEP / 4 - 1
    }
    const [top = 0, middle = 0] = tops
    const leaf = await call<number>('PUT', '/api/jobs', { parent, command: 'x' })
    const lower = await call<number>('PUT', '/api/jobs', { parent, title: 'lower' })
    await expect(call('PUT', '/api/jobs', { parent: lower, command: 'x' })).rejects.toThrow('nearer the root')
    await expect(call('POST', '/api/jobs', { [middle]: { parent: lower } })).rejects.toThrow('below it')
    expect(await call('GET', `/api/jobs/${leaf}/why`)).toMatchObject({ state: 'WAITING' })
    const { run, job } = await call<Assignment>('POST', '/api/workers/deep/pick', { wait: 0 })
    expect(job.id).toBe(leaf)
    await call('POST', `/api/runs/${run}/end`, { worker: 'deep', exit_code: 1 })
    expect(await call<Job>('GET', `/api/jobs/${top}`)).toMatchObject({ state: 'ERROR', total: 1, total_errors: 1 })
    await call('POST', '/api/jobs', { [middle]: { parent: 0 } })
    expect(await call<Job>('GET', `/api/jobs/${top}`)).toMatchObject({ state: 'WAITING', total: 0 })
    await call('POST', '/api/jobs', { [middle]: { parent: middle - 1 } })
    const levels = Array.from({ length: DEEP }, (_, i) => top + i)
    await call('POST', '/api/jobs', Object.fromEntries(levels.map((id) => [id, { affinity: `a${id % 5}` }])))
    await call('POST', '/api/pausejobs', levels)
    await call('POST', '/api/startjobs', levels)
    await call('POST', '/api/resetjobs', [top])
    await call('DELETE', '/api/jobs', [top])
  })
  expect(await call('GET', '/api/jobs')).toEqual([])
})

test(`a group of ${WIDE} is made, listed a page at a time and deleted`, async () => {
  await measure(`${WIDE} in a group`, async () => {
    const first = await call<number>('PUT', '/api/jobs', {
      title: 'wide',
      frames: `1-${Math.min(WIDE, 100_000)}`,
      command: 'x {frame}',
    })
    for (let from = 100_000; from < WIDE; from += 50_000)
      await call(
        'PUT',
        '/api/jobs',
        Array.from({ length: 50_000 }, () => ({ parent: first, command: 'x' })),
      )
    expect(await call<Job>('GET', `/api/jobs/${first}`)).toMatchObject({ total: WIDE })
    expect(await call<Job[]>('GET', `/api/jobs/${first}/children?limit=100&after=${first + WIDE - 50}`)).toHaveLength(
      50,
    )
    let read = 0
    const reader = (await fetch(`${server.url}/api/jobs/${first}/children`)).body?.getReader()
    for (let piece = await reader?.read(); piece?.value; piece = await reader?.read()) read += piece.value.length
    expect(read).toBeGreaterThan(WIDE * 400)
    await call('DELETE', '/api/jobs', [first])
  })
  expect(await call('GET', '/api/jobs')).toEqual([])
})

test(`${MANY} jobs depend on one, one depends on ${A_CALL}, and ${MANY} on as many, frame by frame`, async () => {
  const ready = async () => (await call<Health>('GET', '/api/health')).jobs.ready
  const told = (count: number) => until(async () => (await ready()) === count, `${count} that are ready`, 120)
  const frames = { frames: `1-${MANY}`, command: 'x {frame}' }
  await measure(`${MANY} dependencies`, async () => {
    const hub = await call<number>('PUT', '/api/jobs', { title: 'hub', command: 'x', priority: 9999 })
    const group = await call<number>('PUT', '/api/jobs', { title: 'spokes', ...frames })
    const spokes = Array.from({ length: MANY }, (_, i) => group + 1 + i)
    for (let from = 0; from < MANY; from += A_CALL) {
      const some = spokes.slice(from, from + A_CALL)
      await call('POST', '/api/jobs', Object.fromEntries(some.map((id) => [id, { dependencies: [hub] }])))
    }
    expect(await ready()).toBe(1)
    await expect(call('POST', `/api/jobs/${hub}/dependencies`, spokes.slice(0, A_CALL))).rejects.toThrow('waits')
    const tooMany = Array.from({ length: 10_001 }, (_, i) => i + 1)
    await expect(call('PUT', '/api/jobs', { command: 'x', dependencies: tooMany })).rejects.toThrow(
      '10000 are the most',
    )
    const { run, job } = await call<Assignment>('POST', '/api/workers/hub/pick', { wait: 0 })
    expect(job.id).toBe(hub)
    await call('POST', `/api/runs/${run}/end`, { worker: 'hub', exit_code: 0 })
    await told(MANY)
    const last = await call<number>('PUT', '/api/jobs', { command: 'x', dependencies: spokes.slice(0, A_CALL) })
    expect(await call('GET', `/api/jobs/${last}/why`)).toMatchObject({ reasons: [{ count: A_CALL }] })
    await call('POST', '/api/resetjobs', [hub])
    await told(1)
    await call('DELETE', '/api/jobs', [group])
    expect((await call<Job>('GET', `/api/jobs/${last}`)).state).toBe('WAITING')
    await call('DELETE', '/api/jobs', [hub, last])
    const before = await call<number>('PUT', '/api/jobs', { title: 'before', ...frames })
    const after = await call<number>('PUT', '/api/jobs', { title: 'after', ...frames })
    await call('POST', `/api/jobs/${after}/dependencies`, [{ job: before, kind: 'frame' }])
    expect((await call<Job>('GET', `/api/jobs/${after}`)).dependencies).toEqual([before])
    await until(
      async () => (await call<Job>('GET', `/api/jobs/${after}`)).state === 'WAITING',
      'the links between the frames',
      120,
    )
    expect(await ready()).toBe(MANY)
    await call('POST', `/api/jobs/${after}/dependencies`, [])
    await told(2 * MANY)
  })
})

test('a list that is too long is refused with the number that is not', async () => {
  await expect(
    call(
      'POST',
      '/api/startjobs',
      Array.from({ length: 100_001 }, () => 1),
    ),
  ).rejects.toThrow('100000 are the most')
  const huge = await fetch(`${server.url}/api/jobs`, { method: 'PUT', body: new Uint8Array(65 * MB) })
  expect({ status: huge.status, text: await huge.text() }).toMatchObject({
    status: 413,
    text: expect.stringContaining('64 MB'),
  })
})

test('and after all of it the farm is sound, and as small as before', async () => {
  expect(await server.stop()).toBe(0)
  expect(server.stderr).not.toMatch(/failed|Error/)
  const db = new Database(join(server.data, 'coalition.db'), { readonly: true })
  expect(checkFarm(db)).toEqual([])
  db.close()
})
