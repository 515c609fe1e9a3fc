/** Ending a process and all that it started. */
import { readdirSync, readFileSync } from 'node:fs'

export interface Process {
  pid: number
  parent: number
  group: number
}

/** The members of the group that `root` leads, its descendants (which may have left the group, as `sudo` and `setsid` do), and theirs. */
export function tree(processes: Process[], root: number): Process[] {
  const found = new Map<number, Process>()
  const members = new Set([root])
  for (let grown = true; grown; ) {
    grown = false
    for (const process of processes) {
      if (found.has(process.pid)) continue
      if (process.pid === root || process.group === root || members.has(process.parent)) {
        found.set(process.pid, process)
        members.add(process.pid)
        grown = true
      }
    }
  }
  return [...found.values()]
}

/** `pid (comm) state ppid pgrp …`; the name may hold blanks and brackets. A zombie is gone: nobody can end it further. */
export function parseStat(stat: string): Process | undefined {
  const match = /^(\d+) \(.*\) (\S) (\d+) (\d+) /s.exec(stat)
  if (!match || match[2] === 'Z' || match[2] === 'X') return undefined
  return { pid: Number(match[1]), parent: Number(match[3]), group: Number(match[4]) }
}

/** `ps -A -o pid=,ppid=,pgid=,stat=`, where there is no /proc (macOS). */
export function parsePs(output: string): Process[] {
  return output.split('\n').flatMap((line) => {
    const [pid, parent, group, stat] = line.trim().split(/\s+/)
    if (!stat || stat.startsWith('Z')) return []
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group) }]
  })
}

function listProcesses(platform: string): Process[] {
  if (platform === 'linux') {
    return readdirSync('/proc').flatMap((name) => {
      if (!/^\d+$/.test(name)) return []
      try {
        return parseStat(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? []
      } catch {
        return [] // ended meanwhile
      }
    })
  }
  const ps = Bun.spawnSync(['ps', '-A', '-o', 'pid=,ppid=,pgid=,stat='], { stdin: 'ignore' })
  return parsePs(ps.stdout.toString())
}

/**
 * Whether the environment of a process (`/proc/N/environ`) holds all of these `NAME=value`. A daemon leaves its group and
 * its parent, and keeps what it was started with.
 */
export function isMarked(environ: string, marks: readonly string[]): boolean {
  const entries = new Set(environ.split('\0'))
  return marks.length > 0 && marks.every((mark) => entries.has(mark))
}

/** macOS shows nobody the environment of another process: there a daemon stays. */
function marked(processes: Process[], marks: readonly string[], platform: string): Process[] {
  if (platform !== 'linux' || marks.length === 0) return []
  return processes.filter(({ pid }) => {
    try {
      return isMarked(readFileSync(`/proc/${pid}/environ`, 'utf8'), marks)
    } catch {
      return false // another user's, or ended meanwhile
    }
  })
}

const POLL_MS = 100
/** After SIGKILL a process is gone as soon as the kernel can: longer only in uninterruptible I/O, which nobody can end. */
const LAST_WAIT_MS = 2000

/**
 * SIGTERM, `graceSeconds` to clean up, then SIGKILL: for the group, for every descendant outside it, and for whoever
 * has the `marks` of this run in its environment. Answers what is left, normally nothing. A descendant is held by pid and group together, so that a pid which another program got
 * meanwhile is left alone. Windows: `taskkill /T /F`; a console program there has no SIGTERM to listen to.
 */
export async function killTree(
  root: number,
  graceSeconds: number,
  marks: readonly string[] = [],
  platform: string = process.platform,
): Promise<Process[]> {
  if (platform === 'win32') {
    if (root > 0)
      await Bun.spawn(['taskkill', '/T', '/F', '/PID', String(root)], { stdio: ['ignore', 'ignore', 'ignore'] }).exited
    return []
  }
  const known = new Map<string, Process>()
  const alive = () => {
    const processes = listProcesses(platform)
    // Children whose parent died belong to init by now: they are found by what was known before.
    for (const found of tree(processes, root)) known.set(key(found), found)
    for (const found of marked(processes, marks, platform)) known.set(key(found), found)
    // An agent that a job of its own predecessor started bears the same marks.
    return processes.filter((each) => each.pid !== process.pid && known.has(key(each)))
  }
  for (const [signal, waitMs] of [
    ['SIGTERM', graceSeconds * 1000],
    ['SIGKILL', LAST_WAIT_MS],
  ] as const) {
    const deadline = performance.now() + waitMs
    let living = alive()
    sendAll(living, root, signal)
    while (living.length > 0 && performance.now() < deadline) {
      await Bun.sleep(POLL_MS)
      living = alive()
      // SIGTERM asks once; SIGKILL also takes what was forked meanwhile.
      if (signal === 'SIGKILL') sendAll(living, root, signal)
    }
    if (living.length === 0) return []
  }
  return alive()
}

/** Whether the group of a leader that has ended still has members. */
export function groupLives(root: number, platform: string = process.platform): boolean {
  if (platform === 'win32') return false
  try {
    process.kill(-root, 0)
    return true
  } catch {
    return false
  }
}

/** For the moment in which the agent itself must go, and cannot wait. */
export function killNow(root: number, platform: string = process.platform): void {
  if (platform !== 'win32') send(-root, 'SIGKILL')
}

/** To the group in one call, which no fork escapes, and to those outside it one by one. */
function sendAll(processes: Process[], root: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (processes.some(({ group }) => group === root)) send(-root, signal)
  for (const { pid, group } of processes) if (group !== root) send(pid, signal)
}

const key = ({ pid, group }: Process) => `${pid} ${group}`

function send(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // ESRCH: gone already. EPERM: another user's (`sudo`): the caller says what is left.
  }
}
