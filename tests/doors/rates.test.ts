/** How much nobody may ask, by the bucket alone and by the whole server. */
import { afterAll, describe, expect, test } from 'bun:test'
import { BURST, PER_SECOND, Rates } from '../../src/doors/rates.ts'
import { FROM, Shut } from './support.ts'

/** How many of so many are let through. */
const taken = (rates: Rates, address: string, asked: number): number =>
  Array.from({ length: asked }, () => rates.take(address)).filter((wait) => wait === 0).length

describe('of one address', () => {
  test.each([
    ['at once', 0, 0],
    ['a second later', 1, PER_SECOND],
    ['half a second later', 0.5, PER_SECOND / 2],
    ['an hour later', 3600, BURST],
    ['by a clock that was set back', -60, 0],
  ])('after a burst, %s', (_, later, more) => {
    let now = 1000
    const rates = new Rates(() => now)
    expect(taken(rates, '10.0.0.1', 1000)).toBe(BURST)
    expect(rates.take('10.0.0.1')).toBe(1)
    now += later
    expect(taken(rates, '10.0.0.1', 1000)).toBe(more)
  })
})

test.each([
  ['10.0.0.1', '10.0.0.2', 0],
  ['10.0.0.1', '::ffff:10.0.0.1', 1],
  ['2001:db8:1:2::1', '2001:db8:1:2:3::4', 1],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', 0],
])('%s has asked too much: %s waits %p s', (first, second, wait) => {
  const rates = new Rates(() => 0)
  taken(rates, first, BURST)
  expect(rates.take(second)).toBe(wait)
})

test('addresses are remembered within a bound', () => {
  const rates = new Rates(() => 0)
  for (let i = 0; i < 60_000; i++) rates.take(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
  expect(rates.size).toBeLessThanOrEqual(20_000)
})

describe('the server', async () => {
  const shut = await Shut.open(undefined, new Rates(() => 0))
  afterAll(() => shut[Symbol.asyncDispose]())

  test('slows nobody, and only nobody', async () => {
    for (let i = 0; i < BURST; i++)
      expect((await shut.ask('GET', '/api/jobs', i % 2 ? { token: 'coa_wrong' } : {})).status).toBe(401)
    for (const token of [undefined, 'coa_wrong'])
      for (const [method, path] of [
        ['GET', '/api/jobs'],
        ['GET', '/'],
        ['POST', '/workers/pickjob'],
      ] as const) {
        const { status, headers, text } = await shut.ask(method, path, { token })
        expect([status, headers.get('retry-after')]).toEqual([429, '1'])
        expect(text).toContain('sign in')
      }
    expect((await shut.ask('GET', '/api/jobs', { from: '203.0.113.10' })).status).toBe(401)
    expect((await shut.ask('GET', '/api/jobs', { token: 'ann' })).status).toBe(200)
  })

  test.each([
    ['loopback', '', '/api/jobs', undefined, 200],
    ['loopback with a wrong token', '', '/api/jobs', 'coa_wrong', 401],
    ['a trusted network', FROM.trusted, '/api/jobs', undefined, 200],
    ['an old worker', FROM.workers, '/workers/pickjob?hostname=w', undefined, 200],
  ])('never %s', async (_, from, path, token, status) => {
    for (let i = 0; i < BURST + 5; i++) expect((await shut.ask('GET', path, { from, token })).status).toBe(status)
  })
})
