import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Disk } from '../db/disk.ts'

/** Jobs a folder of logs holds: a million jobs make a thousand folders of a thousand files. */
const JOBS_PER_FOLDER = 1000
/**
 * Files kept open for appending; the one used longest ago is closed first. Of 10,000 workers a thousand may print at a time:
 * with 256, each chunk opened and closed a file, an eighth of all that their heartbeats cost.
 */
const OPEN_FILES = 2000
/** Most that is read at a time. */
export const READ_BYTES = 64 * 1024

/** Jobs whose size is remembered without an open file: a worker's heartbeat asks for it, mostly of a log that is not there yet. */
const KNOWN_SIZES = 20_000

/** Folders of which it is remembered which jobs have a log there: a few MB. */
const KNOWN_FOLDERS = 100

/** Logs deleted before others get their turn. */
const REMOVED_AT_ONCE = 200

interface LogsOptions {
  limit?: number
  disk?: Disk
  /** Told of each job whose log has more. */
  grown?: (job: number) => void
}

interface OpenFile {
  fd: number
  size: number
}

/**
 * The logs: one file a job, the output of its runs one after the other, raw bytes. The file's name is the job's id and
 * nothing else. Appended by the system's cache, not flushed to the disk each time: output is the one thing that a power
 * cut may cost, and a worker sends again what the server does not have.
 */
export class Logs {
  #open = new Map<number, OpenFile>()
  #sizes = new Map<number, number>()
  #folders = new Map<number, Set<number>>()
  #doomed: (readonly number[])[] = []
  #removing = false

  /** Bytes of output that are kept of a run, and its end; see logCut.ts. */
  readonly limit: number
  readonly #disk: Disk
  readonly #grown: (job: number) => void

  constructor(
    private readonly folder: string,
    { limit = Number.POSITIVE_INFINITY, disk = new Disk(), grown = () => undefined }: LogsOptions = {},
  ) {
    this.limit = limit
    this.#disk = disk
    this.#grown = grown
  }

  /** Bytes in the log of a job; 0 when it has none. */
  size(job: number): number {
    const open = this.#open.get(job)
    const known = open?.size ?? this.#sizes.get(job)
    if (known !== undefined) return known
    const size = this.#folder(job).has(job) ? (statSync(this.#path(job), { throwIfNoEntry: false })?.size ?? 0) : 0
    if (this.#sizes.size >= KNOWN_SIZES) this.#sizes.clear()
    this.#sizes.set(job, size)
    return size
  }

  /** What the disk did not take in whole is there in part, and `size` says how much: output goes on from there. */
  append(job: number, bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return
    try {
      const file = this.#writable(job)
      for (let done = 0; done < bytes.byteLength; ) {
        const written = writeSync(file.fd, bytes, done)
        done += written
        file.size += written
      }
    } catch (error) {
      throw this.#disk.refusal(error)
    } finally {
      this.#grown(job)
    }
    this.#disk.wrote()
  }

  /** The bytes from `offset` on, `length` at most. */
  read(job: number, offset: number, length: number): Uint8Array {
    let fd: number
    try {
      fd = openSync(this.#path(job), 'r')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Uint8Array()
      throw error
    }
    try {
      const buffer = new Uint8Array(length)
      return buffer.subarray(0, readSync(fd, buffer, 0, length, offset))
    } finally {
      closeSync(fd)
    }
  }

  /** Where the last `lines` lines begin, looking back over `within` bytes at most. */
  tailOffset(job: number, lines: number, within: number): number {
    const size = this.size(job)
    const floor = Math.max(0, size - within)
    let left = lines
    for (let end = size; end > floor; ) {
      const start = Math.max(floor, end - READ_BYTES)
      const bytes = this.read(job, start, end - start)
      for (let i = bytes.length - 1; i >= 0; i--) {
        // The newline that ends the last line does not begin another.
        if (bytes[i] === NEWLINE && start + i !== size - 1 && --left === 0) return start + i + 1
      }
      end = start
    }
    return floor
  }

  /** Deletes the logs of jobs that are gone, some at a time: a million files take a while, and nobody waits for them. */
  remove(jobs: readonly number[]): void {
    this.#doomed.push(...chunks(jobs, REMOVED_AT_ONCE))
    if (!this.#removing) this.#removeSome()
  }

  #removeSome(): void {
    const jobs = this.#doomed.shift()
    this.#removing = jobs !== undefined
    if (!jobs) return
    this.removeNow(jobs)
    setImmediate(() => this.#removeSome())
  }

  removeNow(jobs: readonly number[]): void {
    for (const job of jobs) {
      this.#close(job)
      this.#sizes.delete(job)
      try {
        unlinkSync(this.#path(job))
      } catch (error) {
        // Nothing there: it never ran. Anything else is a file that stays, and costs nothing but its room.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
          console.error(`log of job ${job} stays: ${String(error)}`)
      }
    }
  }

  close(): void {
    for (const job of [...this.#open.keys()]) this.#close(job)
  }

  /** The jobs of a folder that have a log. Most jobs that are picked have none: to ask for each was 5 % of a pick. */
  #folder(job: number): Set<number> {
    const number = Math.floor(job / JOBS_PER_FOLDER)
    const known = this.#folders.get(number)
    if (known) return known
    if (this.#folders.size >= KNOWN_FOLDERS) this.#folders.clear()
    const folder = new Set(filesIn(dirname(this.#path(job))).map((name) => Number.parseInt(name, 10)))
    this.#folders.set(number, folder)
    return folder
  }

  #path(job: number): string {
    return join(this.folder, String(Math.floor(job / JOBS_PER_FOLDER)), `${job}.log`)
  }

  #writable(job: number): OpenFile {
    const known = this.#open.get(job)
    if (known) {
      this.#open.delete(job)
      this.#open.set(job, known)
      return known
    }
    const path = this.#path(job)
    const fd = this.#openToAppend(path)
    const file = { fd, size: fstatSync(fd).size }
    this.#open.set(job, file)
    this.#sizes.delete(job)
    this.#folder(job).add(job)
    if (this.#open.size > OPEN_FILES) this.#close(this.#open.keys().next().value as number)
    return file
  }

  #openToAppend(path: string): number {
    try {
      return openSync(path, 'a')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // The first log of its folder; or a system that allows fewer files than we would keep open.
      if (code === 'ENOENT') mkdirSync(dirname(path), { recursive: true })
      else if (code === 'EMFILE' || code === 'ENFILE') this.close()
      else throw error
      return openSync(path, 'a')
    }
  }

  #close(job: number): void {
    const file = this.#open.get(job)
    if (!file) return
    this.#open.delete(job)
    closeSync(file.fd)
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const NEWLINE = 10

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size)
}
