import { constants, copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** The logs of a backup lie beside it. */
export const logsBeside = (file: string): string => `${file}.logs`

const FOLDER = /^\d+$/
const LOG = /^\d+\.log$/

/**
 * Copies a folder of logs, whole or not at all; answers how many. Logs only grow, so a copy that is made after the
 * database's has at least what the database knows of. What was there before is moved to `aside`, or taken away.
 */
export function copyLogs(from: string, to: string, aside?: string): number {
  const part = `${to}.part`
  const old = aside ?? `${to}.old`
  rmSync(part, { recursive: true, force: true })
  mkdirSync(part, { recursive: true })
  let copied = 0
  try {
    for (const folder of existsSync(from) ? readdirSync(from).filter((name) => FOLDER.test(name)) : []) {
      mkdirSync(join(part, folder))
      for (const name of readdirSync(join(from, folder)))
        if (LOG.test(name) && copyLog(join(from, folder, name), join(part, folder, name))) copied++
    }
    if (aside === undefined) rmSync(old, { recursive: true, force: true })
    if (existsSync(to)) renameSync(to, old)
    renameSync(part, to)
    if (aside === undefined) rmSync(old, { recursive: true, force: true })
    return copied
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
}

/** The highest id of a job that has a log; 0: there is none. */
export function lastLog(folder: string): number {
  const numbers = (path: string, pattern: RegExp) =>
    (existsSync(path) ? readdirSync(path) : [])
      .filter((name) => pattern.test(name))
      .map((name) => Number.parseInt(name, 10))
  const last = numbers(folder, FOLDER).reduce((a, b) => Math.max(a, b), -1)
  return last < 0 ? 0 : numbers(join(folder, String(last)), LOG).reduce((a, b) => Math.max(a, b), 0)
}

/** Answers false for the log of a job that was deleted meanwhile. */
function copyLog(from: string, to: string): boolean {
  try {
    // On file systems that can, a clone that takes no room until one of the two changes.
    copyFileSync(from, to, constants.COPYFILE_FICLONE)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync(from)) return false
    throw error
  }
}
