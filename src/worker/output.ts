/**
 * What a command has for stdout and stderr: ONE descriptor for both, so that its lines stay in the order in which they
 * were written.
 *
 * POSIX: a named pipe, pumped into the spool. Rejected: the spool file itself, because a script's `> /dev/stderr` opens
 * that again and empties it; and Bun's own 'pipe', a socket there, which `/dev/stderr` cannot open at all.
 * Windows has neither named pipes in the file system nor /dev/stderr: the command appends to the spool file itself.
 */
import { closeSync, constants, openSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Spool } from './spool.ts'

export interface Output {
  /** For the command; `handedOver` closes our copy once the command has its own. */
  readonly fd: number
  handedOver(): void
  /** Resolves when the last process that could write has gone, or `stop` was called. */
  readonly drained: Promise<void>
  /** Reads no further: a process that left the tree on purpose may hold the pipe for ever. */
  stop(): Promise<void>
}

export function openOutput(spool: Spool, folder: string, name: string, platform: string = process.platform): Output {
  return platform === 'win32' ? appendingFile(spool) : pipe(spool, join(folder, name))
}

/** How often a file that the command writes by itself is held to its limit. */
const TRIM_MS = 500

function appendingFile(spool: Spool): Output {
  const timer = setInterval(() => spool.trim(), TRIM_MS)
  return {
    fd: spool.fd,
    handedOver() {},
    drained: Promise.resolve(),
    async stop() {
      clearInterval(timer)
    },
  }
}

function pipe(spool: Spool, path: string): Output {
  const made = Bun.spawnSync(['mkfifo', '-m', '600', path], { stdin: 'ignore' })
  if (!made.success) throw new Error(`mkfifo ${path} failed: ${made.stderr.toString().trim()}`)
  // Not blocking, or opening would wait for a writer; reads then wait in the event loop.
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const fd = openSync(path, constants.O_WRONLY)
  unlinkSync(path)
  const reader = Bun.file(readFd).stream().getReader()
  let handedOver = false

  async function pump(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        spool.write(value)
      }
    } catch (error) {
      spool.note(`the rest of the output is lost: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      closeSync(readFd)
    }
  }

  return {
    fd,
    handedOver() {
      if (!handedOver) closeSync(fd)
      handedOver = true
    },
    drained: pump(),
    async stop() {
      this.handedOver()
      await reader.cancel()
      await this.drained
    },
  }
}
