import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FarmError } from '../../src/errors.ts'
import { certificateFiles, concern, pairOf, readFiles } from '../../src/listener/certificate.ts'
import { takesOver } from '../../src/listener/listener.ts'
import { type Authority, createAuthority, type Issued } from '../support/certificates.ts'

let authority: Authority
let farm: Issued
let other: Issued
beforeAll(() => {
  authority = createAuthority()
  farm = authority.issue('farm', ['farm.studio.lan', '*.studio.lan'])
  other = authority.issue('other')
})
afterAll(() => authority[Symbol.dispose]())

const load = async (files: Issued) => pairOf(await readFiles(files), files)
async function wordsOf(files: Issued): Promise<string> {
  try {
    await load(files)
  } catch (error) {
    if (error instanceof FarmError) return error.message
    throw error
  }
  throw new Error('it was taken')
}

describe('a certificate and its key', () => {
  test('say for which names they are, and how long', async () => {
    const { names, from, until } = await load(farm)
    expect(names).toEqual(['localhost', 'farm.studio.lan', '*.studio.lan'])
    expect(until - from).toBe(30 * 86_400)
  })

  test('are both given, or none', () => {
    expect(certificateFiles('', '')).toBeUndefined()
    expect(certificateFiles('a', 'b')).toEqual({ cert: 'a', key: 'b' })
    expect(() => certificateFiles('/etc/farm.crt', '')).toThrow('tls.cert is /etc/farm.crt, and tls.key is missing')
    expect(() => certificateFiles('', '/etc/farm.key')).toThrow('tls.key is /etc/farm.key, and tls.cert is missing')
  })

  test('that cannot be used are refused by name, and the key is not shown', async () => {
    expect(await wordsOf({ ...farm, cert: join(authority.folder, 'none') })).toContain('none cannot be read (ENOENT)')
    expect(await wordsOf({ ...farm, key: authority.folder })).toContain('cannot be read (EISDIR)')
    expect(await wordsOf({ ...farm, cert: farm.key })).toContain(`${farm.key} holds no certificate`)
    expect(await wordsOf({ ...farm, key: farm.cert })).toContain(`${farm.cert} holds no private key`)
    expect(await wordsOf({ ...farm, key: other.key })).toContain(`${other.key} is not the key of`)
    const half = join(authority.folder, 'half.key')
    writeFileSync(half, readFileSync(farm.key, 'utf8').slice(0, 80))
    const words = await wordsOf({ ...farm, key: half })
    expect(words).toContain('holds no private key')
    expect(words).not.toContain(readFileSync(farm.key, 'utf8').split('\n')[1]?.slice(0, 10))
  })

  test('with a passphrase are refused', async () => {
    const locked = join(authority.folder, 'locked.key')
    Bun.spawnSync(['openssl', 'pkcs8', '-topk8', '-in', farm.key, '-out', locked, '-passout', 'pass:secret'])
    expect(await wordsOf({ ...farm, key: locked })).toContain('has a passphrase')
  })

  const DAY = 86_400
  test.each([
    [-1, 30, undefined],
    [-1, 8, undefined],
    [-1, 6, 'expires on'],
    [-30, -1, 'has expired on'],
    [1, 30, 'is not valid before'],
  ])('valid from day %p to day %p: %p', (from, until, words) => {
    const now = 1_800_000_000
    const said = concern({ from: now + from * DAY, until: now + until * DAY }, now)
    if (words === undefined) expect(said).toBeUndefined()
    else expect(said).toContain(words)
  })
})

test('a new listener stands beside the old one where the system lets two have a port', () => {
  expect(takesOver('linux')).toBe('beside')
  expect(takesOver('darwin')).toBe('beside')
  expect(takesOver('win32')).toBe('after')
})
