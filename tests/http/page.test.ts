/** How the dashboard is served: its files from inside, under a policy that lets nothing else in. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { brotliDecompressSync } from 'node:zlib'
import { type TestServer, testServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await testServer()
}, 60_000)
afterAll(() => server.stop())

const files = (html: string) => [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path as string)

test('the page is at the root and at each of its addresses', async () => {
  const { status, type, text } = await server.get<string>('/')
  expect([status, type]).toEqual([200, 'text/html;charset=utf-8'])
  for (const address of [
    '/jobs',
    '/jobs/12',
    '/jobs?q=state%3Aerror',
    '/farm/overview',
    '/farm/workers',
    '/farm/affinities',
    '/activity?job=1',
    '/people?q=admin',
    '/audit',
  ])
    expect((await server.get<string>(address)).text).toBe(text)
})

test('everything comes from the server itself, with nothing inline', async () => {
  const { text, headers } = await server.get<string>('/')
  expect(headers.get('content-security-policy')).toStartWith("default-src 'self';")
  expect(headers.get('content-security-policy')).not.toContain('unsafe')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/)
  expect(files(text).length).toBeGreaterThan(2)
  for (const path of files(text)) {
    expect(path).toStartWith('/page/')
    const { status, headers } = await server.get<string>(path)
    expect([path, status]).toEqual([path, 200])
    expect(headers.get('cache-control')).toContain('immutable')
  }
})

test('a page that is known already is not sent again, and a file of another version is no file', async () => {
  const { headers } = await server.get<string>('/')
  const again = await fetch(`${server.url}/`, { headers: { 'if-none-match': headers.get('etag') ?? '' } })
  expect(again.status).toBe(304)
  expect(await server.get('/page/index-old.js')).toMatchObject({ status: 404 })
})

test('what its script asks for first comes with it: who looks, the list of jobs, the code of the view', async () => {
  const linkOf = async (address: string) => (await server.get(address)).headers.get('link') ?? ''
  const first = (path: string) => `<${path}>; rel=preload; as=fetch; crossorigin`
  expect(await linkOf('/')).toBe(`${first('/api/me')}, ${first('/api/jobs/0/order')}`)
  expect(await linkOf('/jobs/12')).toBe(`${first('/api/me')}, ${first('/api/jobs/12/order')}`)
  // Another list is asked for by the script, which knows what the filter means.
  expect(await linkOf('/jobs?q=state%3Aerror')).toBe(first('/api/me'))
  const [, code] = /<([^>]+)>; rel=modulepreload/.exec(await linkOf('/farm/workers')) ?? []
  expect(code).toStartWith('/page/WorkersView-')
  expect(await server.get(code as string)).toMatchObject({ status: 200, type: expect.stringContaining('javascript') })
})

test('is sent in the smallest packing that the browser takes, and plain to who takes none', async () => {
  const [script] = files((await server.get<string>('/')).text).filter((path) => path.endsWith('.js'))
  const take = async (accepted: string) => {
    const answer = await fetch(server.url + script, { headers: { 'accept-encoding': accepted }, decompress: false })
    const bytes = new Uint8Array(await answer.arrayBuffer())
    return { packing: answer.headers.get('content-encoding'), bytes }
  }
  const plain = await take('identity')
  const gzip = await take('gzip, deflate')
  const br = await take('gzip, deflate, br, zstd')
  expect([plain.packing, gzip.packing, br.packing]).toEqual([null, 'gzip', 'br'])
  expect((await take('br;q=0, gzip')).packing).toBe('gzip')
  expect(Bun.gunzipSync(gzip.bytes)).toEqual(plain.bytes)
  expect(new Uint8Array(brotliDecompressSync(br.bytes))).toEqual(plain.bytes)
})
