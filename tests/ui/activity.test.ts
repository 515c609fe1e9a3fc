/** The Activity view in a real browser, against the real server. */
import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { until } from '../support/server.ts'
import { violations } from './axe.ts'
import { becomes, type Opened, onEachPage, usable } from './browser.ts'

describe.skipIf(!usable)('the Activity view', () => {
  let opened: Opened
  let page: Page

  onEachPage((next) => {
    opened = next
    page = next.page
  })

  const show = (query = '') => opened.show(`/activity${query}`)
  const titles = () => page.locator('.grid-body [data-column="title"]').allTextContents()
  const begin = async (worker: string) => {
    const run = await opened.server.pick(worker)
    if (!run) throw new Error('there was no job')
    return { ...run, end: (exit_code: number) => opened.server.post(`/api/runs/${run.run}/end`, { worker, exit_code }) }
  }
  const range = () => {
    const { searchParams } = new URL(page.url())
    return [Number(searchParams.get('from')), Number(searchParams.get('to'))] as const
  }

  test('lists runs, filters them by job and worker, and goes on by itself', async () => {
    const [a] = await opened.add(['a', 'b', 'c'].map((title) => ({ title, command: 'x' })))
    await (await begin('w1')).end(0)
    await show('?as=table')
    await becomes(titles, ['a'])
    const second = await begin('w2')
    await becomes(titles, ['b', 'a'])
    await becomes(() => page.locator('.grid-body .state-word').allTextContents(), ['WORKING', 'FINISHED'])
    await second.end(1)
    await becomes(() => page.locator('.grid-body .state-word').allTextContents(), ['ERROR', 'FINISHED'])
    await page.getByLabel('Worker', { exact: true }).fill('w1')
    await becomes(titles, ['a'])
    expect(new URL(page.url()).searchParams.get('worker')).toBe('w1')
    await (await begin('w2')).end(0)
    await show(`?as=table&job=${a}`)
    await becomes(titles, ['a'])
    await show('?as=table')
    await becomes(titles, ['c', 'b', 'a'])
    await page.getByLabel('Job', { exact: true }).fill('x')
    await page.getByRole('alert').filter({ hasText: 'job' }).waitFor()
    await opened.add([{ title: 'd', command: 'x' }])
    await begin('w3')
    await page.getByText('1/3 workers').waitFor()
    expect(await titles()).toEqual([])
    opened.complaints.length = 0
  })

  test('takes a group as a job, goes on with what runs in it, and offers the workers by name', async () => {
    const [shot] = await opened.add([
      { title: 'Shot', frames: '1-3', command: 'x {frame}', priority: 2000 },
      { title: 'Alone', command: 'x' },
    ])
    await (await begin('w1')).end(0)
    const second = await begin('w2')
    const third = await begin('w1')
    await begin('w3')
    await show(`?as=table&job=${shot}`)
    await becomes(titles, ['Shot 3', 'Shot 2', 'Shot 1'])
    await second.end(0)
    await third.end(1)
    const words = () => page.locator('.grid-body .state-word').allTextContents()
    await becomes(words, ['ERROR', 'FINISHED', 'FINISHED'])
    await opened.server.post('/api/reseterrorjobs', [shot])
    await begin('w2')
    await becomes(titles, ['Shot 3', 'Shot 3', 'Shot 2', 'Shot 1'])
    const worker = page.getByLabel('Worker', { exact: true })
    const list = await worker.getAttribute('list')
    const offers = () =>
      page.locator(`[id="${list}"] option`).evaluateAll((all) => all.map((each) => each.getAttribute('value')))
    await becomes(offers, ['w1', 'w2', 'w3'])
    await worker.fill('w1')
    await becomes(titles, ['Shot 3', 'Shot 1'])
  })

  test('shows runs of a time from–to, which is in the address', async () => {
    await opened.add([{ title: 'now', command: 'x' }])
    await (await begin('w1')).end(0)
    const now = Math.floor(Date.now() / 1000)
    await show(`?as=table&from=${now - 7200}&to=${now - 3600}`)
    await page.getByText('No run in this time.').waitFor()
    await page.getByRole('button', { name: 'Live' }).click()
    await becomes(titles, ['now'])
  })

  test('shows nothing of what runs now in a time that is over', async () => {
    await opened.add([{ title: 'now', command: 'x' }])
    const now = Math.floor(Date.now() / 1000)
    await show(`?from=${now - 72_000}&to=${now - 68_400}`)
    await page.getByText('No run in this time.').waitFor()
    await begin('w1')
    await page.getByText('1/1 workers').waitFor()
    await page.getByText('No run in this time.').waitFor()
  })

  test('takes a time that is typed, digit by digit, and one that leads beyond the other end', async () => {
    const [from, to] = [Date.UTC(2026, 2, 4, 10) / 1000, Date.UTC(2026, 2, 4, 11) / 1000]
    await show(`?as=table&from=${from}&to=${to}`)
    const year = () => new Date(range()[0] * 1000).getFullYear()
    await page.getByLabel('From', { exact: true }).focus()
    for (const key of ['ArrowRight', 'ArrowRight', '2', '0', '2', '5']) await page.keyboard.press(key)
    await becomes(async () => year(), 2025)
    expect(range()[1]).toBe(to)
    // Four digits are a year, and the hour is next.
    for (const key of ['ArrowLeft', '2', '0', '3', '1']) await page.keyboard.press(key)
    await becomes(async () => year(), 2031)
    expect(range()[1]).toBeGreaterThan(range()[0])
    await page.getByLabel('From', { exact: true }).waitFor()
  })

  test('an address with a time that is none shows the last hour', async () => {
    await show('?from=1e30&to=2e30')
    await page.getByText('The last hour').waitFor({ state: 'attached' })
    expect(await page.getByLabel('From', { exact: true }).count()).toBe(0)
  })

  test('has all its buttons within half of a screen, too', async () => {
    await page.setViewportSize({ width: 660, height: 720 })
    const now = Math.floor(Date.now() / 1000)
    await show(`?from=${now - 7200}&to=${now - 3600}`)
    for (const name of ['Live', 'Table', 'All commands', 'Keyboard shortcuts']) {
      const { x = 0, width = 999 } = (await page.getByRole('button', { name, exact: true }).boundingBox()) ?? {}
      expect([name, x + width <= 660]).toEqual([name, true])
    }
  })

  test('what cannot be drawn leaves the rest of the page, and another view mends it', async () => {
    await page.route('**/api/events?*', (route) => route.fulfill({ json: [null] }))
    await show()
    await page.getByRole('alert').filter({ hasText: 'could not be drawn' }).waitFor()
    await page.getByRole('button', { name: 'Reload' }).waitFor()
    await page.getByRole('link', { name: 'Workers', exact: true }).click()
    await page.getByText('No worker has asked for a job yet.').waitFor()
    opened.complaints.length = 0
  })

  test('draws runs as bars that name themselves, lead to their job, and are zoomed and moved', async () => {
    const [job] = await opened.add([{ title: 'A long run', command: 'x' }])
    await begin('w1')
    // A run of a second in the middle of a minute.
    await show()
    const now = Math.floor(Date.now() / 1000)
    await show(`?from=${now - 30}&to=${now + 30}`)
    const box = await page.locator('.timeline canvas').boundingBox()
    if (!box) throw new Error('there is no timeline')
    const at = { x: box.x + 130 + (box.width - 130) / 2, y: box.y + 24 + 10 }
    await until(async () => {
      await page.mouse.move(at.x - 2, at.y)
      await page.mouse.move(at.x, at.y)
      return (await page.getByRole('tooltip').count()) > 0
    }, 'the words of the run')
    expect(await page.getByRole('tooltip').textContent()).toContain('A long run')
    await page.mouse.wheel(0, -100)
    await until(() => range()[1] - range()[0] === 48, 'a closer look')
    await page.mouse.down()
    await page.mouse.move(at.x + 300, at.y, { steps: 4 })
    await page.mouse.up()
    await until(() => range()[0] < now - 30, 'an earlier time')
    expect(range()[1] - range()[0]).toBe(48)
    await page.locator('.timeline').focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('-')
    await until(() => range()[1] - range()[0] === 60, 'a wider look')
    await show(`?from=${now - 30}&to=${now + 30}`)
    await page.mouse.move(at.x - 2, at.y)
    await page.getByRole('tooltip').waitFor()
    await page.mouse.move(at.x, at.y + 300)
    await page.mouse.down()
    await page.locator('.timeline').dispatchEvent('pointercancel')
    await page.mouse.move(at.x, at.y)
    // It says what is there, and is not dragged any more.
    await page.getByRole('tooltip').waitFor()
    expect(range()[0]).toBe(now - 30)
    await page.mouse.up()
    await show(`?from=${now - 30}&to=${now + 30}`)
    await page.locator('.timeline canvas').click({ position: { x: at.x - box.x, y: 34 } })
    await until(() => !page.url().includes('/activity'), 'the page of the job')
    expect(job).toBeGreaterThan(0)
  })

  for (const theme of ['dark', 'light'] as const)
    test(`has nothing that axe finds, ${theme}`, async () => {
      await opened.add([{ title: 'a', command: 'x' }])
      await begin('w1')
      await page.emulateMedia({ colorScheme: theme })
      await show()
      await page.locator('.timeline canvas').waitFor()
      expect(await violations(page)).toEqual([])
      await show('?as=table')
      await becomes(titles, ['a'])
      expect(await violations(page)).toEqual([])
    })
})
