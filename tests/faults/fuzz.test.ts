/** Every route, with hostile requests made from its own description: never a 500, never a hang, and the farm sound afterwards. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import fc from 'fast-check'
import { checkFarm } from '../../src/domain/check.ts'
import { Watch } from '../../src/watch.ts'
import { createSandbox, type Sandbox, type Server } from '../e2e/sandbox.ts'
import type { Schema } from '../http/jsonSchema.ts'
import { formFor, jsonFor, wordFor } from './hostile.ts'
import { rounds, SEED } from './rounds.ts'

setDefaultTimeout(3_600_000)

/** Requests of each call; FAULT_ROUNDS sends so many times more. */
const EACH = 80 * rounds(1)
/** No answer is worth more of a server's time, whatever was asked; a machine with other work is slow. */
const DEADLINE_MS = 15_000

let sandbox: Sandbox
let server: Server
let document: OpenApi
beforeAll(async () => {
  sandbox = createSandbox()
  server = await sandbox.serve(sandbox.freshFolder())
  document = await server.client.call<OpenApi>('GET', '/docs/json')
  await furnish()
})
afterAll(() => sandbox.cleanUp())

interface Operation {
  parameters?: { in: string; name: string }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
}
type OpenApi = { paths: Record<string, Record<string, Operation>> } & Schema

interface Hostile {
  method: string
  /** With the query. */
  path: string
  body?: string | undefined
}

/** Something of everything, so that what is asked for is there sometimes. */
async function furnish(): Promise<void> {
  const { call } = server.client
  await call('PUT', '/api/jobs', [
    {
      title: 'film',
      children: [
        { title: 'sim', name: 'sim', command: 'x' },
        { title: 'shot', frames: '1-20', command: 'r {frame}', dependencies: ['sim'] },
      ],
    },
    ...Array.from({ length: 20 }, (_, i) => ({
      title: `job ${i}`,
      command: 'x',
      retry: 2,
      affinity: i % 2 ? 'LINUX' : '',
    })),
  ])
  for (const name of ['worker-1', 'worker-2']) await call('POST', `/api/workers/${name}/pick`, { wait: 0 })
}

/** The request that an operation gets, in any of its shapes. */
function requestTo(method: string, path: string, { parameters = [], requestBody }: Operation): fc.Arbitrary<Hostile> {
  const named = (where: string) => parameters.filter((parameter) => parameter.in === where).map(({ name }) => name)
  const places = fc.record(Object.fromEntries(named('path').map((name) => [name, wordFor(name)])))
  const query = named('query')
  const pairs =
    query.length === 0
      ? fc.constant([])
      : fc.array(
          fc.constantFrom(...query, 'nothing', '_').chain((name) => wordFor(name).map((word) => `${name}=${word}`)),
          { maxLength: 4 },
        )
  // Coalition 4's page speaks below a prefix of its own, and is read with more patience.
  const prefix = fc.constantFrom('/api/', '/api/webfrontend/')
  return fc.record({ places, pairs, prefix, body: bodyFor(requestBody) }).map(({ places, pairs, prefix, body }) => {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => places[name] ?? '')
    const below =
      method !== 'POST' || !/\/(runs|pick|leave|limits)/.test(path) ? filled.replace(/^\/api\//, prefix) : filled
    return { method, path: pairs.length > 0 ? `${below}?${pairs.join('&')}` : below, body }
  })
}

function bodyFor(requestBody: Operation['requestBody']): fc.Arbitrary<string | undefined> {
  const json = requestBody?.content['application/json']?.schema
  if (json) return jsonFor(json, document)
  const form = requestBody?.content['application/x-www-form-urlencoded']?.schema
  if (form) return formFor([...Object.keys((form.properties ?? {}) as object), ...OLD_FIELDS])
  return fc.constant(undefined)
}

/** What old submitters send besides. */
const OLD_FIELDS = [
  'command',
  'dependencies',
  'localprogress',
  'globalprogress',
  'env',
  'paused',
  'state',
  'retry',
  'log',
  'url',
]

/** Answered 200, by method. */
const taken = new Map<string, number>()
const slowest = { ms: 0, what: '' }

