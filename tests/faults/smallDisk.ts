/** A disk of a few MB that is really full when it is full, and a file that nobody may write, root included. */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A machine that promises to have it must not pass by leaving the tests out. */
const REQUIRED = process.env.TESTS_REQUIRE_TMPFS === '1'

const does = (...command: string[]): string | undefined => {
  try {
    const { success, stderr } = Bun.spawnSync(command, { stdin: 'ignore', stdout: 'ignore' })
    return success ? undefined : `${command.join(' ')}: ${stderr.toString().trim()}`
  } catch (error) {
    return `${command.join(' ')}: ${error instanceof Error ? error.message : String(error)}`
  }
}

export interface SmallDisk {
  folder: string
  /** Takes all the room there is. */
  fill(): void
  makeRoom(): void
  /** For the whole disk, when nobody writes to it. */
  setWritable(writable: boolean): void
  remove(): void
}

/** Throws where it cannot be mounted. */
export function smallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'coalition-disk-'))
  const must = (...command: string[]) => {
    const problem = does(...command)
    if (problem) throw new Error(problem)
  }
  try {
    must('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder)
  } catch (error) {
    rmSync(folder, { recursive: true })
    throw error
  }
  const ballast = join(folder, 'ballast')
  return {
    folder,
    fill() {
      const fd = openSync(ballast, 'a')
      try {
        for (const size of [64 * 1024, 4096, 1]) writeUntilFull(fd, Buffer.alloc(size))
      } finally {
        closeSync(fd)
      }
    },
    makeRoom: () => rmSync(ballast, { force: true }),
    setWritable: (writable) => must('mount', '-o', `remount,${writable ? 'rw' : 'ro'}`, folder),
    remove() {
      must('umount', '-l', folder)
      rmSync(folder, { recursive: true })
    },
  }
}

function writeUntilFull(fd: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(fd, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

/** Why there is no small disk here; undefined: there is. Throws where there has to be one. */
export function whyNoDisk(): string | undefined {
  try {
    smallDisk(1).remove()
    return undefined
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (REQUIRED) throw new Error(`TESTS_REQUIRE_TMPFS is set, and there is no small disk: ${reason}`)
    return reason
  }
}

/** Nobody may write to it, not even who has it open. */
export const setImmutable = (file: string, immutable: boolean) => does('chattr', immutable ? '+i' : '-i', file)

/** Why files cannot be made so here; undefined: they can. */
export function whyNoImmutable(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'coalition-immutable-'))
  const file = join(folder, 'file')
  try {
    mkdirSync(folder, { recursive: true })
    const fd = openSync(file, 'a')
    const problem = setImmutable(file, true)
    let refused = false
    try {
      writeSync(fd, 'x')
    } catch {
      refused = true
    }
    closeSync(fd)
    setImmutable(file, false)
    writeFileSync(file, '')
    return problem ?? (refused ? undefined : 'this file system lets an open file be written all the same')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
