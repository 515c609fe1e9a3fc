/** Users, sessions and tokens on a real database, with a clock that moves when a test says so. */
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Actor } from '../../src/doors/actor.ts'
import { createPeople } from '../../src/doors/people.ts'
import { refusal, type TestFarm, tempFolder, testFarm } from '../support/farm.ts'

const PASSWORD = 'correct horse battery'
const LOCAL: Actor = { kind: 'local', name: '' }
const DAY = 86_400

/** `ann`, an artist with a password. */
async function withAnn(farm: TestFarm) {
  const people = createPeople(farm.farm)
  await people.users.add({ name: 'ann', password: PASSWORD })
  const now = () => farm.clock.now
  return {
    people,
    signIn: (name = 'ann', password = PASSWORD) => people.sessions.signIn(name, password, '10.0.0.1'),
    byToken: (token: string) => people.identify({ token }, now()),
    bySession: (session: string) => people.identify({ session }, now()),
  }
}

describe('at rest', () => {
  test('there are no passwords, tokens and sessions, only what does not lead back to them', async () => {
    const folder = tempFolder()
    await using farm = testFarm({ path: join(folder, 'coalition.db') })
    const { people, signIn } = await withAnn(farm)
    const { token } = await people.tokens.add(LOCAL, { name: 'script', user: 'ann' })
    const { secret } = await signIn()
    farm.db.sqlite.run('PRAGMA wal_checkpoint(TRUNCATE)')
    const bytes = readFileSync(join(folder, 'coalition.db'), 'latin1')
    for (const word of [PASSWORD, token, token.slice(4), secret]) expect(bytes.includes(word)).toBe(false)
    expect(bytes).toContain('$argon2id$v=19$m=19456,t=2,p=1$')
    const row = farm.db.sqlite.query('select hash from tokens').get() as { hash: string }
    expect(row.hash).toMatch(/^[0-9a-f]{64}$/)
  })

  test('two users of one password have two hashes', async () => {
    await using farm = testFarm()
    const { people } = await withAnn(farm)
    await people.users.add({ name: 'bob', password: PASSWORD })
    const hashes = farm.db.sqlite.query('select distinct password from users').all()
    expect(hashes).toHaveLength(2)
  })
})

describe('a name', () => {
  test('is one person, however it is typed', async () => {
    await using farm = testFarm()
    const { people, signIn } = await withAnn(farm)
    for (const typed of ['ANN', ' Ann ', 'ａｎｎ']) {
      expect((await refusal(people.users.add({ name: typed }))).kind).toBe('conflict')
      expect((await signIn(typed)).name).toBe('ann')
    }
  })

  test.each(['', '   ', 'a\u0000b', 'a\u200bb', 'a  b', 'x'.repeat(129), 'a\nb'])('is not %j', async (name) => {
    await using farm = testFarm()
    const { people, signIn } = await withAnn(farm)
    expect((await refusal(people.users.add({ name }))).kind).toBe('invalid')
    expect((await refusal(signIn(name))).kind).toBe('unauthenticated')
  })
})

test('the last admin stays one, while there are others', async () => {
  await using farm = testFarm()
  const { people } = await withAnn(farm)
  const { users } = people
  await users.add({ name: 'adam', role: 'admin' })
  const refused = async () => {
    for (const edit of [{ role: 'artist' }, { disabled: true }, { role: 'wrangler', disabled: false }] as const)
      expect(await refusal(users.edit('adam', edit))).toMatchObject({ kind: 'conflict', field: Object.keys(edit)[0] })
    expect((await refusal(users.remove('adam'))).kind).toBe('conflict')
    expect(users.get('adam')).toMatchObject({ role: 'admin', disabled: 0 })
  }
  await refused()
  await users.add({ name: 'eve', role: 'admin' })
  await users.edit('eve', { disabled: true })
  await refused()
  await users.edit('adam', { role: 'admin', disabled: false, rights: [] })
  await users.edit('eve', { disabled: false })
  await users.edit('adam', { disabled: true })
  // Who is no admin by now is nobody's last one.
  await users.edit('adam', { role: 'artist' })
  for (const name of ['adam', 'ann', 'eve']) await users.remove(name)
  expect(users.list()).toEqual([])
})

