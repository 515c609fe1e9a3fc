/** How the dashboard is served: its files from inside, under a policy that lets nothing else in. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
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
