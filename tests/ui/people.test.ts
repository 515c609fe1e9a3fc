/** The People view in a real browser, against the real server. */
import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import type { MadeToken, Me, NewUser, Token, User } from '../../src/models.ts'
import { changesOf, passes, rightsText, whoIs } from '../../src/ui/people/words.ts'
import { violations } from './axe.ts'
import { becomes, type Opened, onEachPage, openPage, usable } from './browser.ts'

const PASSWORD = 'correct horse battery'
const ann: User = {
  name: 'ann',
  role: 'artist',
  rights: ['create', 'view', 'view_all', 'edit', 'delete'],
  own_rights: false,
  source: 'local',
  disabled: 0,
  created: 1,
  signed_in: 0,
}
const own: User = { ...ann, rights: ['view', 'edit_all'], own_rights: true }

describe('a user in words', () => {
  test.each([
    [ann.rights, 'create, view all, edit, delete'],
    [['delete_all'], 'delete all'],
    [[], 'none'],
    [['create', 'create_all', 'view', 'view_all', 'edit', 'edit_all', 'delete', 'delete_all'], 'all'],
  ] as [User['rights'], string][])('%p: %s', (rights, words) => {
    expect(rightsText(rights)).toBe(words)
  })

  test('is found by name, role, state and place of sign-in', () => {
    expect(['AN', 'artist', 'active', 'this server', ''].map((text) => passes(ann, text))).not.toContain(false)
    expect(['bob', 'admin', 'disabled', 'ldap'].map((text) => passes(ann, text))).not.toContain(true)
  })

  test('of several a few are named', () => {
    expect([['a'], ['a', 'b'], ['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd', 'e']].map(whoIs)).toEqual([
      'a',
      'a and b',
      'a, b, c and d',
      'a, b, c and 2 more',
    ])
  })

  test('is changed in what is otherwise than it was, and in nothing else', () => {
    expect(changesOf(ann, { role: 'artist', rights: null, password: '', disabled: false })).toEqual({})
    expect(changesOf(own, { rights: ['edit_all', 'view'] })).toEqual({})
    expect(changesOf(own, { rights: null, disabled: true })).toEqual({ rights: null, disabled: true })
    expect(changesOf(ann, { role: 'admin', rights: ann.rights })).toEqual({ role: 'admin', rights: ann.rights })
    expect(changesOf(own, { rights: ['view'], password: 'x' })).toEqual({ rights: ['view'], password: 'x' })
  })
})

