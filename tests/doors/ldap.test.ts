/** Signing in at a directory, which is a real OpenLDAP. */
import { afterAll, beforeAll, describe, expect, spyOn, test } from 'bun:test'
import { readFileSync, rmSync } from 'node:fs'
import { filterFor, type LdapRules, ldapDirectory, ldapProblem } from '../../src/doors/ldap.ts'
import { createPeople } from '../../src/doors/people.ts'
import { refusal, tempFolder, testFarm } from '../support/farm.ts'
import { BASE, hasSlapd, needsSlapd, startSlapd } from './slapd.ts'

const RULES: LdapRules = {
  url: '',
  login: `uid=__login__,ou=people,${BASE}`,
  base: BASE,
  filters: {
    admin: '(&(cn=td)(memberUid=__login__))',
    wrangler: '(&(cn=wranglers)(memberUid=__login__))',
    create: '(&(cn=artists)(memberUid=__login__))',
    view: `(&(objectClass=inetOrgPerson)(uid=__login__)(!(uid=guest)))`,
    delete_all: '(&(cn=cleaners)(memberUid=__login__))',
  },
  starttls: false,
  ca: '',
  insecure: true,
}

describe.skipIf(!hasSlapd() && !needsSlapd)('with a directory', () => {
  const folder = tempFolder()
  let slapd: Awaited<ReturnType<typeof startSlapd>>

  beforeAll(async () => {
    slapd = await startSlapd(folder, [
      { uid: 'ann', password: 'ann-secret', groups: ['artists'] },
      { uid: 'adam', password: 'adam-secret', groups: ['td', 'artists'] },
      { uid: 'wendy', password: 'wendy-secret', groups: ['wranglers'] },
      { uid: 'guest', password: 'guest-secret' },
      { uid: '*', password: 'star-secret' },
      { uid: 'a)(*', password: 'paren-secret' },
      { uid: "kate o'hara", password: 'pä$$wörd', groups: ['artists', 'cleaners'] },
    ])
  }, 60_000)
  afterAll(async () => {
    await slapd?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const directory = (more: Partial<LdapRules> = {}) => ldapDirectory({ ...RULES, url: slapd.ldap, ...more })
  const signIn = (name: string, password: string, more?: Partial<LdapRules>) => directory(more).signIn(name, password)

  test('a user has the role and the rights for which a filter finds something', async () => {
    expect(await signIn('adam', 'adam-secret')).toEqual({ role: 'admin', rights: null })
    expect(await signIn('wendy', 'wendy-secret')).toEqual({ role: 'wrangler', rights: null })
    expect(await signIn('ann', 'ann-secret')).toEqual({ role: 'artist', rights: ['create', 'view'] })
    const kate = await signIn("kate o'hara", 'pä$$wörd')
    expect(kate?.rights).toEqual(['create', 'view', 'delete_all'])
    expect(await signIn('ann', 'ann-secret', { filters: {} })).toEqual({ role: 'artist', rights: null, forNew: true })
  })

  test.each([
    ['ann', 'adam-secret'],
    ['ann', ''],
    ['', ''],
    ['nobody', 'ann-secret'],
    [`ann,ou=people,${BASE}`, 'ann-secret'],
    ['ann,ou=people', 'ann-secret'],
    ['ann+cn=x', 'ann-secret'],
    ['\\61nn', 'ann-secret'],
    ['#616e6e', 'ann-secret'],
    ['"ann"', 'ann-secret'],
    ['ann\u0000', 'ann-secret'],
    ['*', 'ann-secret'],
    ['ann)(uid=*', 'ann-secret'],
  ])('%j with %j is nobody', async (name, password) => {
    expect(await signIn(name, password)).toBeUndefined()
  })

  test('a name that is a filter finds itself, and nobody else', async () => {
    // Both can sign in, and are in no group: a star that were one would make the first an admin.
    expect(await signIn('*', 'star-secret')).toEqual({ role: 'artist', rights: ['view'] })
    expect(await signIn('a)(*', 'paren-secret')).toEqual({ role: 'artist', rights: ['view'] })
  })

  test('who is known and has no right is told so', async () => {
    expect((await refusal(signIn('guest', 'guest-secret'))).kind).toBe('forbidden')
  })

  test('over TLS, from the first byte or by StartTLS, to a directory that is who it says', async () => {
    const ca = readFileSync(slapd.ca, 'utf8')
    const safe = { insecure: false, ca }
    expect(await signIn('ann', 'ann-secret', { ...safe, url: slapd.ldaps })).toMatchObject({ role: 'artist' })
    expect(await signIn('ann', 'ann-secret', { ...safe, starttls: true })).toMatchObject({ role: 'artist' })
    expect(await signIn('ann', 'wrong', { ...safe, starttls: true })).toBeUndefined()
    const said = spyOn(console, 'error').mockImplementation(() => {})
    try {
      for (const more of [{ url: slapd.ldaps }, { starttls: true }])
        expect((await refusal(signIn('ann', 'ann-secret', { ...more, insecure: false }))).kind).toBe('unavailable')
      expect(said.mock.calls.flat().join('\n')).not.toContain('ann-secret')
    } finally {
      said.mockRestore()
    }
  })

  test('users come to be at their first sign-in, follow the directory, and rest when they are away', async () => {
    await using farm = testFarm()
    const people = createPeople(farm.farm, { directory: directory() })
    await people.users.add({ name: 'wendy', password: 'correct horse battery' })
    const as = (name: string, password: string) => people.sessions.signIn(name, password, '10.0.0.1')
    const { secret, seconds } = await as('ANN', 'ann-secret')
    expect(seconds).toBe(86_400)
    expect(people.users.get('ann')).toMatchObject({ source: 'ldap', rights: ['create', 'view'] })
    const session = () => people.identify({ session: secret }, farm.clock.now)
    const token = await people.tokens.add(session() ?? { kind: 'nobody' }, { name: 'script' })
    // A password of this server is this server's business: the directory's does not open it.
    expect((await refusal(as('wendy', 'wendy-secret'))).kind).toBe('unauthenticated')
    expect((await as('wendy', 'correct horse battery')).name).toBe('wendy')
    expect((await refusal(as('ann', 'wrong'))).kind).toBe('unauthenticated')
    await people.users.edit('ann', { disabled: true })
    expect((await refusal(as('ann', 'ann-secret'))).kind).toBe('unauthenticated')
    await people.users.edit('ann', { disabled: false })
    farm.clock.advance(29 * 86_400)
    expect(people.identify({ token: token.token }, farm.clock.now)?.name).toBe('ann')
    farm.clock.advance(86_400)
    expect(people.identify({ token: token.token }, farm.clock.now)).toBeUndefined()
    await as('ann', 'ann-secret')
    expect(people.identify({ token: token.token }, farm.clock.now)?.name).toBe('ann')
  })

  test('a directory that is away is said to be, and opens nothing', async () => {
    const said = spyOn(console, 'error').mockImplementation(() => {})
    expect((await refusal(signIn('ann', 'ann-secret', { url: 'ldap://127.0.0.1:1' }))).kind).toBe('unavailable')
    expect(said.mock.calls.flat().join('\n')).not.toContain('ann-secret')
    said.mockRestore()
  })
})

test.each([
  ['ann', '(uid=ann)'],
  ['*', '(uid=\\2a)'],
  ['a)(uid=*', '(uid=a\\29\\28uid=\\2a)'],
  ['back\\slash', '(uid=back\\5cslash)'],
  ['nul\0', '(uid=nul\\00)'],
  ["$&$'", "(uid=$&$')"],
])('the name %j is a value in a filter', (name, filter) => {
  expect(filterFor('(uid=__login__)', name)).toBe(filter)
})

test.each([
  [{ url: 'http://x' }, 'ldap.url'],
  [{ url: 'ldap://x', insecure: false }, 'in clear'],
  [{ url: 'ldaps://x', starttls: true }, 'ldap.starttls'],
  [{ url: 'ldaps://x', login: 'ann' }, '__login__'],
  [{ url: 'ldaps://x', base: '' }, 'ldap.base'],
])('rules like %j are refused at the start', (more, words) => {
  expect(ldapProblem({ ...RULES, ...more })).toContain(words)
  expect(ldapProblem({ ...RULES, url: 'ldaps://x', insecure: false })).toBeUndefined()
})
