/** What the records say, who is refused, and how long all of it stays. */

import type { Database } from 'bun:sqlite'
import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { Commands } from '../../src/doors/commands.ts'
import { createApp } from '../../src/http/app.ts'
import type { AuditRecord } from '../../src/models.ts'
import { startServer } from '../../src/server.ts'
import { tempFolder, testFarm } from '../support/farm.ts'
import { FROM, Shut } from './support.ts'

const shut = await Shut.open()
afterAll(() => shut[Symbol.asyncDispose]())
await shut.people.users.add({ name: 'sam', password: 'correct horse battery' })

const read = async (query = ''): Promise<AuditRecord[]> =>
  JSON.parse((await shut.ask('GET', `/api/audit${query}`, { token: 'ada' })).text)
async function recordedBy(act: () => Promise<unknown>): Promise<AuditRecord[]> {
  const before = (await read('?limit=1'))[0]?.id ?? 0
  await act()
  return (await read('?limit=1000')).filter(({ id }) => id > before).reverse()
}
const newest = async (): Promise<AuditRecord | undefined> => (await read('?limit=1'))[0]

describe('a record', () => {
  test('tells the fields that changed, before and after, and no others', async () => {
    const id = await shut.t.leaf({ user: 'ann', title: 'beauty', priority: 5 })
    const whole = JSON.parse((await shut.ask('GET', `/api/jobs/${id}`, { token: 'ann' })).text)
    const body = { [id]: { ...whole, priority: 9, paused: 1, affinity: 'GPU' } }
    expect((await shut.ask('POST', '/api/jobs', { token: 'ann', body })).status).toBe(200)
    const object = String(id)
    expect((await newest())?.changes).toEqual([
      { object, field: 'priority', before: '5', after: '9' },
      { object, field: 'affinity', before: '', after: 'GPU' },
      { object, field: 'paused', before: '0', after: '1' },
    ])
  })

  test('of new jobs has their ids, also of a submission that takes several transactions', async () => {
    const body = { title: 'Shot', frames: '1-4000', command: 'render {frame}' }
    const records = await recordedBy(async () => {
      expect((await shut.ask('PUT', '/api/jobs', { token: 'ann', body })).status).toBe(200)
    })
    expect(records).toHaveLength(1)
    const [record] = records
    const [group] = JSON.parse((await shut.ask('GET', '/api/jobs?title=Shot', { token: 'ann' })).text)
    expect(record).toMatchObject({ action: 'jobs.add', who: 'ann', objects: [String(group.id)], count: 1 })
    expect(record?.changes).toContainEqual({ object: String(group.id), field: 'frames', before: null, after: '1-4000' })
  })

  test('of a call with very many jobs is one, with their number and the first twenty', async () => {
    const ids = await shut.t.farm.addJobs(Array.from({ length: 3000 }, () => ({ command: 'x', user: 'ann' })))
    const records = await recordedBy(() => shut.ask('POST', '/api/pausejobs', { token: 'ann', body: ids }))
    expect(records).toHaveLength(1)
    expect(records[0]).toMatchObject({ count: 3000, objects: ids.slice(0, 20).map(String) })
    expect(await read(`?kind=job&object=${ids[19]}`)).toEqual(records)
    expect(await read(`?kind=job&object=${ids[20]}`)).toEqual([])
  })

  test('is not there when the change failed', async () => {
    const id = await shut.t.leaf({ user: 'ann' })
    const records = await recordedBy(async () => {
      expect((await shut.ask('POST', '/api/pausejobs', { token: 'ann', body: [id, 999_999] })).status).toBe(404)
      const body = { [id]: { title: 'x', parent: 999_999 } }
      expect((await shut.ask('POST', '/api/jobs', { token: 'ann', body })).status).toBe(422)
    })
    expect(records).toEqual([])
  })

  test('takes the change with it when it cannot be written', async () => {
    await using t = testFarm()
    const app = createApp(t.farm)
    app.listen({ hostname: '127.0.0.1', port: 0 })
    try {
      t.db.sqlite.run("create trigger no_audit before insert on audit begin select raise(abort, 'no'); end")
      const response = await fetch(`http://127.0.0.1:${app.server?.port}/api/jobs`, { method: 'PUT', body: '{}' })
      expect(response.status).toBe(500)
      expect(t.farm.health().jobs.total + t.farm.core.tree.size).toBe(0)
      t.db.sqlite.run('drop trigger no_audit')
      await fetch(`http://127.0.0.1:${app.server?.port}/api/jobs`, { method: 'PUT', body: '{}' })
      expect(t.farm.core.tree.size).toBe(1)
      expect(t.db.sqlite.query('select who, actor, address, count from audit').all()).toEqual([
        { who: '', actor: 'local', address: '127.0.0.1', count: 1 },
      ])
    } finally {
      await app.server?.stop(true)
    }
  })

  test('names each of many who change something at the same time', async () => {
    const callers = ['ann', 'wim', 'ada', 'shy']
    const records = await recordedBy(() =>
      Promise.all(
        Array.from({ length: 200 }, (_, i) => {
          const who = callers[i % callers.length] ?? ''
          const from = `198.51.100.${i}`
          return shut.ask('PUT', '/api/jobs', { token: who, from, body: { title: `by ${who} ${from}`, command: 'x' } })
        }),
      ),
    )
    expect(records).toHaveLength(200)
    for (const { who, address, changes } of records)
      expect(changes.find(({ field }) => field === 'title')?.after).toBe(`by ${who} ${address}`)
  })

  test('is of the change alone: a worker that finds what was added is nobody’s doing', async () => {
    await using other = await Shut.open()
    const waiting = other.ask('POST', '/api/workers/node-1/pick', { token: 'node', body: { wait: 20 } })
    const deadline = Date.now() + 10_000
    while (other.t.farm.core.roster.kindOf('node-1') === undefined && Date.now() < deadline) await Bun.sleep(5)
    await other.ask('PUT', '/api/jobs', { token: 'ada', body: { title: 'found', command: 'x' } })
    expect(JSON.parse((await waiting).text)).toMatchObject({ job: { title: 'found' } })
    const { text } = await other.ask('GET', '/api/audit', { token: 'ada' })
    expect(JSON.parse(text).map(({ action }: AuditRecord) => action)).toEqual(['jobs.add'])
  })
})

