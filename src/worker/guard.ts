/**
 * A small process beside each agent that sees to it that the agent's runs do not survive it. It holds one end of a pipe;
 * when the agent dies, by whatever, the system closes the other. It then ends what was running, and gives the jobs back.
 *
 * One for each agent, told of each run by three lines: 0.3 ms a run, and 12 MB of memory of its own. Rejected: a leader for
 * each run's process group (a start of this program, and 12 MB, for each), PR_SET_PDEATHSIG (Linux only, and forgotten by
 * sudo), a Job object (Windows only).
 */
import { rmSync } from 'node:fs'
import { selfCommand } from '../self.ts'
import { bury, type Identity, type Leftover } from './home.ts'

/** The hidden command of the program that is the guard. */
export const GUARD_COMMAND = 'worker-guard'

export interface Guard {
  /** Before a run's command is started: on Linux its marks alone find it. */
  expect(run: string, marks: string[]): void
  started(run: string, pid: number): void
  ended(run: string): void
  /** The agent ends as it should. */
  close(): void
}

type Message = { run: string; marks: string[] } | { run: string; pid: number } | { run: string; ended: true }

export interface Charge extends Identity {
  folder: string
  graceSeconds: number
}

/** Before a guard that died is started again. */
const AGAIN_MS = 1000

export function startGuard(charge: Charge, log: (line: string) => void): Guard {
  const runs = new Map<string, Leftover>()
  let closed = false
  let child = spawn()

  function spawn() {
    const guard = Bun.spawn([...selfCommand(), GUARD_COMMAND, JSON.stringify(charge)], {
      stdin: 'pipe',
      stdout: 'ignore',
      stderr: 'ignore',
      // Ctrl-C in the agent's terminal is not for it.
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    guard.unref()
    void guard.exited.then(async (code) => {
      if (closed) return
      log(`the guard of this worker's processes ended with ${code}: it is started again`)
      await Bun.sleep(AGAIN_MS)
      if (closed) return
      child = spawn()
      for (const [run, { pid, marks }] of runs) {
        send({ run, marks })
        if (pid !== undefined) send({ run, pid })
      }
    })
    return guard
  }

  function send(message: Message): void {
    try {
      child.stdin.write(`${JSON.stringify(message)}\n`)
      void child.stdin.flush()
    } catch {
      // It has just died; the next one is told all of this again.
    }
  }

  return {
    expect(run, marks) {
      runs.set(run, { marks })
      send({ run, marks })
    },
    started(run, pid) {
      const known = runs.get(run)
      if (known) known.pid = pid
      send({ run, pid })
    },
    ended(run) {
      if (runs.delete(run)) send({ run, ended: true })
    },
    close() {
      closed = true
      void child.stdin.end()
    },
  }
}

/** The guard itself: returns when the agent has gone and all that it left. */
export async function guard(charge: Charge, input: ReadableStream<Uint8Array>): Promise<void> {
  // Whoever asks it to go asks the agent too, and it goes with that one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  const runs = new Map<string, Leftover>()
  const decoder = new TextDecoder()
  let text = ''
  const source = input.getReader()
  for (let piece = await source.read(); !piece.done; piece = await source.read()) {
    text += decoder.decode(piece.value, { stream: true })
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) take(runs, JSON.parse(line) as Message)
  }
  await bury(charge, [...runs.values()], charge.graceSeconds)
  rmSync(charge.folder, { recursive: true, force: true })
}

function take(runs: Map<string, Leftover>, message: Message): void {
  if ('ended' in message) runs.delete(message.run)
  else if ('marks' in message) runs.set(message.run, { marks: message.marks })
  else {
    const known = runs.get(message.run)
    if (known) known.pid = message.pid
  }
}