/** What is wrong with the answer; undefined: nothing. */
async function send({ method, path, body }: Hostile): Promise<string | undefined> {
  const began = performance.now()
  let answer: Response
  let text: string
  try {
    answer = await fetch(server.url + path, { method, body, signal: AbortSignal.timeout(DEADLINE_MS) })
    text = await answer.text()
  } catch (error) {
    return `had no answer: ${error}; the server says ${server.stderr.slice(-2000)}`
  }
  const { status } = answer
  const ms = performance.now() - began
  if (ms > slowest.ms) Object.assign(slowest, { ms, what: `${method} ${path.slice(0, 200)} ${body?.slice(0, 200)}` })
  if (status === 200) taken.set(method, (taken.get(method) ?? 0) + 1)
  if (status === 200) return undefined
  if (status >= 500 || status < 400)
    return `was answered ${status}: ${text.slice(0, 500)} ${server.stderr.slice(-2000)}`
  // An address this long is refused by Bun itself, before there is a request, and without a word.
  if (status === 431 && path.length > 8000) return undefined
  if (!answer.headers.get('content-type')?.startsWith('application/problem+json'))
    return `was refused with no problem: ${status} ${text}`
  const problem = JSON.parse(text) as { detail?: string }
  if (!problem.detail) return `was refused without a word: ${status} ${text}`
  if (text.length > 20_000) return `was refused with ${text.length} characters`
  return undefined
}

async function survives(arbitrary: fc.Arbitrary<Hostile>, numRuns: number): Promise<void> {
  const property = fc.asyncProperty(arbitrary, async (request) => {
    const wrong = await send(request)
    if (wrong) throw new Error(`${request.method} ${request.path.slice(0, 300)} ${wrong}`)
  })
  await fc.assert(property, { numRuns, seed: SEED, endOnFailure: process.env.FAULT_SHRINK !== '1' })
}

test(`each documented call takes ${EACH} hostile requests without a 500 or a hang`, async () => {
  console.log(`FAULT_SEED=${SEED}`)
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  expect(operations.length).toBeGreaterThan(40)
  for (const { method, path, operation } of operations) {
    const changes = operation.requestBody !== undefined
    await survives(requestTo(method, path, operation), changes ? EACH : Math.ceil(EACH / 4))
  }
  // All together, in any order: what one leaves behind meets another.
  await survives(
    fc.oneof(...operations.map(({ method, path, operation }) => requestTo(method, path, operation))),
    EACH * 10,
  )
  console.log(`the slowest answer took ${Math.round(slowest.ms)} ms: ${slowest.what}`)
  // Requests that are all refused would prove little.
  for (const method of ['GET', 'PUT', 'POST', 'DELETE']) expect(taken.get(method) ?? 0).toBeGreaterThan(0)
})

test('a page may say anything on the stream: it is told, or let go, and others are served', async () => {
  const watch = jsonFor(Watch as Schema, document)
  const bytes = fc.uint8Array({ maxLength: 300 })
  const message = fc.oneof({ weight: 9, arbitrary: watch }, bytes)
  const property = fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 5 }), async (messages) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/stream`)
    const over = Promise.withResolvers<void>()
    socket.onclose = () => over.resolve()
    socket.onerror = () => over.resolve()
    await new Promise<void>((resolve) => {
      socket.onopen = () => resolve()
      void over.promise.then(resolve)
    })
    for (const each of messages) socket.send(typeof each === 'string' ? each : new Uint8Array(each))
    const wrong = await send({ method: 'GET', path: '/api/health' })
    socket.close()
    await Promise.race([over.promise, Bun.sleep(DEADLINE_MS).then(() => Promise.reject(new Error('it hung')))])
    if (wrong) throw new Error(wrong)
  })
  await fc.assert(property, { numRuns: EACH, seed: SEED, endOnFailure: true })
})

test('and the farm is sound', async () => {
  expect(await server.stop()).toBe(0)
  expect(server.stderr).not.toMatch(/failed:|Error/)
  const db = new Database(join(server.data, 'coalition.db'), { readonly: true })
  expect(checkFarm(db)).toEqual([])
  expect(db.query('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  db.close()
  // What was taken in can be taken up again.
  const next = await sandbox.serve(server.data)
  expect(await next.stop()).toBe(0)
})
