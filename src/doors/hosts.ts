/**
 * The names a server answers to. A page of any site can have its own name point to this server (DNS rebinding): the browser
 * then takes the server for that site, and only the Host that it sends tells. An address in numbers cannot be pointed elsewhere,
 * nor can a name without a dot, `farm`: it is given in the studio's own network, and is nobody's to buy.
 */
import { isIP } from 'node:net'
import { Recent } from './recent.ts'

const MOST_KNOWN = 1000

/** `farm`, `farm.studio.lan`, `*.studio.lan` */
export const HOST_NAME = /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i

/** What a machine of this name is called in its network. */
export function namesOf(hostname: string): string[] {
  const [first = ''] = hostname.split('.')
  return first === '' || isIP(hostname) !== 0 ? [] : [...new Set([hostname, first, `${first}.local`])]
}

/** Without the port; lower case; undefined for what no Host can be. */
function nameIn(host: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{0,5})?$/i.exec(host) ?? []
  return (bracketed ?? plain)?.toLowerCase().replace(/\.$/, '')
}

export class Hosts {
  #known = new Recent<string, boolean>(MOST_KNOWN)
  #names: Set<string>
  #endings: string[]

  constructor(readonly names: readonly string[]) {
    const all = names.map((name) => name.toLowerCase())
    this.#names = new Set(['localhost', ...all.filter((name) => !name.startsWith('*'))])
    this.#endings = ['.localhost', ...all.filter((name) => name.startsWith('*')).map((name) => name.slice(1))]
  }

  /** `host` as the header says it. Every browser sends one, so who sends none is none. */
  has(host: string | null): boolean {
    if (host === null || host === '') return true
    const found = this.#known.get(host)
    if (found !== undefined) return found
    const name = nameIn(host)
    const answers =
      name !== undefined &&
      (isIP(name) !== 0 ||
        !name.includes('.') ||
        this.#names.has(name) ||
        this.#endings.some((ending) => name.endsWith(ending)))
    this.#known.set(host, answers)
    return answers
  }
}
