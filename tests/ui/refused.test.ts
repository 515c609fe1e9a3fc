/** What the server will not do: shown at once, taken back, and said in its words. As an artist, for whom a farm's server has limits. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Locator, Page } from 'playwright-core'
import type { MadeToken } from '../../src/models.ts'
import { becomes, type Opened, onEachPage, usable } from './browser.ts'

/** The machine may be busy with other things. */
setDefaultTimeout(60_000)

const PASSWORD = 'correct horse battery'

let opened: Opened
let page: Page
const row = (title: string): Locator =>
  page.locator('.grid-body [role="row"]').filter({ has: page.locator('.job-name').getByText(title, { exact: true }) })
const cell = (title: string, column: string) => row(title).locator(`[data-column="${column}"]`).textContent()
const titles = () => page.locator('.grid-body .job-name').allTextContents()
const said = (title: string) => page.locator('.toast').filter({ hasText: title })

/** Ann is signed in at a server that asks everybody; Bob has two jobs, and there is a limit. */
async function scene() {
  const { server } = opened
  await server.post('/api/users', { name: 'ann', password: PASSWORD })
  await server.post('/api/users', { name: 'adam', role: 'admin' })
  const { body } = await server.post<MadeToken>('/api/tokens', { name: 'test', user: 'adam' })
  const admin = { headers: { authorization: `Bearer ${body.token}` } }
  await server.put('/api/jobs', { title: 'Film', user: 'bob', children: [{ title: 'Shot', command: 'x' }] })
  await server.put('/api/jobs', { title: 'Alone', user: 'bob', command: 'x' })
  await server.post('/api/limits', { nuke: 5 })
  await server.pick('node-1')
  await server.restart({ loopback: 'ask' })
  await page.request.post(`${server.url}/api/signin`, { data: { name: 'ann', password: PASSWORD } })
  return admin
}

/** Holds what the page sends, until the answer is let through. */
async function held(path: string): Promise<() => void> {
  let go: () => void = () => undefined
  const asked = new Promise<void>((resolve) => {
    go = resolve
  })
  await page.route(path, async (route) => {
    await asked
    await route.continue()
  })
  return go
}

describe.skipIf(!usable)('what is refused', () => {
  onEachPage((next) => {
    opened = next
    page = next.page
  })

  test('is taken back on every row that showed it, with the reason: a pause, a priority, a reset', async () => {
    await scene()
    await opened.show('/')
    await row('Film').click()
    await row('Alone').click({ modifiers: ['Control'] })
    const before = { state: await cell('Film', 'state'), priority: await cell('Alone', 'priority') }
    const answerPause = await held('**/api/pausejobs')
    await page.keyboard.press('Alt+p')
    await becomes(() => cell('Film', 'state'), 'PAUSED')
    await becomes(() => cell('Alone', 'state'), 'PAUSED')
    answerPause()
    await said('Could not pause 2 jobs').filter({ hasText: 'is not yours' }).waitFor()
    await becomes(() => cell('Film', 'state'), before.state)
    const answerEdit = await held('**/api/jobs')
    await page.keyboard.press('Alt+PageUp')
    await becomes(() => cell('Alone', 'priority'), '1100')
    answerEdit()
    await said('Could not edit 2 jobs').waitFor()
    await becomes(() => cell('Alone', 'priority'), before.priority)
    await page.keyboard.press('Alt+r')
    await said('Could not reset 2 jobs').waitFor()
    // The browser itself writes down what was refused.
    expect(opened.complaints.splice(0).filter((words) => !words.includes('403'))).toEqual([])
  })

  test('leaves what it was about where it is: a delete, a move', async () => {
    await scene()
    await opened.show('/')
    await row('Alone').click()
    await page.keyboard.press('Delete')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete 1 job' }).click()
    await said('Could not delete 1 job').waitFor()
    expect(await titles()).toEqual(['Film', 'Alone'])
    await page.keyboard.press('Control+x')
    await row('Film').click()
    await page.keyboard.press('Control+v')
    await said('Could not move 1 job').waitFor()
    expect(await titles()).toEqual(['Film', 'Alone'])
    // What could not be pasted is still cut, and can be pasted elsewhere.
    await page.getByText('1 job cut').waitFor()
    opened.complaints.length = 0
  })

  test('is said of workers and of limits too', async () => {
    const admin = await scene()
    await opened.show('/farm/workers')
    const worker = page.locator('.grid-body [role="row"]').filter({ hasText: 'node-1' })
    await worker.click()
    const answer = await held('**/api/stopworkers')
    await page.getByRole('button', { name: 'Stop' }).click()
    await becomes(() => worker.locator('.state-word').textContent(), 'STOPPED')
    answer()
    await said('Could not stop 1 worker').waitFor()
    await becomes(() => worker.locator('.state-word').textContent(), 'WORKING')
    await opened.show('/farm/overview')
    await page.getByRole('button', { name: 'Remove nuke' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove it' }).click()
    await said('Could not remove the limit nuke').waitFor()
    expect((await opened.server.get('/api/limits', admin)).body).toMatchObject({ nuke: { max: 5 } })
    await page.getByLabel('Most of nuke').waitFor()
    opened.complaints.length = 0
  })

  test('is taken back when no answer came at all, and the page goes on when the server is back', async () => {
    const { server } = opened
    const [id] = await opened.add([{ title: 'Alone', command: 'x' }])
    await opened.show('/')
    await row('Alone').click()
    await server.down()
    await page.keyboard.press('Alt+p')
    await said('Could not pause 1 job').filter({ hasText: 'no answer' }).waitFor()
    await becomes(() => cell('Alone', 'state'), 'WAITING')
    await page.getByText('No connection: trying again').waitFor()
    await server.up()
    await page.locator('.connection[data-connection="live"]').waitFor()
    await page.keyboard.press('Alt+p')
    await becomes(async () => (await server.job(id as number)).state, 'PAUSED')
    await becomes(() => cell('Alone', 'state'), 'PAUSED')
    opened.complaints.length = 0
  })
})
