/** `GET /api/jobs/{id}/log`: the parts of a log, and logs that are larger than memory should be. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Answer, type TestServer, testServer } from '../support/server.ts'

let server: TestServer
beforeEach(async () => {
  server = await testServer()
})
afterEach(() => server.stop())

/** A job whose log holds these bytes; it runs no more unless `running`. */
async function logged(bytes: string | Uint8Array, running = false): Promise<number> {
  const id = await server.add({ title: 'log', command: 'x' })
  const assignment = await server.pick('w')
  const report = { worker: 'w', log: Buffer.from(bytes).toString('base64') }
  await (running
    ? server.post(`/api/runs/${assignment?.run}/heartbeat`, report)
    : server.post(`/api/runs/${assignment?.run}/end`, { ...report, exit_code: 0 }))
  return id
}

const log = (id: number, query = '') => server.get<string>(`/api/jobs/${id}/log?${query}`)
const range = ({ headers }: Answer) => [Number(headers.get('x-log-offset')), Number(headers.get('x-log-next'))]

test('a job that never ran has an empty log', async () => {
  const id = await server.add({ command: 'x' })
  for (const query of ['', 'tail=5', 'offset=7', 'limit=3']) {
    const answer = await log(id, query)
    expect(answer).toMatchObject({ status: 200, type: 'application/json', body: '' })
    expect(range(answer)).toEqual([0, 0])
  }
})

test('a log is one JSON string, whatever is in it', async () => {
  const text = 'é "quoted" \\ \t\u0000\u001b[31m\u2028 😀\r\nend'
  expect(await log(await logged(text))).toMatchObject({ body: text, type: 'application/json' })
})

test('a byte order mark is a character like others', async () => {
  const id = await logged('\ufeffstart\ufeff')
  expect((await log(id)).body).toBe('\ufeffstart\ufeff')
  expect((await log(id, 'offset=8')).body).toBe('\ufeff')
})

test('bytes that are no UTF-8 read as U+FFFD and hide nothing behind them', async () => {
  expect((await log(await logged(Uint8Array.of(0x61, 0xff, 0xfe, 0x62)))).body).toBe('a\ufffd\ufffdb')
})

test('offset and limit cut by bytes, and the headers say where to go on', async () => {
  const id = await logged('0123456789')
  const part = await log(id, 'offset=2&limit=3')
  expect(part.body).toBe('234')
  expect(range(part)).toEqual([2, 5])
  expect((await log(id, 'offset=5')).body).toBe('56789')
  expect(range(await log(id, 'offset=100'))).toEqual([10, 10])
  expect(range(await log(id, 'offset=9007199254740991&limit=9007199254740991'))).toEqual([10, 10])
})

test('pieces of any size, one after the other, make up the log, no character broken', async () => {
  const text = 'aé€😀'.repeat(20)
  const id = await logged(text)
  for (const limit of [1, 2, 3, 4, 5, 7, 64]) {
    let read = ''
    for (let offset = 0; ; ) {
      const part = await log(id, `offset=${offset}&limit=${limit}`)
      const [from, next] = range(part)
      expect(from).toBe(offset)
      if (next === offset) break
      read += part.body
      offset = next ?? 0
      if (read.length > text.length) break
    }
    expect(read).toBe(text)
  }
})

test('while a job runs, half a character is left for later; when it ended, it is shown', async () => {
  const euro = Buffer.from('€')
  const id = await logged(Buffer.concat([Buffer.from('a'), euro.subarray(0, 2)]), true)
  const first = await log(id)
  expect(first.body).toBe('a')
  expect(range(first)).toEqual([0, 1])
  const { body: runs } = await server.get<{ id: number }[]>(`/api/events?job=${id}`)
  const run = runs[0]?.id
  await server.post(`/api/runs/${run}/heartbeat`, {
    worker: 'w',
    log: euro.subarray(2).toString('base64'),
    log_offset: 3,
  })
  expect((await log(id, 'offset=1')).body).toBe('€')

  await server.post(`/api/runs/${run}/end`, { worker: 'w', exit_code: 0, log: euro.subarray(0, 1).toString('base64') })
  expect((await log(id)).body).toBe('a€\ufffd')
})

