/**
 * The built executable as a machine gets it: copied into a folder with nothing beside it, started with an environment
 * that says next to nothing, spoken to over HTTP and its own command line.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient } from '../../src/client.ts'

export const POSIX = process.platform !== 'win32'
const ROOT = join(import.meta.dir, '..', '..')
const NAME = POSIX ? 'coalition' : 'coalition.exe'

/** What the build makes; a test of yesterday's executable would say nothing about today's sources. */
function builtExecutable(): string {
  const path = join(ROOT, 'dist', NAME)
  if (!existsSync(path)) throw new Error(`dist/${NAME} is missing: run \`bun run build\` (or \`bun run test\`) first`)
  const files = ['src', 'drizzle'].flatMap((folder) => [
    ...new Bun.Glob('**/*.{ts,sql}').scanSync({ cwd: join(ROOT, folder), absolute: true }),
  ])
  const built = statSync(path).mtimeMs
  const newer = files.find((file) => statSync(file).mtimeMs > built)
  if (newer) throw new Error(`dist/${NAME} is older than ${newer}: run \`bun run build\` (or \`bun run test\`) first`)
  return path
}

/** The shell's own folders, and on Windows what no program starts without. */
function bareEnvironment(temporary: string): Record<string, string> {
  if (POSIX) return { PATH: '/usr/bin:/bin', TMPDIR: temporary }
  const { SystemRoot = 'C:\\Windows', ComSpec = 'cmd.exe' } = process.env
  return { SystemRoot, ComSpec, PATH: `${SystemRoot}\\System32`, TEMP: temporary, TMP: temporary }
}

export interface Program {
  pid: number
  /** What it printed so far. */
  readonly stdout: string
  readonly stderr: string
  /** Resolves with the first match on stdout; throws when the program ends without one. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves when it has ended and all that it printed is read. */
  exited: Promise<number>
  kill(signal: NodeJS.Signals): void
  /** Asks it to stop; answers the exit code, and fails when it takes longer than a person waits. */
  stop(signal?: NodeJS.Signals): Promise<number>
}

export interface Server extends Program {
  url: string
  port: number
  client: Client
  data: string
}

const PATIENCE_SECONDS = 30
const STOP_SECONDS = 8

export type Sandbox = ReturnType<typeof createSandbox>

export function createSandbox() {
  const built = builtExecutable()
  const root = mkdtempSync(join(tmpdir(), 'coalition-e2e-'))
  /** Where the programs run: the executable, and what they make. */
  const folder = join(root, 'empty')
  const temporary = join(root, 'tmp')
  mkdirSync(folder)
  mkdirSync(temporary)
  const program = join(folder, NAME)
  copyFileSync(built, program)
  const running = new Set<Program>()
  let folders = 0

  function start(words: string[], env: Record<string, string> = {}): Program {
    const child = Bun.spawn([program, ...words], {
      cwd: folder,
      env: { ...bareEnvironment(temporary), ...env },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const text = { stdout: '', stderr: '' }
    const read = async (name: 'stdout' | 'stderr') => {
      const decoder = new TextDecoder()
      const source = child[name].getReader()
      for (let piece = await source.read(); !piece.done; piece = await source.read())
        text[name] += decoder.decode(piece.value, { stream: true })
    }
    let over = false
    const exited = Promise.all([child.exited, read('stdout'), read('stderr')]).then(([code]) => {
      over = true
      running.delete(started)
      return code
    })
    const started: Program = {
      pid: child.pid,
      get stdout() {
        return text.stdout
      },
      get stderr() {
        return text.stderr
      },
      async says(pattern) {
        await until(() => over || pattern.test(text.stdout), `${pattern} on the stdout of ${words.join(' ')}`, 120)
        const found = pattern.exec(text.stdout)
        if (!found) throw new Error(`${words.join(' ')} ended without ${pattern}: ${text.stdout}${text.stderr}`)
        return found
      },
      exited,
      kill: (signal) => child.kill(signal),
      async stop(signal = 'SIGTERM') {
        child.kill(signal)
        await until(() => over, `the end of ${words.join(' ')} after ${signal}`, STOP_SECONDS)
        return exited
      },
    }
    running.add(started)
    return started
  }

  return {
    folder,
    /** Holds what programs put aside; empty when they have cleaned up. */
    temporary,
    start,
    freshFolder: () => join(folder, `data-${++folders}`),

    async run(words: string[], env?: Record<string, string>) {
      const child = start(words, env)
      const code = await child.exited
      return { code, stdout: child.stdout, stderr: child.stderr }
    },

    async serve(data: string, { port = 0, words = [] as string[] } = {}): Promise<Server> {
      const child = start(['serve', '--port', String(port), '--data', data, ...words])
      return asServer(child, data)
    },

    /** Waits until the server knows it. */
    async worker(server: Server, name: string, { slots = 1 } = {}): Promise<Program> {
      const child = start(['worker', server.url, '--name', name, '--workers', String(slots)])
      const first = slots > 1 ? `${name}-${slots}` : name
      await until(
        async () => (await server.client.call<{ name: string }[]>('GET', '/api/workers')).some((w) => w.name === first),
        `worker ${first}`,
      )
      return child
    },

    async cleanUp(): Promise<void> {
      const left = [...running]
      for (const child of left) child.kill('SIGKILL')
      await Promise.all(left.map(({ exited }) => exited))
      rmSync(root, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** A program that says where it listens. */
export async function asServer(child: Program, data = ''): Promise<Server> {
  const [url] = await child.says(/http:\/\/[^\s,]+(?=[\s,])/)
  const more = { url, port: Number(new URL(url).port), client: createClient(url), data }
  // Not a spread: stdout and stderr are read when they are asked for.
  return Object.defineProperties(more, Object.getOwnPropertyDescriptors(child)) as Server
}

/** Names of all files below a folder, and of its empty folders. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      if (!entry.isDirectory()) return [entry.name]
      const inside = filesBelow(join(folder, entry.name))
      return inside.length === 0 ? [`${entry.name}/`] : inside.map((name) => `${entry.name}/${name}`)
    })
    .sort()
}

/** Waits for what has to become true; throws when it does not. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  seconds = PATIENCE_SECONDS,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s in vain for ${what}`)
    await Bun.sleep(20)
  }
}
