/** The Jobs view in a real browser, against the real server. */
import { describe, expect, test } from 'bun:test'
import type { Locator, Page } from 'playwright-core'
import type { Job } from '../../src/models.ts'
import { until } from '../support/server.ts'
import { violations } from './axe.ts'
import { becomes, type Opened, onEachPage, usable } from './browser.ts'

describe.skipIf(!usable)('the Jobs view', () => {
  let opened: Opened
  let page: Page

  onEachPage((next) => {
    opened = next
    page = next.page
  })

  const show = (address = '/') => opened.show(address)
  const row = (title: string): Locator => page.locator('.grid-body [role="row"]').filter({ hasText: title })
  const titles = () => page.locator('.grid-body .job-name').allTextContents()
  const selected = () => page.locator('.grid-body [aria-selected="true"] .job-name').allTextContents()
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const stateOf = (title: string) => row(title).locator('.state-word')

  /** Two shots with three frames each, and a job that stands alone. */
  async function scene() {
    const [shot, other, alone] = await opened.add([
      {
        title: 'Shot',
        user: 'ann',
        priority: 700,
        children: ['a', 'b', 'c'].map((each) => ({ title: `frame ${each}`, command: each })),
      },
      {
        title: 'Other',
        user: 'bob',
        priority: 300,
        children: ['d', 'e', 'f'].map((each) => ({ title: `still ${each}`, command: each })),
      },
      { title: 'Alone', user: 'ann', command: 'x' },
    ])
    return { shot: shot as number, other: other as number, alone: alone as number }
  }

  test('opens a group in place, goes into it, and back by its breadcrumbs', async () => {
    const { shot } = await scene()
    await show()
    await row('Shot').getByRole('button', { name: 'Open' }).click()
    await row('frame b').waitFor()
    await becomes(titles, ['Shot', 'frame a', 'frame b', 'frame c', 'Other', 'Alone'])
    await row('Shot').getByRole('button', { name: 'Close' }).click()
    await becomes(titles, ['Shot', 'Other', 'Alone'])
    await row('Shot').dblclick({ position: { x: 320, y: 10 } })
    await becomes(titles, ['frame a', 'frame b', 'frame c'])
    expect(new URL(page.url()).pathname).toBe(`/jobs/${shot}`)
    await page.getByRole('link', { name: 'All jobs' }).click()
    await becomes(titles, ['Shot', 'Other', 'Alone'])
  })

  test('filters by chips and text, which are in the address and can be sent to somebody', async () => {
    await scene()
    await show()
    await page.getByLabel('Filter').fill('user:ann priority:>800')
    await page.keyboard.press('Enter')
    await becomes(titles, ['Alone'])
    expect(new URL(page.url()).searchParams.get('q')).toBe('user:ann priority:>800')
    await page.getByRole('button', { name: 'Without priority:>800' }).click()
    await becomes(titles, ['Shot', 'Alone'])
    await page.getByLabel('Filter').fill('user:bob ')
    await page.keyboard.press('Enter')
    await becomes(titles, ['Shot', 'Other', 'Alone'])
    expect(await page.locator('.chip').allTextContents()).toEqual(['user:ann', 'user:bob'])
    await page.getByRole('button', { name: 'Without user:ann' }).click()
    await becomes(titles, ['Other'])
    expect(await page.locator('.chip').allTextContents()).toEqual(['user:bob'])
    await show(`/jobs?q=${encodeURIComponent('still')}&in=flat&sort=-title`)
    await becomes(titles, ['still f', 'still e', 'still d'])
    await page.getByLabel('Filter').fill('state:purple ')
    await page.getByLabel('Filter').press('Enter')
    await page.getByRole('alert').filter({ hasText: "state is 'purple'" }).waitFor()
    opened.complaints.length = 0
  })

  test('sorts by a click on a head, and turns round by another', async () => {
    await scene()
    await show()
    await becomes(titles, ['Shot', 'Other', 'Alone'])
    await page.getByRole('columnheader', { name: 'Priority' }).getByRole('button').click()
    await becomes(titles, ['Other', 'Shot', 'Alone'])
    await page.getByRole('columnheader', { name: 'Priority' }).getByRole('button').click()
    await becomes(titles, ['Alone', 'Shot', 'Other'])
    expect(await page.getByRole('columnheader', { name: 'Priority' }).getAttribute('aria-sort')).toBe('descending')
  })

  test('selects by click, Ctrl, Shift and keyboard, and finds by typing', async () => {
    await scene()
    await show()
    await row('Shot').click()
    await row('Alone').click({ modifiers: ['Shift'] })
    await becomes(selected, ['Shot', 'Other', 'Alone'])
    await row('Other').click({ modifiers: ['Control'] })
    await becomes(selected, ['Shot', 'Alone'])
    await page.keyboard.press('Home')
    await becomes(selected, ['Shot'])
    await page.keyboard.press('ArrowRight')
    await row('frame a').waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await becomes(selected, ['frame a', 'frame b'])
    await page.keyboard.press('ArrowLeft')
    await becomes(selected, ['Shot'])
    await page.keyboard.type('al')
    await becomes(selected, ['Alone'])
    await page.keyboard.press('Control+a')
    await becomes(async () => (await selected()).length, 6)
    await page.keyboard.press('Escape')
    await becomes(selected, [])
  })

  test('goes into groups and jobs and back by keyboard alone', async () => {
    const { shot } = await scene()
    await show()
    await page.keyboard.press('ArrowDown')
    await becomes(selected, ['Shot'])
    await page.keyboard.press('Enter')
    await row('frame a').waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await becomes(selected, ['frame b'])
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'frame b' }).waitFor()
    await page.goBack()
    await becomes(selected, ['frame b'])
    await page.keyboard.press('ArrowDown')
    await becomes(selected, ['frame c'])
    await page.goBack()
    await becomes(selected, ['Shot'])
    await page.keyboard.press('Alt+Enter')
    await page.getByRole('heading', { name: `Shot #${shot}` }).waitFor()
    // What has the keyboard keeps it.
    await show()
    await row('Shot').waitFor()
    await page.getByLabel('Filter').fill('frame')
    await row('frame a').waitFor()
    await page.keyboard.type(' b')
    await becomes(() => page.getByLabel('Filter').inputValue(), 'frame b')
  })

  test('pauses and starts what is selected, and the server did it', async () => {
    const { alone } = await scene()
    await show()
    await row('Alone').click()
    await button('Pause').click()
    await becomes(() => stateOf('Alone').textContent(), 'PAUSED')
    await until(async () => (await opened.server.job(alone)).state === 'PAUSED', 'the pause')
    await page.keyboard.press('Alt+s')
    await becomes(() => stateOf('Alone').textContent(), 'WAITING')
    await until(async () => (await opened.server.job(alone)).state === 'WAITING', 'the start')
  })

  test('leaves what has ended as it is, and what runs, when a whole shot is paused or started', async () => {
    const [shot] = await opened.add([{ title: 'Shot', frames: '1-5', command: 'x {frame}' }])
    const { ids } = (await opened.server.get<{ ids: number[] }>(`/api/jobs/${shot}/order`)).body
    const states = async () => (await opened.server.post<Job[]>('/api/getjobs', ids)).body.map(({ state }) => state)
    for (const [worker, exit_code] of [
      ['node-1', 0],
      ['node-2', 1],
    ] as const) {
      const run = (await opened.server.pick(worker))?.run
      await opened.server.post(`/api/runs/${run}/end`, { worker, exit_code })
    }
    await show(`/jobs/${shot}`)
    await row('Shot 5').waitFor()
    await page.keyboard.press('Control+a')
    await page.keyboard.press('Alt+p')
    await page.getByText('2 jobs that have ended are left as they are').first().waitFor()
    expect(await states()).toEqual(['FINISHED', 'ERROR', 'PAUSED', 'PAUSED', 'PAUSED'])
    await opened.server.post('/api/startjobs', [ids[2]])
    await opened.server.pick('node-1')
    await becomes(() => stateOf('Shot 3').textContent(), 'WORKING')
    await page.keyboard.press('Alt+s')
    await page.getByText('2 jobs that run or have finished are left as they are').first().waitFor()
    expect(await states()).toEqual(['FINISHED', 'WAITING', 'WORKING', 'WAITING', 'WAITING'])
    await row('Shot 1').click()
    await page.keyboard.press('Alt+s')
    await page.getByText(`Job ${ids[0]} has finished: Reset runs it again`).first().waitFor()
    expect((await states())[0]).toBe('FINISHED')
  })

  test('shows what others do, without being asked', async () => {
    const { shot, alone } = await scene()
    await show()
    await row('Shot').getByRole('button', { name: 'Open' }).click()
    await row('frame a').waitFor()
    await opened.server.post('/api/pausejobs', [alone])
    await becomes(() => stateOf('Alone').textContent(), 'PAUSED')
    const run = await opened.server.pick('node-1')
    await becomes(() => stateOf('frame a').textContent(), 'WORKING')
    await opened.server.post(`/api/runs/${run?.run}/heartbeat`, { worker: 'node-1', progress: 0.5 })
    await becomes(() => row('frame a').locator('.progress-word').textContent(), '50%')
    await opened.server.post(`/api/runs/${run?.run}/end`, { worker: 'node-1', exit_code: 0 })
    await becomes(() => stateOf('frame a').textContent(), 'FINISHED')
    await becomes(() => row('Shot').locator('.progress-word').textContent(), '33%')
    await opened.add([{ title: 'new one', command: 'x', parent: shot }])
    await row('new one').waitFor()
    await opened.server.delete('/api/jobs', [alone])
    await row('Alone').waitFor({ state: 'detached' })
    await becomes(() => page.locator('.totals').getByText('finished').textContent(), '1 finished')
  })

  test('edits many at once: says what differs, sends what was touched and nothing else', async () => {
    const { shot, other } = await scene()
    await show()
    await row('Shot').click()
    await row('Other').click({ modifiers: ['Control'] })
    await page.keyboard.press('F2')
    const dialog = page.getByRole('dialog', { name: 'Edit 2 jobs' })
    expect(await dialog.getByLabel('Priority').getAttribute('placeholder')).toBe('Mixed values')
    expect(await dialog.getByLabel('Directory').inputValue()).toBe('.')
    await dialog.getByText('Failure', { exact: true }).click()
    await dialog.getByLabel('Retry', { exact: true }).fill('4')
    expect(JSON.parse((await dialog.locator('pre').textContent()) ?? '')).toEqual({
      [shot]: { retry: 4 },
      [other]: { retry: 4 },
    })
    await dialog.getByRole('button', { name: 'Change 2 jobs' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await opened.server.job(shot)).toMatchObject({ retry: 4, priority: 700, user: 'ann' })
    expect(await opened.server.job(other)).toMatchObject({ retry: 4, priority: 300, user: 'bob' })
  })

  test('says what the server refuses in its own words, at the field, which it goes to', async () => {
    await scene()
    await show()
    await row('Alone').click()
    await page.keyboard.press('F2')
    const dialog = page.getByRole('dialog', { name: 'Job' })
    await dialog.getByLabel('Title').fill('Another')
    await dialog.getByLabel('Priority').fill('high')
    for (const group of ['Failure', 'Limits and resources', 'Time'])
      await dialog.getByText(group, { exact: true }).click()
    await dialog.getByLabel('Silent for').fill('5')
    const inSight = () =>
      dialog.getByLabel('Priority').evaluate((field) => {
        const { x, y, width, height } = field.getBoundingClientRect()
        return document.elementFromPoint(x + width / 2, y + height / 2) === field
      })
    for (let i = 0; i < 2; i++) {
      await dialog.getByLabel('Silent for').scrollIntoViewIfNeeded()
      expect(await inSight()).toBe(false)
      await dialog.getByLabel('Silent for').press('Enter')
      await dialog.locator('.field-error').filter({ hasText: "'high'" }).waitFor()
      await becomes(inSight, true)
      expect(await dialog.getByLabel('Priority').evaluate((field) => field === document.activeElement)).toBe(true)
    }
    opened.complaints.length = 0
  })

  test('keeps a form when somebody clicks beside it', async () => {
    await show()
    await page.keyboard.press('Alt+n')
    const dialog = page.getByRole('dialog', { name: 'New job' })
    await dialog.getByLabel('Title').fill('half of it')
    await page.mouse.click(20, 500)
    await dialog.getByLabel('Title').press('End')
    await page.keyboard.type(', and the rest')
    expect(await dialog.getByLabel('Title').inputValue()).toBe('half of it, and the rest')
    // Escape asks, and once more takes that back; an empty form goes at once.
    await page.keyboard.press('Escape')
    const question = page.getByRole('alertdialog', { name: 'Throw away what was typed?' })
    await question.waitFor()
    await page.keyboard.press('Escape')
    await question.waitFor({ state: 'detached' })
    expect(await dialog.getByLabel('Title').inputValue()).toBe('half of it, and the rest')
    await page.keyboard.press('Escape')
    await question.getByRole('button', { name: 'Throw it away' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await question.count()).toBe(0)
    await page.keyboard.press('Alt+n')
    expect(await dialog.getByLabel('Title').inputValue()).toBe('')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(await question.count()).toBe(0)
  })

  test('says what went well above a form, whose buttons are at its foot', async () => {
    await scene()
    await show()
    await row('Alone').click()
    await page.keyboard.press('Control+c')
    const toast = page.locator('.toast')
    await toast.waitFor()
    await page.keyboard.press('Alt+n')
    const dialog = page.getByRole('dialog', { name: 'New job' })
    const foot = await dialog.locator('.dialog-foot').boundingBox()
    const said = await toast.boundingBox()
    expect((said?.y ?? 0) + (said?.height ?? 0)).toBeLessThan(foot?.y ?? 0)
    expect(said?.y).toBe(8)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })

  test('takes a question back when one goes somewhere else', async () => {
    const { shot } = await scene()
    await show(`/jobs/${shot}`)
    await page.getByRole('link', { name: 'All jobs' }).click()
    await row('Alone').click()
    await page.keyboard.press('Delete')
    await page.getByRole('alertdialog').waitFor()
    await page.goBack()
    await row('frame a').waitFor()
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
    await page.goForward()
    await row('Alone').waitFor()
    expect(await page.getByRole('alertdialog').count()).toBe(0)
  })

  test('says that a group is gone, and shows the page of what is none', async () => {
    const { shot, alone } = await scene()
    await show(`/jobs/${shot}`)
    await row('frame b').waitFor()
    await opened.server.delete('/api/jobs', [shot])
    await page.getByText(`Group ${shot} is gone: it was deleted.`).waitFor()
    expect(await titles()).toEqual([])
    expect(await page.locator('.totals').textContent()).toBe('0 rows')
    await page.getByRole('link', { name: 'To the jobs' }).click()
    await becomes(titles, ['Other', 'Alone'])
    await show(`/jobs/${alone}`)
    await page.getByRole('heading', { name: 'Alone' }).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/job/${alone}`)
  })

  test('adds a job by a form that shows what it sends', async () => {
    const { shot } = await scene()
    await show()
    await row('Shot').click()
    await page.keyboard.press('Alt+n')
    const dialog = page.getByRole('dialog', { name: `New job in group ${shot}` })
    await dialog.getByLabel('Title').fill('<script>alert(1)</script>')
    await dialog.getByLabel('Command').fill('render {frame}')
    await dialog.getByLabel('Frames', { exact: true }).fill('1-3')
    expect(JSON.parse((await dialog.locator('pre').textContent()) ?? '')).toEqual({
      parent: shot,
      title: '<script>alert(1)</script>',
      command: 'render {frame}',
      frames: '1-3',
    })
    await dialog.getByRole('button', { name: 'Add job' }).click()
    await dialog.waitFor({ state: 'detached' })
    await row('Shot').getByRole('button', { name: 'Open' }).click()
    await row('<script>').waitFor()
    expect((await opened.server.get<Job[]>(`/api/jobs/${shot}/children?title=script`)).body[0]).toMatchObject({
      total: 3,
    })
  })

  test('asks before it deletes, and names the number', async () => {
    const { shot, alone } = await scene()
    await show()
    await row('Shot').click()
    await row('Alone').click({ modifiers: ['Control'] })
    await page.keyboard.press('Delete')
    const question = page.getByRole('alertdialog', { name: 'Delete 2 jobs?' })
    await question.getByText('2 jobs and the 3 jobs below').waitFor()
    await question.getByRole('button', { name: 'Cancel' }).click()
    expect((await opened.server.get(`/api/jobs/${shot}`)).status).toBe(200)
    await page.keyboard.press('Delete')
    await question.getByRole('button', { name: 'Delete 2 jobs' }).click()
    await becomes(titles, ['Other'])
    expect((await opened.server.get(`/api/jobs/${alone}`)).status).toBe(404)
  })

  test('names the number, whichever way one comes to a delete', async () => {
    await scene()
    await show()
    await row('Shot').click()
    await row('Alone').click({ modifiers: ['Control'] })
    const question = page.getByRole('alertdialog', { name: 'Delete 2 jobs?' })
    const ways: Record<string, () => Promise<void>> = {
      key: () => page.keyboard.press('Delete'),
      button: () => button('Delete').click(),
      'context menu': async () => {
        await row('Alone').click({ button: 'right' })
        await page.getByRole('menuitem', { name: 'Delete 2 jobs' }).click()
      },
      palette: async () => {
        await page.keyboard.press('Control+k')
        await page.getByRole('combobox', { name: 'Find a command' }).fill('delete')
        await page.getByRole('option', { name: 'Delete 2 jobs' }).waitFor()
        await page.keyboard.press('Enter')
      },
    }
    for (const way of Object.values(ways)) {
      await way()
      await question.getByText('2 jobs and the 3 jobs below will be deleted').waitFor()
      await question.getByRole('button', { name: 'Delete 2 jobs' }).waitFor()
      await page.keyboard.press('Escape')
      await question.waitFor({ state: 'detached' })
    }
    expect(await titles()).toEqual(['Shot', 'Other', 'Alone'])
  })

  test('moves by cut and paste, and raises priorities by keys', async () => {
    const { shot, other, alone } = await scene()
    await show()
    await row('Alone').click()
    await page.keyboard.press('Control+x')
    await page.getByText('1 job cut').waitFor()
    await button('Let go').click()
    await page.getByText('1 job cut').waitFor({ state: 'detached' })
    await row('Alone').click()
    await page.keyboard.press('Control+x')
    await row('Other').click()
    await page.keyboard.press('Control+v')
    await becomes(titles, ['Shot', 'Other'])
    expect((await opened.server.job(alone)).parent).toBe(other)
    await row('Shot').click()
    await page.keyboard.press('Alt+ArrowUp')
    await until(async () => (await opened.server.job(shot)).priority === 701, 'the priority')
  })

  test('offers it all in the context menu and the palette', async () => {
    const { alone } = await scene()
    await show()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Find a command' }).fill('reset')
    await page.getByText('Reset: No job is selected.').waitFor()
    await page.keyboard.press('Escape')
    await row('Alone').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Pause' }).click()
    await until(async () => (await opened.server.job(alone)).state === 'PAUSED', 'the pause')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Find a command' }).fill('reset')
    await page.keyboard.press('Enter')
    await until(async () => (await opened.server.job(alone)).state === 'WAITING', 'the reset')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    for (const typed of [String(alone), `#${alone}`]) {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Find a command' }).fill(typed)
      await page.getByRole('option', { name: `Page of job ${typed}` }).waitFor()
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Alone' }).waitFor()
      await page.goBack()
      await row('Alone').waitFor()
    }
    await page.keyboard.press('Shift+?')
    const shortcuts = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await shortcuts.getByText('Alt+Shift+R').waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.press('Escape')
    await shortcuts.waitFor({ state: 'detached' })
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  test('copies as CSV, and a title that begins like a formula is a text', async () => {
    await opened.add([{ title: '=1+1', command: 'x', user: 'a,b' }])
    await show()
    await row('=1+1').click()
    await page.keyboard.press('Control+c')
    await page.getByText('1 job copied').first().waitFor()
    const text = await page.evaluate(() => navigator.clipboard.readText())
    expect(text.split('\r\n')[1]).toContain(`'=1+1,,"a,b",WAITING`)
  })

  test('remembers which columns there are, in which order, how wide', async () => {
    await scene()
    await show()
    const heads = () => page.getByRole('columnheader').allTextContents()
    const widthOf = async (name: string) => (await page.getByRole('columnheader', { name }).boundingBox())?.width ?? 0
    const width = await widthOf('Worker')
    const edge = await page.getByRole('columnheader', { name: 'Worker' }).locator('.resizer').boundingBox()
    await page.mouse.move((edge?.x ?? 0) + 3, (edge?.y ?? 0) + 10)
    await page.mouse.down()
    await page.mouse.move((edge?.x ?? 0) + 43, (edge?.y ?? 0) + 10, { steps: 4 })
    await page.mouse.up()
    await becomes(async () => Math.round((await widthOf('Worker')) - width), 40)
    await page.getByRole('columnheader', { name: 'State' }).dragTo(page.getByRole('columnheader', { name: 'Title' }))
    await becomes(async () => (await heads()).slice(0, 3), ['ID', 'State', 'Title'])
    expect(await page.getByRole('columnheader', { name: 'Command' }).count()).toBe(0)
    await button('Columns').click()
    await page.getByLabel('Command', { exact: true }).check()
    await page.getByLabel('User', { exact: true }).uncheck()
    await page.keyboard.press('Escape')
    await page.reload()
    await page.getByRole('columnheader', { name: 'Command' }).waitFor()
    expect((await heads()).slice(0, 3)).toEqual(['ID', 'State', 'Title'])
    expect(Math.round((await widthOf('Worker')) - width)).toBe(40)
    expect(await page.getByRole('columnheader', { name: 'User' }).count()).toBe(0)
  })

  test('says when the connection is lost, mends it, and shows what happened meanwhile', async () => {
    const { alone } = await scene()
    await show()
    await becomes(titles, ['Shot', 'Other', 'Alone'])
    await opened.server.down()
    await page.getByText('No connection: trying again').waitFor()
    expect(await titles()).toEqual(['Shot', 'Other', 'Alone'])
    await opened.server.up()
    await opened.server.post('/api/jobs', { [alone]: { title: 'Not alone' } })
    await opened.add([{ title: 'Made meanwhile', command: 'x' }])
    await page.locator('.connection[data-connection="live"]').waitFor()
    await becomes(titles, ['Shot', 'Other', 'Not alone', 'Made meanwhile'])
    opened.complaints.length = 0
  })

  test('notices a connection that closes nothing, and answers nothing any more', async () => {
    await scene()
    await page.clock.install()
    let [answers, sockets, heard] = [true, 0, 0]
    await page.routeWebSocket('**/api/stream', (socket) => {
      sockets++
      const there = socket.connectToServer()
      socket.onMessage((text) => answers && there.send(text))
      there.onMessage((text) => {
        if (!answers) return
        socket.send(text)
        heard++
      })
    })
    await show()
    // What is quiet is asked, and lives.
    for (let i = 0; i < 3; i++) {
      const before = heard
      await page.clock.runFor(6000)
      await until(() => heard > before, 'an answer')
    }
    expect(sockets).toBe(1)
    answers = false
    await page.clock.runFor(11_000)
    await page.getByText('No connection: trying again').waitFor()
    answers = true
    await page.clock.runFor(11_000)
    await page.locator('.connection[data-connection="live"]').waitFor()
  })

  test('hangs up while its tab is hidden, and knows what happened when it is looked at again', async () => {
    const { alone } = await scene()
    await page.clock.install()
    await show()
    await becomes(titles, ['Shot', 'Other', 'Alone'])
    await seen(false)
    await page.clock.fastForward(11_000)
    await page.getByText('Asleep').waitFor()
    await opened.server.post('/api/jobs', { [alone]: { title: 'Not alone' } })
    await opened.server.add({ title: 'Made meanwhile', command: 'x' })
    await seen(true)
    await becomes(titles, ['Shot', 'Other', 'Not alone', 'Made meanwhile'])
  })

  /** As the browser tells a page that its tab is shown, or hidden. */
  const seen = (shown: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }, !shown)

  for (const theme of ['dark', 'light'] as const)
    test(`has nothing that axe finds, ${theme}`, async () => {
      const { alone } = await scene()
      await opened.server.post('/api/pausejobs', [alone])
      await page.emulateMedia({ colorScheme: theme })
      await show()
      await row('Shot').getByRole('button', { name: 'Open' }).click()
      await row('frame a').click()
      expect(await violations(page)).toEqual([])
      await page.keyboard.press('F2')
      await page.getByRole('dialog').waitFor()
      expect(await violations(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await row('Alone').click({ button: 'right' })
      await page.getByRole('menu').waitFor()
      expect(await violations(page)).toEqual([])
    })
})
