/** A day with the Jobs view: large selections, what the server refuses, a phone, and how soon the page knows. */
import { describe, expect, test } from 'bun:test'
import type { Locator, Page } from 'playwright-core'
import type { Job } from '../../src/models.ts'
import { until } from '../support/server.ts'
import { becomes, type Opened, onEachPage, usable } from './browser.ts'

const FRAMES = 3000

let opened: Opened
let page: Page
const show = (address = '/') => opened.show(address)
const row = (title: string): Locator =>
  page.locator('.grid-body [role="row"]').filter({ has: page.locator('.job-name').getByText(title, { exact: true }) })
const titles = () => page.locator('.grid-body .job-name').allTextContents()
const priorityOf = (title: string) => row(title).locator('[data-column="priority"]').textContent()

async function scene() {
  const [film, long] = await opened.add([
    {
      title: 'Film',
      children: [
        { title: 'Shot 1', children: [{ title: 'sim', command: 'x', user: 'ann' }] },
        {
          title: 'Shot 2',
          children: [
            { title: 'simmer', command: 'x', priority: 5 },
            { title: 'comp', command: 'x' },
          ],
        },
      ],
    },
    { title: 'Long', frames: `1-${FRAMES}`, command: 'render {frame}' },
    { title: 'Alone', command: 'x' },
  ])
  return { film: film as number, long: long as number }
}