test('tail answers the last lines, whether the last one ends or not', async () => {
  for (const end of ['', '\n']) {
    const id = await logged(`one\ntwo\nthree${end}`)
    expect((await log(id, 'tail=1')).body).toBe(`three${end}`)
    expect((await log(id, 'tail=2')).body).toBe(`two\nthree${end}`)
    expect((await log(id, 'tail=3')).body).toBe(`one\ntwo\nthree${end}`)
    expect((await log(id, 'tail=9007199254740991')).body).toBe(`one\ntwo\nthree${end}`)
    expect((await log(id, 'tail=0')).body).toBe('')
  }
})

test('a tail that is longer than one read of the file is found', async () => {
  const line = `${'x'.repeat(99)}\n`
  const id = await logged(line.repeat(2000))
  expect((await log(id, 'tail=1500')).body).toBe(line.repeat(1500))
})

test('offset and tail exclude each other, and what is no number is refused', async () => {
  const id = await logged('x')
  expect(await log(id, 'offset=1&tail=1')).toMatchObject({ status: 422, body: { field: 'tail' } })
  for (const [query, field] of [
    ['offset=-1', 'offset'],
    ['tail=-1', 'tail'],
    ['limit=0', 'limit'],
    ['offset=x', 'offset'],
    ['tail=1.5', 'tail'],
    ['limit=1e3', 'limit'],
    ['offset=99999999999999999999', 'offset'],
  ])
    expect(await log(id, query)).toMatchObject({ status: 422, type: 'application/problem+json', body: { field } })
})

test('the runs of a job follow one another, told apart by a line', async () => {
  const id = await server.add({ command: 'x', retry: 1 })
  for (const exit_code of [1, 0]) {
    const assignment = await server.pick('w')
    const chunk = Buffer.from(`exit ${exit_code}`).toString('base64')
    await server.post(`/api/runs/${assignment?.run}/end`, { worker: 'w', exit_code, log: chunk, log_offset: 0 })
  }
  expect((await log(id)).body).toMatch(/^exit 1\n\[coalition\] .+ run on w\nexit 0$/)
})

test('a log of a gigabyte does not pass through memory', async () => {
  const id = await server.add({ command: 'x' })
  const path = join(server.data, 'logs', '0', `${id}.log`)
  const size = 1024 ** 3
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, 'first line\n')
  truncateSync(path, size)

  const part = await log(id, `offset=${size - 5}`)
  expect(part.body).toBe('\0'.repeat(5))
  expect(range(part)).toEqual([size - 5, size])
  expect((await log(id, 'limit=10')).body).toBe('first line')

  // The client is in this process, so it counts and throws away what it reads, and stops after 50 MB.
  const before = process.memoryUsage().rss
  const response = await fetch(`${server.url}/api/jobs/${id}/log`)
  const reader = response.body?.getReader()
  let read = 0
  let most = 0
  for (let chunk = await reader?.read(); chunk?.value && read < 50 * 1024 ** 2; chunk = await reader?.read()) {
    read += chunk.value.byteLength
    most = Math.max(most, process.memoryUsage().rss - before)
  }
  await reader?.cancel()
  expect(read).toBeGreaterThan(50 * 1024 ** 2)
  expect(most).toBeLessThan(200 * 1024 ** 2)
  expect((await server.get('/api/health')).status).toBe(200)
}, 30_000)

test('a log of 50 MB comes whole', async () => {
  const id = await server.add({ command: 'x' })
  const path = join(server.data, 'logs', '0', `${id}.log`)
  mkdirSync(dirname(path), { recursive: true })
  const line = `${'é'.repeat(511)}\n`
  const text = line.repeat(Math.ceil((50 * 1024 ** 2) / Buffer.byteLength(line)))
  writeFileSync(path, text)
  const { body } = await log(id)
  expect(body.length).toBe(text.length)
  expect(body === text).toBe(true)
}, 30_000)
