/** The agent beside a server in the same terminal: a process of its own, so that neither waits for the other's work. */
import { constants } from 'node:os'
import { localUrl } from '../address.ts'
import type { WorkerConfig } from '../config.ts'
import { selfCommand } from '../self.ts'
import { failed } from './outcome.ts'

export const PARENT_FLAG = '--with-parent'
/** For giving its jobs back; then it is killed. */
const GRACE_MS = 10_000

export interface AgentProcess {
  /** Rejects when the agent ends by itself: then nothing runs any more. */
  failed: Promise<never>
  stop(): Promise<void>
}

export interface AgentRequest {
  serverUrl: string
  worker: Omit<WorkerConfig, 'server'>
  configFile?: string | undefined
  /** Its log is kept back, and shown only when it fails: for who draws on the terminal meanwhile. */
  quiet?: boolean
}

/** Of a quiet agent's log. */
const KEPT_CHARACTERS = 4000

export function startAgent({ serverUrl, worker, configFile, quiet = false }: AgentRequest): AgentProcess {
  // The server of the same command asks this machine for nothing; and a secret has no place on a command line.
  const { join_token: _, ...open } = worker
  const flags = Object.entries(open).flatMap(([key, value]) => [`--${key.replaceAll('_', '-')}`, String(value)])
  const config = configFile === undefined ? [] : ['--config', configFile]
  const child = Bun.spawn([...selfCommand(), 'worker', localUrl(serverUrl), PARENT_FLAG, ...config, ...flags], {
    stdin: 'pipe',
    stdout: 'inherit',
    stderr: quiet ? 'pipe' : 'inherit',
  })
  const log = child.stderr ? lastWords(child.stderr) : Promise.resolve('')
  let stopping = false
  const ended = child.exited.then(async (code) => {
    // Ctrl-C in a terminal reaches both processes, and the agent may well be the first to end.
    if (stopping || code === 0) return new Promise<never>(() => {})
    process.stderr.write(await log)
    throw failed(`the worker ended with ${describeExit(code)}; see above`)
  })
  ended.catch(() => {})
  return {
    failed: ended,
    async stop() {
      stopping = true
      // Not by a signal: after Ctrl-C that would be its second one, which ends it before its jobs are given back.
      child.stdin.end()
      const killer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
      await child.exited
      clearTimeout(killer)
    },
  }
}

async function lastWords(stream: ReadableStream<Uint8Array>): Promise<string> {
  const source = stream.getReader()
  const decoder = new TextDecoder()
  let kept = ''
  for (;;) {
    const { value, done } = await source.read()
    if (done) return kept
    kept = (kept + decoder.decode(value, { stream: true })).slice(-KEPT_CHARACTERS)
  }
}

function describeExit(code: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)
  return signal && code > 128 ? signal[0] : `exit code ${code}`
}
