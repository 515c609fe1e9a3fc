/** Networks as people write them: `10.1.0.0/16`, `fd00::/8`, or one address. */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Range = ReturnType<typeof ipaddr.parseCIDR>

/** Undefined for what is no network. */
function rangeOf(text: string): Range | undefined {
  const written = text.trim()
  const [address = ''] = written.split('/')
  // The library also takes `10.1` and octal numbers, which people and programs read in different ways.
  if (isIP(address) === 0) return undefined
  try {
    if (written.includes('/')) return ipaddr.parseCIDR(written)
    const parsed = ipaddr.process(written)
    return [parsed, parsed.kind() === 'ipv4' ? 32 : 128]
  } catch {
    return undefined
  }
}

export const isNetwork = (text: string): boolean => rangeOf(text) !== undefined

/** Answers whether an address is in one of these networks; a server on `::` sees IPv4 as `::ffff:10.1.2.3`. */
export function networks(list: readonly string[]): (address: string) => boolean {
  const ranges = list.map((text) => {
    const range = rangeOf(text)
    if (!range) throw new TypeError(`${text} is no network`)
    return range
  })
  return (address) => {
    if (ranges.length === 0 || isIP(address) === 0) return false
    const parsed = ipaddr.process(address)
    return ranges.some((range) => parsed.kind() === range[0].kind() && parsed.match(range))
  }
}

export const isLoopbackAddress = networks(['127.0.0.0/8', '::1'])

/** By what is remembered of an address: one customer of a provider has a whole /64 of IPv6. */
export function addressKey(address = 'unknown'): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!plain.includes(':')) return `address ${plain}`
  const [head = '', tail = ''] = plain.split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = plain.includes('::') ? (tail === '' ? [] : tail.split(':')) : []
  const zeros = plain.includes('::') ? 8 - groups.length - rest.length : 0
  const all = [...groups, ...Array<string>(Math.max(0, zeros)).fill('0'), ...rest]
  return `address ${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
