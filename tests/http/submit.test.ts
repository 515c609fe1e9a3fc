/** `/xmlrpc/addjob` and `/json/addjob`: whatever an old submitter says, the answer is an id, or -1. */
import { afterEach, beforeEach, expect, spyOn, test } from 'bun:test'
import { Raw, type TestServer, testServer } from '../support/server.ts'

let server: TestServer
/** What was refused is said where a person can find it. */
let log: ReturnType<typeof spyOn<Console, 'error'>>
beforeEach(async () => {
  log = spyOn(console, 'error').mockImplementation(() => {})
  server = await testServer()
})
afterEach(async () => {
  await server.stop()
  log.mockRestore()
})

const FORM = { type: 'application/x-www-form-urlencoded' }
const PATHS = ['/xmlrpc/addjob', '/json/addjob']

test('a job comes by a form, by the query or as JSON', async () => {
  const words = { title: 'é & "x"', cmd: 'echo +1', priority: '7', affinity: 'b, a', retry: '2', env: 'A=1' }
  const job = { title: 'é & "x"', command: 'echo +1', priority: 7, affinity: 'a,b', retry: 2, environment: 'A=1' }
  let id = 0
  for (const path of PATHS)
    for (const send of [
      () => server.post(path, new Raw(new URLSearchParams(words).toString()), FORM),
      () => server.get(`${path}?${new URLSearchParams(words)}`),
      () => server.post(path, words),
    ]) {
      expect(await send()).toMatchObject({ status: 200, type: 'application/json', text: String(++id) })
      expect(await server.job(id)).toMatchObject(job)
    }
})

test('a job comes by a form in parts, as curl -F sends it', async () => {
  const send = async (words: Record<string, string>) => {
    const form = new FormData()
    for (const [name, word] of Object.entries(words)) form.set(name, word)
    const parts = new Response(form)
    const type = parts.headers.get('content-type') ?? ''
    return server.post('/json/addjob', new Raw(await parts.bytes()), { type })
  }
  expect(await send({ title: 'é & "x"', cmd: 'b + %41', priority: '7' })).toMatchObject({ status: 200, text: '1' })
  expect(await server.job(1)).toMatchObject({ title: 'é & "x"', command: 'b + %41', priority: 7 })
  expect(await send({ nothing: 'x' })).toMatchObject({ status: 200, text: '-1' })
  const broken = new Raw('--x\r\nContent-Disp')
  expect(await server.post('/json/addjob', broken, { type: 'multipart/form-data; boundary=x' })).toMatchObject({
    status: 200,
    text: '-1',
  })
})

test('a command that is not UTF-8 makes no job, which would run another command than was meant', async () => {
  const say = (words: string | Uint8Array) => server.post('/json/addjob', new Raw(words), FORM)
  expect(await say('title=%E9t%E9&cmd=echo %C3%A9 %EF%BF%BC 100%')).toMatchObject({ text: '1' })
  expect(await server.job(1)).toMatchObject({ command: 'echo é \ufffc 100%' })
  for (const name of ['cmd', 'command', 'dir', 'env', 'environment']) {
    expect(await say(`title=x&${name}=rm /shots/%E9t%E9/old`)).toMatchObject({ status: 200, text: '-1' })
    expect(await say(Buffer.from(`title=x&${name}=rm /shots/été/old`, 'latin1'))).toMatchObject({ text: '-1' })
    expect(await server.get(`/json/addjob?title=x&${name}=%E9`)).toMatchObject({ status: 200, text: '-1' })
    expect(log.mock.lastCall?.[0]).toContain(`${name} is not UTF-8`)
  }
  expect((await server.get<unknown[]>('/api/jobs')).body).toHaveLength(1)
})

test('a parent is an id, a title or a path of titles; dependencies are ids in any text', async () => {
  const add = async (words: Record<string, string>) =>
    (await server.post<number>('/json/addjob', new Raw(new URLSearchParams(words).toString()), FORM)).body
  const top = await add({ title: 'departments' })
  const group = await add({ title: 'render', parent: 'departments' })
  const first = await add({ title: 'a', cmd: 'x', parent: 'departments|render' })
  const second = await add({ title: 'b', cmd: 'x', parent: String(group) })
  for (const dependencies of [`${first} ${second}`, `${first},${second}`, `[${first}, ${second}]`])
    expect((await server.job(await add({ cmd: 'x', dependencies }))).dependencies).toEqual([first, second])
  expect(await server.job(group)).toMatchObject({ parent: top, total: 2 })
})

test('what cannot be a job is answered with -1 and said in the log by name, and nothing is made', async () => {
  const nested = '['.repeat(5000) + ']'.repeat(5000)
  for (const [body, words] of [
    ['parent=nowhere', "'nowhere'"],
    ['parent=99', 'no job 99'],
    ['priority=high', "priority is 'high'"],
    ['priority=1e400', 'priority'],
    ['retry=-1', 'retry is -1'],
    ['timeout=1.5', 'timeout'],
    ['dependencies=99', 'no job 99'],
    ['dependencies=99999999999999999999', 'dependencies'],
    [`title=${'x'.repeat(5000)}`, '4096'],
    ['cmd=a%00b', 'NUL'],
    ['localprogress=(', 'regular expression'],
    ['{"title":', 'line 1'],
    ['[{"title": "x"}]', 'says nothing of a job'],
    ['<?xml version="1.0"?><methodCall/>', 'says nothing of a job'],
    ['--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--x--', 'says nothing of a job'],
    ['Title=x&bogus=1', "'Title=x&bogus=1'"],
    [`{"title": ${nested}}`, 'title'],
    ['{"title": {"a": 1}}', 'title'],
    ['{"title": "\\ud800"}', 'title'],
  ] as const) {
    log.mockClear()
    expect(await server.post('/json/addjob', new Raw(body), FORM)).toMatchObject({ status: 200, text: '-1' })
    expect(String(log.mock.calls[0]?.[0])).toContain(words)
  }
  expect((await server.get('/api/jobs')).body).toEqual([])
})