describe('people', () => {
  const signIn = (name: string, password: string) => shut.ask('POST', '/api/signin', { body: { name, password } })

  test('who sign in and out, change their password and their tokens are named', async () => {
    const { headers } = await signIn('sam', 'correct horse battery')
    const cookie = headers.get('set-cookie')?.split(';')[0] ?? ''
    const by = { headers: { cookie } }
    const records = await recordedBy(async () => {
      const passwords = { old: 'correct horse battery', password: 'battery horse staple' }
      expect((await shut.ask('POST', '/api/me/password', { ...by, body: passwords })).status).toBe(200)
      const { text } = await shut.ask('POST', '/api/tokens', { ...by, body: { name: 'nightly', days: 3 } })
      expect((await shut.ask('DELETE', `/api/tokens/${JSON.parse(text).id}`, by)).status).toBe(200)
      expect((await shut.ask('POST', '/api/signout', by)).status).toBe(200)
    })
    expect(records.map(({ action, who, by }) => [action, who, by])).toEqual([
      ['people.password', 'sam', 'session'],
      ['tokens.add', 'sam', 'session'],
      ['tokens.revoke', 'sam', 'session'],
      ['people.sign_out', 'sam', 'session'],
    ])
    expect(JSON.stringify(records)).not.toMatch(/battery|coa_/)
  })

  test('who sign in with a wrong password are counted, and what is no user’s name is not kept', async () => {
    const records = await recordedBy(async () => {
      for (let i = 0; i < 3; i++) expect((await signIn('SAM', 'wrong')).status).toBe(401)
      expect((await signIn('my password 123', 'sam')).status).toBe(401)
    })
    expect(records).toMatchObject([
      { action: 'people.sign_in', outcome: 'refused', times: 3, objects: ['SAM'], address: FROM.nowhere },
      { action: 'people.sign_in', outcome: 'refused', times: 1, objects: ['(unknown)'] },
    ])
    expect(JSON.stringify(records)).not.toMatch(/wrong|password 123/)
  })
})

