/** The Workers view at the size of a farm, live: what it costs is printed, that it is right is tested. */
import { afterAll, expect, test } from 'bun:test'
import { until } from '../support/server.ts'
import { closeBrowser, openPage, usable } from './browser.ts'

const WORKERS = 1000

afterAll(closeBrowser)

test.skipIf(!usable)(
  'a thousand workers that speak all the time scroll, as a table and as tiles',
  async () => {
    const { page, server, add, complaints, close } = await openPage()
    await add([{ title: 'Everything', frames: `1-${2 * WORKERS}`, command: 'render {frame}' }])
    const runs: { worker: string; run: number }[] = []
    for (let i = 1; i <= WORKERS; i++) {
      const worker = `node-${i}`
      const run = (await server.pick(worker))?.run
      if (run) runs.push({ worker, run })
    }
    let told = 0
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => {
        told += payload.length
      }),
    )
    await page.goto(`${server.url}/farm/workers`)
    await page.locator('.worker-name').first().waitFor()
    const grid = page.getByRole('treegrid')
    await until(async () => (await grid.getAttribute('aria-rowcount')) === String(WORKERS + 1), 'all workers')

    /** Each speaks every two seconds, as long as the page is looked at. */
    let beats = 0
    const talking = setInterval(() => {
      for (let i = 0; i < WORKERS / 40; i++) {
        const { worker, run } = runs[beats % WORKERS] as (typeof runs)[number]
        const cpu = Array.from({ length: 16 }, (_, core) => (beats * 7 + core * 13) % 100)
        const vitals = { cpu, free_memory: 64 * (beats % 1000), total_memory: 64_000 }
        void server.post(`/api/runs/${run}/heartbeat`, { worker, progress: (beats % 100) / 100, ...vitals })
        beats++
      }
    }, 50)
    const scroll = (selector: string) =>
      page.evaluate(async (selector) => {
        const element = document.querySelector(selector) as HTMLElement
        const began = performance.now()
        for (let i = 0; i < 120; i++) {
          element.scrollTop += 150
          await new Promise(requestAnimationFrame)
        }
        return 120_000 / (performance.now() - began)
      }, selector)
    const table = await scroll('.grid')
    await grid.focus()
    await page.keyboard.press('End')
    await page.getByText(`node-${WORKERS}`, { exact: true }).waitFor()
    expect(await page.locator('.grid-body [role="row"]').count()).toBeLessThan(100)
    await page.getByRole('button', { name: 'Tiles' }).click()
    await page.locator('.tile').first().waitFor()
    const tiles = await scroll('.wall')
    await page.getByRole('grid').focus()
    await page.keyboard.press('End')
    await page.locator(`.tile[data-name="node-${WORKERS}"]`).waitFor()
    expect(await page.locator('.tile').count()).toBeLessThan(150)
    await page.keyboard.press('Control+a')
    await page.locator('.totals').getByText('1,000 selected').waitFor()
    clearInterval(talking)
    const heap = await page.evaluate(
      () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
    )
    console.log(
      `scrolling ${table.toFixed(0)} frames/s as a table, ${tiles.toFixed(0)} as tiles, with ${beats} heartbeats; ${(told / 1e6).toFixed(1)} MB on the stream; heap ${(heap / 1e6).toFixed(0)} MB`,
    )
    expect(complaints).toEqual([])
    await close()
  },
  120_000,
)
