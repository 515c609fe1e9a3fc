/** Bodies that are no bodies: every call that takes one refuses them in words, and changes nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Raw, type TestServer, testServer } from '../support/server.ts'
import { everything, expectProblem } from './problem.ts'

/** Every call that takes JSON, of a farm with a job 1 and a run 1 of worker-1; `empty`: it may come without a body. */
const CALLS: readonly { method: string; path: string; takes: 'list' | 'object' | 'either'; empty?: true }[] = [
  { method: 'PUT', path: '/api/jobs', takes: 'either' },
  { method: 'POST', path: '/api/jobs', takes: 'object' },
  { method: 'DELETE', path: '/api/jobs', takes: 'list' },
  { method: 'POST', path: '/api/jobs/1/dependencies', takes: 'list', empty: true },
  { method: 'POST', path: '/api/limits', takes: 'object' },
  { method: 'DELETE', path: '/api/jobs/1/blocklist', takes: 'list', empty: true },
  { method: 'POST', path: '/api/getjobs', takes: 'list' },
  { method: 'POST', path: '/api/resetjobs', takes: 'list' },
  { method: 'POST', path: '/api/reseterrorjobs', takes: 'list' },
  { method: 'POST', path: '/api/startjobs', takes: 'list' },
  { method: 'POST', path: '/api/pausejobs', takes: 'list' },
  { method: 'POST', path: '/api/workers', takes: 'object', empty: true },
  { method: 'DELETE', path: '/api/workers', takes: 'list' },
  { method: 'POST', path: '/api/stopworkers', takes: 'list' },
  { method: 'POST', path: '/api/startworkers', takes: 'list' },
  { method: 'POST', path: '/api/terminateworkers', takes: 'list' },
  { method: 'POST', path: '/api/affinities', takes: 'object', empty: true },
  { method: 'POST', path: '/api/workers/worker-1/pick', takes: 'object' },
  { method: 'POST', path: '/api/runs/1/heartbeat', takes: 'object' },
  { method: 'POST', path: '/api/runs/1/end', takes: 'object' },
  { method: 'POST', path: '/api/runs/1/release', takes: 'object' },
  { method: 'POST', path: '/api/workers/worker-1/leave', takes: 'object' },
  { method: 'POST', path: '/api/workers/join', takes: 'object' },
  { method: 'DELETE', path: '/api/workers/credentials', takes: 'list' },
  { method: 'POST', path: '/api/signin', takes: 'object' },
  { method: 'POST', path: '/api/firstadmin', takes: 'object' },
  { method: 'POST', path: '/api/signin/provider/answer', takes: 'object' },
  { method: 'POST', path: '/api/me/password', takes: 'object' },
  { method: 'POST', path: '/api/users', takes: 'object' },
  { method: 'POST', path: '/api/users/worker-1', takes: 'object' },
  { method: 'POST', path: '/api/tokens', takes: 'object' },
]

let server: TestServer
let before: string
beforeAll(async () => {
  server = await testServer()
  await server.add({ title: 'one', command: 'x' })
  await server.pick('worker-1')
  before = await everything(server)
})
afterAll(() => server.stop())

const send = (method: string, path: string, bytes: string | Uint8Array) => server.call(method, path, new Raw(bytes))

test('every documented call with a JSON body is tried here', async () => {
  type Paths = Record<string, Record<string, { requestBody?: { content: object } }>>
  const { body } = await server.get<{ paths: Paths }>('/docs/json')
  const documented = Object.entries(body.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { requestBody }]) => requestBody && 'application/json' in requestBody.content)
      .map(([method]) => `${method.toUpperCase()} ${path.replace('{name}', 'worker-1').replace(/\{\w+\}/, '1')}`),
  )
  expect(CALLS.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(documented.sort())
})

describe('refuses what is no JSON, says where it broke, and changes nothing:', () => {
  for (const { method, path, takes, empty } of CALLS)
    test(`${method} ${path}`, async () => {
      for (const [text, place] of [
        ['{"title": "a",}', 'line 1, column 15'],
        ['[1,\n 2,\n]', 'line 3, column 1'],
        ['{\n  title: "a"\n}', 'line 2, column 3'],
        ["{'title': 1}", 'line 1, column 2'],
        ['[1, 2', 'at its end'],
        ['// no comments\n[]', 'line 1, column 1'],
        ['nothing', 'line 1, column 1'],
        ['[NaN]', 'line 1, column 2'],
        ['{"a": "line\nbreak"}', 'line 1, column 7'],
      ] as const)
        expect(expectProblem(await send(method, path, text), 400, 'body')).toContain(place)
      expectProblem(await send(method, path, ' \n'), 400, 'body')
      if (!empty) expect(expectProblem(await send(method, path, ''), 400, 'body')).toContain('empty')

      for (const bytes of [Uint8Array.of(0x22, 0xff, 0x22), Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)])
        expect(expectProblem(await send(method, path, bytes), 400, 'body')).toContain('UTF-8')

      const others = { list: ['{}', '{"0": 1}'], object: ['[]', '[[1]]'], either: [] }[takes]
      for (const text of ['null', 'true', '1', '"text"', ...others])
        expect(expectProblem(await send(method, path, text), 422, 'body')).toContain(
          `body is ${text.replaceAll('"', text.startsWith('"') ? "'" : '"').replace(': ', ':')}`,
        )

      expect(await everything(server)).toBe(before)
    })
})

