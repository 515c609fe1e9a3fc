/** Who may do what to whose jobs; and where somebody has to come from to do it without a word. */
import { afterAll, describe, expect, test } from 'bun:test'
import { Commands } from '../../src/doors/commands.ts'
import { isNetwork, networks } from '../../src/doors/networks.ts'
import { Peers } from '../../src/doors/peers.ts'
import { RULES, Shut } from './support.ts'

const shut = await Shut.open()
afterAll(() => shut[Symbol.asyncDispose]())
const ann = { token: 'ann' }
const { t } = shut

describe('an artist', () => {
  test('submits as nobody but herself, whatever the job says, and all that is in it', async () => {
    const tree = {
      title: 'a',
      user: 'bob',
      children: [{ title: 'b', user: 'bob', children: [{ title: 'c', command: 'x' }] }],
    }
    const { text } = await shut.ask('PUT', '/api/jobs', { ...ann, body: [tree, { title: 'd', command: 'x' }] })
    const [a, d] = JSON.parse(text) as [number, number]
    expect([a, a + 1, a + 2, d].map((id) => t.job(id).user)).toEqual(['ann', 'ann', 'ann', 'ann'])
    for (const path of ['/xmlrpc/addjob', '/json/addjob']) {
      const answer = await shut.ask('POST', path, { ...ann, body: 'title=x&cmd=x&user=bob' })
      expect(t.job(Number(answer.text)).user).toBe('ann')
    }
  })

  test('has what is in her group, whoever submitted it; and not the group in which her job is', async () => {
    const [group, bobs] = [await t.group({ user: 'ann' }), await t.group({ user: 'bob' })]
    const [inside, hers] = [await t.leaf({ user: 'bob', parent: group }), await t.leaf({ user: 'ann', parent: bobs })]
    const pause = (...ids: number[]) => shut.ask('POST', '/api/pausejobs', { ...ann, body: ids })
    expect((await pause(group, inside, hers)).status).toBe(200)
    const refused = await pause(hers, bobs)
    expect(refused.status).toBe(403)
    expect(JSON.parse(refused.text)).toMatchObject({ field: '1' })
    expect(refused.text).toContain(`Job ${bobs} is not yours`)
    expect(t.state(bobs)).not.toBe('PAUSED')
  })

  test('does nothing at all by a call of which a part is not hers', async () => {
    const [hers, bobs] = [await t.leaf({ user: 'ann' }), await t.leaf({ user: 'bob' })]
    for (const [method, path, body] of [
      ['DELETE', '/api/jobs', [hers, bobs]],
      ['POST', '/api/resetjobs', [hers, bobs]],
      ['POST', '/api/jobs', { [hers]: { title: 'n' }, [bobs]: { title: 'n' } }],
      ['POST', '/api/webfrontend/jobs', { [hers]: { title: 'n' }, [bobs]: { title: 'n' } }],
    ] as const)
      expect([path, (await shut.ask(method, path, { ...ann, body })).status]).toEqual([path, 403])
    expect([t.job(hers).title, t.job(bobs).title]).toEqual(['', ''])
  })

  test('gives no job to somebody else, but hands back what she got', async () => {
    const hers = await t.leaf({ user: 'ann' })
    const edit = (user: string) => shut.ask('POST', '/api/jobs', { ...ann, body: { [hers]: { user, title: 'n' } } })
    expect((await edit('bob')).status).toBe(403)
    expect((await edit('ann')).status).toBe(200)
    expect(t.job(hers)).toMatchObject({ user: 'ann', title: 'n' })
  })

  test('is told of a job that is not there what everybody is told', async () => {
    expect((await shut.ask('POST', '/api/pausejobs', { ...ann, body: [99_999] })).status).toBe(404)
  })
})

test('a wrangler submits for others, and is the user of what names none', async () => {
  const put = async (body: object) => Number((await shut.ask('PUT', '/api/jobs', { token: 'wim', body })).text)
  expect(t.job(await put({ title: 'x', user: 'bob' })).user).toBe('bob')
  expect(t.job(await put({ title: 'x' })).user).toBe('wim')
})

