/** Every route of the server, and what becomes of each who asks for it. A new route has to be written down here. */

import { afterAll, expect, test } from 'bun:test'
import { request } from 'node:http'
import { ACCESS } from '../../src/doors/access.ts'
import { type Asked, FROM, Shut } from './support.ts'

const shut = await Shut.open()
afterAll(() => shut[Symbol.asyncDispose]())

/** `own`, `other`: an artist, of a job that is hers, and of one that is not. */
const WHO = ['nobody', 'trusted', 'worker network', 'own', 'other', 'wrangler', 'admin', 'reader', 'worker'] as const
type Who = (typeof WHO)[number]

/** In the order of WHO: y: comes in, n: 403, ?: 401. `reader` is a token of the admin that is for
 * looking only; `worker` one with a credential. */
const ROWS = {
  open: 'yyyyyyyyy',
  known: '?y?yyyyyy',
  see: '?y?yyyyyn',
  create: '?y?yyyynn',
  change: '?y?ynyynn',
  manage: '?y?nnyynn',
  administer: '?y?nnnynn',
  mine: '?y?yyyyyn',
  // A token with scopes makes none; a password takes a session.
  mint: '?y?yyyynn',
  session: '????????n',
  work: '?yynnnnny',
} as const

const ROUTES: Record<string, keyof typeof ROWS> = {
  'GET /page/:file': 'open',
  'GET /': 'open',
  'GET /jobs': 'open',
  'GET /jobs/:id': 'open',
  'GET /job/:id': 'open',
  'GET /farm/overview': 'open',
  'GET /farm/workers': 'open',
  'GET /farm/affinities': 'open',
  'GET /activity': 'open',
  'GET /people': 'open',
  'GET /audit': 'open',
  'GET /docs': 'known',
  'GET /docs/json': 'known',
  'GET /docs/start.js': 'known',
  'GET /docs/swagger-ui-bundle.js': 'known',
  'GET /docs/swagger-ui.css': 'known',
  'GET /docs/favicon.png': 'known',
  'GET /api/health': 'known',
  'GET /api/jobs': 'see',
  'PUT /api/jobs': 'create',
  'POST /api/jobs': 'change',
  'DELETE /api/jobs': 'change',
  'GET /api/jobs/where': 'known',
  'GET /api/jobs/users': 'see',
  'GET /api/jobs/states': 'see',
  'GET /api/jobs/workers': 'see',
  'GET /api/jobs/priorities': 'see',
  'GET /api/jobs/affinities': 'see',
  'GET /api/jobs/:id/childrendependencies': 'see',
  'POST /api/getjobs': 'see',
  'GET /api/jobs/:id': 'see',
  'GET /api/jobs/:id/children': 'see',
  'GET /api/jobs/:id/order': 'see',
  'GET /api/jobs/:id/dependencies': 'see',
  'POST /api/jobs/:id/dependencies': 'change',
  'GET /api/jobs/:id/log': 'see',
  'POST /api/resetjobs': 'change',
  'POST /api/reseterrorjobs': 'change',
  'POST /api/startjobs': 'change',
  'POST /api/pausejobs': 'change',
  'GET /api/workers': 'see',
  'POST /api/workers': 'manage',
  'DELETE /api/workers': 'manage',
  'POST /api/terminateworkers': 'manage',
  'POST /api/stopworkers': 'manage',
  'POST /api/startworkers': 'manage',
  'GET /api/events': 'see',
  'GET /api/affinities': 'see',
  'POST /api/affinities': 'manage',
  'POST /api/workers/:name/pick': 'work',
  'POST /api/workers/:name/leave': 'work',
  'POST /api/runs/:run/heartbeat': 'work',
  'POST /api/runs/:run/end': 'work',
  'POST /api/runs/:run/release': 'work',
  'GET /api/limits': 'see',
  'POST /api/limits': 'manage',
  'GET /api/jobs/:id/blocklist': 'see',
  'DELETE /api/jobs/:id/blocklist': 'change',
  'GET /api/farm/history': 'see',
  'GET /api/farm/attention': 'see',
  'GET /api/jobs/:id/why': 'see',
  'GET /api/workers/:name/why': 'see',
  'GET /api/jobs/:id/frames': 'see',
  'GET /api/jobs/:id/graph': 'see',
  'GET /api/jobs/:id/events': 'see',
  'GET /api/jobs/:id/log/file': 'see',
  'GET /api/jobs/:id/log/matches': 'see',
  'POST /workers/pickjob': 'work',
  'GET /workers/pickjob': 'work',
  'POST /workers/heartbeat': 'work',
  'GET /workers/heartbeat': 'work',
  'POST /workers/endjob': 'work',
  'GET /workers/endjob': 'work',
  'GET /xmlrpc/addjob': 'create',
  'POST /xmlrpc/addjob': 'create',
  'GET /json/addjob': 'create',
  'POST /json/addjob': 'create',
  'WS /api/stream': 'see',
  'POST /api/workers/join': 'open',
  'POST /api/workers/jointoken': 'administer',
  'DELETE /api/workers/jointoken': 'administer',
  'GET /api/workers/credentials': 'manage',
  'DELETE /api/workers/credentials': 'manage',
  'GET /firstadmin': 'open',
  'GET /oidc/callback': 'open',
  'GET /api/me': 'open',
  'POST /api/signin': 'open',
  'POST /api/signin/provider': 'open',
  'POST /api/signin/provider/answer': 'open',
  'POST /api/signout': 'open',
  'POST /api/firstadmin': 'open',
  'POST /api/me/password': 'session',
  'GET /api/tokens': 'mine',
  'POST /api/tokens': 'mint',
  'DELETE /api/tokens/:id': 'mine',
  'GET /api/users': 'administer',
  'POST /api/users': 'administer',
  'GET /api/users/:name': 'administer',
  'POST /api/users/:name': 'administer',
  'DELETE /api/users/:name': 'administer',
  'GET /api/audit': 'administer',
}