describe('signing in', () => {
  test('needs the right name, the right password, and a user who is not disabled', async () => {
    await using farm = testFarm()
    const { people, signIn, bySession } = await withAnn(farm)
    const { secret } = await signIn()
    expect(bySession(secret)).toMatchObject({ kind: 'user', name: 'ann', role: 'artist', by: 'session' })
    const wrong = [
      await refusal(signIn('ann', 'correct horse batter')),
      await refusal(signIn('ann', '')),
      await refusal(signIn('eve', PASSWORD)),
    ]
    await people.users.edit('ann', { disabled: true })
    wrong.push(await refusal(signIn()))
    // The same words for all: none tells which names there are.
    expect(new Set(wrong.map(({ kind, message }) => `${kind} ${message}`)).size).toBe(1)
    await people.users.edit('ann', { disabled: false })
    expect((await signIn()).name).toBe('ann')
  })

  test('does not work for a user without a password', async () => {
    await using farm = testFarm()
    const { people, signIn } = await withAnn(farm)
    await people.users.add({ name: 'bot' })
    for (const password of ['', ' ', 'undefined'])
      expect((await refusal(signIn('bot', password))).kind).toBe('unauthenticated')
  })

  test('looks at a password as long for a name that nobody has', async () => {
    await using farm = testFarm()
    const { signIn } = await withAnn(farm)
    const least = async (name: string) => {
      const times: number[] = []
      for (let i = 0; i < 3; i++) {
        const from = performance.now()
        await refusal(signIn(name, 'wrong password'))
        times.push(performance.now() - from)
      }
      return Math.min(...times)
    }
    await least('warm')
    // The look itself takes 10 ms at the least; without it an answer takes 0.1.
    expect(await least('nobody')).toBeGreaterThan((await least('ann')) / 5)
  })

  test('is refused to who guesses, and not to who waits', async () => {
    await using farm = testFarm()
    const { signIn } = await withAnn(farm)
    const kinds: string[] = []
    for (let i = 0; i < 8; i++) kinds.push((await refusal(signIn('ann', `guess ${i}`))).kind)
    expect(kinds).toEqual([...Array(5).fill('unauthenticated'), ...Array(3).fill('too_often')])
    // The right password is not looked at either: a guess that is refused tells nothing.
    expect((await refusal(signIn())).kind).toBe('too_often')
    farm.clock.advance(60)
    expect((await signIn()).name).toBe('ann')
  })

  test('many at a time guess no more than one after the other', async () => {
    await using farm = testFarm()
    const { signIn } = await withAnn(farm)
    const refusals = await Promise.all(Array.from({ length: 50 }, (_, i) => refusal(signIn('ann', `guess ${i}`))))
    expect(refusals.filter(({ kind }) => kind === 'unauthenticated')).toHaveLength(5)
  })
})

describe('a session', () => {
  test('ends by time, by signing out, by a new password, and with its user', async () => {
    await using farm = testFarm()
    const { people, signIn, bySession } = await withAnn(farm)
    const open = async () => {
      const { secret } = await signIn()
      expect(bySession(secret)).toBeDefined()
      return secret
    }
    const ended: [string, () => unknown][] = [
      ['sign-out', () => people.sessions.signOut(current)],
      ['password', () => people.users.edit('ann', { password: `${PASSWORD}!` })],
      ['disabled', () => people.users.edit('ann', { disabled: true, password: PASSWORD })],
      ['time', () => farm.clock.advance(14 * DAY)],
      ['deleted', () => people.users.remove('ann')],
    ]
    let current = ''
    for (const [, end] of ended) {
      await people.users.edit('ann', { disabled: false, password: PASSWORD })
      current = await open()
      await end()
      expect(bySession(current)).toBeUndefined()
    }
  })

  test('is one of fifty at most: the oldest ends', async () => {
    await using farm = testFarm()
    const { people, bySession } = await withAnn(farm)
    const secrets: string[] = []
    for (let i = 0; i < 52; i++) {
      farm.clock.advance(1)
      secrets.push((await people.sessions.open('ann')).secret)
    }
    expect(secrets.filter((secret) => bySession(secret))).toEqual(secrets.slice(2))
  })

  test('stays when its user changes the password in it, and the others end', async () => {
    await using farm = testFarm()
    const { people, signIn, bySession } = await withAnn(farm)
    const [here, there] = [(await signIn()).secret, (await signIn()).secret]
    const wrong = await refusal(people.users.changePassword('ann', 'wrong', 'staple battery horse', here))
    expect(wrong).toMatchObject({ kind: 'forbidden', field: 'old' })
    await people.users.changePassword('ann', PASSWORD, 'staple battery horse', here)
    expect([bySession(here)?.name, bySession(there)]).toEqual(['ann', undefined])
    expect((await refusal(signIn())).kind).toBe('unauthenticated')
    expect((await signIn('ann', 'staple battery horse')).name).toBe('ann')
  })
})

