/** A server with TLS, as its clients see it: whom they trust, what survives a renewed certificate, what does not get in. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { createClient, Unreachable, whyUnreachable } from '../../src/client.ts'
import { pairOf, readFiles } from '../../src/listener/certificate.ts'
import { Listener, type Listens } from '../../src/listener/listener.ts'
import { type Server, type ServerConfig, startServer } from '../../src/server.ts'
import { type Authority, createAuthority, type Issued } from '../support/certificates.ts'
import { until } from '../support/server.ts'

let authority: Authority
let ca: string
let first: Issued
let second: Issued
let folder: string
let inUse: Issued
let server: Server
let printed: string[]
const error = console.error

const start = (more: Partial<ServerConfig> = {}) =>
  startServer({
    host: '127.0.0.1',
    port: 0,
    data: join(mkdtempSync(join(folder, 'data-')), 'farm'),
    worker_timeout: 60,
    tls_cert: inUse.cert,
    tls_key: inUse.key,
    ...more,
  })

beforeAll(async () => {
  authority = createAuthority()
  ca = readFileSync(authority.ca, 'utf8')
  first = authority.issue('first', ['farm.studio.lan'])
  second = authority.issue('second')
  folder = mkdtempSync(join(tmpdir(), 'coalition-listener-'))
  inUse = { cert: join(folder, 'farm.crt'), key: join(folder, 'farm.key') }
  put(first)
  printed = []
  console.error = (line: string) => printed.push(line)
  server = await start()
})
afterAll(async () => {
  await server.stop()
  console.error = error
  rmSync(folder, { recursive: true, force: true })
  authority[Symbol.dispose]()
})

/** As certbot does: the link that was named leads elsewhere from then on. */
function put({ cert, key }: Issued): void {
  for (const [from, to] of [
    [cert, inUse.cert],
    [key, inUse.key],
  ] as const) {
    if (process.platform === 'win32') copyFileSync(from, `${to}.new`)
    else symlinkSync(from, `${to}.new`)
    renameSync(`${to}.new`, to)
  }
}

/** The subject of the certificate that is shown to who connects now; undefined: in the moment of the change. */
function shown(port = server.port): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const socket = connect({ port, host: '127.0.0.1', ca }, () => {
    resolve(String(socket.getPeerCertificate().subject.CN))
    socket.end()
  })
  socket.on('error', () => resolve(undefined))
  return promise
}

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(server.url + path, { method, headers, tls: { ca } })
const renewals = () => printed.filter((line) => line.startsWith('TLS:'))

async function whyNot(url: string, authority?: string): Promise<string> {
  const answer = await createClient(url, { ca: authority })
    .call('GET', '/api/health')
    .catch((error: unknown) => error)
  if (!(answer instanceof Unreachable)) throw new Error('it was answered')
  return whyUnreachable(answer)
}

describe('a server with a certificate', () => {
  test('says https, and serves those who trust its authority', async () => {
    expect(server.url).toStartWith('https://127.0.0.1:')
    expect(await createClient(server.url, { ca }).call<object>('GET', '/api/health')).toMatchObject({ status: 'ok' })
  })

  test('is refused by who does not trust it, in words that say what to do', async () => {
    expect(await whyNot(server.url)).toContain('name that one with --ca or COALITION_CA')
    expect(await whyNot(server.url, readFileSync(second.cert, 'utf8'))).toContain('--ca')
  })

  test('gives nothing to who speaks without TLS', async () => {
    expect(await whyNot(server.url.replace('https', 'http'))).toContain('no answer from http://')
  })

  test('has sessions in cookies that no http page can plant', async () => {
    const out = await get('/api/signout', {}, 'POST')
    expect(out.headers.get('set-cookie')).toMatch(/^__Host-coalition_session=.*; Secure$/)
  })

  test('takes no change from a page that came in clear, even from its own name', async () => {
    const host = new URL(server.url).host
    expect((await get('/api/signout', { origin: `https://${host}` }, 'POST')).status).toBe(200)
    expect((await get('/api/signout', { origin: `http://${host}` }, 'POST')).status).toBe(403)
  })

  test('answers to the names of its certificate', async () => {
    expect((await get('/api/health', { host: 'farm.studio.lan' })).status).toBe(200)
    expect((await get('/api/health', { host: 'else.studio.lan' })).status).toBe(421)
  })

  test('keeps a second server from its port', async () => {
    await expect(start({ port: server.port })).rejects.toThrow('is in use')
  })
})

describe('a certificate that is renewed', () => {
  test('comes into use, and cuts off nobody who is connected', async () => {
    expect(await shown()).toBe('first')
    const stream = new WebSocket(`${server.url.replace('https', 'wss')}/api/stream`, { tls: { ca } } as never)
    const frames: string[] = []
    let closed = false
    stream.onmessage = ({ data }) => frames.push(String(data))
    stream.onclose = () => {
      closed = true
    }
    await new Promise((resolve) => {
      stream.onopen = resolve
    })
    stream.send(JSON.stringify({ parents: [0] }))
    const poll = createClient(server.url, { ca }).call<{ job: { title: string } }>('POST', '/api/workers/w/pick', {
      wait: 60,
    })
    await until(() => frames.length > 0, 'the first frame')
    put(second)
    await until(async () => (await shown()) === 'second', 'the new certificate')
    await until(() => renewals().length > 0, 'the words of that')
    expect(renewals().at(-1)).toContain('the certificate was renewed')
    await createClient(server.url, { ca }).call('PUT', '/api/jobs', { title: 'after', command: 'true' })
    expect((await poll)?.job.title).toBe('after')
    await until(() => frames.some((frame) => frame.includes('"members":[0]')), 'what changed, on the same stream')
    expect(closed).toBe(false)
    stream.close()
  }, 30_000)

  test('that is none is said once, and the one before stays in use', async () => {
    const before = renewals().length
    put({ cert: first.cert, key: second.key })
    await until(() => renewals().length > before, 'the words')
    expect(renewals().at(-1)).toContain('is not the key of the first certificate')
    expect(renewals().at(-1)).toContain('The certificate before it stays in use.')
    expect(await shown()).toBe('second')
    put(first)
    await until(async () => (await shown()) === 'first', 'the certificate that is right again')
    // It is said after it is in use.
    await until(() => renewals().length >= before + 2, 'the words of that')
    expect(renewals().length).toBe(before + 2)
  }, 30_000)
})

test('where two cannot share a port, the new listener comes after the old one', async () => {
  const app: Listens & { server: Bun.Server<unknown> | null } = {
    server: null,
    listen: (options) => {
      app.server = Bun.serve({ ...options, fetch: () => new Response('here') })
    },
  }
  const options = { hostname: '127.0.0.1', port: 0, maxRequestBodySize: 1000, idleTimeout: 10, development: false }
  const listener = new Listener(app, options, 'after')
  listener.listen(pairOf(await readFiles(first), first))
  const { port } = listener
  await listener.replace(pairOf(await readFiles(second), second))
  expect(listener.port).toBe(port)
  expect(await shown(port)).toBe('second')
  await listener.end()
})