const AS: Record<Who, Asked> = {
  nobody: { from: FROM.nowhere },
  trusted: { from: FROM.trusted },
  'worker network': { from: FROM.workers },
  own: { token: 'ann' },
  other: { token: 'ann' },
  wrangler: { token: 'wim' },
  admin: { token: 'ada' },
  reader: { token: 'reader' },
  worker: { token: 'node' },
}

/** What the call takes, about this job. */
function bodyOf(full: string, job: number): unknown {
  const route = full.replace('/webfrontend', '')
  const [method = '', path = ''] = route.split(' ')
  if (method === 'GET' || method === 'WS') return undefined
  if (/addjob$|^\/workers/.test(path)) return 'hostname=node-1&title=x'
  if (path.includes('/runs/')) return { worker: 'node-1', ...(path.endsWith('/end') && { exit_code: 0 }) }
  if (path.endsWith('/pick')) return {}
  if (path.endsWith('/leave')) return { session: crypto.randomUUID() }
  if (/\/(dependencies|blocklist)$/.test(path)) return []
  if (route === 'POST /api/tokens') return { name: `test-${job}` }
  if (path === '/api/me/password') return { old: 'x', password: 'correct horse battery' }
  if (route === 'POST /api/users') return { name: `user-${job}` }
  if (path === '/api/users/:name') return {}
  if (path === '/api/affinities' || path === '/api/limits') return {}
  if (path.includes('workers')) return method === 'POST' && path === '/api/workers' ? {} : []
  if (route === 'PUT /api/jobs') return { title: 'new' }
  return route === 'POST /api/jobs' ? { [job]: { title: 'edited' } } : [job]
}

