/**
 * The clients of one measurement, in a process of their own: takes a `Load` as its one argument, prints a `Loaded`. Ends by
 * itself after `seconds`, or as soon as its standard input ends.
 */

import { MAX_WAIT_SECONDS } from '../../src/protocol.ts'
import { Connection, formText, jsonText } from './connection.ts'
import { percentile } from './figures.ts'

export type Load = { port: number; seconds: number } & (
  | {
      /** Workers of the old wire: pick, heartbeat, end. */
      kind: 'cycles'
      workers: number
      /** Each worker rests so long after a cycle, give or take a half: they would all be at the same call otherwise. */
      restMs?: number
      /** After so many cycles, and outside the time that is measured, these jobs are reset. */
      refill?: { every: number; jobs: number[] }
    }
  | { kind: 'submissions'; connections: number }
  | {
      /** All workers take a job, then each says that it is alive every `everyMs`. */
      kind: 'heartbeats'
      workers: number
      connections: number
      everyMs: number
    }
  /** Workers wait on the long poll. */
  | { kind: 'idle'; workers: number }
)

export interface Loaded {
  seconds: number
  requests: number
  /** Picks that were answered with nothing. */
  empty: number
  failures: number
  firstFailure?: string
  /** Of the picks; of `heartbeats` of these; in milliseconds. */
  p50: number
  p99: number
  /** The longest answer, in milliseconds. */
  longest: number
  /** Share of a core that this client used: near 1 it is the client that was measured. */
  clientCores: number
}

const load = JSON.parse(process.argv[2] ?? '') as Load
const deadline = performance.now() + load.seconds * 1000
let stopped = false
const over = () => stopped || performance.now() > deadline

const picks: number[] = []
let seconds = 0
let requests = 0
let empty = 0
let failures = 0
let firstFailure: string | undefined
let longest = 0

const vitals = { load: '[12.5, 3.0]', free_memory: 12000, total_memory: 16000 }
const LOG = Buffer.from(`${'PROGRESS:50% rendering a line\n'.repeat(34)}`).toString('base64')
const pickText = (hostname: string) => formText('/workers/pickjob', { hostname, ...vitals })

/** Sends a request and answers the text, and how long it took. */
async function ask(connection: Connection, text: string): Promise<{ body: string; ms: number }> {
  const began = performance.now()
  const { status, body } = await connection.send(text)
  const ms = performance.now() - began
  requests++
  if (ms > longest) longest = ms
  if (status !== 200) fail(`${status}: ${body}`)
  return { body, ms }
}

function fail(reason: string): void {
  failures++
  firstFailure ??= reason
}

const open = (count: number) => Promise.all(Array.from({ length: count }, () => Connection.open(load.port)))
const jobOf = (body: string) => Number.parseInt(body.slice(1), 10)

async function cycles({ workers, restMs, refill }: Load & { kind: 'cycles' }): Promise<void> {
  const connections = await open(workers)
  const started = performance.now()
  while (!over()) {
    let left = refill?.every ?? Number.POSITIVE_INFINITY
    await timed(() =>
      Promise.all(
        connections.map(async (connection, i) => {
          const hostname = `worker-${i}`
          const pick = pickText(hostname)
          while (!over() && left-- > 0) {
            const { body, ms } = await ask(connection, pick)
            picks.push(ms)
            const jobId = jobOf(body)
            if (jobId < 0) {
              empty++
              await Bun.sleep(1)
            } else {
              const beat = { hostname, jobId, log: '', ...vitals }
              await ask(connection, formText('/workers/heartbeat', beat))
              await ask(connection, formText('/workers/endjob', { hostname, jobId, errorCode: 0 }))
            }
            if (restMs) await Bun.sleep(restMs * (0.5 + Math.random()))
          }
        }),
      ),
    )
    if (refill && connections[0]) {
      const { status, body } = await connections[0].send(jsonText('POST', '/api/resetjobs', refill.jobs))
      if (status !== 200) fail(body)
    }
    if (performance.now() - started > load.seconds * 3000) break
  }
  for (const connection of connections) connection.close()
}

