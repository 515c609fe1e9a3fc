/** Signing in at a provider of OpenID Connect: a real one, and one that lies. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, spyOn, test } from 'bun:test'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FLOW_SECONDS, Flows } from '../../src/doors/flows.ts'
import { type OidcRules, oidcProblem } from '../../src/doors/oidc.ts'
import { claimAt, foundIn, nameIn } from '../../src/doors/oidcClaims.ts'
import type { AuditRecord, Me, ProviderAddress, User } from '../../src/models.ts'
import type { ServerConfig } from '../../src/server.ts'
import { expectProblem } from '../http/problem.ts'
import { refusal, tempFolder } from '../support/farm.ts'
import { type Answer, type TestServer, testServer } from '../support/server.ts'
import { type Lies, startLiar } from './liar.ts'
import { CLIENT, startProvider, walk } from './provider.ts'

const GROUPS = { admin: ['td'], wrangler: ['wranglers'], create: ['artists'], view: ['artists'] }
const CALLBACK = '/oidc/callback'

const folder = tempFolder()
let server: TestServer
let admin: { headers: Record<string, string> }

beforeAll(async () => {
  server = await testServer()
  await server.post('/api/users', { name: 'boss', role: 'admin' })
  const { body } = await server.post<{ token: string }>('/api/tokens', { name: 'test', user: 'boss' })
  admin = { headers: { authorization: `Bearer ${body.token}` } }
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const cookiesOf = ({ headers }: Answer): string =>
  headers
    .getSetCookie()
    .map((cookie) => /^[^;]+/.exec(cookie)?.[0] ?? '')
    .filter((cookie) => !cookie.endsWith('='))
    .join('; ')
const withCookie = (cookie: string) => ({ headers: { cookie } })
const begin = (cookie = '') => server.post<ProviderAddress>('/api/signin/provider', undefined, withCookie(cookie))
const bring = (answer: string, cookie: string) =>
  server.post<Me>('/api/signin/provider/answer', { answer }, withCookie(cookie))
const user = async (name: string) => (await server.get<User>(`/api/users/${name}`, admin)).body
const at = (issuer: string, more: Partial<ServerConfig> = {}) =>
  server.restart({
    loopback: 'ask',
    oidc_issuer: issuer,
    oidc_client_id: CLIENT.id,
    oidc_client_secret: CLIENT.secret,
    oidc_groups: GROUPS,
    oidc_scopes: 'openid profile email groups',
    oidc_insecure: true,
    ...more,
  })

describe('at a real provider', () => {
  const accounts: Parameters<typeof startProvider>[1] = {
    adam: { groups: ['td', 'artists'] },
    ann: { groups: ['artists'] },
    guest: { groups: ['visitors'] },
    lonely: {},
    'sub-of-boss': { name: 'Boss', groups: ['td'] },
    'sub-of-impostor': { name: 'ann', groups: ['td'] },
    mail: { groups: ['artists'], email: 'mail@studio.lan', verified: true },
    liar: { groups: ['td'], email: 'mail@studio.lan', verified: false },
  }
  let provider: Awaited<ReturnType<typeof startProvider>>

  beforeAll(async () => {
    provider = await startProvider([server.url + CALLBACK], accounts)
    await at(provider.issuer)
  })
  afterAll(() => provider?.stop())

  async function signIn(login: string) {
    const began = await begin()
    expect(began.status).toBe(200)
    const answer = await walk(began.body.url, login, server.url + CALLBACK, provider.ca)
    return bring(answer, cookiesOf(began))
  }

  test('a user comes in with the rights of their groups, which are asked for each time', async () => {
    const answer = await signIn('ann')
    expect(answer.body).toMatchObject({ kind: 'user', name: 'ann', rights: ['create', 'view'], by: 'session' })
    const [session = '', flow = ''] = answer.headers.getSetCookie()
    expect(session).toMatch(/^coalition_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=86400$/)
    expect(flow).toBe('coalition_signin=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0')
    expect((await server.get<Me>('/api/me', withCookie(cookiesOf(answer)))).body.name).toBe('ann')
    expect(await user('ann')).toMatchObject({ source: 'oidc', own_rights: true, disabled: 0 })
    accounts.ann = { groups: ['td'] }
    expect((await signIn('ann')).body).toMatchObject({ role: 'admin', name: 'ann' })
    accounts.ann = { groups: ['artists', 'wranglers'] }
    expect((await signIn('ann')).body).toMatchObject({ role: 'wrangler', name: 'ann' })
    accounts.ann = { groups: ['artists'] }
    expect((await signIn('ann')).body).toMatchObject({ role: 'artist', rights: ['create', 'view'] })
    const audit = await server.get<AuditRecord[]>('/api/audit?action=people.sign_in', admin)
    expect(audit.body[0]).toMatchObject({ who: 'ann', actor: 'user', kind: 'user', outcome: 'done' })
  })

  test('who is in no group that has a right is told so, and is nobody here', async () => {
    for (const name of ['guest', 'lonely']) {
      expect(expectProblem(await signIn(name), 403)).toContain('no group that has a right')
      expect((await server.get(`/api/users/${name}`, admin)).status).toBe(404)
    }
  })

  test('a name that is somebody else’s is not taken over: of a user of this farm, or of another at the provider', async () => {
    expect(expectProblem(await signIn('sub-of-boss'), 401)).toContain('Somebody else has that name')
    expect(await user('boss')).toMatchObject({ source: 'local' })
    expect((await signIn('ann')).status).toBe(200)
    expect(expectProblem(await signIn('sub-of-impostor'), 401)).toContain('Somebody else has that name')
    expect(await user('ann')).toMatchObject({ role: 'artist' })
  })

  test('who was disabled here does not come in', async () => {
    await signIn('adam')
    await server.post('/api/users/adam', { disabled: true }, admin)
    expectProblem(await signIn('adam'), 401)
    expect(await user('adam')).toMatchObject({ disabled: 1 })
  })

  test('an answer is good once, and in the browser that asked', async () => {
    const began = await begin()
    const cookie = cookiesOf(began)
    const answer = await walk(began.body.url, 'ann', server.url + CALLBACK)
    const other = cookiesOf(await begin())
    expect(expectProblem(await bring(answer, ''), 401)).toContain(`begin again at ${server.url}`)
    expectProblem(await bring(answer, other), 401)
    expectProblem(await bring(answer, cookie.replace(/=\d/, '=9')), 401)
    expect((await bring(answer, cookie)).status).toBe(200)
    expect(expectProblem(await bring(answer, cookie), 401)).toContain('finished already')
  })

  test('a second tab does not end what the first began', async () => {
    const first = await begin()
    const second = await begin(cookiesOf(first))
    expect(cookiesOf(second)).toBe(cookiesOf(first))
    const answer = await walk(first.body.url, 'ann', server.url + CALLBACK)
    expect((await bring(answer, cookiesOf(second))).status).toBe(200)
  })

  test('where the browser goes is the provider’s, and where it comes back is this server’s: nobody names another', async () => {
    for (const path of ['?redirect_uri=http://evil.example', '?url=//evil.example', '']) {
      const { body } = await server.post<ProviderAddress>(`/api/signin/provider${path}`, {
        redirect_uri: 'http://evil.example',
      })
      const url = new URL(body.url)
      expect(url.origin).toBe(provider.issuer)
      expect(url.searchParams.get('redirect_uri')).toBe(server.url + CALLBACK)
      expect(url.searchParams.get('code_challenge_method')).toBe('S256')
    }
    const evil = { headers: { host: 'evil.example' } }
    expectProblem(await server.post('/api/signin/provider', undefined, evil), 421)
    const foreign = { headers: { origin: 'http://evil.example' } }
    expectProblem(await server.post('/api/signin/provider', undefined, foreign), 403)
    expectProblem(await server.post('/api/signin/provider/answer', { answer: '' }, foreign), 403)
  })

  test('an address of e-mail is a name when the provider has verified it', async () => {
    await at(provider.issuer, { oidc_user_claim: 'email' })
    try {
      expect(expectProblem(await signIn('liar'), 403)).toContain('not verified')
      expect((await signIn('mail')).body).toMatchObject({ name: 'mail@studio.lan' })
    } finally {
      await at(provider.issuer)
    }
  })

  test('without groups all are artists, until an admin says otherwise', async () => {
    await at(provider.issuer, { oidc_groups: {} })
    expect((await signIn('lonely')).body).toMatchObject({ name: 'lonely', role: 'artist' })
    await server.post('/api/users/lonely', { role: 'wrangler' }, admin)
    expect((await signIn('lonely')).body).toMatchObject({ name: 'lonely', role: 'wrangler' })
    await at(provider.issuer)
  })

  test('that is away opens nothing, and is said to be; the farm goes on', async () => {
    const said = spyOn(console, 'error').mockImplementation(() => {})
    await at('http://127.0.0.1:1')
    expect(expectProblem(await begin(), 503)).toContain('does not answer')
    expect((await server.get('/api/jobs', admin)).status).toBe(200)
    expect(said.mock.calls.flat().join('\n')).toContain('signing in at http://127.0.0.1:1 failed')
    said.mockRestore()
    await at(provider.issuer)
  })
})

test('over TLS, to a provider that is who it says', async () => {
  mkdirSync(join(folder, 'tls'))
  const tls = { tlsFolder: join(folder, 'tls') }
  const provider = await startProvider([server.url + CALLBACK], { tess: { groups: ['artists'] } }, tls)
  const said = spyOn(console, 'error').mockImplementation(() => {})
  try {
    await at(provider.issuer, { oidc_insecure: false })
    expectProblem(await begin(), 503)
    expect(said.mock.calls.flat().join('\n')).toMatch(/certificate/i)
    const secret = join(folder, 'secret')
    writeFileSync(secret, `${CLIENT.secret}\n`)
    await at(provider.issuer, {
      oidc_insecure: false,
      oidc_ca: provider.ca,
      oidc_client_secret: '',
      oidc_client_secret_file: secret,
    })
    const began = await begin()
    const answer = await walk(began.body.url, 'tess', server.url + CALLBACK, provider.ca)
    expect((await bring(answer, cookiesOf(began))).body).toMatchObject({ name: 'tess' })
  } finally {
    said.mockRestore()
    await provider.stop()
  }
})

describe('a provider that lies', () => {
  let liar: Awaited<ReturnType<typeof startLiar>>
  let said: { mock: { calls: unknown[][] }; mockRestore(): void }
  const logged = () => said.mock.calls.flat().join('\n')

  beforeAll(async () => {
    liar = await startLiar(CLIENT.id)
    await at(liar.url, { oidc_groups: {} })
    // So that it is for the lie that they are refused, and not for their names.
    expect((await signIn({})).body).toMatchObject({ name: 'lily' })
  })
  afterAll(() => liar?.stop())
  beforeEach(async () => {
    said = spyOn(console, 'error').mockImplementation(() => {})
    // Each failure slows the next from this address; a new server has seen none.
    await at(liar.url, { oidc_groups: {} })
  })
  afterEach(() => {
    expect(logged()).not.toContain(CLIENT.secret)
    said.mockRestore()
    liar.tell({})
  })

  async function signIn(lies: Lies, answer: Record<string, string> = {}) {
    const began = await begin()
    liar.heard(began.body.url)
    liar.tell(lies)
    const state = new URL(began.body.url).searchParams.get('state') ?? ''
    const query = new URLSearchParams({ code: 'code', state, ...answer })
    return bring(`?${query}`, cookiesOf(began))
  }

  test('is believed when it does not: by a code, the secret of the farm, and the proof that PKCE asks for', async () => {
    expect((await signIn({})).body).toMatchObject({ name: 'lily', role: 'artist' })
    const { form, authorization } = liar.asked.at(-1) ?? {}
    expect(form?.get('code_verifier')).toMatch(/^[\w-]{43}$/)
    expect(form?.get('redirect_uri')).toBe(server.url + CALLBACK)
    expect(form?.has('client_secret')).toBe(false)
    expect(authorization).toStartWith('Basic ')
    liar.tell({ metadata: { token_endpoint_auth_methods_supported: ['client_secret_post'] } })
    await at(liar.url, { oidc_groups: {} })
    await signIn({})
    expect(liar.asked.at(-1)).toMatchObject({ authorization: null })
    expect(liar.asked.at(-1)?.form.get('client_secret')).toBe(CLIENT.secret)
  })

  const now = () => Math.floor(Date.now() / 1000)
  test.each<[string, () => Lies]>([
    ['another nonce', () => ({ claims: { nonce: 'another' } })],
    ['no nonce', () => ({ claims: { nonce: undefined } })],
    ['another audience', () => ({ claims: { aud: 'another-farm' } })],
    ['two audiences, for the other one', () => ({ claims: { aud: [CLIENT.id, 'another'], azp: 'another' } })],
    ['another issuer', () => ({ claims: { iss: 'https://evil.example' } })],
    ['a token that has expired', () => ({ claims: { iat: now() - 900, exp: now() - 300 } })],
    ['a token of the future', () => ({ claims: { nbf: now() + 900 } })],
    ['a token without an end', () => ({ claims: { exp: undefined } })],
    ['a token signed by somebody else', () => ({ forged: true })],
    ['a token that nobody signed', () => ({ header: { alg: 'none' } })],
    ['a token signed with the public secret of another way', () => ({ header: { alg: 'HS256' } })],
    ['a key that it has not', () => ({ header: { kid: 'another' } })],
    ['somebody without a subject', () => ({ claims: { sub: undefined } })],
    ['no ID token', () => ({ token: () => Response.json({ access_token: 'x', token_type: 'bearer' }) })],
  ])('%s signs nobody in', async (_, lies) => {
    const answer = await signIn(lies())
    expect([401, 503]).toContain(answer.status)
    expectProblem(answer, answer.status)
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(logged()).toContain('failed')
  })

  test.each<[string, Record<string, string>]>([
    ['another state', { state: 'another' }],
    ['no state', { state: '' }],
    ['no code', { code: '' }],
    ['the issuer of another answer', { iss: 'https://evil.example' }],
    ['an implicit answer', { response: 'x.y.z' }],
  ])('an answer with %s signs nobody in', async (_, answer) => {
    const before = liar.asked.length
    const refused = await signIn({}, answer)
    expect([401, 503]).toContain(refused.status)
    expect(liar.asked.length).toBe(before)
  })

  test('what the provider says is told as text, and cut', async () => {
    const began = await begin()
    const state = new URL(began.body.url).searchParams.get('state') ?? ''
    const query = new URLSearchParams({
      state,
      error: 'access_denied',
      error_description: `No.\n\u0007${'x'.repeat(9999)}`,
    })
    const words = expectProblem(await bring(`?${query}`, cookiesOf(began)), 401)
    expect(words).toStartWith('The provider did not sign you in: No. xxx')
    expect(words.length).toBeLessThan(500)
  })

  test.each<[string, () => Response, number, string]>([
    ['a code that is used up', () => Response.json({ error: 'invalid_grant' }, { status: 400 }), 401, 'sign in again'],
    ['a farm it does not know', () => Response.json({ error: 'invalid_client' }, { status: 401 }), 503, 'admin'],
    ['its own failure', () => new Response('<h1>oops', { status: 500 }), 503, 'does not answer'],
    ['what is no JSON', () => new Response('{{', { headers: { 'content-type': 'application/json' } }), 503, 'admin'],
    ['another address', () => Response.redirect('http://evil.example/'), 503, 'admin'],
    ['without end', () => new Response('x'.repeat(3_000_000)), 503, 'does not answer'],
  ])('answering %s is refused in words', async (_, token, status, words) => {
    expect(expectProblem(await signIn({ token }), status)).toContain(words)
  })

  test.each([
    ['name', { issuer: 'https://evil.example' }],
    ['end of TLS', { authorization_endpoint: 'javascript:alert(1)' }],
    ['nothing', { token_endpoint: undefined, authorization_endpoint: undefined }],
  ])('of itself (%s) is not gone to', async (_, metadata) => {
    liar.tell({ metadata })
    expectProblem(await begin(), 503)
  })

  test('a name that is none is refused, and of userinfo only what is of the same person is taken', async () => {
    for (const name of ['', 'a  b', 'x\u200b', 5, null])
      expectProblem(await signIn({ claims: { preferred_username: name } }), 403)
    const claims = { preferred_username: undefined }
    const userinfo = { preferred_username: 'lily' }
    expect((await signIn({ claims, userinfo })).body).toMatchObject({ name: 'lily' })
    expect((await signIn({ claims, userinfo: { ...userinfo, sub: 'another' } })).status).not.toBe(200)
  })

  test('whoever makes up answers is slowed, by address', async () => {
    const began = await begin()
    const guess = () => bring('?code=x&state=x', cookiesOf(began))
    const statuses: number[] = []
    for (let i = 0; i < 25; i++) statuses.push((await guess()).status)
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(401))
    expect(statuses.at(-1)).toBe(429)
  })
})

test('where there is no provider nobody is sent to one', async () => {
  await server.restart()
  expectProblem(await begin(), 404)
  expectProblem(await bring('?code=x', ''), 404)
  expect((await server.get<Me>('/api/me')).body.ways.provider).toBeNull()
})

describe('a sign-in that is under way', () => {
  test('is known by its cookie for ten minutes, by this process', () => {
    const flows = new Flows()
    const { cookie, flow } = flows.begin(undefined, 1000)
    expect(flows.find(cookie, 1000 + FLOW_SECONDS - 1)).toEqual(flow)
    expect(flows.find(cookie, 1000 + FLOW_SECONDS)).toBeUndefined()
    expect(new Flows().find(cookie, 1000)).not.toEqual(flow)
    expect(flows.begin(cookie, 1001).cookie).toBe(cookie)
    expect(flows.begin(cookie, 1000 + FLOW_SECONDS).cookie).not.toBe(cookie)
    // Another time makes other secrets of it: the provider was not sent those.
    expect(flows.find(cookie.replace('1000.', '9000.'), 9000)?.state).not.toBe(flow.state)
    expect(new Set([flow.state, flow.nonce, flow.verifier]).size).toBe(3)
  })

  test.each(['', 'x', '1000.x', `1e9.${'A'.repeat(43)}`, `-1.${'A'.repeat(43)}`])('%j is none', (cookie) => {
    expect(new Flows().find(cookie, 1000)).toBeUndefined()
  })
})

describe('claims', () => {
  const claims = { 'https://studio/groups': ['a'], realm_access: { roles: ['b'] }, groups: 'c', name: 'Ann' }
  test.each([
    ['https://studio/groups', ['a']],
    ['realm_access.roles', ['b']],
    ['groups', 'c'],
    ['constructor', undefined],
    ['groups.length', undefined],
    ['nothing.at.all', undefined],
  ])('%s is %j', (path, value) => {
    expect(claimAt(claims, path)).toEqual(value)
  })

  test('one group can come as a text, and a part of one is none', async () => {
    const rules = { userClaim: 'name', groupsClaim: 'groups', groups: { wrangler: ['c'], admin: ['cc'] } }
    expect(nameIn(claims, 'name')).toBe('ann')
    expect(await foundIn(claims, 'ann', rules)).toMatchObject({ role: 'wrangler' })
    expect((await refusal(foundIn({ groups: 'cd' }, 'ann', rules))).kind).toBe('forbidden')
    expect((await refusal(foundIn({ groups: { c: 1 } }, 'ann', rules))).kind).toBe('forbidden')
  })
})

const RULES: OidcRules = {
  issuer: 'https://login.studio.lan',
  clientId: 'farm',
  clientSecret: '',
  scopes: 'openid',
  userClaim: 'sub',
  groupsClaim: 'groups',
  groups: {},
  label: 'x',
  redirectBase: '',
  ca: '',
  insecure: false,
}
test.each<[Partial<OidcRules>, string]>([
  [{ issuer: 'login.studio.lan' }, 'oidc.issuer'],
  [{ issuer: 'http://login.studio.lan' }, 'oidc.insecure'],
  [{ clientId: '' }, 'oidc.client_id'],
  [{ redirectBase: 'farm' }, 'oidc.redirect_base'],
  [{ redirectBase: 'https://farm?x=1' }, 'oidc.redirect_base'],
])('rules like %j are refused at the start', (more, words) => {
  expect(oidcProblem({ ...RULES, ...more })).toContain(words)
  expect(oidcProblem(RULES)).toBeUndefined()
})
