/** Signing in and out in a real browser, at a server that asks everybody. */
import { afterAll, afterEach, expect, setDefaultTimeout, test } from 'bun:test'
import type { MadeToken, Me, Token } from '../../src/models.ts'
import { chromiumPath, closeBrowser, type Opened, openPage } from './browser.ts'

/** The machine may be busy with other things. */
setDefaultTimeout(120_000)

const usable = chromiumPath() !== undefined || process.env.TESTS_REQUIRE_CHROMIUM === '1'
const PASSWORD = 'correct horse battery'
let opened: Opened | undefined

afterEach(() => opened?.close())
afterAll(closeBrowser)

/** A server that knows `ann`, and asks everybody; `admin`: the headers of one. */
async function open() {
  opened = await openPage()
  const { server } = opened
  await server.post('/api/users', { name: 'ann', password: PASSWORD })
  await server.post('/api/users', { name: 'adam', role: 'admin' })
  const { body } = await server.post<MadeToken>('/api/tokens', { name: 'test', user: 'adam' })
  await server.restart({ loopback: 'ask' })
  return { ...opened, admin: { headers: { authorization: `Bearer ${body.token}` } } }
}

test.skipIf(!usable)('who is not known is asked, sees the farm, makes and revokes a token, and signs out', async () => {
  const { page, server, complaints, admin } = await open()
  await page.goto(server.url)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  expect(await page.getByRole('banner').count()).toBe(0)
  await page.getByLabel('Name').fill('Ann')
  await page.getByLabel('Password').fill('wrong password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').filter({ hasText: 'not the name and the password' }).waitFor()
  // The browser itself writes down that it was refused.
  expect(complaints.splice(0).filter((words) => !words.includes('401'))).toEqual([])
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor()

  await page.getByRole('button', { name: 'ann' }).click()
  await page.getByLabel('New token').fill('nightly')
  await page.getByRole('button', { name: 'Make it' }).click()
  const token = (await page.locator('.account-secret').textContent()) ?? ''
  expect((await server.get<Me>('/api/me', { headers: { authorization: `Bearer ${token}` } })).body.name).toBe('ann')
  await page.getByRole('button', { name: 'Revoke nightly' }).click()
  await page.getByRole('button', { name: 'Revoke it' }).click()
  await page.getByText('None: one lets a script').waitFor()
  const [kept] = (await server.get<Token[]>('/api/tokens?user=ann', admin)).body
  expect(kept?.revoked).toBeGreaterThan(0)

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  expect(await page.context().cookies()).toEqual([])
  expect(complaints).toEqual([])
})
