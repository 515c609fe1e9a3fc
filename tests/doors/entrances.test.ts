/** What a server says at its start, when others can reach it. */
import { expect, test } from 'bun:test'
import { entrances } from '../../src/doors/entrances.ts'

const NONE = {
  trust: [],
  workersTrust: [],
  loopback: 'trust' as const,
  proxies: [],
  names: ['farm'],
  users: 0,
  elsewhere: [],
  joinToken: false,
}

test('it says who gets in, and how nobody does yet', () => {
  const said = entrances(NONE).join('\n')
  expect(said).toContain('this machine, and no other (trust is empty)')
  expect(said).toContain('no user can sign in yet')
  expect(said).toContain('`coalition workers join-token` makes one')
  expect(said).toContain('answers to addresses, localhost, farm')
  expect(entrances({ ...NONE, loopback: 'ask' }).join('\n')).toContain('nobody may do anything without a credential')
})

test('it names each network that is let in', () => {
  const said = entrances({
    ...NONE,
    trust: ['10.1.0.0/16'],
    workersTrust: ['10.2.0.0/16'],
    proxies: ['10.9.0.1'],
    users: 2,
    joinToken: true,
  })
  expect(said.join('\n')).toContain('without a word: 10.1.0.0/16, and this machine')
  expect(said.join('\n')).toContain('old workers, without a word, from 10.2.0.0/16')
  expect(said.join('\n')).toContain('X-Forwarded-For is believed of 10.9.0.1')
  expect(said.join('\n')).toContain('2 users by password')
  expect(said.join('\n')).toContain('workers with the join token')
})
