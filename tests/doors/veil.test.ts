/** Secrets in the environment and the command of a job: only who may edit it sees them. */
import { afterAll, expect, test } from 'bun:test'
import { Shut } from './support.ts'

const shut = await Shut.open()
afterAll(() => shut[Symbol.asyncDispose]())

const SECRET = 'hunter2-very-secret'
const input = {
  command: `tool --password ${SECRET} -f 1`,
  environment: `SHOT=010\\nAPI_KEY=${SECRET}\\nDB=postgres://u:${SECRET}@h/x`,
}
const SHOWN = {
  command: 'tool --password (hidden) -f 1',
  environment: 'SHOT=010\\nAPI_KEY=(hidden)\\nDB=postgres://u:(hidden)@h/x',
}
const group = await shut.t.group({ user: 'bob', title: 'bobs' })
const job = await shut.t.leaf({ ...input, parent: group, user: 'bob' })
const waiting = await shut.t.leaf({ user: 'bob', dependencies: [job] })
await shut.t.leaf({ ...input, user: 'bob', title: 'root' })

const READS: [method: string, path: string, body?: unknown][] = shut.app.routes
  .filter(({ method, path }) => (method === 'GET' && /^\/api\//.test(path)) || path.endsWith('/getjobs'))
  .filter(({ path }) => !/addjob/.test(path))
  .map(({ method, path }) => [
    method,
    path
      .replace(/:id(?=\/(dependencies))/, String(waiting))
      .replace(/:id(?=\/(children|order|events|frames|graph))/, String(group))
      .replace(':id', String(job))
      .replace(':name', 'node-1'),
    path.endsWith('/getjobs') ? [job] : undefined,
  ])

test('no answer shows them to who may look only', async () => {
  expect(READS.length).toBeGreaterThan(40)
  for (const [method, path, body] of READS)
    for (const token of ['ann', 'reader']) {
      const { text } = await shut.ask(method, path, { token, body })
      expect([method, path, token, text.includes(SECRET)]).toEqual([method, path, token, false])
    }
  const { text } = await shut.ask('GET', `/api/jobs/${job}`, { token: 'ann' })
  expect(JSON.parse(text)).toMatchObject(SHOWN)
  const list = await shut.ask('GET', `/api/jobs/${group}/children`, { token: 'ann' })
  expect(JSON.parse(list.text)).toMatchObject([SHOWN])
})

test('who may edit it sees it: its owner, a wrangler, a trusted network', async () => {
  await shut.people.users.add({ name: 'bob', role: 'artist' })
  const { token } = await shut.people.tokens.add({ kind: 'local', name: '' }, { user: 'bob', name: 'test' })
  for (const who of [token, 'wim', 'ada'])
    expect(JSON.parse((await shut.ask('GET', `/api/jobs/${job}`, { token: who })).text)).toMatchObject(input)
  expect(JSON.parse((await shut.ask('GET', `/api/jobs/${job}`, { from: '10.1.2.3' })).text)).toMatchObject(input)
  const { scopes } = { scopes: ['view', 'view_all'] as const }
  const look = await shut.people.tokens.add(
    { kind: 'local', name: '' },
    { user: 'bob', name: 'l', scopes: [...scopes] },
  )
  expect(JSON.parse((await shut.ask('GET', `/api/jobs/${job}`, { token: look.token })).text)).toMatchObject(SHOWN)
})

/** The first frame that has rows of jobs. */
async function streamed(token: string): Promise<unknown> {
  const socket = new WebSocket(`${shut.url.replace('http', 'ws')}/api/stream`, {
    headers: { authorization: `Bearer ${shut.tokens[token]}`, 'x-forwarded-for': '203.0.113.9' },
  } as never)
  try {
    return await new Promise((resolve, reject) => {
      socket.onerror = reject
      socket.onclose = reject
      socket.onopen = () => socket.send(JSON.stringify({ jobs: [job] }))
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(String(data))
        if (frame.jobs) resolve(frame.jobs[0])
      }
    })
  } finally {
    socket.onclose = null
    socket.close()
  }
}

test('the stream tells each what they may see', async () => {
  expect(await streamed('ann')).toMatchObject(SHOWN)
  expect(await streamed('wim')).toMatchObject(input)
})

test('what was shown as hidden, and is sent back, changes nothing; what is hidden of nothing is refused', async () => {
  const edit = (body: object) => shut.ask('POST', '/api/jobs', { token: 'wim', body: { [job]: body } })
  expect((await edit({ ...SHOWN, priority: 7 })).status).toBe(200)
  expect(shut.t.farm.getJob(job)).toMatchObject({ ...input, priority: 7 })
  const [record] = JSON.parse((await shut.ask('GET', '/api/audit?limit=1', { token: 'ada' })).text)
  expect(record.changes).toEqual([{ object: String(job), field: 'priority', before: '1000', after: '7' }])
  expect((await edit({ environment: 'OTHER_KEY=(hidden)' })).status).toBe(422)
  const fresh = await shut.ask('PUT', '/api/jobs', {
    token: 'wim',
    body: { command: 'x', environment: 'A_KEY=(hidden)' },
  })
  expect([fresh.status, JSON.parse(fresh.text).field]).toEqual([422, 'environment'])
})

test('the worker gets the real ones', async () => {
  await shut.t.farm.startJobs([job])
  const { text } = await shut.ask('POST', '/api/workers/node-1/pick', { token: 'node', body: {} })
  expect(JSON.parse(text)).toMatchObject({ job: input })
})

test('the audit tells that they were changed, and not to what', async () => {
  const body = { [job]: { environment: `API_KEY=${SECRET}-new`, command: `tool --password ${SECRET}-new -f 1` } }
  expect((await shut.ask('POST', '/api/jobs', { token: 'wim', body })).status).toBe(200)
  await shut.ask('PUT', '/api/jobs', { token: 'wim', body: { ...input, url: `http://u:${SECRET}@h/` } })
  const { text } = await shut.ask('GET', '/api/audit', { token: 'ada' })
  expect(text).not.toContain(SECRET)
  expect(text).toContain('(changed)')
  const rows = JSON.stringify(shut.t.db.sqlite.query('select * from audit').all())
  expect(rows).not.toContain(SECRET)
})
