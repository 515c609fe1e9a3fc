/** Signing in over HTTP, as browsers and scripts do. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { MadeToken, Me, User } from '../../src/models.ts'
import { expectProblem } from '../http/problem.ts'
import { type Answer, type TestServer, testServer } from '../support/server.ts'

const PASSWORD = 'correct horse battery'
let server: TestServer

beforeAll(async () => {
  server = await testServer()
  for (const [name, role] of [
    ['ann', 'artist'],
    ['wendy', 'wrangler'],
    ['adam', 'admin'],
  ])
    expect((await server.post('/api/users', { name, role, password: PASSWORD })).status).toBe(200)
})
afterAll(() => server.stop())

const cookieOf = (answer: Answer): string => /^[^;]+/.exec(answer.headers.get('set-cookie') ?? '')?.[0] ?? ''
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

async function signedIn(name: string) {
  const answer = await server.post<Me>('/api/signin', { name, password: PASSWORD })
  expect(answer.status).toBe(200)
  return { headers: { cookie: cookieOf(answer) } }
}

async function tokenOf(user: string, more: object = {}): Promise<MadeToken> {
  return (await server.post<MadeToken>('/api/tokens', { name: 'test', user, ...more })).body
}

describe('signing in', () => {
  test('sets a cookie that no script reads and no other site sends with a form', async () => {
    const answer = await server.post<Me>('/api/signin', { name: 'Ann', password: PASSWORD })
    expect(answer.body).toMatchObject({ kind: 'user', name: 'ann', role: 'artist', by: 'session', own_password: true })
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^coalition_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=1209600$/)
    const me = await server.get<Me>('/api/me', { headers: { cookie: cookieOf(answer) } })
    expect(me.body).toEqual(answer.body)
    // Its secret is in the cookie and nowhere else.
    expect(answer.text).not.toContain(cookieOf(answer).split('=')[1] ?? '')
  })

  test('that fails says the same whatever was wrong, and sets nothing', async () => {
    const answers = [
      await server.post('/api/signin', { name: 'ann', password: 'wrong password' }),
      await server.post('/api/signin', { name: 'nobody', password: PASSWORD }),
    ]
    expect(new Set(answers.map((answer) => expectProblem(answer, 401))).size).toBe(1)
    for (const { headers } of answers) expect(headers.get('set-cookie')).toBeNull()
  })

  test('is slowed for who guesses: 429, and when to come again', async () => {
    await server.post('/api/users', { name: 'victim', password: PASSWORD })
    const guess = () => server.post('/api/signin', { name: 'victim', password: 'guessed wrong' })
    const guesses = await Promise.all(Array.from({ length: 12 }, guess))
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(5)
    const [slowed] = guesses.filter(({ status }) => status === 429)
    if (!slowed) throw new Error('none was slowed')
    expectProblem(slowed, 429)
    expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('ends the session that the browser had, and signing out ends the new one', async () => {
    const before = await signedIn('ann')
    const again = await server.post('/api/signin', { name: 'ann', password: PASSWORD }, before)
    const now = { headers: { cookie: cookieOf(again) } }
    const kinds = async (who: typeof now) => (await server.get<Me>('/api/me', who)).body.kind
    expect([await kinds(before), await kinds(now)]).toEqual(['local', 'user'])
    const out = await server.post('/api/signout', undefined, now)
    expect(out.headers.get('set-cookie')).toStartWith('coalition_session=; ')
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0')
    expect(await kinds(now)).toBe('local')
  })

  test('takes no password in an address', async () => {
    expectProblem(await server.get(`/api/signin?name=ann&password=${PASSWORD}`), 405)
  })
})

describe('a token', () => {
  test('is told once, opens what its user may, and is nothing once it is revoked', async () => {
    const made = await tokenOf('ann', { days: 1 })
    expect(made.token).toMatch(/^coa_[\w-]{43}$/)
    expect((await server.get('/api/tokens')).text).not.toContain(made.token)
    expect((await server.get<Me>('/api/me', bearer(made.token))).body).toMatchObject({ name: 'ann', by: 'token' })
    const own = await server.get<unknown[]>('/api/tokens', bearer(made.token))
    expect(own.body).toContainEqual(expect.objectContaining({ id: made.id, revoked: 0 }))
    expect((await server.delete(`/api/tokens/${made.id}`, undefined, bearer(made.token))).status).toBe(200)
    expectProblem(await server.get('/api/me', bearer(made.token)), 401)
    expectProblem(await server.get('/api/jobs', bearer(made.token)), 401)
  })

  test('that is forged is refused, and not taken for none', async () => {
    const { token } = await tokenOf('ann')
    for (const forged of ['x', token.slice(0, -1), `${token}A`, token.toUpperCase(), 'coa_'.padEnd(47, 'A')])
      expectProblem(await server.get('/api/jobs', bearer(forged)), 401)
  })

  test('survives a restart of the server, and so does its end', async () => {
    const [kept, gone] = [await tokenOf('ann'), await tokenOf('ann')]
    const session = await signedIn('ann')
    await server.delete(`/api/tokens/${gone.id}`, undefined)
    await server.restart()
    expect((await server.get<Me>('/api/me', bearer(kept.token))).body.name).toBe('ann')
    expect((await server.get<Me>('/api/me', session)).body.name).toBe('ann')
    expectProblem(await server.get('/api/me', bearer(gone.token)), 401)
  })
})

describe('users', () => {
  test.each(['ann', 'wendy'])('are not the business of %s', async (name) => {
    const { token } = await tokenOf(name)
    for (const who of [await signedIn(name), bearer(token)]) {
      expectProblem(await server.get('/api/users', who), 403)
      expectProblem(await server.get(`/api/users/${name}`, who), 403)
      expectProblem(await server.post('/api/users', { name: 'eve', role: 'admin' }, who), 403)
      expectProblem(await server.post(`/api/users/${name}`, { role: 'admin' }, who), 403)
      expectProblem(await server.delete('/api/users/adam', undefined, who), 403)
      expectProblem(await server.get('/api/tokens?user=adam', who), 403)
      expectProblem(await server.post('/api/tokens', { name: 'x', user: 'adam' }, who), 403)
    }
  })

  test('are that of an admin, who is no admin any more at once', async () => {
    await server.post('/api/users', { name: 'second', role: 'admin', password: PASSWORD })
    const second = await signedIn('second')
    expect((await server.get<User[]>('/api/users', second)).body.map(({ name }) => name)).toContain('ann')
    await server.post('/api/users/second', { role: 'artist' }, await signedIn('adam'))
    expectProblem(await server.get('/api/users', second), 403)
    await server.post('/api/users/second', { disabled: true })
    expect((await server.get<Me>('/api/me', second)).body.kind).toBe('local')
  })

  test('never show a password or its hash', async () => {
    for (const path of ['/api/users', '/api/users/ann']) expect((await server.get(path)).text).not.toMatch(/argon|hash/)
  })

  test.each([
    [{ name: 'ann' }, 409, 'name'],
    [{ name: 'x', password: 'short' }, 422, 'password'],
    [{ name: 'x', password: 'x'.repeat(2000) }, 422, 'password'],
    [{ name: 'x', role: 'root' }, 422, 'role'],
    [{ name: 'x', rights: ['everything'] }, 422, undefined],
    [{ name: 'x', disabled: 1 }, 422, 'disabled'],
    [{ name: 'a\u200bnn' }, 422, 'name'],
    [{}, 422, 'name'],
  ])('like %j are refused', async (input, status, field) => {
    const words = expectProblem(await server.post('/api/users', input), status, field)
    if ('password' in input) expect(words).not.toContain(String(input.password))
  })

  test('that are not there are said to be so', async () => {
    expectProblem(await server.get('/api/users/eve'), 404)
    expectProblem(await server.post('/api/users/eve', { role: 'admin' }), 404)
    expectProblem(await server.delete('/api/users/eve', undefined), 404)
    expectProblem(await server.post('/api/tokens', { name: 'x', user: 'eve' }), 404, 'user')
    expectProblem(await server.delete('/api/tokens/999', undefined), 404)
  })
})

test('a wrong password in a body is never told back', async () => {
  const secret = 'my-secret-password'
  for (const body of [
    { name: 'x', password: { secret } },
    { name: 'x', password: [secret] },
    { name: 'x', passwort: secret },
  ])
    expect((await server.post('/api/signin', body)).text).not.toContain(secret)
})
