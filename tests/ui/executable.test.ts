/** The page as the executable serves it: from inside, with nothing beside it. */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { createSandbox } from '../e2e/sandbox.ts'
import { launchBrowser, usable } from './browser.ts'

/** The machine may be busy with other things. */
setDefaultTimeout(120_000)

const sandbox = createSandbox()
afterAll(() => sandbox.cleanUp())

test.skipIf(!usable)('the executable alone in a folder shows its jobs, live', async () => {
  const server = await sandbox.serve(sandbox.freshFolder())
  await server.client.call('PUT', '/api/jobs', { title: 'first', command: 'x' })
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    const complaints: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(server.url)
    await page.locator('.job-name').filter({ hasText: 'first' }).waitFor()
    await server.client.call('PUT', '/api/jobs', { title: 'second', command: 'x' })
    await page.locator('.job-name').filter({ hasText: 'second' }).waitFor()
    expect(complaints).toEqual([])
  } finally {
    await browser.close()
  }
})
