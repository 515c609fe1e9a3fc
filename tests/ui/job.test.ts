/** The page of one job in a real browser, against the real server. */
import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { until } from '../support/server.ts'
import { violations } from './axe.ts'
import { becomes, type Opened, onEachPage, usable } from './browser.ts'

describe.skipIf(!usable)('the page of a job', () => {
  let opened: Opened
  let page: Page

  onEachPage((next) => {
    opened = next
    page = next.page
  })

  const show = (address: string) => opened.show(address)
  const head = () => page.locator('.job-head')
  const why = () => page.locator('.why')
  const end = (run: number | undefined, exit_code: number, log = '', worker = 'node-1') =>
    opened.server.post(`/api/runs/${run}/end`, { worker, exit_code, log: Buffer.from(log).toString('base64') })
  const ran = async (exit_code: number, log = '', worker = 'node-1') => {
    const assignment = await opened.server.pick(worker)
    await end(assignment?.run, exit_code, log, worker)
    return assignment?.job.id as number
  }

  /** A simulation, a shot of 40 frames that waits for it, and a comp that waits for the shot. */
  async function scene() {
    const [sim] = await opened.add([{ title: 'Sim', command: 'sim', priority: 2000 }])
    const [shot] = await opened.add([
      { title: 'Shot', frames: '1-40', command: 'render {frame}', dependencies: [sim as number], affinity: 'LINUX' },
    ])
    const [comp] = await opened.add([{ title: 'Comp', command: 'nuke', dependencies: [shot as number] }])
    const { ids } = (await opened.server.get<{ ids: number[] }>(`/api/jobs/${shot}/order`)).body
    return { sim: sim as number, shot: shot as number, comp: comp as number, frames: ids }
  }
  const linux = async () => {
    await opened.server.pick('node-1')
    await opened.server.post('/api/workers', { 'node-1': { affinity: 'LINUX\n' } })
  }

  test('is opened from the table by Enter, double click and the link of its id, and Back returns to where one was', async () => {
    const { shot, frames } = await scene()
    await show('/jobs')
    const row = (title: string) =>
      page.locator('.grid-body [role="row"]').filter({ has: page.getByText(title, { exact: true }) })
    await row('Shot').getByRole('button', { name: 'Open' }).click()
    await row('Shot 7').click()
    await page.getByRole('treegrid').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: `Shot 7 #${frames[6]}` }).waitFor()
    await page.goBack()
    await row('Shot 7').waitFor()
    await page.locator('.grid-body [aria-selected="true"] .job-name').getByText('Shot 7', { exact: true }).waitFor()
    expect(await page.locator('.grid-body [aria-selected="true"]').count()).toBe(1)
    await row('Shot 9').dblclick({ position: { x: 320, y: 10 } })
    await page.getByRole('heading', { name: 'Shot 9' }).waitFor()
    await page.getByRole('link', { name: 'Shot', exact: true }).click()
    await row('Shot 3').waitFor()
    await page.keyboard.press('Alt+Enter')
    await page.getByRole('heading', { name: `Shot #${shot}` }).waitFor()
    await page.getByRole('link', { name: 'All jobs' }).click()
    await row('Sim').locator('[data-column="id"] a').click()
    await page.getByRole('heading', { name: 'Sim' }).waitFor()
  })

  test('says why the job is in its state, with links, and says so anew when that changes', async () => {
    const { sim, shot, comp } = await scene()
    await show(`/job/${comp}`)
    await why().getByText('It waits for').waitFor()
    await why()
      .getByRole('link', { name: `job ${shot} Shot` })
      .click()
    await page.getByRole('heading', { name: 'Shot' }).waitFor()
    await why()
      .getByRole('link', { name: `job ${sim} Sim` })
      .waitFor()
    await opened.server.post('/api/pausejobs', [shot])
    await why().getByText('It is paused: start it.').waitFor()
    await head().locator('.state-word').getByText('PAUSED').waitFor()
    await opened.server.post('/api/startjobs', [shot])
    await ran(0)
    await until(async () => !(await why().textContent())?.includes('waits for'), 'the end of the wait')
  })

  test('names the worker, the limit and the affinity that a reason is about', async () => {
    const [id] = await opened.add([{ title: 'a', command: 'x', affinity: 'GPU' }])
    await opened.server.pick('node-1')
    await show(`/job/${id}`)
    await why().getByRole('link', { name: 'GPU' }).waitFor()
    const [other] = await opened.add([{ title: 'b', command: 'x' }])
    const run = await opened.server.pick('node-1')
    await show(`/job/${other}`)
    await why().getByRole('link', { name: 'node-1' }).waitFor()
    await end(run?.run, 0)
    await why().getByText('It is FINISHED').waitFor()
  })

  test('asks anew how long a job still waits, also where nothing else happens', async () => {
    const [id] = await opened.add([{ title: 'a', command: 'x', retry: 1, retry_delay: 600 }])
    await ran(1)
    await page.clock.install()
    await show(`/job/${id}`)
    await why().getByText('tried again in').waitFor()
    for (let i = 0; i < 3; i++) {
      const asked = page.waitForRequest(`**/api/jobs/${id}/why`)
      await page.clock.runFor(5100)
      await (await (await asked).response())?.finished()
    }
  })

  test('keeps the number of a job in sight, however long its title', async () => {
    const [id] = await opened.add([{ title: 'very '.repeat(60), command: 'x' }])
    await show(`/job/${id}`)
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 720 })
      const number = (await page.getByText(`#${id}`, { exact: true }).boundingBox()) ?? { x: Number.NaN, width: 0 }
      const heading = (await page.getByRole('heading', { level: 1 }).boundingBox()) ?? { x: 0, width: Number.NaN }
      expect(number.width).toBeGreaterThan(10)
      expect(number.x + number.width).toBeLessThanOrEqual(Math.min(width, heading.x + heading.width + 1))
    }
  })

  test('shows what was said of the job, and nothing that says nothing', async () => {
    const [id] = await opened.add([
      {
        title: '<script>alert(1)</script>',
        command: 'render "a b"',
        environment: 'A=1\\nB=2',
        memory: 8000,
        retry: 2,
        retry_delay: 60,
        url: 'javascript:alert(1)',
      },
    ])
    await show(`/job/${id}`)
    const facts = page.getByRole('complementary', { name: 'Facts' })
    await facts.getByText('render "a b"').waitFor()
    expect(await facts.locator('code').allTextContents()).toContain('A=1\nB=2')
    await facts.getByText('8,000 MB').waitFor()
    await facts.getByText('2 times, after 1:00').waitFor()
    expect(await facts.locator('dt').allTextContents()).not.toContain('GPUs')
    expect(await facts.locator('.result').count()).toBe(0)
    await page.getByRole('heading', { name: '<script>alert(1)</script>' }).waitFor()
  })

  test('shows a picture that this server has, and links to one elsewhere', async () => {
    const [here, there] = await opened.add([
      { title: 'here', command: 'x', url: '/docs/favicon.png' },
      { title: 'there', command: 'x', url: 'http://images.invalid/a.png' },
    ])
    await show(`/job/${here}`)
    const picture = page.getByRole('img', { name: 'Result of here' })
    await until(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth > 0), 'the picture')
    await show(`/job/${there}`)
    await page.getByRole('link', { name: 'http://images.invalid/a.png' }).waitFor()
    expect(await page.locator('.result img').count()).toBe(0)
  })

  describe('of a group', () => {
    const legend = () => page.locator('.legend button').allTextContents()
    const strip = () => page.getByRole('slider', { name: 'Frames' })
    /** The middle of a frame on the strip. */
    const placeOf = async (index: number) => {
      const { x, y, width } = (await strip().boundingBox()) as { x: number; y: number; width: number }
      const perLine = Math.round(width / 18)
      return { x: x + (index % perLine) * 18 + 9, y: y + Math.floor(index / perLine) * 18 + 9 }
    }

    test('shows its frames as a strip, which follows what happens', async () => {
      const { shot } = await scene()
      await linux()
      await show(`/job/${shot}`)
      await becomes(legend, ['WAITING40'])
      await end(1, 0)
      await becomes(async () => (await legend()).length, 1)
      const first = await opened.server.pick('node-1')
      await becomes(legend, ['WORKING1', 'WAITING39'])
      await end(first?.run, 1)
      await becomes(legend, ['ERROR1', 'WAITING39'])
      await ran(0)
      await becomes(legend, ['FINISHED1', 'ERROR1', 'WAITING38'])
      await opened.server.post('/api/reseterrorjobs', [shot])
      await becomes(legend, ['FINISHED1', 'WAITING39'])
      await opened.add([{ title: 'one more', command: 'x', parent: shot }])
      await becomes(legend, ['FINISHED1', 'WAITING40'])
    })

    test('names the frame under the pointer, and a click goes to it', async () => {
      const { shot, frames } = await scene()
      await show(`/job/${shot}`)
      await strip().waitFor()
      const { x, y } = await placeOf(11)
      await page.mouse.move(x, y)
      await page.locator('.frame-tip').getByText('Shot 12').waitFor()
      await page.mouse.click(x, y)
      await page.getByRole('heading', { name: `Shot 12 #${frames[11]}` }).waitFor()
    })

    test('selects frames by a drag, or by keys, and the actions are about them', async () => {
      const { shot, frames } = await scene()
      await show(`/job/${shot}`)
      await strip().waitFor()
      const [from, to] = [await placeOf(4), await placeOf(9)]
      await page.mouse.move(from.x, from.y)
      await page.mouse.down()
      await page.mouse.move(to.x, to.y, { steps: 4 })
      await page.mouse.up()
      await page.getByText('6 frames selected').waitFor()
      await page.getByRole('button', { name: 'Pause', exact: true }).click()
      await becomes(legend, ['WAITING34', 'PAUSED6'])
      expect((await opened.server.job(frames[4] as number)).state).toBe('PAUSED')
      expect((await opened.server.job(frames[10] as number)).state).not.toBe('PAUSED')
      await page.getByRole('button', { name: 'Let go' }).click()
      await strip().focus()
      await page.keyboard.press('Home')
      for (let i = 0; i < 2; i++) await page.keyboard.press('Shift+ArrowRight')
      await page.getByText('3 frames selected').waitFor()
      await page.keyboard.press('Escape')
      await page.getByText('frames selected').waitFor({ state: 'detached' })
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Shot 3' }).waitFor()
    })

    test('shows durations, and names the frame that took far longer than the others', async () => {
      const { shot, frames } = await scene()
      const { Database } = await import('bun:sqlite')
      await opened.server.down()
      const db = new Database(`${opened.server.data}/coalition.db`)
      db.run(`update jobs set state = 'FINISHED', ready = 0, duration = 60 + id % 7 where parent = ${shot}`)
      db.run(`update jobs set duration = 900 where id = ${frames[20]}`)
      db.close()
      await opened.server.up()
      await show(`/job/${shot}`)
      const chart = page.getByRole('region', { name: 'Durations of the frames' })
      await chart.getByText('1 frame took more than').waitFor()
      await chart.getByRole('link', { name: `#${frames[20]}` }).waitFor()
      await chart.locator('canvas').waitFor()
      const painted = () =>
        chart.locator('canvas').evaluate((element) => {
          const canvas = element as HTMLCanvasElement
          const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(
            0,
            0,
            canvas.width,
            canvas.height,
          )
          return data.some((value) => value > 0)
        })
      await until(painted, 'the chart')
    })

    test('draws what it waits for and what waits for it, and each is a click away', async () => {
      const { sim, shot, comp } = await scene()
      await opened.server.post(`/api/jobs/${comp}/dependencies`, [{ job: shot, kind: 'any' }])
      await show(`/job/${shot}`)
      await page.getByRole('tab', { name: 'Dependencies' }).click()
      const graph = page.getByRole('region', { name: 'Dependencies' })
      await graph.getByRole('link', { name: `Comp #${comp} PENDING` }).waitFor()
      expect(await graph.locator('.graph-edge text').allTextContents()).toEqual(['any'])
      expect(await graph.locator('.graph-node').count()).toBe(3)
      await graph.getByRole('link', { name: `Sim #${sim}` }).click()
      await page.getByRole('heading', { name: 'Sim' }).waitFor()
    })

    test('lists the runs of its frames, live, and a double click goes to the frame', async () => {
      const [shot] = await opened.add([{ title: 'Shot', frames: '1-3', command: 'render {frame}' }])
      await ran(0)
      await show(`/job/${shot}?show=runs`)
      const states = () => page.locator('.grid-body .state-word').allTextContents()
      await becomes(states, ['FINISHED'])
      const run = await opened.server.pick('node-2')
      await becomes(states, ['WORKING', 'FINISHED'])
      await end(run?.run, 1, '', 'node-2')
      await becomes(states, ['ERROR', 'FINISHED'])
      await page.locator('.grid-body [role="row"]').first().dblclick()
      await page.getByRole('heading', { name: 'Shot 2' }).waitFor()
    })

    test('shows who failed in it, and lets them have it again', async () => {
      const [shot] = await opened.add([{ title: 'Shot', frames: '1-9', command: 'render {frame}' }])
      for (let i = 0; i < 3; i++) await ran(1)
      await ran(0, '', 'node-2')
      await show(`/job/${shot}?show=blocklist`)
      const rows = page.locator('.plain tbody tr')
      await rows.getByText('No, it is blocked').waitFor()
      expect(await rows.count()).toBe(1)
      await rows.getByRole('button', { name: 'Clear node-1' }).click()
      await page.getByText('No worker failed in this job.').waitFor()
      expect((await opened.server.get(`/api/jobs/${shot}/blocklist`)).body).toEqual([])
    })
  })

  describe('of a leaf: its log', () => {
    const lines = () => page.locator('.log-row').allTextContents()
    const scroller = () => page.getByRole('log', { name: 'Log' })
    const follows = () => page.getByLabel('Follow').isChecked()
    async function running() {
      const [id] = await opened.add([{ title: 'Frame', command: 'x' }])
      const run = await opened.server.pick('node-1')
      const print = (text: string) =>
        opened.server.post(`/api/runs/${run?.run}/heartbeat`, {
          worker: 'node-1',
          log: Buffer.from(text).toString('base64'),
        })
      return { id: id as number, run: run?.run, print }
    }

    test('comes as it is printed, with colours, and never as HTML', async () => {
      const { id, print } = await running()
      await show(`/job/${id}`)
      await page.getByText('Nothing was printed yet.').waitFor()
      await print('<b>bold?</b>\n\x1b[31mred\x1b[0m \x1b[38;5;46mgreen\x1b[0m\x1b[K\nhalf a ')
      await becomes(lines, ['<b>bold?</b>', 'red green', 'half a '])
      await print('line\n')
      await becomes(lines, ['<b>bold?</b>', 'red green', 'half a line'])
      expect(await page.locator('.log-row b').count()).toBe(0)
      expect(await page.locator('.ansi-red').textContent()).toBe('red')
      expect(await page.locator('.ansi-green').textContent()).toBe('green')
    })

    test('is followed until one scrolls up, and again when one goes to its end', async () => {
      const { id, print } = await running()
      const numbers = (from: number, to: number) =>
        Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}\n`).join('')
      await print(numbers(1, 500))
      await show(`/job/${id}`)
      await page.getByText('line 500').waitFor()
      expect(await follows()).toBe(true)
      await print(numbers(501, 600))
      await page.getByText('line 600').waitFor()
      await scroller().hover()
      await page.mouse.wheel(0, -2000)
      await until(async () => !(await follows()), 'the end of following')
      await print(numbers(601, 700))
      await page.getByText('line 480').waitFor()
      expect(await page.getByText('line 700').count()).toBe(0)
      await page.getByRole('button', { name: 'End of the log' }).click()
      await page.getByText('line 700').waitFor()
      await print(numbers(701, 710))
      await page.getByText('line 710').waitFor()
    })

    test('is found in, with a count, forwards and backwards', async () => {
      const [id] = await opened.add([{ title: 'Frame', command: 'x' }])
      const text = Array.from({ length: 3000 }, (_, i) => `${i} ${i % 1000 === 500 ? 'a Needle' : 'hay'}\n`).join('')
      await ran(0, text)
      await show(`/job/${id}`)
      await page.getByText('2999 hay').waitFor()
      await page.keyboard.press('Control+f')
      await page.keyboard.type('needle')
      const count = page.locator('.log-count')
      await count.getByText('3', { exact: true }).waitFor()
      await page.keyboard.press('Enter')
      await count.getByText('1 of 3').waitFor()
      await page.locator('.log-row[data-here]').getByText('500 a Needle').waitFor()
      expect(await page.locator('.log-row mark').allTextContents()).toEqual(['Needle'])
      await page.keyboard.press('Enter')
      await page.locator('.log-row[data-here]').getByText('1500 a Needle').waitFor()
      await page.getByRole('button', { name: 'Previous match' }).click()
      await page.locator('.log-row[data-here]').getByText('500 a Needle', { exact: true }).waitFor()
      expect(await follows()).toBe(false)
    })

    test('goes from run to run, wraps lines or does not, and is downloaded as it is', async () => {
      const [id] = await opened.add([{ title: 'Frame', command: 'x', retry: 1 }])
      await ran(1, `${'w'.repeat(1000)}\n${'first\n'.repeat(100)}`)
      await ran(0, 'second\n'.repeat(100))
      await show(`/job/${id}`)
      await page.getByText('1 run mark').waitFor()
      await page.getByRole('button', { name: 'Run before' }).click()
      await page.locator('.log-row[data-own]').getByText('run on node-1').waitFor()
      await page.getByRole('button', { name: 'Top of the log' }).click()
      await until(async () => (await page.getByText(/^w+$/).count()) > 5, 'the wrapped line')
      await page.getByLabel('Wrap').uncheck()
      await until(async () => (await page.getByText(/^w+$/).count()) === 1, 'the line in one')
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Download' }).click(),
      ])
      expect(download.suggestedFilename()).toBe(`job-${id}.log`)
      expect(await Bun.file((await download.path()) as string).text()).toContain('w'.repeat(1000))
    })
  })

  test('a job that is deleted, or never was, is said to be gone', async () => {
    const [id] = await opened.add([{ title: 'gone soon', command: 'x' }])
    await show(`/job/${id}`)
    await page.getByRole('heading', { name: 'gone soon' }).waitFor()
    await opened.server.delete('/api/jobs', [id as number])
    await page.getByText('it was deleted').waitFor()
    await show('/job/4711')
    await page.getByText('There is no job 4711').waitFor()
    opened.complaints.length = 0
  })

  for (const theme of ['dark', 'light'] as const)
    test(`has nothing that WCAG AA forbids, in the ${theme} theme`, async () => {
      const { sim, shot, frames } = await scene()
      await ran(0, '\x1b[31mred\x1b[0m \x1b[33myellow\x1b[0m \x1b[30;47mblack\x1b[0m\n[coalition] own\n')
      await linux()
      await ran(1)
      await page.emulateMedia({ colorScheme: theme })
      for (const tab of ['', '?show=graph', '?show=runs', '?show=blocklist']) {
        await show(`/job/${shot}${tab}`)
        await page.getByRole('slider', { name: 'Frames' }).waitFor()
        await page.locator('.why').getByText('It is').waitFor()
        expect([tab, await violations(page)]).toEqual([tab, []])
      }
      await show(`/job/${sim}`)
      await page.getByText('yellow').waitFor()
      await page.getByLabel('Find in the log').fill('red')
      await page.locator('mark').waitFor()
      expect(await violations(page)).toEqual([])
      await show(`/job/${frames[0]}`)
      await page.getByRole('heading', { name: 'Shot 1' }).waitFor()
      expect(await violations(page)).toEqual([])
    })
})
