/** A real Chromium on the real page, served by the real server with real jobs. */
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { NewJob } from '../../src/models.ts'
import { type TestServer, testServer } from '../support/server.ts'

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

export interface Opened {
  server: TestServer
  page: Page
  /** What the browser complained about: errors, and what the page's own policy forbade. */
  complaints: string[]
  /** Makes jobs and answers their ids. */
  add(jobs: readonly NewJob[]): Promise<number[]>
  close(): Promise<void>
}

let browser: Promise<Browser> | undefined

/** One browser for all the tests of a file. */
export async function openPage({
  width = 1280,
  height = 720,
  touch = false,
  theme = 'dark' as 'dark' | 'light',
} = {}): Promise<Opened> {
  browser ??= chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox', '--disable-gpu'] })
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
