/** The Workers view in a real browser, against the real server. */
import { describe, expect, test } from 'bun:test'
import type { Locator, Page } from 'playwright-core'
import type { Worker } from '../../src/models.ts'
import { until } from '../support/server.ts'
import { agents } from '../worker/support.ts'
import { violations } from './axe.ts'
import { becomes, type Opened, onEachPage, usable } from './browser.ts'

describe.skipIf(!usable)('the Workers view', () => {
  let opened: Opened
  let page: Page

  onEachPage((next) => {
    opened = next
    page = next.page
  })

  const show = (query = '') => opened.show(`/farm/workers${query}`)
  const row = (name: string): Locator =>
    page.locator('.grid-body [role="row"]').filter({ has: page.getByText(name, { exact: true }) })
  const names = () => page.locator('.grid-body .worker-name').allTextContents()
  const tile = (name: string) => page.locator(`.tile[data-name="${name}"]`)
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const worker = async (name: string) =>
    (await opened.server.get<Worker[]>('/api/workers')).body.find((each) => each.name === name)
  /** Workers that ask, and get nothing. */
  const greet = async (...all: string[]) => {
    for (const name of all) await opened.server.pick(name)
  }

  test('shows every worker, what it runs and how far it is, live', async () => {
    const { server } = opened
    await greet('node-10', 'node-2')
    await show()
    await becomes(names, ['node-2', 'node-10'])
    const job = await server.add({ title: 'Shot 7', command: 'x', cores: 4 })
    await server.post('/api/workers/node-2/pick', { cpu: [100, 0], free_memory: 1024, total_memory: 4096, cores: 8 })
    await becomes(() => row('node-2').locator('.state-word').textContent(), 'WORKING')
    const link = row('node-2').getByRole('link', { name: 'Shot 7' })
    await link.waitFor()
    expect(await link.getAttribute('href')).toBe(`/job/${job}`)
    expect(await row('node-2').locator('[data-column="cpu"]').textContent()).toBe('50%')
    expect(await row('node-2').locator('[data-column="memory"]').textContent()).toBe('3 GB')
    const run = (await worker('node-2'))?.current_event
    await server.post(`/api/runs/${run}/heartbeat`, { worker: 'node-2', progress: 0.25, cpu: [100, 100] })
    await becomes(() => row('node-2').locator('.progress-word').textContent(), '25%')
    await becomes(() => row('node-2').locator('[data-column="cpu"]').textContent(), '100%')
    await becomes(() => row('node-2').locator('[data-column="cores"]').textContent(), '4/8')
    await server.post(`/api/runs/${run}/end`, { worker: 'node-2', exit_code: 1 })
    await becomes(() => row('node-2').locator('[data-column="error"]').textContent(), '1')
    await becomes(() => row('node-2').getByRole('link').count(), 0)
    await greet('node-1')
    await becomes(names, ['node-1', 'node-2', 'node-10'])
    await server.delete('/api/workers', ['node-2'])
    await becomes(names, ['node-1', 'node-10'])
  })

  test('says what a worker runs as soon as it runs it', async () => {
    await greet('node-1')
    await opened.server.add({ title: 'Shot 8', command: 'x' })
    await page.clock.install()
    await show()
    await becomes(names, ['node-1'])
    await page.clock.pauseAt(Date.now() + 5000)
    await opened.server.pick('node-1')
    await becomes(() => row('node-1').getByRole('link').count(), 1)
    // The pause between two words to the server, and less than half a second.
    await page.clock.runFor(100)
    await becomes(() => row('node-1').getByRole('link').textContent(), 'Shot 8')
  })

  test('shows real workers at work', async () => {
    const { server } = opened
    const started = agents()
    try {
      started.start(server, { name: 'real', workers: 2 })
      await show()
      await row('real-1').waitFor()
      // Long enough to be seen, on every system.
      const command = `"${process.execPath}" -e "await Bun.sleep(2000)" {frame}`
      const ids = await opened.add([{ title: 'Real work', command, frames: '1-2' }])
      await page
        .getByRole('link', { name: /^Real work/ })
        .first()
        .waitFor()
      await until(async () => (await server.job(ids[0] as number)).state === 'FINISHED', 'the end', 30)
      const finished = () => page.locator('[data-column="finished"] .counted').allTextContents()
      await until(async () => (await finished()).reduce((sum, text) => sum + Number(text), 0) === 2, 'both runs')
    } finally {
      await started.stopAll()
    }
  })

  test('filters by state, host, affinity and text, sorts by a head; both are in the address', async () => {
    const { server } = opened
    await server.post('/api/workers/a-1/pick', { host: 'rack', wait: 0 })
    await greet('a-2', 'b-1')
    await server.post('/api/workers', { 'b-1': { affinity: 'GPU,LINUX\nLINUX' } })
    await server.post('/api/stopworkers', ['a-2'])
    await show(`?q=${encodeURIComponent('state:stopped')}`)
    await becomes(names, ['a-2'])
    await show(`?q=${encodeURIComponent('affinity:gpu')}`)
    await becomes(names, ['b-1'])
    await page.getByRole('button', { name: 'Without affinity:gpu' }).click()
    await page.getByLabel('Filter').fill('host:rack ')
    await page.keyboard.press('Enter')
    await becomes(names, ['a-1'])
    await show('?q=a-')
    await becomes(names, ['a-1', 'a-2'])
    await page.getByRole('columnheader', { name: 'Name' }).getByRole('button').click()
    await page.getByRole('columnheader', { name: 'Name' }).getByRole('button').click()
    await becomes(names, ['a-2', 'a-1'])
    expect(new URL(page.url()).searchParams.get('sort')).toBe('-name')
  })

  test('stops and starts what is selected, and asks before it deletes, with the number', async () => {
    await greet('a', 'b', 'c')
    await show()
    await row('a').click()
    await row('b').click({ modifiers: ['Shift'] })
    await button('Stop').click()
    await becomes(() => row('b').locator('.state-word').textContent(), 'STOPPED')
    await until(async () => (await worker('a'))?.active === 0 && (await worker('b'))?.active === 0, 'the stop')
    expect((await worker('c'))?.active).toBe(1)
    await page.keyboard.press('Alt+s')
    await until(async () => (await worker('a'))?.active === 1, 'the start')
    await page.keyboard.press('Delete')
    const question = page.getByRole('alertdialog', { name: 'Delete 2 workers?' })
    await question.getByRole('button', { name: 'Cancel' }).click()
    expect(await names()).toEqual(['a', 'b', 'c'])
    await page.keyboard.press('Delete')
    await question.getByRole('button', { name: 'Delete 2 workers' }).click()
    await becomes(names, ['c'])
  })

  test('edits the affinity of many, with the names that there are', async () => {
    const { server } = opened
    await greet('a', 'b')
    await server.post('/api/affinities', { 1: 'LINUX', 2: 'GPU' })
    await server.add({ title: 'x', command: 'x', affinity: 'NUKE' })
    await server.post('/api/workers', { a: { affinity: 'GPU' } })
    await show()
    await row('a').click()
    await row('b').click({ modifiers: ['Control'] })
    await page.keyboard.press('F2')
    const dialog = page.getByRole('dialog', { name: 'Affinity of 2 workers' })
    const text = dialog.getByRole('textbox')
    expect(await text.getAttribute('placeholder')).toBe('Mixed values')
    await becomes(() => dialog.locator('.suggestion').allTextContents(), ['GPU', 'LINUX', 'NUKE'])
    await text.pressSequentially('nu')
    await becomes(() => dialog.locator('.suggestion').allTextContents(), ['NUKE', 'LINUX'])
    await dialog.getByRole('button', { name: 'NUKE' }).click()
    await dialog.getByRole('button', { name: 'LINUX' }).click()
    expect(await text.inputValue()).toBe('NUKE,LINUX')
    expect(JSON.parse((await dialog.locator('pre').textContent()) ?? '')).toEqual({
      a: { affinity: 'NUKE,LINUX' },
      b: { affinity: 'NUKE,LINUX' },
    })
    await dialog.getByRole('button', { name: 'Change 2 workers' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect([(await worker('a'))?.affinity, (await worker('b'))?.affinity]).toEqual(['LINUX,NUKE', 'LINUX,NUKE'])
  })

  test('says in a panel why a worker waits, and what it ran', async () => {
    const { server } = opened
    await greet('idle')
    const done = await server.add({ title: 'Done', command: 'x' })
    const run = await server.pick('idle')
    await server.post(`/api/runs/${run?.run}/end`, { worker: 'idle', exit_code: 0 })
    await server.add({ title: 'Needs more', command: 'x', affinity: 'GPU' })
    await show()
    await row('idle').click()
    await page.keyboard.press('Enter')
    const panel = page.getByRole('complementary', { name: 'Worker idle' })
    await panel.getByText('Ready jobs need what it has not').waitFor()
    expect(new URL(page.url()).searchParams.get('worker')).toBe('idle')
    await becomes(() => panel.locator('.runs a').allTextContents(), ['Done'])
    expect(await panel.locator('.runs a').first().getAttribute('href')).toBe(`/job/${done}`)
    await server.add({ title: 'For anybody', command: 'x' })
    await panel.getByText('as soon as it asks').waitFor()
    const next = await server.pick('idle')
    await becomes(() => panel.locator('.runs a').allTextContents(), ['For anybody', 'Done'])
    await panel.getByText(`It runs job ${next?.job.id}.`).waitFor()
    await panel.getByRole('button', { name: 'Close the panel' }).click()
    await panel.waitFor({ state: 'detached' })
  })

  test('has its tiles at once, also where nothing happens that would draw them again', async () => {
    await greet('node-1', 'node-2')
    await show()
    await becomes(names, ['node-1', 'node-2'])
    await opened.server.down()
    await page.getByText('No connection: trying again').waitFor()
    await button('Tiles').click()
    await tile('node-2').waitFor()
    await button('Table').click()
    await becomes(names, ['node-1', 'node-2'])
    await opened.server.up()
    await page.locator('.connection[data-connection="live"]').waitFor()
    // The browser itself writes down that it got no connection.
    expect(opened.complaints.splice(0).filter((words) => !words.includes('ERR_CONNECTION_REFUSED'))).toEqual([])
  })

  test('shows tiles as well, which keys walk through and commands know', async () => {
    const { server } = opened
    await greet(...Array.from({ length: 20 }, (_, i) => `node-${i + 1}`))
    await show()
    await button('Tiles').click()
    await tile('node-1').click()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowDown')
    // 1280 pixels are six tiles.
    await becomes(() => page.locator('.tile[aria-selected="true"]').getAttribute('data-name'), 'node-8')
    await page.keyboard.press('Shift+ArrowRight')
    await button('Stop').click()
    await becomes(() => tile('node-9').getAttribute('data-state'), 'STOPPED')
    await until(async () => (await worker('node-8'))?.active === 0, 'the stop')
    await server.add({ title: 'On a tile', command: 'x' })
    await server.pick('node-3')
    await tile('node-3').getByRole('link', { name: 'On a tile' }).waitFor()
    await page.reload()
    await tile('node-3').waitFor()
    await page.keyboard.press('Alt+t')
    await row('node-3').waitFor()
  })

  for (const theme of ['dark', 'light'] as const)
    test(`has nothing that axe finds, ${theme}`, async () => {
      const { server } = opened
      await greet('a', 'b', 'c')
      await server.post('/api/stopworkers', ['b'])
      await server.add({ title: 'x', command: 'x' })
      await server.post('/api/workers/a/pick', { cpu: [50, 20], free_memory: 100, total_memory: 1000 })
      await page.emulateMedia({ colorScheme: theme })
      await show('?worker=a')
      await row('a').click()
      await page.locator('.runs li').waitFor()
      expect(await violations(page)).toEqual([])
      await button('Tiles').click()
      await tile('a').click()
      expect(await violations(page)).toEqual([])
      await page.keyboard.press('F2')
      await page.getByRole('dialog').waitFor()
      expect(await violations(page)).toEqual([])
    })
})
