import { describe, expect, test } from 'bun:test'
import { Attempts } from '../../src/doors/attempts.ts'
import { addressKey } from '../../src/doors/networks.ts'

/** Guesses as fast as they are let through: how many were in so many seconds. */
function guesses(
  attempts: Attempts,
  seconds: number,
  who: (second: number) => [user: string, address: string],
): number {
  let made = 0
  for (let now = 0; now < seconds; now++)
    for (let i = 0; i < 1000; i++) {
      const [user, address] = who(now * 1000 + i)
      if (attempts.begin(user, address, now) > 0) break
      made++
    }
  return made
}

describe('attempts to sign in', () => {
  test('are free for who mistypes', () => {
    const attempts = new Attempts()
    for (let i = 0; i < 5; i++) expect(attempts.begin('ann', '10.0.0.1', 0)).toBe(0)
    expect(attempts.begin('ann', '10.0.0.1', 0)).toBe(1)
    expect(attempts.begin('ann', '10.0.0.1', 1)).toBe(0)
    expect(attempts.begin('ann', '10.0.0.1', 1)).toBe(2)
  })

  test('at one name are slowed, from however many addresses', () => {
    expect(guesses(new Attempts(), 3600, (i) => ['ann', `10.0.${(i >> 8) & 255}.${i & 255}`])).toBeLessThan(100)
  })

  test('from one address are slowed, at however many names', () => {
    expect(guesses(new Attempts(), 3600, (i) => [`user-${i}`, '10.0.0.1'])).toBeLessThan(120)
  })

  test('of others do not hold up who has signed in from the same place before', () => {
    const attempts = new Attempts()
    expect(attempts.begin('ann', '10.0.0.1', 0)).toBe(0)
    attempts.succeeded('ann', '10.0.0.1')
    guesses(attempts, 60, (i) => ['ann', `10.9.${(i >> 8) & 255}.${i & 255}`])
    expect(attempts.begin('ann', '10.0.0.2', 60)).toBeGreaterThan(0)
    expect(attempts.begin('ann', '10.0.0.1', 60)).toBe(0)
  })

  test('that succeed give the address only their own attempt back', () => {
    const attempts = new Attempts()
    let guessed = 0
    while (guessed < 100 && attempts.begin(`user-${guessed}`, '10.0.0.1', 0) === 0) {
      guessed++
      if (attempts.begin('mallory', '10.0.0.1', 0) === 0) attempts.succeeded('mallory', '10.0.0.1')
    }
    expect(guessed).toBe(20)
  })

  test('are forgiven with time, and not by a clock that is set back', () => {
    const attempts = new Attempts()
    for (let i = 0; i < 5; i++) attempts.begin('ann', '10.0.0.1', 10_000)
    expect(attempts.begin('ann', '10.0.0.1', 9_000)).toBeGreaterThan(0)
    expect(attempts.begin('ann', '10.0.0.1', 10_000 + 600)).toBe(0)
  })

  test('are remembered within a bound', () => {
    const attempts = new Attempts()
    for (let i = 0; i < 60_000; i++) attempts.begin(`user-${i}`, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 0)
    expect(attempts.size).toBeLessThanOrEqual(20_000)
  })
})

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:0db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  [undefined, 'unknown'],
])('the address %p is slowed as %p', (address, key) => {
  expect(addressKey(address)).toBe(`address ${key}`)
})
