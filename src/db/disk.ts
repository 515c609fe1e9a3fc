/** What the disk of the data folder refuses to do, in words; whatever else fails is no trouble of the disk. */
import { FarmError } from '../errors.ts'

/** By the codes of SQLite and of the system. SQLite says IOERR of some of what a full disk does to its shared memory. */
const TROUBLES: readonly [codes: RegExp, trouble: string, remedy: string][] = [
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)$/, 'is full', 'make room on it'],
  [/^(SQLITE_READONLY.*|EROFS|SQLITE_CANTOPEN.*|EACCES|EPERM)$/, 'cannot be written', 'make it writable'],
  [/^(SQLITE_IOERR.*|EIO)$/, 'fails', 'look at the disk, and whether it is full'],
]

/** What is wrong with the disk, and what to do about it; undefined: it is something else. */
export function diskTrouble(error: unknown): { trouble: string; remedy: string } | undefined {
  const { code } = (error ?? {}) as { code?: unknown }
  const found = typeof code === 'string' ? TROUBLES.find(([codes]) => codes.test(code)) : undefined
  return found && { trouble: found[1], remedy: found[2] }
}

/** A full disk still takes what is small enough: it is well again when nothing has failed for so long. */
const QUIET_MS = 5000

/**
 * Whether the data folder takes what is written. While it does not, each call is refused, and the server's own log has one
 * line of it: there may be 5,000 calls a second. Nobody is asked whether there is room again: the next write finds out.
 */
export class Disk {
  #trouble = ''
  #failed = 0

  constructor(private readonly say: (line: string) => void = console.error) {}

  /** What to answer for a write that failed: in words where it is the disk's fault, else the error as it is. */
  refusal(error: unknown): unknown {
    const found = diskTrouble(error)
    if (!found) return error
    const { trouble, remedy } = found
    this.#failed = performance.now()
    if (this.#trouble !== trouble) {
      this.#trouble = trouble
      const reason = error instanceof Error ? error.message : String(error)
      this.say(
        `the disk of the data folder ${trouble} (${reason}): ${remedy}; what is to be kept is refused until then`,
      )
    }
    return new FarmError(
      'no_room',
      `The disk of the data folder ${trouble}: ${remedy}, and send this again. Nothing of it was done.`,
    )
  }

  /** A write went well. */
  wrote(): void {
    if (this.#trouble === '' || performance.now() - this.#failed < QUIET_MS) return
    this.#trouble = ''
    this.say('the disk of the data folder is written again')
  }
}
