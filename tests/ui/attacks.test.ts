/** What a page of another site can do to a farm that its reader's browser reaches: it is tried, in a real browser. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { type TestServer, testServer, until } from '../support/server.ts'
import { launchBrowser, usable } from './browser.ts'

/** A name of the attacker's, who points it where he likes: here at this machine, as a rebinding does. */
const EVIL = 'evil.example'

/** The request was made, and its answer is not for pages of other sites (Cross-Origin-Resource-Policy). */
const ANSWERED = 'ERR_BLOCKED_BY_RESPONSE'

/** A worker that asks for a job is made: a new one would be seen. To end a run it has to be the one that holds it. */
const fieldsFor = (path: string) => ({
  hostname: path.endsWith('endjob') ? 'w1' : 'stranger',
  jobId: '1',
  errorCode: '0',
  title: 'stolen',
  cmd: 'x',
})

describe.skipIf(!usable)('a page of another site', () => {
  let browser: Browser
  let elsewhere: ReturnType<typeof Bun.serve>
  let server: TestServer
  let context: BrowserContext
  let page: Page
  let job: number

  beforeAll(async () => {
    browser = await launchBrowser([
      `--host-resolver-rules=MAP ${EVIL} 127.0.0.1`,
      // A new Chromium asks before a page may reach the local network; others do not, and it is the server that is tried.
      '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets',
    ])
    elsewhere = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () => new Response('<!doctype html><title>Cats</title>', { headers: { 'content-type': 'text/html' } }),
    })
  })
  afterAll(async () => {
    await browser?.close()
    await elsewhere?.stop(true)
  })
  beforeEach(async () => {
    server = await testServer()
    job = await server.add({ title: 'mine', command: 'x' })
    await server.pick('w1')
    context = await browser.newContext()
    page = await context.newPage()
    page.setDefaultTimeout(10_000)
    await page.goto(`http://${EVIL}:${elsewhere.port}/`)
  })
  afterEach(async () => {
    await context.close()
    await server.stop()
  })

  /** The farm is as it was: one job, which its one worker still runs. */
  async function expectUntouched(): Promise<void> {
    const { body: jobs } = await server.get<{ id: number; state: string; priority: number }[]>('/api/jobs')
    expect(jobs.map(({ id, state, priority }) => [id, state, priority])).toEqual([[job, 'WORKING', 1000]])
    const { body: workers } = await server.get<{ name: string; active: number }[]>('/api/workers')
    expect(workers.map(({ name, active }) => [name, active])).toEqual([['w1', 1]])
  }

  /** What the page gets of the server that it came from, one after the other. */
  const asked = (calls: [method: string, path: string, body?: string][]): Promise<number[]> =>
    page.evaluate(async (calls) => {
      const statuses: number[] = []
      for (const [method, path, body] of calls) statuses.push((await fetch(path, { method, body })).status)
      return statuses
    }, calls)

  test.each(['/workers/pickjob', '/workers/endjob', '/workers/heartbeat', '/xmlrpc/addjob', '/json/addjob'])(
    'cannot send a form to %s',
    async (path) => {
      const answered = page.waitForResponse(`${server.url}${path}`)
      await page.evaluate(
        ({ action, fields }) => {
          const form = document.createElement('form')
          Object.assign(form, { method: 'POST', action })
          for (const [name, value] of Object.entries(fields)) {
            const input = document.createElement('input')
            Object.assign(input, { name, value })
            form.append(input)
          }
          document.body.append(form)
          form.submit()
        },
        { action: server.url + path, fields: fieldsFor(path) },
      )
      expect((await answered).status()).toBe(403)
      await expectUntouched()
    },
  )

  test.each(['/xmlrpc/addjob', '/json/addjob', '/workers/pickjob', '/workers/endjob'])(
    'cannot have a picture of %s',
    async (path) => {
      const url = `${server.url}${path}?${new URLSearchParams(fieldsFor(path))}`
      const failed = page.waitForEvent('requestfailed', (request) => request.url() === url)
      await page.evaluate((src) => {
        document.body.append(Object.assign(new Image(), { src }))
      }, url)
      expect((await failed).failure()?.errorText).toContain(ANSWERED)
      await expectUntouched()
    },
  )

  test('cannot post what needs no preflight, nor get past the one that the rest needs', async () => {
    const failures: string[] = []
    page.on('requestfailed', (request) => {
      if (request.method() === 'POST') failures.push(request.failure()?.errorText ?? '')
    })
    const failed = await page.evaluate(
      async ({ url, id }) => {
        navigator.sendBeacon(`${url}/api/pausejobs`, `[${id}]`)
        const edit = JSON.stringify({ [id]: { command: 'stolen', priority: 1 } })
        const tries = [
          fetch(`${url}/api/jobs`, { method: 'POST', mode: 'no-cors', body: edit }),
          fetch(`${url}/api/stopworkers`, { method: 'POST', mode: 'no-cors', body: '["w1"]' }),
          fetch(`${url}/api/jobs`, { method: 'PUT', body: '{"command":"stolen"}' }),
          fetch(`${url}/api/jobs`, { method: 'DELETE', body: `[${id}]` }),
        ]
        return (await Promise.allSettled(tries)).filter(({ status }) => status === 'rejected').length
      },
      { url: server.url, id: job },
    )
    expect(failed).toBe(4)
    await until(() => failures.length === 3, 'the answer to the beacon too')
    expect(failures).toEqual(Array.from({ length: 3 }, () => expect.stringContaining(ANSWERED)))
    await expectUntouched()
  })

  test('cannot read the farm: not by a call, not by the stream, not in a frame', async () => {
    const words: string[] = []
    page.on('console', (message) => words.push(message.text()))
    const read = await page.evaluate(async (url) => {
      const call = await fetch(`${url}/api/jobs`).then(
        (answer) => answer.text(),
        () => 'refused',
      )
      const stream = await new Promise<string>((resolve) => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/api/stream`)
        socket.onopen = () => resolve('open')
        socket.onclose = () => resolve('refused')
      })
      return { call, stream }
    }, server.url)
    expect(read).toEqual({ call: 'refused', stream: 'refused' })
    // The browser's word of what the server answered: it was not the browser that refused.
    await until(() => words.some((word) => word.includes('Unexpected response code: 403')), 'the answer to the stream')
    const answered = page.waitForResponse(`${server.url}/jobs`)
    await page.evaluate((src) => {
      document.body.append(Object.assign(document.createElement('iframe'), { src }))
    }, `${server.url}/jobs`)
    const { 'x-frame-options': old, 'content-security-policy': policy } = (await answered).headers()
    expect([old, policy]).toEqual(['DENY', expect.stringContaining("frame-ancestors 'none'")])
    for (const frame of page.frames().slice(1)) expect(await frame.locator('.top-bar, header').count()).toBe(0)
  })

  test('is not taken for the page of the farm when its name points here', async () => {
    const rebound = server.url.replace('127.0.0.1', EVIL)
    expect((await page.goto(`${rebound}/jobs`))?.status()).toBe(421)
    const statuses = await asked([
      ['GET', '/api/jobs'],
      ['PUT', '/api/jobs', '{"command":"stolen"}'],
      ['DELETE', '/api/jobs', `[${job}]`],
      ['POST', '/workers/pickjob', 'hostname=w1'],
    ])
    expect(statuses).toEqual([421, 421, 421, 421])
    await expectUntouched()
  })

  test('is all that is refused: a page of the farm itself does the same', async () => {
    await page.goto(`${server.url}/jobs`)
    const statuses = await asked([
      ['GET', '/api/jobs'],
      ['POST', '/api/jobs', JSON.stringify({ [job]: { priority: 7 } })],
    ])
    expect(statuses).toEqual([200, 200])
    expect((await server.job(job)).priority).toBe(7)
  })
})
