/** How workers without an address find a server: the datagrams `coalition` and `roxor`. */
import { afterEach, beforeEach, describe, expect, spyOn, test } from 'bun:test'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { discoverServer } from '../../src/cli/discover.ts'
import { isLoopback } from '../../src/discovery.ts'
import type { Worker } from '../../src/models.ts'
import { type Server, type ServerConfig, startServer } from '../../src/server.ts'
import { cleanUp, freshFolder, start, startService } from '../cli/harness.ts'
import { until } from '../support/server.ts'

const HOST = '127.0.0.1'
let folder: string
let server: Server | undefined
const sockets: Socket[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coalition-discovery-'))
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close()
  await server?.stop()
  server = undefined
  rmSync(folder, { recursive: true, force: true })
})

const serve = async (more: Partial<ServerConfig>) => {
  server = await startServer({ host: HOST, port: 0, data: folder, worker_timeout: 60, ...more })
  return server
}

/** A socket of this port; undefined when another has it. */
const bound = (port: number, address = HOST) =>
  new Promise<Socket | undefined>((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => resolve(undefined))
    socket.bind(port, address, () => {
      sockets.push(socket)
      resolve(socket)
    })
  })

/** A socket of a port on which a server can listen too: what is free for UDP need not be for TCP. */
async function boundFree(): Promise<{ socket: Socket; port: number }> {
  for (;;) {
    const socket = await bound(0)
    if (!socket) throw new Error('there is no free port')
    const { port } = socket.address()
    try {
      await Bun.listen({ hostname: HOST, port, socket: { data() {} } }).stop(true)
      return { socket, port }
    } catch {
      // Another one; this one is closed with the test.
    }
  }
}

/** Sends questions in a row, and the right one last: answers what came back until the answer to that. */
async function ask(port: number, questions: string[]): Promise<{ text: string; from: RemoteInfo }[]> {
  const socket = await bound(0)
  if (!socket) throw new Error('there is no free port')
  const answers: { text: string; from: RemoteInfo }[] = []
  socket.on('message', (message, from) => answers.push({ text: message.toString(), from }))
  for (const question of questions) await new Promise<void>((sent) => socket.send(question, port, HOST, () => sent()))
  await until(() => answers.length > 0, 'an answer')
  return answers
}

describe('a server', () => {
  test('that is told to is found on its own port, also where it listens on loopback only', async () => {
    const { port } = await serve({ discovery: 'on' })
    expect(await ask(port, ['coalition'])).toMatchObject([{ text: 'roxor', from: { address: HOST, port } }])
  })

  test('answers that one question and no other', async () => {
    const { port } = await serve({ discovery: 'on' })
    const others = ['', 'Coalition', 'coalition\n', 'coalition ', 'roxor', 'x'.repeat(1400), '\u0000', '{}']
    expect(await ask(port, [...others, 'coalition'])).toHaveLength(1)
  })

  test('goes on when who asked is gone before the answer', async () => {
    const { port } = await serve({ discovery: 'on' })
    for (let i = 0; i < 5; i++) {
      const gone = createSocket('udp4')
      await new Promise<void>((sent) => gone.send('coalition', port, HOST, () => sent()))
      gone.close()
    }
    expect(await ask(port, ['coalition'])).toMatchObject([{ text: 'roxor' }])
    expect((await fetch(`${server?.url}/api/health`)).status).toBe(200)
  })

  for (const discovery of [undefined, 'auto', 'off'] as const)
    test(`on loopback leaves the port alone with discovery ${discovery ?? 'unsaid'}`, async () => {
      const { port } = await serve(discovery ? { discovery } : {})
      expect(await bound(port)).toBeDefined()
    })

  test('that stops leaves the port', async () => {
    const { port, stop } = await serve({ discovery: 'on' })
    expect(await bound(port)).toBeUndefined()
    await stop()
    server = undefined
    expect(await bound(port)).toBeDefined()
  })

  test('whose port another program has for UDP says so, and serves', async () => {
    const { port } = await boundFree()
    const log = spyOn(console, 'error').mockImplementation(() => {})
    try {
      const { url } = await serve({ port, discovery: 'on' })
      expect((await fetch(`${url}/api/health`)).status).toBe(200)
      expect(log.mock.calls.map(String).join()).toContain(`UDP port ${port} is taken`)
    } finally {
      log.mockRestore()
    }
  })

  test('is on loopback by any name of it', () => {
    for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.1.2.3', '::1', '[::1]', '::ffff:127.0.0.1'])
      expect([host, isLoopback(host)]).toEqual([host, true])
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'farm', '127.example.com', '10.127.0.1', '::12', 'localhost2'])
      expect([host, isLoopback(host)]).toEqual([host, false])
  })
})

describe('our worker', () => {
  const search = (port: number) => ({ port, log: () => {}, addresses: [HOST], everyMs: 20 })

  test('finds our server', async () => {
    const { port, url } = await serve({ discovery: 'on' })
    expect(await discoverServer(search(port), AbortSignal.timeout(5000))).toBe(url)
  })

  test('finds a server that starts later than it asks', async () => {
    const { socket: free, port } = await boundFree()
    const found = discoverServer(search(port), AbortSignal.timeout(8000))
    await new Promise((heard) => free.once('message', heard))
    sockets.splice(sockets.indexOf(free), 1)
    await new Promise<void>((closed) => free.close(closed))
    await serve({ port, discovery: 'on' })
    expect(await found).toBe(`http://${HOST}:${port}`)
  })
})

describe('the commands', () => {
  afterEach(cleanUp)

  test('worker without an address finds the server and works for it', async () => {
    const running = await startService(['serve', '--port', '0', '--discovery', 'on', '--data', freshFolder()])
    const { port } = new URL(running.url)
    const worker = start(['worker', '--name', 'found', '--sleep', '0.1'], { env: { COALITION_PORT: port } })
    const id = await running.client.call<number>('PUT', '/api/jobs', { command: 'echo found' })
    const state = async () => (await running.client.call<{ state: string }>('GET', `/api/jobs/${id}`)).state
    await until(async () => (await state()) === 'FINISHED', 'the job')
    const workers = await running.client.call<Worker[]>('GET', '/api/workers')
    expect(workers.map(({ name }) => name)).toEqual(['found'])
    worker.kill('SIGTERM')
    expect(await worker.exited).toBe(0)
    expect(await running.stop()).toBe(0)
  }, 30_000)
})
