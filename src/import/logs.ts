import { closeSync, opendirSync, openSync, readSync } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { Logs } from '../domain/logs.ts'
import type { Findings } from './findings.ts'
import { ImportError } from './source.ts'

const OLD_LOG = /^([1-9]\d{0,15})\.log$/
const CHUNK = 1024 * 1024
/** Files copied before others get their turn: the progress, and a Ctrl-C. */
const AT_ONCE = 50

/** Refuses a folder that is none before anything else is done. */
export function checkLogs(folder: string): void {
  try {
    opendirSync(folder).closeSync()
  } catch (error) {
    throw new ImportError(
      `The folder of logs ${folder} cannot be read (${error instanceof Error ? error.message : String(error)}): name the old server's logs/ with --logs, or leave it out.`,
    )
  }
}

/** The old logs that there are, to tell how far the copy is. */
export async function countLogs(folder: string): Promise<number> {
  let count = 0
  for await (const { name } of await opendir(folder)) if (OLD_LOG.test(name)) count += 1
  return count
}

/** `logs/5.log` is copied to where the server keeps the log of job 5; those of jobs that are gone stay. Answers how many. */
export async function copyLogs(
  from: string,
  to: string,
  { isJob, findings, onFile }: { isJob: (id: number) => boolean; findings: Findings; onFile: () => void },
): Promise<number> {
  const logs = new Logs(to)
  const buffer = new Uint8Array(CHUNK)
  let copied = 0
  let seen = 0
  try {
    for await (const { name } of await opendir(from)) {
      const id = Number(OLD_LOG.exec(name)?.[1] ?? 0)
      if (id === 0) continue
      if (!isJob(id)) findings.note('log', name)
      else if (copy(id, join(from, name))) copied += 1
      onFile()
      if (++seen % AT_ONCE === 0) await new Promise(setImmediate)
    }
  } finally {
    logs.close()
  }
  return copied

  function copy(id: number, path: string): boolean {
    let fd: number
    try {
      fd = openSync(path, 'r')
    } catch (error) {
      findings.note('unreadable', `${path}: ${error instanceof Error ? error.message : String(error)}`)
      return false
    }
    try {
      for (let size = read(fd); size > 0; size = read(fd)) logs.append(id, buffer.subarray(0, size))
      return true
    } finally {
      closeSync(fd)
    }
  }

  /** A folder of that name, or a bad sector, reads as nothing; a full disk is not met here but in `append`. */
  function read(fd: number): number {
    try {
      return readSync(fd, buffer, 0, CHUNK, null)
    } catch {
      return 0
    }
  }
}
