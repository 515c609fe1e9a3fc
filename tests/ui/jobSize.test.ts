/** The page of a job at the size of a farm: what it costs is printed, that it is right is tested. */
import { afterAll, expect, test } from 'bun:test'
import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import { until } from '../support/server.ts'
import { closeBrowser, openPage, usable } from './browser.ts'

const FRAMES = 100_000
const MB = 200

afterAll(closeBrowser)

const heapOf = (page: Page) =>
  page.evaluate(() => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize / 1e6)

test.skipIf(!usable)(
  'a group of 100,000 frames is seen in one look, and each of them is a click away',
  async () => {
    const { page, server, add, complaints, close } = await openPage()
    const [group] = await add([{ title: 'Everything', frames: `1-${FRAMES}`, command: 'render {frame}' }])
    let answer = 0
    page.on('response', async (response) => {
      if (response.url().endsWith('/frames')) answer = (await response.body()).length
    })
    // From source, the page is bundled when it is first asked for.
    await page.goto(server.url)
    const began = performance.now()
    await page.goto(`${server.url}/job/${group}`)
    const legend = page.locator('.legend button')
    await until(async () => (await legend.allTextContents()).join() === 'WAITING100,000', 'all frames')
    const shown = performance.now() - began
    const changed = performance.now()
    const run = await server.pick('node-1')
    await until(async () => (await legend.allTextContents()).join() === 'WORKING1,WAITING99,999', 'the run')
    const told = performance.now() - changed
    // A state that came is drawn: the first frame is another colour than the second line's.
    const strip = page.getByRole('slider', { name: 'Frames' })
    const pixel = (x: number, y: number) =>
      page.locator('.strip-area canvas').evaluate(
        (element, [x, y]) => {
          const canvas = element as HTMLCanvasElement
          const context = canvas.getContext('2d') as CanvasRenderingContext2D
          return [...context.getImageData(x as number, y as number, 1, 1).data].join()
        },
        [x, y],
      )
    expect(await pixel(0, 0)).not.toBe(await pixel(10, 10))
    await strip.focus()
    await page.keyboard.press('Control+a')
    await page.getByText('100,000 frames selected').waitFor()
    const heap = await heapOf(page)
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: `Everything ${FRAMES}` }).waitFor()
    console.log(
      `100,000 frames: ${(answer / 1e3).toFixed(0)} kB, on the strip ${shown.toFixed(0)} ms after the address; a change after ${told.toFixed(0)} ms; heap ${heap.toFixed(0)} MB`,
    )
    await server.post(`/api/runs/${run?.run}/end`, { worker: 'node-1', exit_code: 0 })
    expect(complaints).toEqual([])
    await close()
  },
  120_000,
)

test.skipIf(!usable)(
  `a log of ${MB} MB is shown from its end, scrolled, searched and gone through, with a few MB of it in the browser`,
  async () => {
    const { page, server, add, complaints, close } = await openPage()
    const [id] = await add([{ title: 'long', command: 'x' }])
    const log = join(server.data, 'logs', String(Math.floor((id as number) / 1000)), `${id}.log`)
    mkdirSync(dirname(log), { recursive: true })
    let line = 0
    for (let mb = 0; mb < MB; mb++) {
      let text = ''
      while (text.length < 1_000_000)
        text += `${String(++line).padStart(9)} tile ${line % 64},${line % 48} \x1b[32mdone\x1b[0m ${line === 5000 || line === 2_000_000 ? 'a needle' : 'as it should be'}\n`
      appendFileSync(log, text)
    }
    await server.restart()
    let fetched = 0
    page.on('response', async (response) => {
      if (response.url().includes('/log/file')) fetched += (await response.body()).length
    })
    // From source, the page is bundled when it is first asked for.
    await page.goto(server.url)
    const began = performance.now()
    await page.goto(`${server.url}/job/${id}`)
    await page
      .locator('.log-row')
      .filter({ hasText: String(line) })
      .waitFor()
    const shown = performance.now() - began
    const rate = await page.evaluate(async () => {
      const scroller = document.querySelector('.log-lines') as HTMLElement
      const began = performance.now()
      for (let i = 0; i < 240; i++) {
        scroller.scrollTop -= 300
        await new Promise(requestAnimationFrame)
      }
      return 240_000 / (performance.now() - began)
    })
    expect(await page.getByLabel('Follow').isChecked()).toBe(false)
    expect(await page.locator('.log-row').count()).toBeLessThan(120)
    const searched = performance.now()
    await page.getByLabel('Find in the log').fill('A NEEDLE')
    await page.locator('.log-count').getByText('2', { exact: true }).waitFor({ timeout: 30_000 })
    const found = performance.now() - searched
    await page.keyboard.press('Enter')
    await page.locator('.log-row[data-here]').waitFor()
    const first = await page.locator('.log-row[data-here]').textContent()
    await page.keyboard.press('Enter')
    await until(async () => {
      const here = page.locator('.log-row[data-here]')
      return (await here.count()) === 1 && (await here.textContent()) !== first
    }, 'the other match')
    await page.getByRole('button', { name: 'Top of the log' }).click()
    await page
      .locator('.log-row')
      .filter({ hasText: /^ +1 tile/ })
      .waitFor()
    const heap = await heapOf(page)
    console.log(
      `a log of ${MB} MB: its end after ${shown.toFixed(0)} ms, scrolling ${rate.toFixed(0)} frames/s, searched in ${found.toFixed(0)} ms; ${(fetched / 1e6).toFixed(1)} MB of it were fetched, heap ${heap.toFixed(0)} MB`,
    )
    expect(fetched).toBeLessThan(MB * 1e5)
    expect(complaints).toEqual([])
    await close()
  },
  180_000,
)
