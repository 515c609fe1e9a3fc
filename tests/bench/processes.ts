/** The processes of the benchmark: each is started here, and ended here by its own handle. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Subprocess } from 'bun'
import type { Load, Loaded } from './load.ts'

export const ROOT = resolve(import.meta.dir, '../..')
/** On the disk of the project: the system's temporary folder is memory on many machines, where a commit costs nothing. */
export const CACHE = join(ROOT, 'node_modules/.cache/coalition-bench')

const START_SECONDS = 60
const STOP_SECONDS = 20

const started = new Set<Subprocess>()
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL')
})

export interface Running extends AsyncDisposable {
  port: number
  pid: number
  /** From its start until it said that it listens. */
  startMs: number
}

async function* texts(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  for (let part = await reader.read(); part.value; part = await reader.read())
    yield decoder.decode(part.value, { stream: true })
}

async function listening(command: string[]): Promise<Running> {
  const began = performance.now()
  const child = Bun.spawn(command, {
    cwd: ROOT,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
    env: { ...process.env, NODE_ENV: 'production' },
  })
  started.add(child)
  const late = setTimeout(() => child.kill('SIGKILL'), START_SECONDS * 1000)
  let text = ''
  let port: string | undefined
  for await (const chunk of texts(child.stdout)) {
    text += chunk
    port = /listening on http:\/\/[^:]+:(\d+)/.exec(text)?.[1]
    if (port !== undefined) break
  }
  clearTimeout(late)
  if (port === undefined) throw new Error(`${command.join(' ')} did not begin to listen: ${text}`)
  return {
    port: Number(port),
    pid: child.pid,
    startMs: performance.now() - began,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      const kill = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1000)
      await child.exited
      clearTimeout(kill)
      started.delete(child)
    },
  }
}

export const ceiling = () => listening([process.execPath, join(import.meta.dir, 'ceiling.ts')])

export async function floor(): Promise<Running> {
  const folder = mkdtempSync(join(CACHE, 'data-'))
  const running = await listening([process.execPath, join(import.meta.dir, 'floor.ts'), folder])
  return {
    ...running,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface ServerOptions {
  /** A folder with a farm in it; default: an empty one, gone at the end. */
  data?: string
  /** Where a CPU profile goes: then it is the source that runs, since an executable has no profiler. */
  profile?: string
  /** The folder is needed again. */
  keep?: boolean
}

export const EXECUTABLE = join(ROOT, 'dist', process.platform === 'win32' ? 'coalition.exe' : 'coalition')

/** The server as it is shipped, with its default durability. */
export async function server({ data, profile, keep }: ServerOptions): Promise<Running & { data: string }> {
  const folder = data ?? mkdtempSync(join(CACHE, 'data-'))
  const program = profile
    ? [process.execPath, '--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`, join(ROOT, 'src/main.ts')]
    : [EXECUTABLE]
  // A backup that falls into a round would be in its figures.
  const flags = ['--host', '127.0.0.1', '--port', '0', '--data', folder, '--backup-every', '0']
  const running = await listening([...program, 'serve', ...flags])
  return {
    ...running,
    data: folder,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]()
      if (!keep) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Clients that have begun; `end` lets them stop early and answers what they saw. */
export interface Client {
  /** Until they have prepared what they need, for those that prepare something. */
  begun: Promise<void>
  end(): Promise<Loaded>
  loaded: Promise<Loaded>
}

export function client(load: Load): Client {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'load.ts'), JSON.stringify(load)], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
    // Preparations and refills are not in `seconds`, and bounded there; this is for what hangs.
    timeout: (load.seconds * 3 + 60) * 1000,
    killSignal: 'SIGKILL',
  })
  started.add(child)
  let begin: () => void = () => undefined
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const loaded = read()
  return {
    begun,
    loaded,
    end: async () => {
      await child.stdin.end()
      return loaded
    },
  }

  async function read(): Promise<Loaded> {
    let text = ''
    for await (const chunk of texts(child.stdout)) {
      text += chunk
      if (text.includes('begin\n')) begin()
    }
    await child.exited
    started.delete(child)
    begin()
    const last = text.trim().split('\n').at(-1) ?? ''
    if (!last.startsWith('{')) throw new Error(`the client of ${load.kind} broke off: ${last}`)
    const result = JSON.parse(last) as Loaded
    if (result.failures > 0) throw new Error(`${load.kind}: ${result.failures} calls failed, ${result.firstFailure}`)
    return result
  }
}

/** Runs the clients to their end. */
export const run = (load: Load): Promise<Loaded> => client(load).loaded

/** Seconds of CPU that a process has used; undefined where the system has no /proc. */
export function cpuSeconds(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    // utime and stime, in ticks of 10 ms.
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return undefined
  }
}

/** MB of memory that a process holds; undefined where the system has no /proc. */
export function memory(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024
  } catch {
    return undefined
  }
}