describe('survives bodies that are made to hurt:', () => {
  const nested = (depth: number, inner = '') => '['.repeat(depth) + inner + ']'.repeat(depth)

  for (const { method, path } of CALLS)
    test(`${method} ${path}`, async () => {
      for (const text of [nested(5000), nested(200_000), `{"title":${nested(5000)}}`, `{"1":${nested(5000)}}`]) {
        const answer = await send(method, path, text)
        expectProblem(answer, answer.status === 400 ? 400 : 422)
      }
      expectProblem(await send(method, path, '['.repeat(500_000)), 400, 'body')
      expectProblem(await send(method, path, `[${'"x",'.repeat(200_000)}1]`), 422)
      expectProblem(await send(method, path, `{"${'k'.repeat(1_000_000)}": 1}`), 422)
      for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'])
        expectProblem(
          await send(method, path, `{"${key}": {"admin": 1, "active": 7}}`),
          path === '/api/workers' ? 422 : 422,
        )
      expect(({} as Record<string, unknown>).admin).toBeUndefined()
      expect(await everything(server)).toBe(before)
    })
})

test('what no text can hold is refused with its place, in values and in keys', async () => {
  for (const [text, field] of [
    ['{"title": "a\\u0000b"}', 'title'],
    ['{"command": "\\ud800"}', 'command'],
    ['{"command": "\\udc00\\ud800"}', 'command'],
    ['{"tit\\u0000le": "x"}', 'body'],
    ['{"affinity": "x\\uD83D"}', 'affinity'],
  ] as const)
    expectProblem(await send('PUT', '/api/jobs', text), 422, field)
  expectProblem(await send('POST', '/api/jobs', '{"1": {"title": "\\u0000"}}'), 422, '1.title')
  expectProblem(await send('DELETE', '/api/workers', '["worker-1", "\\ud83d"]'), 422, '1')
  expect(await everything(server)).toBe(before)
})

test('escapes that only look like those are taken as they are', async () => {
  const text = '{"title": "\\ud83d\\ude00 \\\\u0000 \\u00e9", "command": "x"}'
  const { body: id } = await server.call<number>('PUT', '/api/jobs', new Raw(text))
  expect((await server.job(id)).title).toBe('😀 \\u0000 é')
  await server.delete('/api/jobs', [id])
})

test('a byte order mark before the JSON is overlooked', async () => {
  const { body: id, status } = await server.call<number>('PUT', '/api/jobs', new Raw('\ufeff{"title": "bom"}'))
  expect(status).toBe(200)
  await server.delete('/api/jobs', [id])
})

describe('a body past the limit is refused in words, and is not kept in memory', () => {
  const MB = 1024 * 1024

  test('when it says its size', async () => {
    for (const path of ['/api/jobs', '/workers/heartbeat', '/json/addjob']) {
      const method = path === '/api/jobs' ? 'PUT' : 'POST'
      const answer = await send(method, path, new Uint8Array(64 * MB + 1))
      expect(expectProblem(answer, 413, 'body')).toContain('64 MB')
    }
  })

  test('when it comes in pieces without end', async () => {
    const { hostname, port } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.on('data', (data) => {
      answer += data
    })
    const piece = Buffer.concat([Buffer.from(`${MB.toString(16)}\r\n`), Buffer.alloc(MB, 32), Buffer.from('\r\n')])
    const rss = process.memoryUsage().rss
    socket.write(`PUT /api/jobs HTTP/1.1\r\nHost: ${hostname}\r\nTransfer-Encoding: chunked\r\n\r\n`)
    for (let sent = 0; sent < 2000 && answer === ''; sent++) if (!socket.write(piece)) await once(socket, 'drain')
    expect(answer).toStartWith('HTTP/1.1 413')
    expect(process.memoryUsage().rss - rss).toBeLessThan(500 * MB)
    socket.destroy()
    expect((await server.get('/api/health')).status).toBe(200)
  })

  test('and one of that size is taken', async () => {
    const list = `[${'1,'.repeat(99_999)}1]`
    const padded = list.padEnd(64 * MB, ' ')
    expect(await send('POST', '/api/startjobs', padded)).toMatchObject({ status: 200, text: '1' })
    // 2 s when nothing else runs, 7 s on a busy machine.
  }, 60_000)
})
