/** How often somebody may try to sign in. Pure but for its memory. */
import { addressKey } from './networks.ts'
import { Recent } from './recent.ts'

interface Rule {
  /** Failures that cost nothing: people mistype. */
  free: number
  /** Each failure after them doubles the wait, from one second up to so many. */
  most: number
}

/**
 * A name is slowed, and never locked: whoever knows it could lock its owner out otherwise. With one guess a minute, the
 * best 1,000 passwords of the lists take 17 hours, at any number of addresses.
 */
const BY_USER: Rule = { free: 5, most: 60 }
/** An address can be a whole studio's, behind its gateway. */
const BY_ADDRESS: Rule = { free: 20, most: 900 }
/** Seconds in which one failure is forgiven. */
const FORGIVEN_AFTER = 60
/** Names and addresses that are remembered: some MB. The one that has not failed for longest goes first. */
const MOST_KEPT = 20_000

interface Record {
  failures: number
  /** The last attempt, seconds since the epoch. */
  at: number
}

export class Attempts {
  #records = new Recent<string, Record>(MOST_KEPT)
  /** Addresses from which a name has signed in: there it waits for nobody's failures but its own. */
  #known = new Recent<string, true>(MOST_KEPT)

  /** `user` is undefined where somebody else asks for the password. Seconds to wait before the next attempt, 0: it may be made, and counts as failed until `succeeded` is told. */
  begin(user: string | undefined, address: string | undefined, now: number): number {
    const keys = this.#keysOf(user, address)
    const wait = Math.max(...keys.map(([key, rule]) => this.#waitOf(key, rule, now)))
    if (wait > 0) return wait
    for (const [key] of keys) this.#fail(key, now)
    return 0
  }

  /** The name is free again. The address only has this attempt back: it may be of somebody who has one password, and guesses others. */
  succeeded(user: string | undefined, address: string | undefined): void {
    const record = this.#records.get(addressKey(address))
    if (record) record.failures--
    if (user === undefined) return
    this.#records.delete(this.#userKey(user, address))
    this.#known.set(pairKey(user, address), true)
  }

  get size(): number {
    return this.#records.size
  }

  #keysOf(user: string | undefined, address: string | undefined): [string, Rule][] {
    const place: [string, Rule] = [addressKey(address), BY_ADDRESS]
    return user === undefined ? [place] : [[this.#userKey(user, address), BY_USER], place]
  }

  #userKey(user: string, address: string | undefined): string {
    const pair = pairKey(user, address)
    return this.#known.get(pair) ? pair : `user ${user}`
  }

  #waitOf(key: string, { free, most }: Rule, now: number): number {
    const record = this.#records.get(key)
    if (!record) return 0
    const failures = standing(record, now)
    if (failures < free) return 0
    return Math.max(0, record.at + Math.min(most, 2 ** (failures - free)) - now)
  }

  #fail(key: string, now: number): void {
    const record = this.#records.get(key)
    const failures = record ? standing(record, now) + 1 : 1
    this.#records.set(key, { failures, at: now })
  }
}

/** A clock that was set back forgives nothing. */
const standing = ({ failures, at }: Record, now: number): number =>
  Math.max(0, failures - Math.max(0, Math.floor((now - at) / FORGIVEN_AFTER)))

const pairKey = (user: string, address: string | undefined): string => `${addressKey(address)} user ${user}`
