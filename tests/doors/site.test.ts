/** Requests as pages of other sites can have a browser send them: whatever they come with, nothing of the farm changes. */
import { afterAll, describe, expect, test } from 'bun:test'
import { Shut } from './support.ts'

const shut = await Shut.open({
  hosts: ['farm.example', '*.studio.lan'],
  origins: ['https://tools.studio.lan'],
  onLoopbackOnly: true,
})
afterAll(() => shut[Symbol.asyncDispose]())

/** From this machine, where nothing is asked. */
const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) =>
  shut.ask(method, path, { from: '', headers, ...(body !== undefined && { body }) })
const jobs = () => shut.t.farm.health().jobs.total

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'
/** What a browser adds for a page of another site, another port, a sandboxed frame; with and without TLS; new and old ones. */
const FOREIGN: Record<string, Record<string, string>> = {
  'a form': { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site', 'user-agent': CHROME },
  'a form, to a server without TLS': { origin: 'http://evil.example', 'user-agent': CHROME },
  'a page of another port': { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-site', 'user-agent': CHROME },
  'a page of another port, to a server without TLS': { origin: 'http://127.0.0.1:3000' },
  'a sandboxed frame': { origin: 'null', 'user-agent': CHROME },
  'a page of a site that ends like a listed one': { origin: 'https://tools.studio.lan.evil.example' },
  'a page of a listed site without TLS': { origin: 'http://tools.studio.lan' },
  'an origin that is none': { origin: 'farm.example' },
}
const CHANGES: [method: string, path: string, body?: unknown][] = [
  ['PUT', '/api/jobs', { title: 'x', command: 'x' }],
  ['PUT', '/api/webfrontend/jobs', { title: 'x', command: 'x' }],
  ['POST', '/api/limits', { nuke: 1 }],
  ['POST', '/xmlrpc/addjob', 'title=x&cmd=x'],
  ['POST', '/json/addjob', 'title=x&cmd=x'],
  ['POST', '/workers/pickjob', 'hostname=evil'],
  ['POST', '/workers/heartbeat', 'hostname=evil'],
  ['POST', '/workers/endjob', 'hostname=evil'],
  ['POST', '/api/workers/evil/pick', {}],
]
/** By GET a picture is enough: it sends no Origin. */
const BY_GET = [
  '/xmlrpc/addjob?cmd=x',
  '/json/addjob?cmd=x',
  '/workers/pickjob?hostname=evil',
  '/workers/endjob?hostname=evil',
]

const SITES: Record<string, string>[] = [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, {}]

describe('a page of another site changes nothing', () => {
  test.each(Object.entries(FOREIGN))('by %s', async (_, headers) => {
    for (const [method, path, body] of CHANGES) {
      const { status, text } = await ask(method, path, headers, body)
      expect([path, status]).toEqual([path, 403])
      expect(text).toContain('only pages of this server')
    }
    expect(jobs()).toBe(0)
    expect(shut.t.farm.listWorkers()).toEqual([])
  })

  test('by a picture', async () => {
    for (const path of BY_GET)
      for (const headers of SITES) {
        expect([path, (await ask('GET', path, { ...headers, 'user-agent': CHROME })).status]).toEqual([path, 403])
        expect([path, (await ask('HEAD', path, { ...headers, 'user-agent': CHROME })).status]).not.toEqual([path, 200])
      }
    expect(jobs()).toBe(0)
    expect(shut.t.farm.listWorkers()).toEqual([])
  })

  test('by a name that was pointed at this server', async () => {
    for (const host of [
      'evil.example',
      'evil.example:19211',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'a b',
      '[::1].x',
    ])
      for (const [method, path, body] of [
        ...CHANGES,
        ['GET', '/api/jobs'],
        ['GET', '/'],
        ['GET', '/docs'],
      ] as typeof CHANGES) {
        // As such a page looks to its browser: all of it is one site.
        const headers = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin', 'user-agent': CHROME }
        const { status } = await ask(method, path, headers, body)
        expect([host, path, [400, 421].includes(status)]).toEqual([host, path, true])
      }
    expect(jobs()).toBe(0)
  })

  test('and reads nothing: no answer allows it', async () => {
    for (const path of ['/api/jobs', '/api/health', '/docs/json'])
      expect(
        (await ask('GET', path, { origin: 'http://evil.example' })).headers.get('access-control-allow-origin'),
      ).toBeNull()
    const preflight = await ask('OPTIONS', '/api/jobs', {
      origin: 'http://evil.example',
      'access-control-request-method': 'PUT',
    })
    expect(preflight.status).not.toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('who is no such page is not in the way', () => {
  test.each([
    ['a script', {}],
    ['a browser of our own page', { origin: shut.url, 'sec-fetch-site': 'same-origin', 'user-agent': CHROME }],
    ['an older browser of our own page', { origin: shut.url, 'user-agent': CHROME }],
    ['what was typed into the address bar', { 'sec-fetch-site': 'none', 'user-agent': CHROME }],
    ['a page of a listed site', { origin: 'https://tools.studio.lan', 'sec-fetch-site': 'cross-site' }],
  ] as [string, Record<string, string>][])('%s', async (_, headers) => {
    for (const [method, path, body] of CHANGES)
      expect([path, (await ask(method, path, headers, body)).status]).toEqual([path, 200])
    await shut.t.farm.setLimits({ nuke: null })
  })

  test('whichever of its names the server is called by', async () => {
    for (const host of [
      'localhost',
      'LOCALHOST:1',
      'x.localhost',
      'farm.example',
      'farm.example.',
      'a.studio.lan:80',
      '10.1.2.3:19211',
      '[fd00::1]:19211',
    ])
      expect([host, (await ask('GET', '/api/jobs', { host })).status]).toEqual([host, 200])
    expect((await ask('GET', '/api/jobs', { host: 'studio.lan' })).status).toBe(421)
  })

  test('a page of a listed site may ask, and read', async () => {
    const origin = 'https://tools.studio.lan'
    const asked = await ask('OPTIONS', '/api/jobs', { origin, 'access-control-request-method': 'PUT' })
    expect(asked.status).toBe(204)
    expect(asked.headers.get('access-control-allow-methods')).toContain('PUT')
    const answer = await ask('GET', '/api/jobs', { origin })
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
  })
})

test('a refusal says what to do', async () => {
  const { text } = await ask('GET', '/api/jobs', { host: 'evil.example' })
  expect(JSON.parse(text)).toMatchObject({ status: 421, title: 'Misdirected Request' })
  expect(text).toContain("'evil.example'")
  expect(text).toContain('add it to hosts in coalition.toml')
})

test('every answer says that it is what it says, and is for no frame', async () => {
  for (const { method, path } of shut.app.routes) {
    if (method === 'WS') continue
    const target = path.replace(/:(id|run)/, '999').replace(/:\w+/, 'none')
    const { headers } = await ask(method, target, {}, method === 'GET' ? undefined : '{}')
    expect([path, headers.get('x-content-type-options'), headers.get('x-frame-options')]).toEqual([
      path,
      'nosniff',
      'DENY',
    ])
  }
})