async function submissions({ connections: count }: Load & { kind: 'submissions' }): Promise<void> {
  const connections = await open(count)
  const job = {
    parent: 0,
    title: 'Job 1',
    command: 'echo test',
    dir: '.',
    environment: '',
    state: 'WAITING',
    retry: 10,
    timeout: 10000,
    priority: 1000,
    affinity: 'LINUX',
    user: 'render',
    url: 'http://localhost/image.png',
    progress_pattern: '#%percent',
  }
  const text = jsonText('PUT', '/api/jobs', job)
  await timed(() =>
    Promise.all(
      connections.map(async (connection) => {
        while (!over()) await ask(connection, text)
      }),
    ),
  )
  for (const connection of connections) connection.close()
}

async function heartbeats({ workers, connections: count, everyMs }: Load & { kind: 'heartbeats' }): Promise<void> {
  const connections = await open(count)
  const texts: string[] = []
  await each(connections, workers, async (connection, i) => {
    const hostname = `beat-${i}`
    const jobId = jobOf((await ask(connection, pickText(hostname))).body)
    if (jobId < 0) empty++
    texts[i] = formText('/workers/heartbeat', { hostname, jobId, log: i % 10 === 0 ? LOG : '', ...vitals })
  })
  // What was asked until now is not what is measured.
  requests = 0
  longest = 0
  console.log('begin')
  const began = performance.now()
  const end = began + load.seconds * 1000
  const step = everyMs / workers
  await timed(() =>
    Promise.all(
      connections.map(async (connection, c) => {
        for (let n = c; began + n * step < end && !stopped; n += count) {
          const due = began + n * step
          // Sleeps are whole milliseconds: those that are due go out together.
          while (performance.now() < due) await Bun.sleep(Math.max(1, due - performance.now()))
          const { body } = await ask(connection, texts[n % workers] ?? '')
          if (body !== 'true') fail(`a heartbeat was answered ${body}`)
          // From when it was due: a server that falls behind is seen.
          picks.push(performance.now() - due)
        }
      }),
    ),
  )
  for (const connection of connections) connection.close()
}

async function idle({ workers }: Load & { kind: 'idle' }): Promise<void> {
  const connections: Connection[] = []
  // In steps: as many connects at once overflow the queue of the system.
  while (connections.length < workers) connections.push(...(await open(Math.min(100, workers - connections.length))))
  const wait = MAX_WAIT_SECONDS
  const polls = connections.map((connection, i) =>
    connection.send(jsonText('POST', `/api/workers/idle-${i}/pick`, { wait })).then(
      ({ status, body }) => (status === 200 && body === 'null' ? undefined : fail(`${status}: ${body}`)),
      (error) => (over() ? undefined : fail(String(error))),
    ),
  )
  await Bun.sleep(2000)
  console.log('begin')
  while (!over()) await Bun.sleep(20)
  for (const connection of connections) connection.close()
  await Promise.race([Promise.all(polls), Bun.sleep(500)])
}

async function each(
  connections: Connection[],
  count: number,
  act: (connection: Connection, i: number) => Promise<void>,
): Promise<void> {
  let next = 0
  await Promise.all(
    connections.map(async (connection) => {
      while (next < count) await act(connection, next++)
    }),
  )
}

async function timed(act: () => Promise<unknown>): Promise<void> {
  const began = performance.now()
  await act()
  seconds += (performance.now() - began) / 1000
}

process.stdin.on('end', () => {
  stopped = true
})
process.stdin.resume()
const began = performance.now()
const cpu = process.cpuUsage()
if (load.kind === 'cycles') await cycles(load)
else if (load.kind === 'submissions') await submissions(load)
else if (load.kind === 'heartbeats') await heartbeats(load)
else await idle(load)
const used = process.cpuUsage(cpu)
const loaded: Loaded = {
  seconds,
  requests,
  empty,
  failures,
  ...(firstFailure !== undefined && { firstFailure }),
  p50: percentile(picks, 0.5),
  p99: percentile(picks, 0.99),
  longest,
  clientCores: (used.user + used.system) / 1000 / (performance.now() - began),
}
console.log(JSON.stringify(loaded))
process.exit(0)
