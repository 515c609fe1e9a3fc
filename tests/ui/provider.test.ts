/** Signing in at a real provider, over TLS, in a real browser, on the page that the executable serves. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { CLIENT, startProvider } from '../doors/provider.ts'
import { freePort } from '../doors/slapd.ts'
import { asServer, createSandbox, type Server } from '../e2e/sandbox.ts'
import { violations } from './axe.ts'
import { launchBrowser, usable } from './browser.ts'

/** The machine may be busy with other things. */
setDefaultTimeout(120_000)

const sandbox = createSandbox()
let provider: Awaited<ReturnType<typeof startProvider>>
let server: Server
let browser: Browser

beforeAll(async () => {
  if (!usable) return
  const port = freePort()
  const tlsFolder = `${sandbox.folder}/tls`
  mkdirSync(tlsFolder)
  const callback = `http://127.0.0.1:${port}/oidc/callback`
  provider = await startProvider([callback], { ada: { groups: ['td'] }, guest: {} }, { tlsFolder })
  const child = sandbox.start(['serve', '--port', String(port), '--data', sandbox.freshFolder(), '--loopback', 'ask'], {
    NODE_EXTRA_CA_CERTS: provider.ca,
    COALITION_OIDC_ISSUER: provider.issuer,
    COALITION_OIDC_CLIENT_ID: CLIENT.id,
    COALITION_OIDC_CLIENT_SECRET: CLIENT.secret,
    COALITION_OIDC_SCOPES: 'openid profile groups',
    COALITION_OIDC_GROUPS: '{"admin":["td"]}',
    COALITION_OIDC_LABEL: 'Studio ID',
  })
  server = await asServer(child)
  browser = await launchBrowser()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await sandbox.cleanUp()
  await provider?.stop()
})

async function open(path: string): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  await page.goto(server.url + path)
  return page
}

/** Through the provider's own pages. */
async function signInAs(page: Page, login: string): Promise<void> {
  await page.getByRole('button', { name: 'Sign in with Studio ID' }).click()
  await page.getByPlaceholder('Enter any login').fill(login)
  await page.getByPlaceholder('and password').fill('x')
  await page.getByRole('button', { name: 'Sign-in' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
}

test.skipIf(!usable)('a user comes back to the page that was asked for, signed in, and out again', async () => {
  const page = await open('/farm/workers')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  // Nobody has a password here, so none is asked for.
  expect(await page.getByLabel('Password').count()).toBe(0)
  expect(await violations(page)).toEqual([])
  await signInAs(page, 'ada')
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
  expect(page.url()).toBe(`${server.url}/farm/workers`)
  await page.getByRole('button', { name: 'ada' }).click()
  await page.getByText('admin: may').waitFor()
  const cookies = await page.context().cookies(server.url)
  expect(cookies.filter(({ name }) => name.startsWith('coalition'))).toMatchObject([
    { name: 'coalition_session', httpOnly: true, sameSite: 'Lax' },
  ])
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign in with Studio ID' }).waitFor()
  expect(server.stdout + server.stderr).not.toContain(CLIENT.secret)
  await page.context().close()
})

test.skipIf(!usable)('who has no right here, or turns back, is told so and can begin again', async () => {
  const page = await open('/')
  await signInAs(page, 'guest')
  await page.getByRole('alert').filter({ hasText: 'in no group that has a right' }).waitFor()
  // What was good once is in no address, and in no history.
  expect(page.url()).toBe(`${server.url}/oidc/callback`)
  await page.getByRole('link', { name: 'Sign in again' }).click()
  await page.getByRole('button', { name: 'Sign in with Studio ID' }).waitFor()
  await page.context().clearCookies()
  await page.getByRole('button', { name: 'Sign in with Studio ID' }).click()
  await page.getByRole('link', { name: 'Cancel' }).click()
  await page.getByRole('alert').filter({ hasText: 'The provider did not sign you in' }).waitFor()
  await page.context().close()
})

test.skipIf(!usable)('a link with the answer for somebody else signs nobody in', async () => {
  const attacker = await open('/')
  // What the provider answers they do not use themselves: it is for somebody else.
  let caught = ''
  attacker.on('request', (request) => {
    if (request.url().includes('/oidc/callback?')) caught = request.url()
  })
  await attacker.route('**/api/signin/provider/answer', (route) => route.abort())
  await signInAs(attacker, 'ada')
  await attacker.getByRole('alert').waitFor()
  expect(caught).toContain('code=')
  const victim = await open(new URL(caught).pathname + new URL(caught).search)
  await victim.getByRole('alert').filter({ hasText: 'begun in another browser' }).waitFor()
  expect(await victim.context().cookies(server.url)).toEqual([])
  await attacker.context().close()
  await victim.context().close()
})
