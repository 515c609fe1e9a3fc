import { Database } from 'bun:sqlite'
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Damage, problemsOf } from './inspect.ts'

/** A copy that is being made: `farm.db.4711.part`, by process 4711. */
const PART = /\.(\d+)\.part(-journal)?$/

/**
 * Copies a database, which others may read and write meanwhile, to `to`, as it was at one moment between two commits.
 * VACUUM INTO is a read transaction: in WAL mode no writer waits for it. The copy is read back and flushed before it gets
 * its name, so whatever ends this, `to` is whole or what it was. Answers what `verify` says of it.
 */
export function copyDatabase<T>(from: string, to: string, verify: (copy: Database) => T, readonly = false): T {
  removeParts(to)
  const part = `${to}.${process.pid}.part`
  try {
    const source = new Database(from, readonly ? { readonly } : { readwrite: true, create: false })
    try {
      source.run('PRAGMA busy_timeout = 5000')
      source.run('VACUUM INTO ?', [part])
    } finally {
      source.close()
    }
    const said = verifyCopy(part, verify)
    flush(part)
    renameSync(part, to)
    if (process.platform !== 'win32') flush(dirname(to))
    return said
  } finally {
    for (const file of [part, `${part}-journal`]) rmSync(file, { force: true })
  }
}

function verifyCopy<T>(path: string, verify: (copy: Database) => T): T {
  const copy = new Database(path, { readonly: true, strict: true })
  try {
    copy.run('PRAGMA temp_store = FILE')
    const [problem] = problemsOf(copy, 'integrity_check')
    if (problem !== undefined) throw new Damage(problem)
    return verify(copy)
  } finally {
    copy.close()
  }
}

/** What killed copies to `to`, or to any name that begins so, have left; those of living processes are still being made. */
export function removeParts(to: string): void {
  const folder = dirname(to)
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(basename(to))) continue
    const pid = PART.exec(name)?.[1]
    if (pid !== undefined && !lives(Number(pid))) rmSync(join(folder, name), { force: true })
  }
}

function lives(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there, and another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Onto the disk, before somebody relies on it. */
export function flush(path: string): void {
  const fd = openSync(path, process.platform === 'win32' ? 'r+' : 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
