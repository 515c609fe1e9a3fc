/** Paths, queries and methods that lead nowhere: each is refused by name, with a remedy. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { Raw, type TestServer, testServer } from '../support/server.ts'
import { expectProblem } from './problem.ts'

let server: TestServer
beforeAll(async () => {
  server = await testServer()
  await server.add({ title: 'leaf', command: 'x' })
  await server.add({ title: 'group' })
})
afterAll(() => server.stop())

describe('paths and queries', () => {
  test('that name a job which is not there', async () => {
    for (const path of ['', '/children', '/dependencies', '/log', '/childrendependencies'])
      expect(expectProblem(await server.get(`/api/jobs/99${path}`), 404)).toContain('no job 99')
    expect(expectProblem(await server.post('/api/jobs/99/dependencies', []), 404)).toContain('no job 99')
  })

  test('whose id is no id', async () => {
    for (const id of [
      'abc',
      '1.5',
      '-1',
      '0',
      '1e0',
      '0x1',
      '9007199254740993',
      '99999999999999999999',
      '%20',
      '1%00',
      'null',
    ])
      for (const path of ['', '/dependencies', '/log'])
        expect(expectProblem(await server.get(`/api/jobs/${id}${path}`), 422, 'id')).toContain(
          `id is '${decodeURIComponent(id)}': write an integer`,
        )
  })

  test('whose values are none', async () => {
    for (const path of ['/api/jobs', '/api/jobs/2/children'])
      for (const [query, field, words] of [
        ['limit=0', 'limit', "'0': write an integer from 1 to 100000"],
        ['limit=-1', 'limit', "'-1'"],
        ['limit=1e3', 'limit', "'1e3'"],
        ['limit=', 'limit', "''"],
        ['limit=100001', 'limit', '100000'],
        ['after=x', 'after', "'x'"],
        ['after=99', 'after', 'no 99'],
        ['priority=high', 'priority', "'high'"],
        ['min_priority=1.5', 'min_priority', "'1.5'"],
        ['max_priority=99999999999999999999', 'max_priority', "'99999999999999999999'"],
        ['since=today', 'since', "'today'"],
        ['until=NaN', 'until', "'NaN'"],
        ['state=', 'state', "'': write one of WAITING"],
        ['state=DONE', 'state', "'DONE'"],
        ['state=WAITING,', 'state', "''"],
        ['sort=', 'sort', "''"],
        ['sort=name', 'sort', "'name': write one of id, title"],
        ['sort=--id', 'sort', "'-id'"],
        ['sort=__proto__', 'sort', "'__proto__'"],
        [`user=${'x'.repeat(4097)}`, 'user', '4096'],
      ] as const)
        expect(expectProblem(await server.get(`${path}?${query}`), 422, field)).toContain(words)
    for (const [query, field, words] of [
      ['job=x', 'job', "'x'"],
      ['howlong=-1', 'howlong', "'-1': write an integer of 0 or more"],
      ['howlong=1e3', 'howlong', "'1e3'"],
      ['state=WAITING', 'state', "'WAITING': write one of WORKING, FINISHED"],
      ['sort=start', 'sort', "'start'"],
      ['after=99', 'after', 'no 99'],
    ] as const)
      expect(expectProblem(await server.get(`/api/events?${query}`), 422, field)).toContain(words)
  })

  test('with a % that is no escape', async () => {
    for (const path of ['/api/jobs/%zz', '/api/jobs/%', '/api/jobs/%E0%A4', '/api/jobs/%ff/log'])
      expect(expectProblem(await server.get(path), 400, 'path')).toContain('%25')
    for (const query of ['title=100%', 'title=%zz', 'user=%ff', 'user=%ed%a0%80'])
      expect(expectProblem(await server.get(`/api/jobs?${query}`), 400, 'query')).toContain('%25')
    expectProblem(await server.post('/api/workers/%E0%A4/pick', {}), 400, 'path')
    expect(await server.get('/api/jobs?title=100%25')).toMatchObject({ status: 200, body: [] })
  })

  test('that do not exist', async () => {
    for (const path of [
      '/api',
      '/api/',
      '/api/nothing',
      '/api/jobs/1/nothing',
      '/nothing',
      '/workers',
      '/api/jobs/1/2/3',
      '/..%2f..%2fetc',
    ])
      expect(expectProblem(await server.get(path), 404)).toContain('/docs')
    expectProblem(await server.post('/nothing', new Raw('not json')), 404)
  })

  test('that take other methods, which the answer names', async () => {
    for (const [method, path, allow] of [
      ['PATCH', '/api/jobs', 'DELETE, GET, POST, PUT'],
      ['POST', '/api/jobs/1', 'GET'],
      ['DELETE', '/api/jobs/1', 'GET'],
      ['PUT', '/api/jobs/1/dependencies/', 'GET, POST'],
      ['GET', '/api/resetjobs', 'POST'],
      ['PUT', '/api/workers', 'DELETE, GET, POST'],
      ['OPTIONS', '/api/events', 'GET'],
      ['GET', '/api/runs/1/end', 'POST'],
      ['DELETE', '/workers/pickjob', 'GET, POST'],
    ] as const) {
      const answer = await server.call(method, path, method === 'GET' ? undefined : {})
      expect(expectProblem(answer, 405)).toContain(`takes no ${method}: it takes ${allow}`)
      expect(answer.headers.get('allow')).toBe(allow)
    }
  })
})

test('a HEAD takes no job, ends none and makes none, as the same old call by GET would', async () => {
  const farm = async () => [(await server.get('/api/jobs')).body, (await server.get('/api/workers')).body]
  const before = await farm()
  for (const path of [
    '/workers/pickjob?hostname=looker',
    '/workers/heartbeat?hostname=looker&jobId=1',
    '/workers/endjob?hostname=looker&jobId=1&errorCode=0',
    '/json/addjob?title=looked',
    '/xmlrpc/addjob/?title=looked',
  ]) {
    const answer = await server.call('HEAD', path)
    expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, 'GET, POST'])
  }
  expect(await farm()).toEqual(before)
  expect((await server.call('HEAD', '/api/jobs')).status).toBe(200)
})

/** A request as scripts write it to a socket: of HTTP/1.0 and without a header, or with just these. */
function ask(line: string, { body = '', head = [] as string[] } = {}): Promise<string> {
  const { hostname, port } = new URL(server.url)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let answer = ''
  const lines = [`${line} HTTP/1.0`, ...head, ...(body ? [`Content-Length: ${body.length}`] : [])]
  const socket = connect(Number(port), hostname, () => socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`))
  socket.on('data', (data) => {
    answer += data
  })
  socket.on('error', reject).on('close', () => resolve(answer))
  return promise
}

test('a request of HTTP/1.0 that names no host is served as any other', async () => {
  for (const [line, body, status, words] of [
    ['GET /api/jobs/1', '', 200, '"title":"leaf"'],
    ['GET /api/jobs?state=NONE', '', 422, "state is 'NONE'"],
    ['GET /api/jobs?title=/api/jobs?', '', 200, '\r\n\r\n[]'],
    ['GET /api/jobs/99', '', 404, 'no job 99'],
    ['GET /api/jobs/%zz', '', 400, '%25'],
    ['GET /nowhere/at/all/api/jobs', '', 404, 'There is no GET /nowhere/at/all/api/jobs'],
    ['PATCH /api/jobs', '', 405, 'it takes DELETE, GET, POST, PUT'],
    ['POST /api/jobs', '{', 400, 'not JSON'],
    ['GET /jobs/1', '', 200, '<!doctype html>'],
    ['GET /json/addjob?title=', '', 200, '\r\n\r\n3'],
    ['POST /xmlrpc/addjob?title=x', 'parent=nobody', 200, '\r\n\r\n-1'],
    ['GET /workers/pickjob?hostname=old', '', 200, "(1, 'x', '.', '', '')"],
    ['POST /workers/heartbeat?hostname=old', 'jobId=1', 200, 'true'],
    ['POST /workers/endjob?hostname=old&jobId=1', 'errorCode=0', 200, '\r\n\r\n1'],
  ] as const) {
    const answer = await ask(line, { body })
    expect(answer, line).toStartWith(`HTTP/1.1 ${status} `)
    expect(answer, line).toContain(words)
  }
  expect(await server.job(1)).toMatchObject({ state: 'FINISHED', worker: 'old' })
  expect((await server.get('/api/workers')).body).toMatchObject([{ name: 'old', ip: '127.0.0.1' }])
})

test('a server that is reached by a short name answers the path that was asked', async () => {
  for (const host of ['nas', 'fs', 'x', 'nas:80', 'farm'])
    for (const [line, status, words] of [
      ['GET /api/jobs/states/', 200, '[{"state":'],
      ['GET /api/webfrontend/jobs/users/?_=1', 200, '[{"user":""}]'],
      ['GET /nowhere/api/jobs', 404, 'There is no GET /nowhere/api/jobs'],
      ['GET /workers/pickjob/?hostname=old', 200, "(-1, '', '', '', None)"],
    ] as const) {
      const answer = await ask(line, { head: [`Host: ${host}`] })
      expect(answer, `${host} ${line}`).toStartWith(`HTTP/1.1 ${status} `)
      expect(answer, `${host} ${line}`).toContain(words)
    }
})

test('a # that was not escaped cuts nothing off', async () => {
  for (const head of [[], ['Host: nas'], ['Host: localhost:19211']])
    for (const [line, words] of [
      ['GET /json/addjob?title=shot+#1&cmd=echo+#2', /\r\n\r\n\d+$/],
      ['GET /api/jobs?title=shot%20#1', /"title":"shot #1","command":"echo #2"/],
      ['POST /workers/endjob?hostname=node#1', /\r\n\r\n1$/],
      ['GET /workers/heartbeat?hostname=node#2', /\r\n\r\nfalse$/],
      ['GET /api/jobs#1', /There is no GET \/api\/jobs%231/],
    ] as const)
      expect(await ask(line, { head }), line).toMatch(words)
  const workers = (await server.get<{ name: string }[]>('/api/workers')).body.map(({ name }) => name)
  expect(workers.filter((name) => name.startsWith('node'))).toEqual(['node#1', 'node#2'])
})
