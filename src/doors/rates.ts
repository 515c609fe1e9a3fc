/** How much somebody may ask whom nobody knows. Pure but for its memory and its clock. */
import { addressKey } from './networks.ts'
import { Recent } from './recent.ts'

/** A page with its files and a sign-in is some dozen requests, and an address can be a whole studio's. */
export const BURST = 200
export const PER_SECOND = 20
/** Addresses that are remembered: some MB. The one that has not asked for longest goes first, and is free again. */
const MOST_KEPT = 20_000

interface Bucket {
  left: number
  /** When that was so, in seconds. */
  at: number
}

export class Rates {
  #buckets = new Recent<string, Bucket>(MOST_KEPT)

  /** The clock tells seconds; the default one is not set back. */
  constructor(private readonly clock: () => number = () => performance.now() / 1000) {}

  /** Takes one request. Seconds to wait before the next, 0: it may go on. What is refused costs nothing more. */
  take(address: string): number {
    const now = this.clock()
    const key = addressKey(address)
    const bucket = this.#buckets.get(key) ?? { left: BURST, at: now }
    const left = Math.min(BURST, bucket.left + Math.max(0, now - bucket.at) * PER_SECOND)
    const taken = left >= 1
    this.#buckets.set(key, { left: taken ? left - 1 : left, at: Math.max(now, bucket.at) })
    return taken ? 0 : Math.ceil((1 - left) / PER_SECOND)
  }

  get size(): number {
    return this.#buckets.size
  }
}
