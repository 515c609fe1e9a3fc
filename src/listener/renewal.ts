/**
 * Looks whether a certificate was renewed. What is in the files counts, read again every two seconds (0.1 ms): a watch of the file
 * system follows the file that a symlink led to, and certbot leads it elsewhere; on network shares it tells nothing.
 */
import { FarmError } from '../errors.ts'
import { type CertificateFiles, concern, dateOf, type Pair, pairOf, readFiles } from './certificate.ts'

const EVERY_MS = 2000
const DAY = 86_400

export interface RenewalOptions {
  files: CertificateFiles
  /** What is in use. */
  pair: Pair
  /** Throws when it cannot be taken into use: then the one before is. */
  use(pair: Pair): Promise<void>
  say(line: string): void
  everyMs?: number
}

export class Renewal {
  #pair: Pair
  /** What was found and dealt with, taken or refused. */
  #known: string
  /** What was found once. Certificate and key are two files: what a look finds between the two is not said to be wrong. */
  #found: string | undefined
  #saidAt = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopped = false

  constructor(private readonly options: RenewalOptions) {
    this.#pair = options.pair
    this.#known = marked(options.pair)
  }

  start(): void {
    this.#remind()
    this.#wait()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  async look(): Promise<void> {
    this.#remind()
    const { files, say, use } = this.options
    const read = await readFiles(files).catch((error: FarmError) => error)
    const found = read instanceof FarmError ? read.message : marked(read)
    const before = this.#found
    this.#found = found
    if (found === this.#known || found !== before) return
    this.#known = found
    // The one in use is back: there is nothing to take.
    if (found === marked(this.#pair)) return
    try {
      if (read instanceof FarmError) throw read
      const pair = pairOf(read, files)
      await use(pair)
      this.#pair = pair
      this.#saidAt = 0
      say(
        `TLS: the certificate was renewed${pair.names.map((name) => ` ${name}`).join(',')}, until ${dateOf(pair.until)}`,
      )
    } catch (error) {
      say(`TLS: ${error instanceof Error ? error.message : String(error)} The certificate before it stays in use.`)
    }
  }

  #wait(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.look().finally(() => this.#wait()), this.options.everyMs ?? EVERY_MS)
    this.#timer.unref()
  }

  /** Once a day: it is in the log of that day. */
  #remind(): void {
    const now = Date.now() / 1000
    const words = concern(this.#pair, now)
    if (words === undefined || now < this.#saidAt + DAY) return
    this.#saidAt = now
    this.options.say(`TLS: ${words}`)
  }
}

const marked = ({ cert, key }: CertificateFiles): string => `${cert}\0${key}`