describe.skipIf(!usable)('a wrangler', () => {
  onEachPage((next) => {
    opened = next
    page = next.page
  })

  test('finds what is deep in the tree, with the groups that lead there; closes and opens them', async () => {
    await scene()
    await show('/jobs?q=sim')
    await becomes(titles, ['Film', 'Shot 1', 'sim', 'Shot 2', 'simmer'])
    const dimmed = () => page.locator('[data-through="true"] .job-name').allTextContents()
    expect(await dimmed()).toEqual(['Film', 'Shot 1', 'Shot 2'])
    await page.locator('.totals').getByText('2 hits').waitFor()
    await row('Shot 1').getByRole('button', { name: 'Close' }).click()
    await becomes(titles, ['Film', 'Shot 1', 'Shot 2', 'simmer'])
    await page.getByLabel('Where to look').selectOption('This list only')
    await page.getByText('No job passes the filter.').waitFor()
    expect(new URL(page.url()).searchParams.get('in')).toBe('here')
  })

  test('reads where each hit is when the list is flat', async () => {
    const { film } = await scene()
    await show('/jobs?q=sim&in=flat')
    await becomes(titles, ['sim', 'simmer'])
    await becomes(() => page.locator('.job-path').allTextContents(), ['Film › Shot 1', 'Film › Shot 2'])
    await opened.server.post('/api/jobs', { [film]: { title: 'Movie' } })
    await becomes(() => page.locator('.job-path').allTextContents(), ['Movie › Shot 1', 'Movie › Shot 2'])
  })

  test('finds by typing a title that was never on the screen', async () => {
    const { long } = await scene()
    await show(`/jobs/${long}`)
    await row('Long 1').click()
    await page.keyboard.type(`Long ${FRAMES - 10}`)
    await becomes(
      () => page.locator('.grid-body [aria-selected="true"] .job-name').allTextContents(),
      [`Long ${FRAMES - 10}`],
    )
  })

  test('copies and raises all that is selected, on the screen or not', async () => {
    const { long } = await scene()
    await show(`/jobs/${long}`)
    await row('Long 1').click()
    await page.keyboard.press('Control+a')
    await page.keyboard.press('Control+c')
    await page.getByText('3,000 jobs copied').first().waitFor()
    const lines = (await page.evaluate(() => navigator.clipboard.readText())).split('\r\n')
    expect(lines).toHaveLength(FRAMES + 1)
    expect(lines.at(-1)).toContain(`Long ${FRAMES},`)
    await page.keyboard.press('Alt+PageUp')
    const last = async () =>
      (await opened.server.get<Job[]>(`/api/jobs/${long}/children?starts=long%20${FRAMES}`)).body[0]?.priority
    await becomes(last, 1100)
    await becomes(() => priorityOf('Long 1'), '1100')
  })

  test('drags a priority, of all that are selected', async () => {
    const { film } = await scene()
    await show()
    await row('Film').click()
    await row('Alone').click({ modifiers: ['Control'] })
    const place = await row('Alone').locator('.priority').boundingBox()
    const [x, y] = [(place?.x ?? 0) + 20, (place?.y ?? 0) + 8]
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 31, y, { steps: 5 })
    await becomes(() => priorityOf('Film'), '1050')
    expect((await opened.server.job(film)).priority).toBe(1000)
    await page.mouse.up()
    await becomes(async () => (await opened.server.job(film)).priority, 1050)
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 31, y, { steps: 5 })
    await becomes(() => priorityOf('Film'), '1100')
    await page.keyboard.press('Escape')
    await becomes(() => priorityOf('Film'), '1050')
    await page.mouse.move(x + 61, y, { steps: 5 })
    await page.mouse.up()
    expect(await priorityOf('Film')).toBe('1050')
    expect(await page.locator('.grid-body [aria-selected="true"] .job-name').allTextContents()).toEqual([
      'Film',
      'Alone',
    ])
  })

  test('sees a change that the server refuses taken back, and why', async () => {
    const MOST = Number.MAX_SAFE_INTEGER
    await opened.add([{ title: 'Highest', command: 'x', priority: MOST }])
    await show()
    await row('Highest').click()
    let go: () => void = () => undefined
    const asked = new Promise<void>((resolve) => {
      go = resolve
    })
    await page.route('**/api/jobs', async (route) => {
      await asked
      await route.continue()
    })
    await page.keyboard.press('Alt+PageUp')
    await until(async () => (await priorityOf('Highest')) !== String(MOST), 'what is hoped for')
    go()
    await page.locator('.toast-words').filter({ hasText: 'priority' }).waitFor()
    await becomes(() => priorityOf('Highest'), String(MOST))
    await page.getByText('Could not edit 1 job').first().waitFor()
    await page.keyboard.press('Alt+PageUp')
    await becomes(() => page.locator('.toast').count(), 2)
    // What is said first is not below what is said next.
    const apart = async () => {
      const [next, first] = await Promise.all([0, 1].map((at) => page.locator('.toast').nth(at).boundingBox()))
      return first && next && first.y + first.height < next.y
    }
    await becomes(apart, true)
    opened.complaints.length = 0
  })

  test('sets limits, resources and times in a form', async () => {
    const { film } = await scene()
    await show()
    await row('Film').click()
    await page.keyboard.press('F2')
    const dialog = page.getByRole('dialog', { name: `Job ${film}: Film` })
    await dialog.waitFor()
    expect(await dialog.getByLabel('Title').evaluate((input) => input === document.activeElement)).toBe(true)
    for (const group of ['Failure', 'Limits and resources', 'Time'])
      await dialog.getByText(group, { exact: true }).click()
    await dialog.getByLabel('Limits', { exact: true }).fill('nuke')
    await dialog.getByLabel('Memory').fill('8000')
    await dialog.getByLabel('Delay grows by').fill('1.5')
    await dialog.getByLabel('Start after').fill('2031-05-06T07:08')
    await dialog.getByRole('button', { name: 'Change 1 job' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await opened.server.job(film)).toMatchObject({
      limits: 'nuke',
      memory: 8000,
      retry_growth: 1.5,
      start_after: new Date('2031-05-06T07:08').getTime() / 1000,
      error_limit: 0,
    })
    await page.keyboard.press('F2')
    // What is set is open the next time.
    expect(await dialog.getByLabel('Start after').inputValue()).toContain('2031-05-06T07:08')
    expect(await dialog.getByLabel('Memory').isVisible()).toBe(true)
  })

  test('reads on an empty farm how to begin', async () => {
    await show()
    await page.getByText(`coalition worker ${opened.server.url}`).waitFor()
    await page.locator('.first-use').getByRole('button', { name: 'New job' }).click()
    await page.getByRole('dialog', { name: 'New job' }).getByLabel('Title').fill('first')
    await page.keyboard.press('Enter')
    await becomes(titles, ['first'])
  })

  test('knows of a change soon after the server', async () => {
    const [id] = await opened.add([{ title: 'Alone', command: 'x' }])
    await show()
    await row('Alone').waitFor()
    const took: number[] = []
    for (let i = 0; i < 20; i++) {
      const wanted = i % 2 === 0 ? 'PAUSED' : 'WAITING'
      const seen = page.evaluate(
        (wanted) =>
          new Promise<number>((resolve) => {
            const check = () => {
              if (document.querySelector('.grid-body .state-word')?.textContent !== wanted) return
              observer.disconnect()
              // When it is painted, not only in the document.
              requestAnimationFrame(() => resolve(Date.now()))
            }
            const observer = new MutationObserver(check)
            observer.observe(document.body, { subtree: true, childList: true, characterData: true })
            check()
          }),
        wanted,
      )
      await opened.server.post(i % 2 === 0 ? '/api/pausejobs' : '/api/startjobs', [id])
      const answered = Date.now()
      took.push((await seen) - answered)
    }
    took.sort((a, b) => a - b)
    console.log(
      `a change of the server's is on the screen after ${took[10]} ms (median), ${took.at(-1)} ms at most of 20`,
    )
  })
})

