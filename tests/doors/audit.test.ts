/** Who changed what: each changing call leaves one record, with the change and never without it. */
import { afterAll, describe, expect, test } from 'bun:test'
import { ACCESS } from '../../src/doors/access.ts'
import { AUDITED, NOT_AUDITED } from '../../src/doors/audited.ts'
import type { AuditRecord } from '../../src/models.ts'
import { FROM, Shut } from './support.ts'

const shut = await Shut.open()
afterAll(() => shut[Symbol.asyncDispose]())

const read = async (query = ''): Promise<AuditRecord[]> => {
  const { status, text } = await shut.ask('GET', `/api/audit${query}`, { token: 'ada' })
  expect([status, text.slice(0, 200)]).toEqual([200, expect.any(String)])
  return JSON.parse(text)
}
/** What is recorded while `act` runs, the oldest first. */
async function recordedBy(act: () => Promise<unknown>): Promise<AuditRecord[]> {
  const before = (await read('?limit=1'))[0]?.id ?? 0
  await act()
  return (await read('?limit=1000')).filter(({ id }) => id > before).reverse()
}
const addUser = (name: string) => shut.people.users.add({ name, password: 'correct horse battery' })

describe('the table of calls', () => {
  const listed = shut.app.routes.map(({ method, path }) => `${method} ${path}`)
  const own = listed.filter((route) => !route.includes('/api/webfrontend/'))
  const changing = own.filter((route) => ACCESS[route]?.changes || !route.startsWith('GET '))

  test('has a row for each route that may change something, or says that it does not', () => {
    expect(changing.length).toBeGreaterThan(40)
    expect(changing.toSorted()).toEqual([...Object.keys(AUDITED), ...NOT_AUDITED].toSorted())
  })

  test('has the door shut that the record goes through: what is audited is said to change something', () => {
    expect(Object.keys(AUDITED).filter((route) => !ACCESS[route]?.changes)).toEqual([])
  })
})

/** Calls that change something, each with what it takes, after what has to be there. */
const CALLS: Record<string, (job: number) => Promise<unknown> | unknown> = {
  'PUT /api/jobs': () => ({ title: 'new', command: 'true' }),
  'GET /xmlrpc/addjob': () => undefined,
  'POST /xmlrpc/addjob': () => 'title=x&cmd=true',
  'GET /json/addjob': () => undefined,
  'POST /json/addjob': () => 'title=x&cmd=true',
  'POST /api/jobs': (job) => ({ [job]: { title: 'edited' } }),
  'DELETE /api/jobs': (job) => [job],
  'POST /api/jobs/:id/dependencies': () => [],
  'DELETE /api/jobs/:id/blocklist': () => [],
  'POST /api/resetjobs': (job) => [job],
  'POST /api/reseterrorjobs': (job) => [job],
  'POST /api/startjobs': (job) => [job],
  'POST /api/pausejobs': (job) => [job],
  'POST /api/workers': () => ({ 'node-x': { active: 0 } }),
  'DELETE /api/workers': () => ['node-x'],
  'POST /api/terminateworkers': () => ['node-x'],
  'POST /api/stopworkers': () => ['node-x'],
  'POST /api/startworkers': () => ['node-x'],
  'POST /api/affinities': (job) => ({ 7: `SEVEN-${job}` }),
  'POST /api/limits': () => ({ nuke: 5 }),
  'POST /api/signin': () => ({ name: 'sam', password: 'correct horse battery' }),
  'POST /api/tokens': () => ({ name: 'tok' }),
  'POST /api/users': () => ({ name: 'newcomer' }),
  'POST /api/users/:name': () => ({ role: 'wrangler' }),
  'DELETE /api/users/:name': () => undefined,
  'POST /api/workers/join': () => ({ token: shut.tokens.join, worker: 'node-y' }),
  'POST /api/workers/jointoken': () => undefined,
  'DELETE /api/workers/jointoken': () => undefined,
  'DELETE /api/workers/credentials': () => ['node-1'],
}
/** Those that take more than a body have a test of their own. */
const APART = [
  'POST /api/signout',
  'POST /api/firstadmin',
  'POST /api/me/password',
  'DELETE /api/tokens/:id',
  // With a provider: tests/doors/oidc.test.ts.
  'POST /api/signin/provider/answer',
]

describe('each changing call', () => {
  test('is called here', () => {
    expect([...Object.keys(CALLS), ...APART].toSorted()).toEqual(Object.keys(AUDITED).toSorted())
  })

  const old = shut.app.routes.map(({ method, path }) => `${method} ${path}`).filter((route) => route.includes('/webfr'))
  const calls = [...Object.keys(CALLS), ...old.filter((route) => CALLS[route.replace('/webfrontend', '')])]
  let shared: Promise<unknown> | undefined

  test.each(calls)('%s leaves one record, with who, from where and what', async (route) => {
    shared ??= Promise.all([addUser('sam'), addUser('leo')])
    await shared
    const name = route.replace('/webfrontend', '')
    const job = await shut.t.leaf({ user: 'ann' })
    if (/workers/.test(route) && !/jointoken|join$|credentials/.test(route)) await shut.t.pick('node-x')
    const [method = '', pattern = ''] = route.split(' ')
    const path = pattern.replace(':id', String(job)).replace(':name', 'leo')
    const body = await CALLS[name]?.(job)
    const records = await recordedBy(async () => {
      const { status, text } = await shut.ask(method, path, { token: 'ada', body, headers: { 'user-agent': 'test' } })
      expect([status, text.slice(0, 300)]).toEqual([200, expect.any(String)])
    })
    const expected = AUDITED[name]
    expect(records).toHaveLength(1)
    expect(records[0]).toMatchObject({
      actor: 'user',
      who: name === 'POST /api/signin' ? 'sam' : 'ada',
      by: expect.stringMatching(/^token \d+$/),
      address: FROM.nowhere,
      action: expected?.action as string,
      kind: expected?.kind as 'job',
      outcome: 'done',
      times: 1,
    })
    if (expected?.kind !== 'server') expect(records[0]?.objects.length).toBe(1)
  })
})