describe.skipIf(!usable)('the People view', () => {
  let opened: Opened
  let page: Page

  onEachPage((next) => {
    opened = next
    page = next.page
  })

  const add = async (...users: NewUser[]) => {
    for (const user of users) expect((await opened.server.post('/api/users', user)).status).toBe(200)
  }
  const user = async (name: string) => (await opened.server.get<User>(`/api/users/${name}`)).body
  const canSignIn = async (name: string, password: string) =>
    (await opened.server.post('/api/signin', { name, password })).status === 200
  const names = () => page.locator('.grid-body .user-name').allTextContents()
  const row = (name: string): Locator =>
    page.locator('.grid-body [role="row"]').filter({ has: page.getByText(name, { exact: true }) })
  const cell = (name: string, column: string) => row(name).locator(`[data-column="${column}"]`)
  const dialog = (name: string) => page.getByRole('dialog', { name, exact: true })
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const roleIn = (form: Locator) => form.getByRole('combobox', { name: 'Role' })
  const edit = async (name: string) => {
    await row(name).dblclick()
    await dialog(name).waitFor()
    return dialog(name)
  }
  /** What the page sends, until the test ends. */
  const sentTo = (path: string) => {
    const bodies: unknown[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST' && new URL(request.url()).pathname === path) bodies.push(request.postDataJSON())
    })
    return bodies
  }
  const saved = (form: Locator) => form.waitFor({ state: 'detached' })

  test('lists who may do what, goes on by itself, and is sorted and filtered by what is in the address', async () => {
    await add(
      { name: 'user-10', role: 'wrangler', password: PASSWORD },
      { name: 'user-2', rights: ['view', 'edit_all'] },
      { name: 'wendy', role: 'admin' },
    )
    expect(await canSignIn('user-10', PASSWORD)).toBe(true)
    await opened.server.down()
    const db = new Database(join(opened.server.data, 'coalition.db'), { strict: true })
    db.run("update users set source = 'ldap' where name = 'wendy'")
    db.close()
    await opened.server.up()
    await opened.server.post('/api/users/user-2', { disabled: 1 })
    await opened.show('/people')
    await becomes(names, ['user-2', 'user-10', 'wendy'])
    const texts = (name: string) => row(name).locator('.grid-cell').allTextContents()
    expect((await texts('user-2')).slice(1, 6)).toEqual([
      'artist',
      'ownview, edit all',
      'this server',
      'DISABLED',
      'never',
    ])
    expect((await texts('wendy')).slice(1, 6)).toEqual(['admin', 'all', 'LDAP', 'ACTIVE', 'never'])
    // Not by colour alone.
    const shape = (name: string) => cell(name, 'state').locator('path').getAttribute('d')
    expect(await shape('user-2')).not.toBe(await shape('wendy'))
    expect(await cell('user-10', 'signed_in').textContent()).toMatch(/^\d\d:\d\d:\d\d$/)
    const totals = () => page.locator('.totals').textContent()
    expect(await totals()).toStartWith('3 users1 admin1 disabled')

    await add({ name: 'bob' })
    await becomes(names, ['bob', 'user-2', 'user-10', 'wendy'])
    const head = page.getByRole('columnheader', { name: 'Role' }).getByRole('button')
    await head.click()
    await becomes(names, ['wendy', 'bob', 'user-2', 'user-10'])
    await head.click()
    await becomes(names, ['user-10', 'bob', 'user-2', 'wendy'])
    await page.getByLabel('Filter', { exact: true }).fill('artist')
    await becomes(names, ['bob', 'user-2'])
    expect(new URL(page.url()).search).toBe('?sort=-role&q=artist')
    await page.reload()
    await becomes(names, ['bob', 'user-2'])
    expect(await totals()).toStartWith('2 users0 admins1 disabled')
    await page.getByLabel('Filter', { exact: true }).fill('nobody')
    await page.getByText('No user passes the filter.').waitFor()
  })

  test('adds a user; what is wrong is said in the server’s words at its field', async () => {
    await opened.show('/people')
    await page.getByText('There is no user yet.').waitFor()
    const sent = sentTo('/api/users')
    await button('Add a user').click()
    const form = dialog('Add a user')
    await form.waitFor()
    const yes = form.getByRole('button', { name: 'Add user' })
    expect(await yes.isDisabled()).toBe(true)
    const name = form.getByLabel('Name')
    await name.fill('two  spaces')
    await yes.click()
    const wrong = (label: string) => form.locator('.field').filter({ hasText: label }).locator('.field-error')
    await wrong('Name').filter({ hasText: "'two  spaces' cannot be the name of a user" }).waitFor()
    await name.fill('Ann')
    await form.getByText('Without one they sign in elsewhere').waitFor()
    await form.getByLabel('Password').fill('short')
    await yes.click()
    await wrong('Password').filter({ hasText: 'The password has 5 characters' }).waitFor()
    expect(await wrong('Name').count()).toBe(0)
    await form.getByLabel('Password').fill(PASSWORD)
    await roleIn(form).selectOption('wrangler')
    await form.getByText('All jobs, workers and limits').waitFor()
    await yes.click()
    await saved(form)
    await becomes(names, ['ann'])
    expect(await cell('ann', 'role').textContent()).toBe('wrangler')
    expect(await canSignIn('ann', PASSWORD)).toBe(true)

    await page.keyboard.press('Alt+n')
    await name.waitFor()
    await name.fill('ann')
    await yes.click()
    await wrong('Name').filter({ hasText: 'There is a user ann already' }).waitFor()
    await name.fill('bob')
    await yes.click()
    await becomes(names, ['ann', 'bob'])
    // What was not touched is not sent.
    expect(sent.at(-1)).toEqual({ name: 'bob' })
    // The browser itself writes down that it was refused.
    expect(opened.complaints.splice(0).filter((words) => !/40[09]|422/.test(words))).toEqual([])
  })

  test('edits role, rights and access, and sends what was touched', async () => {
    await add({ name: 'ann', password: PASSWORD }, { name: 'zoe', role: 'admin' })
    await opened.show('/people')
    const sent = sentTo('/api/users/ann')
    let form = await edit('ann')
    const save = () => form.getByRole('button', { name: 'Save' })
    expect(await save().isDisabled()).toBe(true)
    await roleIn(form).selectOption('admin')
    await save().click()
    await saved(form)
    await becomes(() => cell('ann', 'role').textContent(), 'admin')

    form = await edit('ann')
    await roleIn(form).selectOption('artist')
    await roleIn(form).selectOption('admin')
    // As it was: nothing is touched.
    expect(await save().isDisabled()).toBe(true)
    const asRole = form.getByLabel('As the role has them')
    expect(await asRole.isChecked()).toBe(true)
    expect(await form.getByRole('checkbox').count()).toBe(2)
    await asRole.uncheck()
    for (const right of ['create all', 'delete all', 'edit all', 'create', 'delete'])
      await form.getByLabel(right, { exact: true }).uncheck()
    await save().click()
    await saved(form)
    await becomes(() => cell('ann', 'rights').textContent(), 'ownview all, edit')
    expect(await user('ann')).toMatchObject({ rights: ['view', 'view_all', 'edit'], own_rights: true })

    form = await edit('ann')
    await form.getByLabel('As the role has them').check()
    await form.getByLabel('Disabled').check()
    await save().click()
    await saved(form)
    await becomes(() => cell('ann', 'rights').textContent(), 'all')
    await becomes(() => cell('ann', 'state').textContent(), 'DISABLED')
    expect(await canSignIn('ann', PASSWORD)).toBe(false)
    expect(sent).toEqual([
      { role: 'admin' },
      { rights: ['view', 'view_all', 'edit'] },
      { rights: null, disabled: true },
    ])
  })

  test('sets a password, which the server may find wrong', async () => {
    await add({ name: 'ann', password: PASSWORD })
    await opened.show('/people')
    const form = await edit('ann')
    await form.getByLabel('New password').fill('short')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.locator('.field-error').filter({ hasText: 'The password has 5 characters' }).waitFor()
    opened.complaints.length = 0
    await form.getByLabel('New password').fill('staple battery horse')
    await form.getByRole('button', { name: 'Save' }).click()
    await saved(form)
    expect([await canSignIn('ann', PASSWORD), await canSignIn('ann', 'staple battery horse')]).toEqual([false, true])
  })

  test('makes a token for a user, shows it once, and revokes it', async () => {
    await add({ name: 'ann' }, { name: 'bob' })
    await opened.show('/people')
    let form = await edit('ann')
    await form.getByText('None: one lets a script or a command line be ann.').waitFor()
    await form.getByLabel('New token').fill('nightly')
    await form.getByRole('button', { name: 'Make it' }).click()
    const token = (await form.locator('.account-secret').textContent()) ?? ''
    const headers = { authorization: `Bearer ${token}` }
    expect((await opened.server.get<Me>('/api/me', { headers })).body.name).toBe('ann')
    await form.getByText('all that ann may, until').waitFor()
    await form.getByRole('button', { name: 'Cancel' }).click()
    await saved(form)

    // Not those of somebody who was looked at before, until the answer is there.
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
    await page.route('**/api/tokens?user=bob', async (route) => {
      await answered
      await route.continue()
    })
    const asked = page.waitForRequest('**/api/tokens?user=bob')
    form = await edit('bob')
    await asked
    expect(await form.getByText('nightly').count()).toBe(0)
    answer()
    await form.getByText('a command line be bob').waitFor()
    await form.getByRole('button', { name: 'Close' }).click()
    await saved(form)
    form = await edit('ann')
    expect(await form.getByText(token).count()).toBe(0)
    await form.getByRole('button', { name: 'Revoke nightly' }).click()
    await button('Revoke it').click()
    await form.getByText('a command line be ann').waitFor()
    const [kept] = (await opened.server.get<Token[]>('/api/tokens?user=ann')).body
    expect(kept?.revoked).toBeGreaterThan(0)
  })

  test('asks before it deletes, by name, and says what goes', async () => {
    await add({ name: 'ann' }, { name: 'bob' }, { name: 'cy' }, { name: 'dan' })
    const { body: token } = await opened.server.post<MadeToken>('/api/tokens', { name: 'nightly', user: 'ann' })
    const headers = { authorization: `Bearer ${token.token}` }
    const { body: id } = await opened.server.put<number>('/api/jobs', { title: 'hers', command: 'x' }, { headers })
    await opened.show('/people')
    const form = await edit('ann')
    await form.getByRole('button', { name: 'Delete' }).click()
    const question = page.getByRole('alertdialog', { name: 'Delete ann?' })
    await question.getByText('ann cannot sign in any more: sessions end, and tokens are deleted. Their jobs').waitFor()
    await question.getByRole('button', { name: 'Cancel' }).click()
    await question.waitFor({ state: 'detached' })
    expect(await names()).toEqual(['ann', 'bob', 'cy', 'dan'])
    await row('ann').click()
    await page.keyboard.press('Delete')
    await question.getByRole('button', { name: 'Delete ann' }).click()
    await becomes(names, ['bob', 'cy', 'dan'])
    expect((await opened.server.get('/api/me', { headers })).status).toBe(401)
    expect(await opened.server.job(id)).toMatchObject({ title: 'hers', user: 'ann' })

    await row('bob').click()
    await row('cy').click({ modifiers: ['Shift'] })
    await page.keyboard.press('Delete')
    const two = page.getByRole('alertdialog', { name: 'Delete 2 users?' })
    await two.getByText('bob and cy cannot').waitFor()
    await two.getByRole('button', { name: 'Delete 2 users' }).click()
    await becomes(names, ['dan'])
  })

  test('disables and enables what is selected; who is gone meanwhile is said in the server’s words', async () => {
    await add({ name: 'ann' }, { name: 'bob' }, { name: 'cy' })
    await opened.show('/people')
    await row('ann').click()
    await row('bob').click({ modifiers: ['Shift'] })
    expect(await button('Edit').isDisabled()).toBe(true)
    expect(await button('Enable').isDisabled()).toBe(true)
    await button('Disable').click()
    const states = () => page.locator('.grid-body [data-column="state"]').allTextContents()
    await becomes(states, ['DISABLED', 'DISABLED', 'ACTIVE'])
    expect((await user('bob')).disabled).toBe(1)
    await row('bob').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Enable 2 users' }).click()
    await becomes(states, ['ACTIVE', 'ACTIVE', 'ACTIVE'])

    // The list does not know yet.
    const { text: body } = await opened.server.get('/api/users')
    await page.route('**/api/users', (route) => route.fulfill({ body, contentType: 'application/json' }))
    await row('cy').click()
    await opened.server.delete('/api/users/cy', undefined)
    await button('Disable').click()
    const toast = page.locator('.toast').filter({ hasText: 'Could not disable cy' })
    await toast.getByText('There is no user cy').waitFor()
    opened.complaints.length = 0
  })

  test('is used by keyboard alone', async () => {
    await add({ name: 'ann' }, { name: 'bob' }, { name: 'bert' })
    await opened.show('/people')
    await row('ann').waitFor()
    const grid = page.getByRole('treegrid', { name: 'People' })
    await grid.focus()
    const focused = (what: Locator) => what.evaluate((element) => element === document.activeElement)
    // Letters go to a name.
    await page.keyboard.type('bo')
    await becomes(() => row('bob').getAttribute('aria-selected'), 'true')
    await page.keyboard.press('Enter')
    const form = dialog('bob')
    await becomes(() => focused(roleIn(form)), true)
    await page.keyboard.type('w')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await becomes(() => form.getByLabel('create', { exact: true }).isChecked(), false)
    await form.getByLabel('New password').focus()
    await page.keyboard.press('Enter')
    await saved(form)
    await becomes(() => cell('bob', 'role').textContent(), 'wrangler')
    await becomes(() => cell('bob', 'rights').textContent(), 'ownview all, edit, delete')

    await becomes(() => focused(grid), true)
    await page.keyboard.press('F2')
    await becomes(() => focused(roleIn(form)), true)
    await page.keyboard.press('Escape')
    await saved(form)
    await becomes(() => focused(grid), true)
    await page.keyboard.press('Control+k')
    const palette = page.getByLabel('Find a command')
    await becomes(() => focused(palette), true)
    await page.keyboard.type('Add a user')
    await page.getByRole('option', { name: 'Add a user' }).waitFor()
    await page.keyboard.press('Enter')
    await becomes(() => focused(dialog('Add a user').getByLabel('Name')), true)
    await page.keyboard.type('cy')
    await page.keyboard.press('Enter')
    await becomes(names, ['ann', 'bert', 'bob', 'cy'])
    await saved(dialog('Add a user'))
    await grid.focus()
    await page.keyboard.press('End')
    await page.keyboard.press('Delete')
    const question = page.getByRole('alertdialog', { name: 'Delete cy?' })
    await becomes(() => focused(question.getByRole('button', { name: 'Cancel' })), true)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await becomes(names, ['ann', 'bert', 'bob'])
  })

  test('is not there for an artist, nor any more for an admin who makes themselves one', async () => {
    await add({ name: 'ann', password: PASSWORD }, { name: 'adam', role: 'admin', password: PASSWORD })
    await opened.show('/people')
    const sections = page.getByRole('navigation', { name: 'Sections' })
    await sections.getByRole('link', { name: 'People' }).waitFor()
    const signIn = (name: string) =>
      page.evaluate(
        async (user) => {
          await fetch('/api/signin', { method: 'POST', body: JSON.stringify(user) })
        },
        { name, password: PASSWORD },
      )
    const without = ['Jobs', 'Workers', 'Farm', 'Activity', 'Affinities']
    await signIn('ann')
    await opened.show('/people')
    await becomes(() => sections.getByRole('link').allTextContents(), without)
    expect(new URL(page.url()).pathname).toBe('/jobs')

    await signIn('adam')
    await opened.show('/people')
    await row('adam').waitFor()
    const form = await edit('adam')
    await form.getByText('a command line be you').waitFor()
    await roleIn(form).selectOption('artist')
    const save = form.getByRole('button', { name: 'Save' })
    await save.click()
    await form.locator('.field-error').getByText('adam is the last admin').waitFor()
    await add({ name: 'zoe', role: 'admin' })
    await save.click()
    await becomes(() => sections.getByRole('link').allTextContents(), without)
    expect(new URL(page.url()).pathname).toBe('/jobs')
    // The list that they may not have any more.
    opened.complaints.length = 0
  })

  for (const theme of ['dark', 'light'] as const)
    test(`has nothing that axe finds, ${theme}`, async () => {
      await add({ name: 'ann', rights: ['view'] }, { name: 'bob', role: 'admin' })
      await opened.server.post('/api/users/ann', { disabled: 1 })
      await opened.server.post('/api/tokens', { name: 'nightly', user: 'ann' })
      await page.emulateMedia({ colorScheme: theme })
      await opened.show('/people')
      await becomes(names, ['ann', 'bob'])
      expect(await violations(page)).toEqual([])
      const form = await edit('ann')
      await form.getByText('all that ann may').waitFor()
      await roleIn(form).selectOption('wrangler')
      expect(await violations(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('alertdialog', { name: 'Throw away what was typed?' }).waitFor()
      expect(await violations(page)).toEqual([])
      await button('Throw it away').click()
      await saved(form)
      await button('Add a user').click()
      await dialog('Add a user').waitFor()
      expect(await violations(page)).toEqual([])
    })

  test('on a phone says who, what they are, whether they come in and when they last did', async () => {
    const phone = await openPage({ width: 390, height: 780, touch: true })
    try {
      await phone.server.post('/api/users', { name: 'ann', rights: ['view'] })
      await phone.show('/people')
      const headers = () => phone.page.locator('[role="columnheader"]').allTextContents()
      await becomes(headers, ['Name', 'Role', 'State', 'Last sign-in'])
      await phone.page.locator('.user-name').click()
      await phone.page.getByRole('button', { name: 'Edit' }).click()
      const form = phone.page.getByRole('dialog', { name: 'ann' })
      await form.waitFor()
      const { x, width } = (await form.boundingBox()) ?? { x: 0, width: 1000 }
      expect([x >= 0, x + width <= 390]).toEqual([true, true])
      expect(await phone.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
      expect(await violations(phone.page)).toEqual([])
    } finally {
      await phone.close()
    }
  })
})
