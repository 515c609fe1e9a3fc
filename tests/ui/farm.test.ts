/** The Farm and Affinities views in a real browser, against the real server. */
import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import type { Affinities, Limits } from '../../src/models.ts'
import { until } from '../support/server.ts'
import { violations } from './axe.ts'
import { becomes, type Opened, onEachPage, usable } from './browser.ts'

describe.skipIf(!usable)('the Farm view', () => {
  let opened: Opened
  let page: Page

  onEachPage((next) => {
    opened = next
    page = next.page
  })

  const show = (path = '/farm/overview') => opened.show(path)
  const figure = (name: string) =>
    page
      .locator('.figure')
      .filter({ has: page.locator('dt', { hasText: new RegExp(`^${name}$`) }) })
      .locator('dd')
  const run = async (worker: string, exit_code: number) => {
    const begun = await opened.server.pick(worker)
    await opened.server.post(`/api/runs/${begun?.run}/end`, { worker, exit_code })
  }

  test('counts what runs, waits and fails, and draws what ended and what was busy', async () => {
    await opened.add(Array.from({ length: 6 }, (_, i) => ({ title: `job ${i}`, command: 'x' })))
    await run('w1', 0)
    await run('w1', 1)
    await show()
    await becomes(() => figure('Ready').textContent(), '4')
    await becomes(() => figure('Held').textContent(), '0')
    const [group] = await opened.add([{ title: 'paused', paused: 1, children: [{ title: 'below', command: 'x' }] }])
    await opened.add([{ title: 'after', command: 'x', dependencies: [group as number] }])
    await becomes(() => figure('Held').textContent(), '2')
    await becomes(() => figure('Ready').textContent(), '4')
    await opened.server.pick('w1')
    await becomes(() => figure('Running').textContent(), '1')
    await becomes(() => figure('Failed').textContent(), '1')
    await becomes(() => figure('Busy workers').textContent(), '1 of 1')
    await becomes(() => figure('Backup').textContent(), 'no schedule')
    await page.getByRole('img', { name: 'Runs ended per minute: 1 well and 1 badly in the last hour' }).waitFor()
    await page.getByRole('button', { name: 'Day' }).click()
    await page.getByRole('img', { name: '1 well and 1 badly in the last day' }).waitFor()
    expect(await page.locator('.chart canvas').count()).toBe(2)
    await figure('Failed').getByRole('link').click()
    await becomes(() => page.locator('.job-name').allTextContents(), ['job 1'])
  })

  test('the charts follow the theme', async () => {
    await opened.add([{ title: 'x', command: 'x' }])
    await run('w1', 0)
    await page.emulateMedia({ colorScheme: 'dark' })
    await show()
    const shot = async () => {
      await page.locator('.chart canvas').first().waitFor()
      return page.evaluate(() => (document.querySelector('.chart canvas') as HTMLCanvasElement).toDataURL())
    }
    const dark = await shot()
    await page.emulateMedia({ colorScheme: 'light' })
    await until(async () => (await shot()) !== dark, 'another picture')
  })

  test('names what needs a look, as soon as it does', async () => {
    const [shot] = await opened.add([{ title: 'Shot', frames: '1-5', command: 'x {frame}' }])
    await show()
    await page.getByText('Nothing does').waitFor()
    for (let i = 0; i < 3; i++) await run('bad node', 1)
    await page.getByText('The last 3 runs of bad node failed').waitFor()
    await page.getByText(`3 jobs in group ${shot} 'Shot' failed`).waitFor()
    await page.getByRole('link', { name: 'bad node' }).first().click()
    await page.getByRole('complementary', { name: 'Worker bad node' }).waitFor()
  })

  test('shows the limits with their use, and changes, adds and removes them', async () => {
    const { server } = opened
    const limits = async () => (await server.get<Limits>('/api/limits')).body
    await server.post('/api/limits', { nuke: 5 })
    await opened.add([{ title: 'x', command: 'x', limits: 'nuke' }])
    await show()
    const row = page.locator('.limits li').filter({ hasText: 'nuke' })
    await becomes(() => row.locator('.limit-used').textContent(), '0 of')
    await server.pick('w1')
    await becomes(() => row.locator('.limit-used').textContent(), '1 of')
    await page.getByLabel('Most of nuke').fill('many')
    await page.keyboard.press('Enter')
    await row.getByRole('alert').filter({ hasText: "'many'" }).waitFor()
    opened.complaints.length = 0
    await page.getByLabel('Most of nuke').fill('7')
    await page.keyboard.press('Enter')
    await until(async () => (await limits()).nuke?.max === 7, 'the change')
    await page.getByLabel('What nuke counts').selectOption('host')
    await until(async () => (await limits()).nuke?.per === 'host', 'the change')
    await page.getByLabel('Name of a new limit').fill('houdini')
    await page.getByLabel('Most of the new limit').fill('3')
    await page.getByRole('button', { name: 'Add the limit' }).click()
    await page.getByLabel('Most of houdini').waitFor()
    await page.getByLabel('Name of a new limit').fill('nuke')
    await page.getByLabel('Most of the new limit').fill('77')
    await page.getByRole('button', { name: 'Add the limit' }).click()
    await page.getByRole('alert').filter({ hasText: 'There is a limit nuke already' }).waitFor()
    expect((await limits()).nuke?.max).toBe(7)
    await page.getByRole('button', { name: 'Remove nuke' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove it' }).click()
    await row.waitFor({ state: 'detached' })
    expect(Object.keys(await limits())).toEqual(['houdini'])
  })

  test('names affinities, asks what a rename does, and says what is refused at its number', async () => {
    const { server } = opened
    const names = async () => (await server.get<Affinities>('/api/affinities')).body
    await server.post('/api/affinities', { 1: 'LINUX', 2: 'GPU' })
    const job = await server.add({ title: 'x', command: 'x', affinity: 'LINUX' })
    await show('/farm/affinities')
    await until(async () => (await page.getByLabel('1', { exact: true }).inputValue()) === 'LINUX', 'the names')
    await page.getByLabel('3', { exact: true }).fill('NUKE')
    await page.getByRole('link', { name: 'Activity' }).click()
    await page.getByRole('link', { name: 'Affinities' }).click()
    await page.getByRole('button', { name: 'Save 1 name' }).click()
    await page.getByText('1 name changed').first().waitFor()
    expect((await names())['3']).toBe('NUKE')
    await page.getByLabel('3', { exact: true }).fill('a,b')
    await page.getByLabel('1', { exact: true }).fill('DEBIAN')
    await page.keyboard.press('Enter')
    const question = page.getByRole('alertdialog', { name: 'Change 2 names?' })
    await question.getByText('LINUX becomes DEBIAN and NUKE becomes a,b, on all jobs and workers.').waitFor()
    await question.getByRole('button', { name: 'Change 2 names' }).click()
    await page
      .locator('li')
      .filter({ has: page.getByLabel('3', { exact: true }) })
      .getByText("is 'a,b'")
      .waitFor()
    expect((await names())['1']).toBe('LINUX')
    opened.complaints.length = 0
    await page.getByLabel('3', { exact: true }).fill('NUKE')
    await page.keyboard.press('Enter')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Change 1 name' }).click()
    await until(async () => (await server.job(job)).affinity === 'DEBIAN', 'the rename')
  })

  test('the numbers of affinities go on below, and not sideways, where there is little room', async () => {
    await page.setViewportSize({ width: 390, height: 780 })
    await show('/farm/affinities')
    const last = page.getByLabel('63', { exact: true })
    await last.waitFor({ state: 'attached' })
    const { x = -1, width = 999 } = (await last.boundingBox()) ?? {}
    expect(x).toBeGreaterThanOrEqual(0)
    expect(x + width).toBeLessThanOrEqual(390)
  })

  for (const theme of ['dark', 'light'] as const)
    test(`has nothing that axe finds, ${theme}`, async () => {
      const { server } = opened
      await server.post('/api/limits', { nuke: 0 })
      await opened.add([{ title: 'Shot', frames: '1-5', command: 'x {frame}' }])
      for (let i = 0; i < 3; i++) await run('bad', 1)
      await page.emulateMedia({ colorScheme: theme })
      await show()
      await page.getByText('The last 3 runs').waitFor()
      await page.locator('.chart canvas').first().waitFor()
      expect(await violations(page)).toEqual([])
      await show('/farm/affinities')
      await page.getByLabel('4', { exact: true }).fill('x')
      expect(await violations(page)).toEqual([])
    })
})
