/** A small farm that every call of Coalition 4 finds the same, made as its own clients make it. */
import { type TestServer, testServer } from '../support/server.ts'

const FORM = 'application/x-www-form-urlencoded'

/** How each client of Coalition 4 says what it sends. */
export const CLIENTS = {
  /** `api/coalition.py`: the same header with every call, also with those that have no body. */
  module: { 'content-type': 'application/json', 'accept-encoding': 'identity' },
  /** The web page, through jQuery: JSON in the body, whatever the header says. */
  page: {
    'content-type': `${FORM}; charset=UTF-8`,
    accept: 'application/json, text/javascript, */*; q=0.01',
    'x-requested-with': 'XMLHttpRequest',
  },
  /** `worker.py`, `control.py` and what studios wrote after them. */
  form: { 'content-type': FORM, accept: 'text/plain' },
} as const
export type Client = keyof typeof CLIENTS

export interface Sent {
  method: string
  path: string
  /** A text goes as it is, any other value as JSON; none: no body at all. */
  body?: unknown
}

export interface Answered {
  status: number
  type: string
  text: string
  body: unknown
}

export async function send(url: string, client: Client, { method, path, body }: Sent): Promise<Answered> {
  const response = await fetch(url + path, {
    method,
    headers: CLIENTS[client],
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const type = response.headers.get('content-type') ?? ''
  const text = await response.text()
  return { status: response.status, type, text, body: /json$/.test(type) ? JSON.parse(text) : text }
}

const form = (fields: Record<string, string | number>) =>
  new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])).toString()

/**
 * Jobs 1 to 4: a group `Shot 010` that holds `sim` and `render`, which waits for it, and `clean`, which ended in ERROR on
 * `node-2`. `node-1` is idle. Numbers 1 and 2 are `linux` and `gpu`.
 */
export async function openScene(): Promise<TestServer> {
  const server = await testServer()
  await server.post('/api/affinities', { 1: 'linux', 2: 'gpu' })
  await server.add({ title: 'Shot 010', user: 'anna' })
  await server.add({ parent: 1, title: 'sim', command: 'sim', affinity: 'linux', user: 'anna' })
  await server.add({ parent: 1, title: 'render', command: 'render', dependencies: [2], user: 'bert' })
  await server.add({ title: 'clean', command: 'clean', priority: 2000 })
  const worker = (name: string, fields: Record<string, string | number>) =>
    send(server.url, 'form', { method: 'POST', path: `/workers/${name}`, body: form(fields) })
  const vitals = { load: '[12.5, 3.0]', free_memory: 12000, total_memory: 16000 }
  await worker('pickjob', { hostname: 'node-2', ...vitals })
  await worker('heartbeat', { hostname: 'node-2', jobId: 4, log: Buffer.from('oops\n').toString('base64'), ...vitals })
  await worker('endjob', { hostname: 'node-2', jobId: 4, errorCode: 1 })
  await worker('pickjob', { hostname: 'node-1', ...vitals })
  return server
}
