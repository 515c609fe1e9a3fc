/** What an address alone is worth. Asked for each request, so each answer is made once and kept. */
import { isIP } from 'node:net'
import type { Actor } from './actor.ts'
import { isLoopbackAddress, networks } from './networks.ts'
import { Recent } from './recent.ts'

/** Who asks, and from where. */
export interface Visitor {
  readonly actor: Actor
  /** Empty: not known. */
  readonly address: string
  /** Whether it may speak for any worker without a credential: `[workers] trust`. */
  readonly anyWorker: boolean
  /** Of who showed a credential: whose it is by then; undefined: nobody's any more. For what lasts longer than a request. */
  again?(now: number): Actor | undefined
}

export interface PeerRules {
  trust?: readonly string[]
  workersTrust?: readonly string[]
  trustedProxies?: readonly string[]
  loopback?: 'trust' | 'ask'
}

const NOBODY: Actor = { kind: 'nobody' }
const LOCAL: Actor = { kind: 'local', name: '' }
const TRUSTED: Actor = { kind: 'trusted', name: '' }

/** Addresses that are remembered; a farm has thousands. */
const MOST_KNOWN = 20_000

interface Known {
  visitor: Visitor
  /** The same address for a request that came through somebody else. */
  relayed: Visitor
  proxy: boolean
}

export class Peers {
  #known = new Recent<string, Known>(MOST_KNOWN)
  #trusted: (address: string) => boolean
  #worker: (address: string) => boolean
  #proxy: (address: string) => boolean
  #local: boolean

  constructor({ trust = [], workersTrust = [], trustedProxies = [], loopback = 'trust' }: PeerRules) {
    this.#trusted = networks(trust)
    this.#worker = networks(workersTrust)
    this.#proxy = networks(trustedProxies)
    this.#local = loopback === 'trust'
  }

  /**
   * `forwarded` is X-Forwarded-For, or Forwarded, as it was sent. Only of a proxy that is trusted by name it says who asked.
   * Of any other peer it says that the peer did not ask for itself: then its own address opens nothing, or a proxy that
   * nobody thought of here would let the whole world in as `local`.
   */
  visitor(address: string | undefined, forwarded: string | null): Visitor {
    const peer = this.#look(address ?? '')
    if (forwarded === null) return peer.visitor
    if (!peer.proxy) return peer.relayed
    const hops = forwarded.split(',').map(hop)
    for (let i = hops.length - 1; i >= 0; i--) {
      const from = this.#look(hops[i] ?? '')
      if (!from.proxy || i === 0) return from.visitor
    }
    return peer.relayed
  }

  /** Whether what it says of the outer request (X-Forwarded-Host, -Proto) counts. */
  isProxy(address: string | undefined): boolean {
    return this.#look(address ?? '').proxy
  }

  #look(address: string): Known {
    const found = this.#known.get(address)
    if (found) return found
    const anyWorker = this.#worker(address)
    const actor = this.#local && isLoopbackAddress(address) ? LOCAL : this.#trusted(address) ? TRUSTED : NOBODY
    const known = {
      visitor: { actor, address, anyWorker },
      relayed: { actor: NOBODY, address, anyWorker: false },
      proxy: this.#proxy(address),
    }
    this.#known.set(address, known)
    return known
  }
}

/** `10.1.2.3`, `10.1.2.3:4711`, `[fd00::1]:4711`, `fd00::1`; what is none of these is from nowhere. */
function hop(text: string): string {
  const written = text.trim()
  if (isIP(written) !== 0) return written
  const address = /^\[([^\]]*)\](?::\d+)?$/.exec(written)?.[1] ?? /^([\d.]+):\d+$/.exec(written)?.[1] ?? ''
  return isIP(address) === 0 ? '' : address
}
