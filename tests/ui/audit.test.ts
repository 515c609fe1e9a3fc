/** The Audit view in a real browser, against the real server. */
import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { auditQuery } from '../../src/ui/audit/filter.ts'
import { violations } from './axe.ts'
import { becomes, type Opened, onEachPage, openPage, usable } from './browser.ts'

const NOW = 1_800_000_030
test.each([
  ['who', 'ann', { who: 'ann' }],
  ['job', '12', { kind: 'job', object: '12' }],
  ['from', '10.1.2.3', { address: '10.1.2.3' }],
  ['since', '2h', { since: String(1_800_000_000 - 7200) }],
  ['until', 'never', { until: 'never' }],
])('%s:%s is asked for as it means', (name, value, query) => {
  expect(auditQuery({ chips: [{ name, value }], text: 'x' }, NOW)).toEqual({ text: 'x', ...query })
})

describe.skipIf(!usable)('the Audit view', () => {
  let opened: Opened
  let page: Page

  onEachPage((next) => {
    opened = next
    page = next.page
  })

  const column = (name: string) => page.locator(`.grid-body [data-column="${name}"]`).allTextContents()
  const pause = (id: number) => opened.server.post('/api/pausejobs', [id])

  test('lists who changed what, goes on by itself, and is filtered by chips that are in the address', async () => {
    const [id] = await opened.add([{ title: 'beauty', command: 'render', environment: 'API_KEY=hunter2' }])
    await opened.server.post('/api/limits', { nuke: 3 })
    await opened.show('/audit')
    await becomes(() => column('action'), ['limits.set', 'jobs.add', 'server.start'])
    expect(await column('changes')).toContain('title: beauty; command: render')
    await pause(id ?? 0)
    await becomes(() => column('action'), ['jobs.pause', 'limits.set', 'jobs.add', 'server.start'])
    await page.getByLabel('Filter', { exact: true }).fill('action:jobs ')
    await page.keyboard.press('Enter')
    await becomes(() => column('action'), ['jobs.pause', 'jobs.add'])
    expect(new URL(page.url()).searchParams.get('q')).toBe('action:jobs')
    await page.reload()
    await becomes(() => column('action'), ['jobs.pause', 'jobs.add'])
    await page.getByRole('button', { name: 'Without action:jobs' }).click()
    await becomes(() => column('action'), ['jobs.pause', 'limits.set', 'jobs.add', 'server.start'])
    await opened.show('/audit?q=outcome%3Awhat')
    await page.getByRole('alert').filter({ hasText: 'outcome' }).waitFor()
    opened.complaints.length = 0
  })

  test('is used by keyboard, and tells all that a record says', async () => {
    const [id] = await opened.add([{ title: 'beauty', command: 'render' }])
    await opened.server.post('/api/jobs', { [id ?? 0]: { priority: 7, title: '<b>gamma</b>' } })
    await opened.show('/audit?q=action%3Ajobs.edit')
    await becomes(() => column('action'), ['jobs.edit'])
    await page.getByRole('treegrid').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'jobs.edit' })
    await dialog.waitFor()
    expect(await dialog.getByRole('listitem').allTextContents()).toEqual([
      'title: beauty → <b>gamma</b>',
      'priority: 1000 → 7',
    ])
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })

  test('scrolls through more records than a page of them', async () => {
    const [id] = await opened.add([{ title: 'a', command: 'x' }])
    for (let i = 0; i < 450; i += 50) await Promise.all(Array.from({ length: 50 }, () => pause(id ?? 0)))
    await opened.show('/audit')
    await page.locator('.grid-row').first().waitFor()
    await page.getByRole('treegrid').focus()
    await becomes(async () => {
      await page.keyboard.press('End')
      return (await column('action')).at(-1)
    }, 'server.start')
    expect(await page.locator('.totals').textContent()).toContain('452 records')
    expect(await page.locator('.grid-row').count()).toBeLessThan(80)
  })

  test('is not there for who does not look after people', async () => {
    const user = { name: 'ann', password: 'correct horse battery' }
    await opened.server.post('/api/users', user)
    await opened.show('/audit')
    const sections = page.getByRole('navigation', { name: 'Sections' })
    await sections.getByRole('link', { name: 'Audit' }).waitFor()
    await page.evaluate(async (user) => {
      await fetch('/api/signin', { method: 'POST', body: JSON.stringify(user) })
    }, user)
    await opened.show('/audit')
    await becomes(
      () => sections.getByRole('link').allTextContents(),
      ['Jobs', 'Workers', 'Farm', 'Activity', 'Affinities'],
    )
    expect(new URL(page.url()).pathname).toBe('/jobs')
  })

  for (const theme of ['dark', 'light'] as const)
    test(`has nothing that axe finds, ${theme}`, async () => {
      await opened.server.post('/api/limits', { nuke: 3 })
      await opened.server.post('/api/signin', { name: 'nobody', password: 'x' })
      await page.emulateMedia({ colorScheme: theme })
      await opened.show('/audit')
      await becomes(() => column('action'), ['people.sign_in refused', 'limits.set', 'server.start'])
      expect(await violations(page)).toEqual([])
    })

  test('on a phone says when, who, what was done and to what', async () => {
    const phone = await openPage({ width: 390, height: 780, touch: true })
    try {
      await phone.server.post('/api/limits', { nuke: 3 })
      await phone.show('/audit')
      const headers = () => phone.page.locator('[role="columnheader"]').allTextContents()
      await becomes(headers, ['Time', 'Who', 'Action', 'What'])
      const width = await phone.page.evaluate(() => document.documentElement.scrollWidth)
      expect(width).toBeLessThanOrEqual(390)
      expect(await violations(phone.page)).toEqual([])
    } finally {
      await phone.close()
    }
  })
})
