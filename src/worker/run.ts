/** One command from its start to its end, with all that it started. */
import { stat } from 'node:fs/promises'
import { constants } from 'node:os'
import { isAbsolute, resolve } from 'node:path'
import type { Prepared } from './command.ts'
import type { Guard } from './guard.ts'
import { type Output, openOutput } from './output.ts'
import { groupLives, killNow, killTree } from './processes.ts'
import { shellCall } from './shell.ts'
import { Spool } from './spool.ts'

/** Together no other run has them: ids are a server's own. */
const MARKS = ['COALITION_SERVER', 'COALITION_RUN'] as const

/** The exit code of a run whose command never started. */
export const NOT_STARTED = 1

export interface RunOptions {
  /** Of the agent's own: spool and pipe are made in it. */
  folder: string
  /** Tells the files of runs apart. */
  name: string
  spoolBytes: number
  graceSeconds: number
  guard: Guard
}

export interface Run {
  readonly spool: Spool
  /** Fires when the command and its output have ended; then `exitCode` holds. */
  readonly over: AbortSignal
  readonly exitCode: number
  /** Ends the whole tree; resolves when it is gone. */
  kill(): Promise<void>
  /** Without waiting, for an agent that must exit now. */
  killNow(): void
  close(): void
}

/** `prepared` is a function, because what it throws belongs into the run's log. */
export function startRun(prepared: () => Prepared, options: RunOptions): Run {
  const spool = new Spool(options.folder, `${options.name}.log`, options.spoolBytes)
  const ended = new AbortController()
  let exitCode = NOT_STARTED
  let pid = 0
  let marks: string[] = []
  let killed: Promise<void> | undefined

  async function live(): Promise<void> {
    let output: Output | undefined
    try {
      const { command, dir, environment, notes } = prepared()
      for (const note of notes) spool.note(note)
      marks = MARKS.map((name) => `${name}=${environment[name]}`)
      const cwd = isAbsolute(dir) ? dir : resolve(dir)
      await mustBeDirectory(dir, cwd)
      if (killed) return
      output = openOutput(spool, options.folder, `${options.name}.pipe`)
      options.guard.expect(options.name, marks)
      const child = spawnShell(command, cwd, environment, output.fd)
      output.handedOver()
      pid = child.pid
      options.guard.started(options.name, pid)
      await child.exited
      exitCode = exitCodeOf(child.exitCode, child.signalCode)
      if (!killed) await leaveNothing(child.pid, output)
      await Promise.race([output.drained, Bun.sleep(DRAIN_MS)])
      if (child.signalCode && !killed) spool.note(`the command was ended by ${child.signalCode}`)
      else if (exitCode !== 0 && !killed) spool.note(`the command ended with exit code ${exitCode}`)
    } catch (error) {
      exitCode = NOT_STARTED
      spool.note(error instanceof Error ? error.message : String(error))
    } finally {
      await output?.stop()
      if (killed) await killed
      pid = 0
      options.guard.ended(options.name)
      spool.finish()
      ended.abort()
    }
  }

  /** What a command leaves behind would take CPU and licences from the next job. A last `tee` gets its time. */
  async function leaveNothing(root: number, output: Output): Promise<void> {
    await Promise.race([output.drained, Bun.sleep(LEFTOVER_MS)])
    if (groupLives(root)) await killTree(root, options.graceSeconds)
  }

  async function killPid(): Promise<void> {
    if (pid === 0) return
    const left = await killTree(pid, options.graceSeconds, marks)
    if (left.length > 0) {
      spool.note(`could not be killed: process ${left.map((process) => process.pid).join(', ')} (another user's?)`)
    }
  }

  const life = live()
  return {
    spool,
    over: ended.signal,
    get exitCode() {
      return exitCode
    },
    async kill() {
      if (ended.signal.aborted) return
      killed ??= killPid()
      await killed
      // A directory on a dead file server never answers, and there is nothing to wait for.
      if (pid !== 0) await Promise.race([life, Bun.sleep(DRAIN_MS)])
    },
    killNow() {
      if (pid !== 0) killNow(pid)
    },
    close() {
      void life.then(() => spool.close())
    },
  }
}

/** After the command has ended: for what still writes to its output, then for what is left in the pipe. */
const LEFTOVER_MS = 1000
const DRAIN_MS = 2000

/** Leads a process group of its own, so that a kill reaches what it starts, and Ctrl-C in the agent's terminal does not. */
export function spawnShell(command: string, cwd: string, env: Record<string, string>, output: number | 'inherit') {
  const { argv, verbatim } = shellCall(command, process.platform, process.env.ComSpec)
  return Bun.spawn(argv, {
    cwd,
    env,
    stdin: 'ignore',
    stdout: output,
    stderr: output,
    // On Windows `detached` means no console, and each console program of the job would open a window of its own.
    detached: process.platform !== 'win32',
    windowsHide: true,
    windowsVerbatimArguments: verbatim,
  })
}

export function exitCodeOf(code: number | null, signal: NodeJS.Signals | number | null): number {
  if (signal !== null) return 128 + (typeof signal === 'number' ? signal : constants.signals[signal])
  return code ?? NOT_STARTED
}

async function mustBeDirectory(dir: string, cwd: string): Promise<void> {
  const found = await stat(cwd).catch((error: NodeJS.ErrnoException) => error)
  if (found instanceof Error) {
    throw new Error(
      found.code === 'ENOENT'
        ? `the directory ${dir} is not there: create it, or change dir`
        : `the directory ${dir} cannot be entered: ${found.message}`,
    )
  }
  if (!found.isDirectory()) throw new Error(`${dir} is not a directory: change dir`)
}