async function outcome(route: string, who: Who): Promise<string> {
  // New ones each time: the call before may have deleted its own.
  const job = await shut.t.leaf({ user: who === 'other' ? 'bob' : 'ann', priority: -1 })
  const [method = '', pattern = ''] = route.split(' ')
  const path = pattern
    .replace(':id', String(job))
    .replace(':run', '1')
    .replace(':name', 'node-1')
    .replace(':file', 'none')
    .replace(/^\/workers\/\w+$/, '$&?hostname=node-1')
  if (method === 'WS') return letter(await upgrade(path, AS[who]))
  const { status } = await shut.ask(method, path, { ...AS[who], body: bodyOf(route, job) })
  // The body is looked at before the door: where everybody who is known comes in, that hides nothing.
  const kind = ROUTES[route.replace('/webfrontend', '')]
  const everybody = kind === 'open' || (kind === 'mint' && who === 'trusted')
  return everybody && status === 422 ? 'y' : letter(status)
}

/** What was let in may still not be there; anything else would hide what the door said. */
const letter = (status: number | undefined): string =>
  status === 401 ? '?' : status === 403 ? 'n' : [101, 200, 404].includes(status ?? 0) ? 'y' : `(${status})`

/** A WebSocket as a browser opens it; its own class does not tell why it was refused. */
function upgrade(path: string, { from = FROM.nowhere, token }: Asked): Promise<number | undefined> {
  const headers = {
    'x-forwarded-for': from,
    ...(token && { authorization: `Bearer ${shut.tokens[token]}` }),
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  }
  return new Promise((resolve, reject) => {
    const asked = request(shut.url + path, { headers })
    asked.on('response', ({ statusCode }) => resolve(statusCode))
    asked.on('upgrade', ({ statusCode }, socket) => {
      socket.destroy()
      resolve(statusCode)
    })
    asked.on('error', reject)
    asked.end()
  })
}

const listed = shut.app.routes.map(({ method, path }) => `${method} ${path}`)

test('every route of the server has a row here and a door there, and no other', () => {
  const own = listed.filter((route) => !route.includes('/api/webfrontend/'))
  expect(own.toSorted()).toEqual(Object.keys(ROUTES).toSorted())
  expect(Object.keys(ACCESS).toSorted()).toEqual(Object.keys(ROUTES).toSorted())
})

test.each(Object.entries(ROUTES))('%s: %s', async (route, kind) => {
  const row: string[] = []
  for (const who of WHO) row.push(await outcome(route, who))
  expect(row.join('')).toBe(ROWS[kind])
})

test('the calls of the old page have the same doors', async () => {
  const old = listed.filter((route) => route.includes('/api/webfrontend/'))
  expect(old.length).toBeGreaterThan(20)
  for (const route of old) {
    const kind = ROUTES[route.replace('/api/webfrontend/', '/api/')]
    const row: string[] = []
    for (const who of WHO) row.push(await outcome(route, who).catch(String))
    expect([route, row.join('')]).toEqual([route, ROWS[kind ?? 'open']])
  }
})

test('what is no route tells nobody so', async () => {
  expect((await shut.ask('GET', '/api/nothing')).status).toBe(401)
  expect((await shut.ask('GET', '/../../etc/passwd')).status).not.toBe(200)
  expect((await shut.ask('GET', '/api/nothing', { token: 'ann' })).status).toBe(404)
})

test('other spellings of a path have the same doors', async () => {
  for (const path of [
    '/api/jobs/',
    '//api/jobs',
    '/API/jobs',
    '/api/./jobs',
    '/page/../api/jobs',
    '/page/..%2fapi/jobs',
    '/page/%2e%2e/api/jobs',
    '/%61pi/jobs',
    '/jobs/1/../../api/jobs',
    '/api/jobs?x=/page/a',
  ]) {
    const { status, text } = await shut.ask('GET', path)
    expect([path, [401, 404].includes(status), text.includes('"title":"x"')]).toEqual([path, true, false])
  }
})