test('whose name has a comma sees his own jobs, and not those of the two that it looks like', async () => {
  const { t, people } = shut
  await people.users.add({ name: 'cara,dan', rights: ['view'] })
  const { token } = await people.tokens.add({ kind: 'local', name: '' }, { user: 'cara,dan', name: 'test' })
  const own = await t.leaf({ user: 'cara,dan' })
  for (const user of ['cara', 'dan']) await t.leaf({ user })
  for (const path of ['/api/jobs', '/api/jobs?user=dan', '/api/jobs/0/children', '/api/jobs/0/children?user=cara'])
    expect([
      path,
      JSON.parse((await shut.ask('GET', path, { token })).text).map(({ id }: { id: number }) => id),
    ]).toEqual([path, [own]])
  expect(JSON.parse((await shut.ask('GET', '/api/jobs/0/order?deep=1', { token })).text).ids).toEqual([own])
})

test('who may view his own jobs only sees no others', async () => {
  const shy = { token: 'shy' }
  const [own, group] = [await t.leaf({ user: 'shy' }), await t.group({ user: 'bob' })]
  const get = (path: string) => shut.ask('GET', path, shy)
  for (const path of ['/api/jobs', '/api/jobs?user=bob', '/api/jobs/0/children', '/api/jobs?limit=100']) {
    const { status, text } = await get(path)
    expect([path, status, JSON.parse(text).map(({ id }: { id: number }) => id)]).toEqual([path, 200, [own]])
  }
  expect(JSON.parse((await get('/api/jobs/0/order?deep=1')).text).ids).toEqual([own])
  expect((await get(`/api/jobs/${own}/log`)).status).toBe(200)
  for (const path of [
    `/api/jobs/${group}`,
    `/api/jobs/${group}/children`,
    '/api/events',
    '/api/jobs/users',
    '/api/farm/attention',
    '/api/jobs/0/childrendependencies',
  ])
    expect([path, (await get(path)).status]).toEqual([path, 403])
  expect((await shut.ask('POST', '/api/getjobs', { ...shy, body: [own, group] })).status).toBe(403)
})

describe('a credential that opens nothing', () => {
  test('is refused, also where none is asked for', async () => {
    for (const from of ['', '10.1.2.3', '203.0.113.9']) {
      const { status, headers } = await shut.ask('GET', '/api/jobs', { from, token: 'coa_forged' })
      expect([from, status]).toEqual([from, 401])
      expect(headers.get('www-authenticate')).toContain('invalid_token')
    }
    expect(
      (await shut.ask('POST', '/workers/pickjob', { from: '10.1.2.3', token: 'coa_forged', body: 'hostname=x' }))
        .status,
    ).toBe(401)
  })

  test('a session that is over is none', async () => {
    const sessionOf = async (name: string) => {
      await shut.people.users.edit(name, { password: 'correct horse battery' })
      return (await shut.people.sessions.signIn(name, 'correct horse battery', undefined)).secret
    }
    const cookie = (session: string) => ({ cookie: `x=y; coalition_session=${session}` })
    expect((await shut.ask('GET', '/api/jobs', { headers: cookie('gone') })).status).toBe(401)
    expect((await shut.ask('GET', '/api/jobs', { from: '10.1.2.3', headers: cookie('gone') })).status).toBe(200)
    expect((await shut.ask('GET', '/api/jobs', { headers: cookie(await sessionOf('ann')) })).status).toBe(200)
  })
})