describe('who is refused', () => {
  test('is one record for each who, where and what, with how often', async () => {
    const records = await recordedBy(async () => {
      for (let i = 0; i < 5; i++) await shut.ask('POST', '/api/limits', { token: 'ann', body: { nuke: 1 } })
      await shut.ask('DELETE', '/api/users/bob')
      await shut.ask('DELETE', '/api/users/bob', { token: 'coa_' })
      await shut.ask('POST', '/api/limits', { token: 'ada', headers: { origin: 'http://evil.example' }, body: {} })
      await shut.ask('POST', '/api/nothing/of/the/kind')
      await shut.ask('GET', '/api/jobs')
    })
    expect(records.map(({ who, actor, action, times, outcome }) => [who, actor, action, times, outcome])).toEqual([
      ['ann', 'user', 'limits.set', 5, 'refused'],
      ['', 'nobody', 'users.delete', 2, 'refused'],
      ['', 'nobody', 'limits.set', 1, 'refused'],
      ['', 'nobody', 'call', 1, 'refused'],
    ])
  })

  test('again and again costs a bounded number of rows', async () => {
    const records = await recordedBy(() =>
      Promise.all(
        Array.from({ length: 300 }, (_, i) => shut.ask('POST', `/api/limits`, { from: `198.51.100.${i % 250}` })),
      ),
    )
    expect(records).toHaveLength(51)
    expect(records.reduce((sum, { times }) => sum + times, 0)).toBe(300)
    expect(records.at(-1)).toMatchObject({ objects: ['others'] })
  })

  test('is an old submitter whose command no rule takes, too', async () => {
    await using other = await Shut.open({ trustedProxies: ['127.0.0.0/8'], commands: new Commands({ allow: ['ls'] }) })
    const { text } = await other.ask('POST', '/xmlrpc/addjob', { token: 'ann', body: 'cmd=rm' })
    expect(text).toBe('-1')
    const list = await other.ask('GET', '/api/audit', { token: 'ada' })
    expect(JSON.parse(list.text)).toMatchObject([{ who: 'ann', action: 'jobs.add', outcome: 'refused' }])
  })
})

describe('the list', () => {
  test('is for who looks after people', async () => {
    for (const [token, status] of [
      ['ann', 403],
      ['wim', 403],
      ['reader', 403],
      ['node', 403],
      ['ada', 200],
    ] as const)
      expect([token, (await shut.ask('GET', '/api/audit', { token })).status]).toEqual([token, status])
    expect((await shut.ask('GET', '/api/audit')).status).toBe(401)
  })

  test('goes on page by page, and holds each filter', async () => {
    await using other = await Shut.open()
    const ask = async (query: string): Promise<AuditRecord[]> =>
      JSON.parse((await other.ask('GET', `/api/audit?${query}`, { token: 'ada' })).text)
    const start = other.t.clock.now
    for (let i = 0; i < 30; i++) {
      other.t.clock.advance(60)
      const token = i % 3 === 0 ? 'wim' : 'ann'
      await other.ask('PUT', '/api/jobs', {
        token,
        from: i < 5 ? '10.9.9.9' : FROM.nowhere,
        body: { title: `job ${i}` },
      })
    }
    await other.ask('POST', '/api/limits', { token: 'wim', body: { nuke: 3 } })
    const all = await ask('limit=1000')
    expect(all).toHaveLength(31)
    expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted((a, b) => b - a))
    const paged: AuditRecord[] = []
    for (let page = await ask('limit=7'); page.length > 0; page = await ask(`limit=7&after=${page.at(-1)?.id}`))
      paged.push(...page)
    expect(paged).toEqual(all)
    const count = async (query: string) => (await ask(`limit=1000&${query}`)).length
    expect(await count('who=wim')).toBe(11)
    expect(await count('who=wim&action=jobs')).toBe(10)
    expect(await count('action=limits.set')).toBe(1)
    expect(await count('action=limit')).toBe(0)
    expect(await count('kind=limit&object=nuke')).toBe(1)
    expect(await count('kind=job&object=nuke')).toBe(0)
    expect(await count('address=10.9.9.9')).toBe(5)
    expect(await count('text=JOB%2029')).toBe(1)
    expect(await count(`since=${start + 60 * 11}`)).toBe(21)
    expect(await count(`until=${start + 60 * 10}`)).toBe(10)
    expect(await count(`since=${start + 120}&until=${start + 180}`)).toBe(2)
    expect(await count('outcome=refused')).toBe(0)
    expect((await other.ask('GET', '/api/audit?kind=jobs', { token: 'ada' })).status).toBe(422)
  })
})