describe('a token', () => {
  test('is its user, until it expires, is revoked, or its user is disabled or deleted', async () => {
    await using farm = testFarm()
    const { people, byToken } = await withAnn(farm)
    const make = async (days?: number) => {
      const made = await people.tokens.add(LOCAL, { name: 'script', user: 'ann', days })
      expect(byToken(made.token)).toMatchObject({ name: 'ann', by: 'token' })
      return made
    }
    const forever = await make()
    const { token: short } = await make(1)
    farm.clock.advance(DAY)
    expect([byToken(short), byToken(forever.token)?.name]).toEqual([undefined, 'ann'])
    const revoked = await make()
    await people.tokens.revoke(LOCAL, revoked.id)
    expect(byToken(revoked.token)).toBeUndefined()
    await people.users.edit('ann', { disabled: true })
    expect(byToken(forever.token)).toBeUndefined()
    await people.users.edit('ann', { disabled: false })
    expect(byToken(forever.token)?.name).toBe('ann')
    await people.users.remove('ann')
    expect(byToken(forever.token)).toBeUndefined()
    await people.users.add({ name: 'ann' })
    expect(byToken(forever.token)).toBeUndefined()
  })

  test('that is forged is nobody', async () => {
    await using farm = testFarm()
    const { people, signIn, byToken, bySession } = await withAnn(farm)
    const { token } = await people.tokens.add(LOCAL, { name: 'script', user: 'ann' })
    const { secret } = await signIn()
    const { hash } = farm.db.sqlite.query('select hash from tokens').get() as { hash: string }
    const last = token.endsWith('A') ? 'B' : 'A'
    for (const forged of [
      '',
      'coa_',
      hash,
      `coa_${hash}`,
      `${token.slice(0, -1)}${last}`,
      `${token} `,
      secret,
      `coa_${secret}`,
    ])
      expect([forged, byToken(forged)]).toEqual([forged, undefined])
    for (const forged of ['', hash, token, token.slice(4)]) expect(bySession(forged)).toBeUndefined()
    // A wrong token is not made good by a cookie that comes with it.
    expect(people.identify({ token: 'coa_wrong', session: secret }, farm.clock.now)).toBeUndefined()
  })

  test('may no more than its scopes, and no more than its user', async () => {
    await using farm = testFarm()
    const { people, byToken } = await withAnn(farm)
    const { token } = await people.tokens.add(LOCAL, {
      name: 's',
      user: 'ann',
      scopes: ['view', 'view_all', 'edit_all'],
    })
    const user = byToken(token)
    expect([...(user?.rights ?? [])]).toEqual(['view', 'view_all'])
    expect(user?.scopes).toEqual(['view', 'view_all', 'edit_all'])
    await people.users.edit('ann', { rights: ['view'] })
    expect([...(byToken(token)?.rights ?? [])]).toEqual(['view'])
  })

  test('with scopes makes none that may more', async () => {
    await using farm = testFarm()
    const { people, byToken } = await withAnn(farm)
    await people.users.edit('ann', { role: 'admin' })
    const as = async (scopes: ('view' | 'admin')[]) => {
      const { token } = await people.tokens.add(LOCAL, { name: 's', user: 'ann', scopes })
      return byToken(token) as Actor
    }
    const viewer = await as(['view'])
    expect((await refusal(Promise.resolve().then(() => people.tokens.add(viewer, { name: 'x' })))).kind).toBe(
      'forbidden',
    )
    const admin = await as(['admin'])
    for (const scopes of [null, ['view' as const]])
      expect((await refusal(Promise.resolve().then(() => people.tokens.add(admin, { name: 'x', scopes })))).kind).toBe(
        'forbidden',
      )
    expect((await people.tokens.add(admin, { name: 'x', scopes: ['admin'] })).scopes).toEqual(['admin'])
  })

  test('of others is not seen, made or revoked by an artist', async () => {
    await using farm = testFarm()
    const { people, bySession } = await withAnn(farm)
    await people.users.add({ name: 'bob' })
    const theirs = await people.tokens.add(LOCAL, { name: 'theirs', user: 'bob' })
    const ann = bySession((await people.sessions.open('ann')).secret) as Actor
    const own = await people.tokens.add(ann, { name: 'own' })
    expect(people.tokens.list(ann).map(({ name }) => name)).toEqual(['own'])
    expect(people.tokens.list(LOCAL).map(({ name }) => name)).toEqual(['own', 'theirs'])
    expect(() => people.tokens.list(ann, 'bob')).toThrow('Only an admin')
    expect(() => people.tokens.add(ann, { name: 'x', user: 'bob' })).toThrow('Only an admin')
    const unseen = await refusal(people.tokens.revoke(ann, theirs.id))
    const missing = await refusal(people.tokens.revoke(ann, 999))
    expect([unseen.kind, missing.kind]).toEqual(['not_found', 'not_found'])
    await people.tokens.revoke(ann, own.id)
    expect(people.tokens.list(ann)).toMatchObject([{ name: 'own', revoked: farm.clock.now }])
  })

  test('says when it was used last, to the minute, and is known after a restart', async () => {
    const folder = tempFolder()
    const path = join(folder, 'coalition.db')
    let token = ''
    {
      await using farm = testFarm({ path })
      const { people, byToken } = await withAnn(farm)
      token = (await people.tokens.add(LOCAL, { name: 'script', user: 'ann' })).token
      const first = farm.clock.now
      byToken(token)
      farm.clock.advance(59)
      byToken(token)
      // A later change is committed after what was noted.
      await people.users.edit('ann', {})
      expect(people.tokens.list(LOCAL)[0]?.last_used).toBe(first)
      farm.clock.advance(1)
      byToken(token)
      await people.users.edit('ann', {})
      expect(people.tokens.list(LOCAL)[0]?.last_used).toBe(first + 60)
    }
    await using farm = testFarm({ path })
    expect(createPeople(farm.farm).identify({ token }, farm.clock.now)?.name).toBe('ann')
  })

  test('is one of two hundred at most', async () => {
    await using farm = testFarm()
    const { people } = await withAnn(farm)
    for (let i = 0; i < 200; i++) await people.tokens.add(LOCAL, { name: `${i}`, user: 'ann' })
    expect((await refusal(people.tokens.add(LOCAL, { name: 'x', user: 'ann' }))).kind).toBe('conflict')
    await people.tokens.revoke(LOCAL, 1)
    expect((await people.tokens.add(LOCAL, { name: 'x', user: 'ann' })).name).toBe('x')
  })
})