describe('an address', () => {
  test.each([
    ['10.1.0.0/16', true],
    ['10.1.2.3', true],
    ['fd00::/8', true],
    ['::1', true],
    ['10.1', false],
    ['10.1.0.0/33', false],
    ['010.1.0.0/16', false],
    ['farm', false],
    ['', false],
    ['10.1.0.0/', false],
  ])('%p is a network: %p', (text, is) => {
    expect(isNetwork(text)).toBe(is)
  })

  test('is in a network whichever way a dual-stack server sees it', () => {
    const has = networks(['10.1.0.0/16', 'fd00::/8'])
    expect(['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1'].map(has)).toEqual([true, true, true])
    expect(['10.2.0.1', '::ffff:10.2.0.1', 'fe80::1', '', 'x'].map(has)).toEqual([false, false, false, false, false])
  })

  /** Of whom, and what X-Forwarded-For says; who it is. */
  test.each([
    ['127.0.0.1', null, 'local'],
    ['::1', null, 'local'],
    ['::ffff:127.0.0.1', null, 'local'],
    ['10.1.0.1', null, 'trusted'],
    ['203.0.113.9', null, 'nobody'],
    [undefined, null, 'nobody'],
    // A proxy on this machine that nobody named: what it passes on is not this machine's.
    ['127.0.0.1', '203.0.113.9', 'nobody'],
    ['127.0.0.1', '127.0.0.1', 'nobody'],
    ['10.1.0.1', '10.1.0.1', 'nobody'],
    // A proxy that was.
    ['10.9.0.1', '10.1.2.3', 'trusted'],
    ['10.9.0.1', '127.0.0.1', 'local'],
    ['10.9.0.1', '203.0.113.9', 'nobody'],
    // What a client wrote into it stands on the left, and is not reached.
    ['10.9.0.1', '127.0.0.1, 203.0.113.9', 'nobody'],
    ['10.9.0.1', '127.0.0.1, 203.0.113.9, 10.9.0.2', 'nobody'],
    ['10.9.0.1', '203.0.113.9, 10.1.2.3', 'trusted'],
    ['10.9.0.1', '[fd00::1]:4711', 'nobody'],
    ['10.9.0.1', '10.1.2.3:4711', 'trusted'],
    ['10.9.0.1', '', 'nobody'],
    ['10.9.0.1', 'unknown', 'nobody'],
    ['10.9.0.1', 'for=127.0.0.1', 'nobody'],
  ] as const)('%p that passes on %p is %s', (address, forwarded, kind) => {
    const peers = new Peers({ trust: ['10.1.0.0/16'], trustedProxies: ['10.9.0.0/16'] })
    for (const _ of [1, 2]) expect(peers.visitor(address, forwarded).actor.kind).toBe(kind)
  })

  test('of this machine is asked too where that is configured', () => {
    const peers = new Peers({ loopback: 'ask' })
    expect(peers.visitor('127.0.0.1', null).actor.kind).toBe('nobody')
  })
})

describe('command rules', () => {
  const commands = new Commands({ allow: ['blender -b [^;&|`$<>\\n]*'], users: { ann: ['python .*'] } })
  test.each([
    ['blender -b a.blend', 'bob', true],
    ['blender -b a.blend; rm -rf /', 'bob', false],
    ['x; blender -b a.blend', 'bob', false],
    ['blender -b a\nrm -rf /', 'bob', false],
    ['python x.py', 'ann', true],
    ['python x.py\nrm -rf /', 'ann', false],
    ['python x.py', 'bob', false],
    ['', 'bob', true],
  ])('%p of %s: %p', (command, user, taken) => {
    expect(commands.takes(command, user)).toBe(taken)
  })

  test('hold for submissions and edits, whoever sends them, and leave alone what was there', async () => {
    await using ruled = await Shut.open({ ...RULES, commands })
    const trusted = { from: '10.1.2.3' }
    const put = (body: object, as: object) => ruled.ask('PUT', '/api/jobs', { ...as, body })
    expect((await put({ command: 'blender -b a' }, trusted)).status).toBe(200)
    const old = await ruled.t.leaf({ command: 'rm -rf /', user: 'ann' })
    const refused = await put([{ title: 'g', children: [{ command: 'rm -rf /' }] }], trusted)
    expect(JSON.parse(refused.text)).toMatchObject({ status: 403, field: '0.children.0.command' })
    expect((await put({ command: 'python x.py' }, { token: 'ann' })).status).toBe(200)
    expect((await put({ command: 'python x.py' }, { token: 'ada' })).status).toBe(403)
    expect((await ruled.ask('POST', '/xmlrpc/addjob', { ...trusted, body: 'cmd=rm' })).text).toBe('-1')
    const edit = (edit: object) => ruled.ask('POST', '/api/jobs', { ...trusted, body: { [old]: edit } })
    expect((await edit({ command: 'rm -rf /', priority: 5 })).status).toBe(200)
    expect((await edit({ command: 'rm -rf /home' })).status).toBe(403)
    expect(ruled.t.job(old).command).toBe('rm -rf /')
  })
})
