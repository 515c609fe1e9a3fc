/** A real Chromium on the real page, served by the real server with real jobs. */
import { afterAll, afterEach, beforeEach, expect } from 'bun:test'
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { NewJob } from '../../src/models.ts'
import { type TestServer, testServer, until } from '../support/server.ts'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** A browser to test with; undefined: there is none, and nobody said that there has to be. */
export function chromiumPath(): string | undefined {
  const named = process.env.TESTS_CHROMIUM
  if (named) return named
  return PLACES.find((place) => existsSync(place))
}

/** Where there is no browser, its tests are left out, unless somebody said that there has to be one. */
export const usable = chromiumPath() !== undefined || process.env.TESTS_REQUIRE_CHROMIUM === '1'

interface PageOptions {
  width?: number
  height?: number
  touch?: boolean
  theme?: 'dark' | 'light'
}

export interface Opened {
  server: TestServer
  page: Page
  /** What the browser complained about: errors, and what the page's own policy forbade. */
  complaints: string[]
  /** Goes to an address of the page, and waits until it is live. */
  show(address: string): Promise<void>
  /** Makes jobs and answers their ids. */
  add(jobs: readonly NewJob[]): Promise<number[]>
  close(): Promise<void>
}

let browser: Promise<Browser> | undefined

/** `more`: flags of the one test that needs them. */
export const launchBrowser = (more: readonly string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox', '--disable-gpu', ...more] })

/** One browser for all the tests of a file. */
export async function openPage({
  width = 1280,
  height = 720,
  touch = false,
  theme = 'dark',
}: PageOptions = {}): Promise<Opened> {
  browser ??= launchBrowser()
  const server = await testServer()
  const context = await (await browser).newContext({
    viewport: { width, height },
    colorScheme: theme,
    hasTouch: touch,
    isMobile: touch,
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.exposeFunction('forbidden', (what: string) => complaints.push(what))
  await page.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
      (globalThis as unknown as { forbidden(what: string): void }).forbidden(
        `${violatedDirective} forbids ${blockedURI} in ${sourceFile}:${lineNumber}`,
      ),
    ),
  )
  return {
    server,
    page,
    complaints,
    async show(address) {
      await page.goto(server.url + address)
      await page.locator('.connection[data-connection="live"]').waitFor()
    },
    async add(jobs) {
      const { status, text, body } = await server.put<number[]>('/api/jobs', jobs)
      if (status !== 200) throw new Error(`answered ${status}: ${text}`)
      return body
    },
    async close() {
      await context.close()
      await server.stop()
    },
  }
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
}

/** A page with a server of its own for each test of a file. What breaks, and what the policy forbids, is complained about. */
export function onEachPage(begin: (opened: Opened) => void, options: PageOptions = {}): void {
  let opened: Opened
  beforeEach(async () => {
    opened = await openPage(options)
    begin(opened)
  }, 60_000)
  afterEach(async () => {
    const { complaints } = opened
    await opened.close()
    expect(complaints).toEqual([])
  })
  afterAll(closeBrowser)
}

/** Waits until what is read equals what is wanted. */
export const becomes = (read: () => Promise<unknown>, wanted: unknown): Promise<void> =>
  until(async () => Bun.deepEquals(await read(), wanted), JSON.stringify(wanted))
