/** The real server on a free port, in a folder of its own, and a client that hides nothing of its answers. */
import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openData } from '../../src/db/open.ts'
import type { Job, JobInput } from '../../src/models.ts'
import type { Assignment } from '../../src/protocol.ts'
import { type ServerConfig, startServer } from '../../src/server.ts'

export interface Answer<T = unknown> {
  status: number
  /** The content type, as it was sent. */
  type: string
  headers: Headers
  text: string
  /** The parsed text where it is JSON, else the text. */
  body: T
}

export interface CallOptions {
  /** The content type of the request; default: none, as in `rest_api.rst`. */
  type?: string
  headers?: Record<string, string>
  signal?: AbortSignal
}

export type TestServer = Awaited<ReturnType<typeof testServer>>

/** A body that is sent as it is, where another value is sent as JSON. */
export class Raw {
  constructor(readonly bytes: string | Uint8Array) {}
}

export interface TestServerOptions {
  /** The id that the first job gets. */
  firstId?: number
}

export async function testServer({ firstId = 1 }: TestServerOptions = {}) {
  const data = mkdtempSync(join(tmpdir(), 'coalition-http-'))
  if (firstId > 1) beginIdsAt(data, firstId)
  const config = { host: '127.0.0.1', port: 0, data, worker_timeout: 60 }
  let server = await startServer(config)

  async function call<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<Answer<T>> {
    const response = await fetch(server.url + path, {
      method,
      // Bytes, not a text: fetch gives a text a content type of its own.
      body: body === undefined ? undefined : bytesOf(body),
      headers: { ...(options.type !== undefined && { 'content-type': options.type }), ...options.headers },
      signal: options.signal,
      redirect: 'manual',
    })
    const type = response.headers.get('content-type') ?? ''
    const text = await response.text()
    const json = text !== '' && /^application\/(problem\+)?json$/.test(type)
    return {
      status: response.status,
      type,
      headers: response.headers,
      text,
      body: (json ? JSON.parse(text) : text) as T,
    }
  }

  return {
    data,
    get url() {
      return server.url
    },
    call,
    get: <T = unknown>(path: string, options?: CallOptions) => call<T>('GET', path, undefined, options),
    put: <T = unknown>(path: string, body: unknown, options?: CallOptions) => call<T>('PUT', path, body, options),
    post: <T = unknown>(path: string, body: unknown, options?: CallOptions) => call<T>('POST', path, body, options),
    delete: <T = unknown>(path: string, body: unknown, options?: CallOptions) => call<T>('DELETE', path, body, options),

    /** Makes a job and answers its id. */
    async add(job: JobInput): Promise<number> {
      return expectOk(await call<number>('PUT', '/api/jobs', job))
    },
    async job(id: number): Promise<Job> {
      return expectOk(await call<Job>('GET', `/api/jobs/${id}`))
    },
    async pick(worker: string, wait = 0): Promise<Assignment | null> {
      return expectOk(
        await call<Assignment | null>('POST', `/api/workers/${encodeURIComponent(worker)}/pick`, { wait }),
      )
    },
    /** Stops the server; `up` starts it again, with the same folder and at the same address. */
    down: () => server.stop(),
    async up(): Promise<void> {
      server = await startServer({ ...config, port: server.port })
    },
    async restart(more: Partial<ServerConfig> = {}): Promise<void> {
      await server.stop()
      server = await startServer({ ...config, ...more, port: server.port })
    },
    async stop(): Promise<void> {
      await server.stop()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

function bytesOf(body: unknown): Uint8Array<ArrayBuffer> {
  const sent = body instanceof Raw ? body.bytes : JSON.stringify(body)
  return typeof sent === 'string' ? new TextEncoder().encode(sent) : new Uint8Array(sent)
}

function expectOk<T>({ status, text, body }: Answer<T>): T {
  if (status !== 200) throw new Error(`answered ${status}: ${text}`)
  return body
}

function beginIdsAt(data: string, firstId: number): void {
  openData(data).close()
  const db = new Database(join(data, 'coalition.db'), { strict: true })
  db.run("insert into sqlite_sequence (name, seq) values ('jobs', ?)", [firstId - 1])
  db.close()
}

/** Waits for what has to become true; throws when it does not. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, seconds = 10): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s in vain for ${what}`)
    await Bun.sleep(5)
  }
}
