/** Who somebody is: by what they show, else by where they come from. */

import type { Actor, People } from './actor.ts'
import { Commands } from './commands.ts'
import { Hosts } from './hosts.ts'
import { type PeerRules, Peers, type Visitor } from './peers.ts'
import { Rates } from './rates.ts'
import type { WorkerCredentials } from './workers.ts'

export interface DoorRules extends PeerRules {
  /** Names that the server answers to, besides addresses and localhost. */
  hosts?: readonly string[]
  /** Sites whose pages may call the API. */
  origins?: readonly string[]
  /** Whether every peer is this machine: then nobody has to be asked where he is. */
  onLoopbackOnly?: boolean
  commands?: Commands
  /** Whether every call comes by https, to this server itself. */
  tls?: boolean
}

interface Sent {
  get(name: string): string | null
}

/** What a proxy adds. A peer that sends one of them does not ask for itself. */
const RELAYED = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'] as const

const LOOPBACK = '127.0.0.1'
const BEARER = /^bearer +(\S+) *$/i
/** The second is for TLS: a browser takes a cookie of that name only with Secure, and from no other host. */
const SESSION = /(?:^|;\s*)(?:__Host-)?coalition_session=([^;\s]+)/
/** Where there is nothing but TLS, another one was planted: by a neighbour of the domain, or on the way to an http:// page. */
const OVER_TLS = /(?:^|;\s*)__Host-coalition_session=([^;\s]+)/

/** A credential was shown that opens nothing: it is said, and not taken for none. */
export const UNKNOWN = Symbol('unknown credential')

export class Doors {
  readonly hosts: Hosts
  readonly commands: Commands
  readonly #peers: Peers
  readonly #origins: ReadonlySet<string>
  readonly #skipsAddress: boolean
  readonly #session: RegExp
  readonly #hasProxies: boolean

  constructor(
    rules: DoorRules = { onLoopbackOnly: true },
    readonly people?: People,
    readonly workers?: Pick<WorkerCredentials, 'identify'>,
    readonly rates = new Rates(),
  ) {
    this.hosts = new Hosts(rules.hosts ?? [])
    this.commands = rules.commands ?? new Commands({})
    this.#peers = new Peers(rules)
    this.#origins = new Set(rules.origins?.map((origin) => origin.toLowerCase().replace(/\/$/, '')))
    this.#session = rules.tls ? OVER_TLS : SESSION
    this.#hasProxies = (rules.trustedProxies?.length ?? 0) > 0
    this.#skipsAddress = rules.onLoopbackOnly === true && !this.#hasProxies
  }

  readonly lists = (origin: string): boolean => this.#origins.has(origin)

  /** What the cookie of a session holds. */
  sessionIn(headers: Sent): string | undefined {
    const cookie = headers.get('cookie')
    return cookie === null ? undefined : this.#session.exec(cookie)?.[1]
  }

  get hasOrigins(): boolean {
    return this.#origins.size > 0
  }

  /** As whom the server was asked: what the browser's address bar has, also behind a proxy. */
  hostOf(headers: Sent, address: () => string | undefined): string | null {
    const outer = this.#hasProxies ? headers.get('x-forwarded-host') : null
    return outer !== null && this.#peers.isProxy(address()) ? outer : headers.get('host')
  }

  /** Whether cookies of the browser that asks are safe from those who listen. */
  overTls(headers: Sent, url: string, address: () => string | undefined): boolean {
    if (url.startsWith('https:')) return true
    return this.#hasProxies && headers.get('x-forwarded-proto') === 'https' && this.#peers.isProxy(address())
  }

  /** `cookies`: whether a session counts; old workers' calls know none. */
  visitor(
    headers: Sent,
    address: () => string | undefined,
    now: number,
    { cookies }: { cookies: boolean },
  ): Visitor | typeof UNKNOWN {
    const peer = this.peerOf(headers, address)
    const authorization = headers.get('authorization')
    const token = authorization === null ? undefined : BEARER.exec(authorization)?.[1]
    if (token !== undefined) {
      const again = (now: number) => this.workers?.identify(token) ?? this.people?.identify({ token }, now)
      const actor = again(now)
      return actor ? { actor, address: peer.address, anyWorker: peer.anyWorker, again } : UNKNOWN
    }
    const { people } = this
    if (!cookies || !people) return peer
    const session = this.sessionIn(headers)
    if (session === undefined) return peer
    const again = (now: number): Actor | undefined => people.identify({ session }, now)
    const actor = again(now)
    return actor ? { actor, address: peer.address, anyWorker: false, again } : peer
  }

  /** Who it is by the address alone, as far as that is believed, whatever was shown. */
  peerOf(headers: Sent, address: () => string | undefined): Visitor {
    let forwarded: string | null = null
    for (let i = 0; i < RELAYED.length && forwarded === null; i++) forwarded = headers.get(RELAYED[i] as string)
    return this.#peers.visitor(this.#skipsAddress ? LOOPBACK : address(), forwarded)
  }
}