describe.skipIf(!usable)('a phone', () => {
  onEachPage(
    (next) => {
      opened = next
      page = next.page
    },
    { width: 390, height: 844, touch: true },
  )

  test('has every view in its menu, and a title keeps its frame', async () => {
    const { long } = await scene()
    const [named] = await opened.add([{ title: 'A title that is longer than a phone is wide 1001-1004', command: 'x' }])
    await show()
    const inside = async (element: Locator, within = 390) => {
      const box = await element.boundingBox()
      return box !== null && box.x >= 0 && box.x + box.width <= within
    }
    const sections = page.locator('.sections a')
    expect(await sections.allTextContents()).toEqual(
      expect.arrayContaining(['Jobs', 'Workers', 'Farm', 'Activity', 'Affinities']),
    )
    for (const section of await sections.all()) {
      const name = await section.textContent()
      expect({ name, inside: await inside(section) }).toEqual({ name, inside: true })
    }
    // Nothing of them is cut off by what stands beside them.
    expect(await page.locator('.sections').evaluate((nav) => nav.scrollWidth - nav.clientWidth)).toBe(0)
    const state = await row('A title that is longer than a phone is wide 1001-1004').locator('.state').boundingBox()
    expect(await inside(page.locator('.cut-before').getByText('1001-1004'), state?.x)).toBe(true)
    await show(`/jobs?${new URLSearchParams({ q: 'state:waiting user:somebody-else priority:>500 started:2h' })}`)
    for (const chip of await page.locator('.chip').all()) expect(await inside(chip)).toBe(true)
    for (const id of [long, named]) {
      await show(`/job/${id}`)
      await becomes(() => page.locator('.sections [aria-current]').allTextContents(), ['Jobs'])
    }
  })

  test('says at its foot what runs and what failed, and leaves out what there is none of', async () => {
    const sums = () => page.locator('.totals .sum:visible').allTextContents()
    await opened.add([{ title: 'Frames', frames: '1-3', command: 'render {frame}' }])
    await show()
    await becomes(titles, ['Frames'])
    await becomes(sums, [])
    const failed = await opened.server.pick('w')
    await opened.server.post(`/api/runs/${failed?.run}/end`, { worker: 'w', exit_code: 1 })
    await opened.server.pick('w')
    await becomes(sums, ['1 working', '1 error'])
    expect(await page.locator('.totals').evaluate((foot) => foot.scrollWidth - foot.clientWidth)).toBe(0)
  })

  test('shows the jobs, pauses and restarts them, goes into a group and back', async () => {
    const { film } = await scene()
    await show()
    await becomes(titles, ['Film', 'Long', 'Alone'])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    await row('Film').locator('.job-name').tap()
    await page.getByRole('button', { name: 'Pause' }).tap()
    await row('Film').locator('[data-state="PAUSED"]').first().waitFor()
    await becomes(async () => (await opened.server.job(film)).paused, 1)
    await page.getByRole('button', { name: 'Start' }).tap()
    await becomes(async () => (await opened.server.job(film)).paused, 0)
    await page.getByRole('button', { name: 'Reset', exact: true }).tap()
    await page.getByRole('button', { name: 'More' }).tap()
    await page.getByRole('menuitem', { name: 'Go into the group' }).tap()
    await becomes(titles, ['Shot 1', 'Shot 2'])
    await page.getByRole('link', { name: 'All jobs' }).tap()
    await becomes(titles, ['Film', 'Long', 'Alone'])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  })
})