describe('records', () => {
  const fill = (sqlite: Database, n: number, outcome: string, time: number) =>
    sqlite.run(
      `insert into audit (time, who, actor, by, address, action, kind, object, count, outcome, times, changes)
       with recursive n(i) as (values (1) union all select i + 1 from n where i < ${n})
       select ${time}, 'ann', 'user', '', '', 'jobs.add', 'job', i, 2, '${outcome}', 1, '' from n`,
    )

  test('go when they are too old, some at a time, with what they are found by', async () => {
    await using t = testFarm({ keep: { finished: 0, events: 0, audit: { days: 30, rows: 0 } } })
    const count = (table: string) => t.db.sqlite.query<{ n: number }, []>(`select count(*) n from ${table}`).get()?.n
    fill(t.db.sqlite, 6000, 'done', t.clock.now)
    t.db.sqlite.run("insert into audit_objects select 'job', 'x' || id, id from audit")
    t.clock.advance(29 * 86_400)
    fill(t.db.sqlite, 10, 'done', t.clock.now)
    await t.farm.step()
    expect(count('audit')).toBe(6010)
    t.clock.advance(2 * 86_400)
    await t.farm.step()
    expect(count('audit')).toBe(1010)
    await t.farm.step()
    expect([count('audit'), count('audit_objects')]).toEqual([10, 0])
  })

  test('are no more than so many', async () => {
    await using t = testFarm({ keep: { finished: 0, events: 0, audit: { days: 0, rows: 100 } } })
    fill(t.db.sqlite, 1234, 'done', t.clock.now)
    await t.farm.step()
    expect(t.db.sqlite.query('select count(*) n, min(id) first from audit').get()).toEqual({ n: 100, first: 1135 })
  })

  test('of refusals do not push out what was done', async () => {
    const data = tempFolder()
    const path = join(data, 'farm.db')
    {
      await using t = testFarm({ path })
      fill(t.db.sqlite, 50, 'done', t.clock.now)
      fill(t.db.sqlite, 103_000, 'refused', t.clock.now)
    }
    await using t = testFarm({ path, keep: { finished: 0, events: 0, audit: { days: 0, rows: 0 } } })
    for (let i = 0; i < 3; i++) await t.farm.step()
    const rows = t.db.sqlite.query('select outcome, count(*) n from audit group by outcome').all()
    expect(rows).toEqual([
      { outcome: 'done', n: 50 },
      { outcome: 'refused', n: 100_000 },
    ])
  })
})

test('a start says by which rules, and which were others the last time', async () => {
  const data = tempFolder()
  const config = { host: '127.0.0.1', port: 0, data, worker_timeout: 60 }
  await (await startServer({ ...config, workers_join_token: 'a secret of thirty characters' })).stop()
  const server = await startServer({ ...config, commands_allow: ['blender .*'] })
  const records = (await (await fetch(`${server.url}/api/audit`)).json()) as AuditRecord[]
  await server.stop()
  expect(records.map(({ action, actor }) => [action, actor])).toEqual([
    ['server.start', 'server'],
    ['server.start', 'server'],
  ])
  expect(records[0]?.changes).toContainEqual({
    object: '',
    field: 'commands_allow',
    before: null,
    after: '["blender .*"]',
  })
  expect(JSON.stringify(records)).not.toContain('a secret')
})
