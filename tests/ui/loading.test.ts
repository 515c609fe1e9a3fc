/** How the page comes: what is there before its script, what comes later, and that nothing moves meanwhile. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { becomes, type Opened, onEachPage, usable } from './browser.ts'

/** The machine may be busy with other things. */
setDefaultTimeout(60_000)

/** The sum of what moved by itself, as browsers count it: 0.1 is called good; a line of numbers that moves by a letter is 0.0002. */
const MOST_SHIFT = 0.001

let opened: Opened
let page: Page

async function scene() {
  const { server, add } = opened
  const [shot, alone] = await add([
    { title: 'Shot', frames: '1-40', command: 'x {frame}' },
    { title: 'Alone', command: 'x' },
  ])
  for (const [worker, exit_code] of [
    ['node-1', 0],
    ['node-2', 1],
  ] as const) {
    const run = (await server.pick(worker))?.run
    await server.post(`/api/runs/${run}/end`, { worker, exit_code })
  }
  await server.pick('node-1')
  return { shot: shot as number, alone: alone as number }
}

describe.skipIf(!usable)('the page', () => {
  onEachPage((next) => {
    opened = next
    page = next.page
  })

  test('has its bar before its script has come', async () => {
    let go: () => void = () => undefined
    const asked = new Promise<void>((resolve) => {
      go = resolve
    })
    await page.route('**/page/*.js', async (route) => {
      await asked
      await route.continue()
    })
    await page.goto(opened.server.url, { waitUntil: 'commit' })
    const bar = page.locator('.top .brand')
    await bar.waitFor()
    const before = await bar.boundingBox()
    expect(await page.locator('.sections').count()).toBe(0)
    go()
    await page.locator('.sections').waitFor()
    expect(await bar.boundingBox()).toEqual(before)
  })

  test('asks for what comes with its script once, and complains of nothing that was sent ahead', async () => {
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    page.on('console', (message) => {
      if (message.type() === 'warning') opened.complaints.push(message.text())
    })
    await scene()
    await opened.show('/')
    await page.locator('.job-name').first().waitFor()
    expect(asked.filter((path) => path === '/api/me')).toHaveLength(1)
    expect(asked.filter((path) => path === '/api/jobs/0/order')).toHaveLength(1)
  })

  test('says when the code of a view does not come, and has it when it is asked for again', async () => {
    // Until the page is asked for again: it tries by itself too, and would be mended before the click.
    let loads = 0
    page.on('request', (request) => {
      if (request.isNavigationRequest()) loads++
    })
    await page.route('**/page/FarmView*', (route) => (loads > 1 ? route.continue() : route.abort()))
    await opened.show('/')
    await page.getByRole('link', { name: 'Farm' }).click()
    await page.getByRole('alert').filter({ hasText: 'did not come' }).waitFor()
    await page.getByRole('button', { name: 'Reload' }).click()
    await page.getByText('Runs ended per minute').waitFor()
    opened.complaints.length = 0
  })

  for (const [name, address, there] of [
    ['Jobs', () => '/', '.job-name'],
    ['a group', ({ shot }) => `/job/${shot}`, '.strip-area canvas'],
    ['a job', ({ alone }) => `/job/${alone}`, '.job-main'],
    ['Workers', () => '/farm/workers', '.worker-name'],
    ['Farm', () => '/farm/overview', '.chart canvas'],
    ['Activity', () => '/activity', '.timeline canvas'],
    ['Affinities', () => '/farm/affinities', '.affinities'],
    ['People', () => '/people', '.totals b'],
    ['Audit', () => '/audit', '.grid-body .grid-row'],
  ] as [string, (ids: Awaited<ReturnType<typeof scene>>) => string, string][])
    test(`${name}: nothing moves while it comes, nor when something changes`, async () => {
      const ids = await scene()
      await page.addInitScript(() => {
        const moved: string[] = []
        Object.assign(globalThis, { moved, shift: 0 })
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as (PerformanceEntry & {
            value: number
            sources: { node: Element | null }[]
          })[]) {
            ;(globalThis as unknown as { shift: number }).shift += entry.value
            moved.push(`${entry.value} ${entry.sources.map(({ node }) => node?.className ?? node?.nodeName)}`)
          }
        }).observe({ type: 'layout-shift', buffered: true })
      })
      await opened.show(address(ids))
      await page.locator(there).first().waitFor()
      const working = page.locator('.farm-counts')
      await becomes(() => working.textContent(), '1/2 workers38 ready')
      for (let i = 3; i <= 12; i++) await opened.server.pick(`node-${i}`)
      await becomes(() => working.textContent(), '11/12 workers28 ready')
      const { shift, moved } = await page.evaluate(() => {
        const { shift, moved } = globalThis as unknown as { shift: number; moved: string[] }
        return { shift, moved }
      })
      expect(shift < MOST_SHIFT ? [] : moved).toEqual([])
    })
})