describe('rights', () => {
  test('are those of the role, or those that were given', async () => {
    await using farm = testFarm()
    const { people } = await withAnn(farm)
    expect(people.users.get('ann').rights).toEqual(['create', 'view', 'view_all', 'edit', 'delete'])
    expect((await people.users.edit('ann', { role: 'wrangler' })).rights).toHaveLength(8)
    const given = await people.users.edit('ann', { rights: ['delete_all', 'view'] })
    expect(given).toMatchObject({ rights: ['view', 'delete_all'], own_rights: true })
    expect((await people.users.edit('ann', { rights: [] })).rights).toEqual([])
    expect((await people.users.edit('ann', { rights: null })).own_rights).toBe(false)
  })
})

describe('the first admin', () => {
  test('is made once, by who has the link, within a day', async () => {
    await using farm = testFarm()
    const people = createPeople(farm.farm)
    const take = (secret: string, name = 'eve') => people.first.take(secret, name, PASSWORD)
    expect((await refusal(take(''))).kind).toBe('forbidden')
    const old = people.first.offer() ?? ''
    farm.clock.advance(DAY)
    expect((await refusal(take(old))).kind).toBe('forbidden')
    const secret = people.first.offer() ?? ''
    expect((await refusal(take(`${secret}x`))).kind).toBe('forbidden')
    // Who mistypes the password has not used it up.
    expect((await refusal(people.first.take(secret, 'ann', 'short'))).kind).toBe('invalid')
    const both = await Promise.allSettled([take(secret, 'ann'), take(secret, 'eve')])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(people.users.list()).toMatchObject([{ role: 'admin' }])
    expect((await refusal(take(secret, 'mallory'))).kind).toBe('forbidden')
    expect(people.first.offer()).toBeUndefined()
  })
})
