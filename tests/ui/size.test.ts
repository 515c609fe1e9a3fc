/** The Jobs view at the size of a farm: what it costs is printed, that it is right is tested. */
import { afterAll, expect, test } from 'bun:test'
import { until } from '../support/server.ts'
import { closeBrowser, openPage, usable } from './browser.ts'

const FRAMES = 100_000
const ROOTS = 1000

afterAll(closeBrowser)

test.skipIf(!usable)(
  'a thousand jobs and a group of 100,000 scroll anywhere, and all of them can be selected',
  async () => {
    const { page, server, add, complaints, close } = await openPage()
    await add([
      { title: 'Everything', frames: `1-${FRAMES}`, command: 'render {frame}' },
      ...Array.from({ length: ROOTS - 1 }, (_, i) => ({ title: `Shot ${i}`, command: 'x' })),
    ])
    let told = 0
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        told += payload.length
      })
    })
    await page.goto(server.url)
    await page.locator('.job-name').first().waitFor()
    const painted = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)
    await page.getByRole('button', { name: 'Open' }).first().click()
    const grid = page.getByRole('treegrid')
    await until(async () => (await grid.getAttribute('aria-rowcount')) === String(FRAMES + ROOTS + 1), 'all rows')

    const beforeScroll = told
    const rate = await page.evaluate(async () => {
      const grid = document.querySelector('.grid') as HTMLElement
      const began = performance.now()
      for (let i = 0; i < 120; i++) {
        grid.scrollTop += 150
        await new Promise(requestAnimationFrame)
      }
      return 120_000 / (performance.now() - began)
    })
    const told120 = told - beforeScroll
    await grid.focus()
    await page.keyboard.press('End')
    await page
      .locator('.job-name')
      .filter({ hasText: `Shot ${ROOTS - 2}` })
      .waitFor()
    await grid.evaluate((element) => {
      element.scrollTop = 26 * 70_000
    })
    await page.locator('.job-name').filter({ hasText: 'Everything 70001' }).waitFor()
    expect(await page.locator('.grid-body [role="row"]').count()).toBeLessThan(100)

    await page.keyboard.press('Control+a')
    await page
      .locator('.totals')
      .getByText(`${(FRAMES + ROOTS).toLocaleString('en')} selected`)
      .waitFor()
    await page.getByLabel('Filter').fill('99')
    const deep = performance.now()
    // Every title with a 99 in it, the group above them, and the shots.
    await page.locator('.totals').getByText('hits').waitFor()
    const found = performance.now() - deep
    await page.locator('[data-through="true"] .job-name').filter({ hasText: 'Everything' }).waitFor()
    const heap = await page.evaluate(
      () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
    )
    console.log(
      `a filter in the tree of ${(FRAMES + ROOTS).toLocaleString('en')} after ${Math.round(found)} ms (250 of them the pause in typing)`,
    )
    console.log(
      `first paint ${Math.round(painted ?? 0)} ms; scrolling ${rate.toFixed(0)} frames/s, ${(told120 / 1e6).toFixed(1)} MB on the stream; heap ${(heap / 1e6).toFixed(0)} MB`,
    )
    expect(complaints).toEqual([])
    await close()
  },
  120_000,
)
