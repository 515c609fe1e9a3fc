/** The command line as people run it: real processes, a real server, a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient } from '../../src/client.ts'
import type { Assignment } from '../../src/protocol.ts'
import { selfCommand } from '../../src/self.ts'

/** One for each test file, gone with it. */
let scratch: string | undefined
const children = new Set<Bun.Subprocess>()
let folders = 0

function scratchFolder(): string {
  scratch ??= mkdtempSync(join(tmpdir(), 'coalition-cli-'))
  return scratch
}

export const freshFolder = (): string => join(scratchFolder(), String(++folders))

/** Ends what a failed test left behind. */
export async function cleanUp(): Promise<void> {
  for (const child of children) child.kill('SIGKILL')
  await Promise.all([...children].map((child) => child.exited))
  if (scratch) rmSync(scratch, { recursive: true, force: true, maxRetries: 5 })
  scratch = undefined
}

/** Nothing of the machine's own configuration reaches the program. */
function environment(more: Record<string, string>): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && !/^COALITION/.test(name))
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    XDG_CONFIG_HOME: scratchFolder(),
    NO_COLOR: '1',
    ...more,
  }
}

export interface Options {
  env?: Record<string, string>
  cwd?: string
  stdin?: string
}

export function start(words: string[], { env = {}, cwd = scratchFolder(), stdin }: Options = {}) {
  const child = Bun.spawn([...selfCommand(), ...words], {
    env: environment(env),
    cwd,
    stdin: stdin === undefined ? 'ignore' : new TextEncoder().encode(stdin),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  children.add(child)
  child.exited.then(() => children.delete(child))
  return child
}

export interface Result {
  code: number
  stdout: string
  stderr: string
}

export async function coalition(words: string[], options?: Options): Promise<Result> {
  const child = start(words, options)
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, stdout, stderr }
}

/** Matches nothing: reads to the end. */
export const NEVER = /$^/

export interface Running {
  url: string
  client: Client
  process: ReturnType<typeof start>
  /** A command of a client of this server. */
  run(...words: string[]): Promise<Result>
  /** What it printed on stdout, until this was in it, or until it ended. */
  stdout(pattern?: RegExp): Promise<string>
  stop(): Promise<number>
}

/** `serve`, `up` or `demo --up`, once it says where it listens. */
export async function startService(words: string[], options?: Options): Promise<Running> {
  const child = start(words, options)
  const output = reader(child.stdout)
  const text = await output.until(/http:\/\/\S+/)
  const url = /http:\/\/[^\s,]+/.exec(text)?.[0]
  if (!url) throw new Error(`no address: ${text}${await new Response(child.stderr).text()}`)
  return {
    url,
    client: createClient(url),
    process: child,
    run: (...words) => coalition(words, { env: { COALITION_URL: url } }),
    stdout: (pattern = NEVER) => output.until(pattern),
    stop: async () => {
      child.kill('SIGTERM')
      return await child.exited
    },
  }
}

/** Reads a stream piece by piece, until a pattern is there or the stream ends. */
export function reader(stream: ReadableStream<Uint8Array>) {
  const source = stream.getReader()
  const decoder = new TextDecoder()
  let text = ''
  return {
    async until(pattern: RegExp): Promise<string> {
      while (!pattern.test(text)) {
        const { value, done } = await source.read()
        if (done) break
        text += decoder.decode(value, { stream: true })
      }
      return text
    },
  }
}

/** A worker for one run, so that a test decides when and how it ends. */
export async function pick(client: Client, worker: string) {
  const { run, job } = await client.call<Assignment>('POST', `/api/workers/${worker}/pick`, {})
  let offset = 0
  return {
    job,
    async print(text: string): Promise<void> {
      const bytes = Buffer.from(text)
      await client.call('POST', `/api/runs/${run}/heartbeat`, {
        worker,
        log: bytes.toString('base64'),
        log_offset: offset,
      })
      offset += bytes.length
    },
    end: (exitCode: number) => client.call('POST', `/api/runs/${run}/end`, { worker, exit_code: exitCode }),
  }
}

export async function until(what: string, condition: () => boolean | Promise<boolean>, seconds = 10): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`)
    await Bun.sleep(20)
  }
}
