import { mkdirSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { backupName, listBackups, rotateBackups } from '../db/backups.ts'
import { reason } from '../db/startError.ts'
import { selfCommand } from '../self.ts'

export interface ScheduleOptions {
  data: string
  folder: string
  everyHours: number
  keep: number
  /** Whether there is anything to keep: an empty farm is not backed up. */
  worthwhile: () => boolean
  /** Seconds since the epoch. */
  clock?: () => number
  say?: (text: string) => void
}

export interface BackupStanding {
  last: number
  problem?: string
}

const HOUR = 3600
/** How often it is asked whether one is due; the first time so long after the start. */
const LOOK_MS = 60_000
/** Pause after a failure: a disk that is full now may have room then. */
const RETRY_SECONDS = 600
/** Beside renders and a server, a backup can wait. */
const LOW_PRIORITY = 10
const LONGEST_PROBLEM = 500

/**
 * Backups of a running server, each by a process of its own: to copy and check 1,000,000 jobs takes 8 s, in which requests
 * are served. What it tells is its exit code and its one sentence.
 */
export class BackupSchedule {
  #options
  #last: number
  #failedAt = Number.NEGATIVE_INFINITY
  #problem: string | undefined
  #child: Bun.Subprocess | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopped = false

  constructor(options: ScheduleOptions) {
    this.#options = { clock: () => Math.floor(Date.now() / 1000), say: console.error, ...options }
    this.#last = this.#newest()
  }

  /** As `/api/health` answers it. */
  get standing(): BackupStanding {
    return { last: this.#last, ...(this.#problem !== undefined && { problem: this.#problem }) }
  }

  start(): void {
    this.#timer = setTimeout(async () => {
      await this.runOnce()
      if (!this.#stopped) this.start()
    }, LOOK_MS)
  }

  /** Makes a backup if one is due; answers whether it was. */
  async runOnce(): Promise<boolean> {
    const { clock, everyHours, worthwhile } = this.#options
    const now = clock()
    if (now < this.#last + everyHours * HOUR || now < this.#failedAt + RETRY_SECONDS || !worthwhile()) return false
    try {
      await this.#make(now)
      this.#problem = undefined
    } catch (error) {
      if (this.#stopped) return true
      this.#failedAt = clock()
      this.#problem = reason(error)
      this.#options.say(
        `the scheduled backup failed, and is tried again in ${RETRY_SECONDS / 60} minutes: ${this.#problem}`,
      )
    }
    return true
  }

  /** A backup that is under way is ended; what it leaves, the next one takes away. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#child?.kill('SIGKILL')
    await this.#child?.exited
  }

  #newest = (): number => {
    const scheduled = listBackups(this.#options.folder).filter((backup) => backup.scheduled)
    return scheduled.at(-1)?.made ?? 0
  }

  async #make(now: number): Promise<void> {
    const { data, folder, everyHours, keep } = this.#options
    mkdirSync(folder, { recursive: true })
    const command = [...selfCommand(), 'backup', join(folder, backupName(now)), '--data', data]
    const child = Bun.spawn(command, { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
    this.#child = child
    lower(child.pid)
    // One that hangs, on a network folder that is gone, must not be the last one ever.
    const killer = setTimeout(() => child.kill('SIGKILL'), Math.max(everyHours, 1) * HOUR * 1000)
    try {
      const [code, said] = await Promise.all([child.exited, new Response(child.stderr).text()])
      this.#last = this.#newest()
      if (code !== 0) throw new Error(said.trim().slice(0, LONGEST_PROBLEM) || `it ended with exit code ${code}`)
    } finally {
      clearTimeout(killer)
      this.#child = undefined
    }
    rotateBackups(folder, keep)
  }
}

function lower(pid: number): void {
  try {
    setPriority(pid, LOW_PRIORITY)
  } catch {
    // It ended already, or the system does not allow it: then it competes.
  }
}
