/** Workers that a server does not know by their address: they join, and speak for themselves. */
import { describe, expect, test } from 'bun:test'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { runAgent } from '../../src/worker/agent.ts'
import { tempFolder } from '../support/farm.ts'
import { until } from '../support/server.ts'
import { RULES, Shut } from './support.ts'

const joining = (shut: Shut, worker: string, token = 'join') =>
  shut.ask('POST', '/api/workers/join', { body: { token: shut.tokens[token] ?? token, worker } })

describe('the join token', () => {
  test('is good for one credential of each name', async () => {
    await using shut = await Shut.open()
    const { status, text } = await joining(shut, 'node-2')
    expect(status).toBe(200)
    const { credential } = JSON.parse(text)
    expect((await shut.ask('POST', '/api/workers/node-2/pick', { token: credential, body: {} })).status).toBe(200)
    const again = await joining(shut, 'node-2')
    expect([again.status, again.text.includes('coalition workers revoke node-2')]).toEqual([409, true])
  })

  test('is no other text, and not the one before', async () => {
    await using shut = await Shut.open()
    for (const token of ['x', 'coj_x', `${shut.tokens.join}x`, shut.tokens.ada ?? '', shut.tokens.node ?? ''])
      expect((await joining(shut, 'node-2', token)).status).toBe(403)
    const made = await shut.ask('POST', '/api/workers/jointoken', { token: 'ada' })
    expect((await joining(shut, 'node-2')).status).toBe(403)
    expect((await joining(shut, 'node-2', JSON.parse(made.text).token)).status).toBe(200)
    await shut.ask('DELETE', '/api/workers/jointoken', { token: 'ada' })
    expect((await joining(shut, 'node-3', JSON.parse(made.text).token)).status).toBe(403)
    // Who has joined stays.
    expect((await shut.ask('POST', '/api/workers/node-1/pick', { token: 'node', body: {} })).status).toBe(200)
  })

  test('is kept as a hash, as the credentials are', async () => {
    await using shut = await Shut.open()
    const rows = JSON.stringify([
      shut.t.db.sqlite.query('select * from join_tokens').all(),
      shut.t.db.sqlite.query('select * from worker_credentials').all(),
    ])
    expect(rows).toContain('node-1')
    for (const name of ['join', 'node']) expect(rows).not.toContain(shut.tokens[name]?.slice(4) ?? 'missing')
  })

  test('of nobody is not read at any length', async () => {
    await using shut = await Shut.open()
    expect((await joining(shut, 'node-2', 'x'.repeat(70_000))).status).toBe(413)
  })
})

describe('a worker with a credential', () => {
  test('speaks for itself and for no other, on the new wire and on the old one', async () => {
    await using shut = await Shut.open()
    const node = { token: 'node' }
    await shut.t.leaf()
    const { run } = await shut.t.begin('node-9')
    for (const [path, body] of [
      ['/api/workers/node-9/pick', {}],
      ['/api/workers/node-9/leave', { session: crypto.randomUUID() }],
      [`/api/runs/${run}/heartbeat`, { worker: 'node-9' }],
      [`/api/runs/${run}/end`, { worker: 'node-9', exit_code: 0 }],
      [`/api/runs/${run}/release`, { worker: 'node-9' }],
      ['/workers/pickjob', 'hostname=node-9'],
      ['/workers/heartbeat', 'hostname=node-9&jobId=1'],
      ['/workers/endjob?hostname=node-9', 'jobId=1'],
      ['/workers/endjob', 'jobId=1'],
    ] as const)
      expect([path, (await shut.ask('POST', path, { ...node, body })).status]).toEqual([path, 403])
    expect((await shut.ask('GET', '/workers/endjob?hostname=node-9&jobId=1', node)).status).toBe(403)
    // In its own name it is not heard about a run of another.
    const own = await shut.ask('POST', `/api/runs/${run}/end`, { ...node, body: { worker: 'node-1', exit_code: 0 } })
    expect(JSON.parse(own.text).state).toBe('WORKING')
    expect((await shut.ask('POST', '/workers/pickjob', { ...node, body: 'hostname=node-1' })).status).toBe(200)
  })

  test('is heard no more when it is revoked', async () => {
    await using shut = await Shut.open()
    const pick = () => shut.ask('POST', '/api/workers/node-1/pick', { token: 'node', body: {} })
    expect((await pick()).status).toBe(200)
    expect((await shut.ask('DELETE', '/api/workers/credentials', { token: 'wim', body: ['node-1', 'x'] })).status).toBe(
      404,
    )
    expect((await pick()).status).toBe(200)
    expect((await shut.ask('DELETE', '/api/workers/credentials', { token: 'wim', body: ['node-1'] })).status).toBe(200)
    expect((await pick()).status).toBe(401)
    expect((await joining(shut, 'node-1')).status).toBe(200)
  })
})

test('an agent joins when it is asked, keeps what it got, and comes back with it alone', async () => {
  await using shut = await Shut.open({ ...RULES, loopback: 'ask', trustedProxies: [] })
  const folder = tempFolder()
  const credentials = join(folder, 'inside', 'credentials.json')
  async function render(joinToken: string): Promise<string[]> {
    const job = await shut.t.leaf({ command: 'echo $COALITION_WORKER_JOIN_TOKEN.' })
    const stop = new AbortController()
    const lines: string[] = []
    const options = { serverUrl: shut.url, name: 'agent', workers: 2, sleepSeconds: 0.1, temporaryDir: folder }
    const log = (line: string) => lines.push(line)
    const agent = runAgent({ ...options, credentials, joinToken, log }, stop.signal)
    await until(() => shut.t.state(job) === 'FINISHED', `the run: ${lines.join('\n')}`)
    stop.abort()
    await agent
    return lines
  }
  const first = await render(shut.tokens.join ?? '')
  expect(first.filter((line) => line.includes('joined'))).toHaveLength(2)
  expect((await render('')).filter((line) => line.includes('joined'))).toEqual([])
  expect(first.join('\n')).not.toContain(shut.tokens.join ?? 'missing')
  if (process.platform !== 'win32') expect(statSync(credentials).mode & 0o777).toBe(0o600)
  expect(Object.keys(JSON.parse(readFileSync(credentials, 'utf8'))[shut.url])).toEqual(['agent-1', 'agent-2'])
}, 30_000)
