/** Which parts of an environment and a command are secrets, as tables. */
import { describe, expect, test } from 'bun:test'
import { hideInCommand, hideInEnvironment, looksSecret, revealIn } from '../../src/domain/hidden.ts'

test.each([
  ['PASSWORD', true],
  ['db_password', true],
  ['MYSQL_PWD', true],
  ['PWD', false],
  ['OLDPWD', false],
  ['API_KEY', true],
  ['AWSKEY', true],
  ['KEYFRAME', false],
  ['--token', true],
  ['GIT_PASS', true],
  ['PASSES', false],
  ['ClientSecret', true],
  ['SHOT', false],
])('%s: %p', (name, secret) => {
  expect(looksSecret(name)).toBe(secret)
})

describe('an environment', () => {
  test.each([
    ['SHOT=010', 'SHOT=010'],
    ['A=1\\nAPI_KEY=abc\\nB=2', 'A=1\\nAPI_KEY=(hidden)\\nB=2'],
    ['A=1\nTOKEN=abc\r\nB=2', 'A=1\nTOKEN=(hidden)\r\nB=2'],
    // What is no pair belongs to the value before it (environment.ts), as the lines of a certificate do.
    ['SECRET=P:\\new\\nB=2', 'SECRET=(hidden)\\nB=2'],
    ['PRIVATE_KEY=-----BEGIN\nMIIE\n-----END\nB=2', 'PRIVATE_KEY=(hidden)\nB=2'],
    ['TOKEN=', 'TOKEN='],
    ['DB=postgres://ann:pw@host/farm', 'DB=postgres://ann:(hidden)@host/farm'],
    ['URL=http://host:8080/a@b', 'URL=http://host:8080/a@b'],
    [`X=coa_${'a'.repeat(43)}`, 'X=(hidden)'],
  ])('%j', (text, shown) => {
    expect(hideInEnvironment(text)).toBe(shown)
  })
})

describe('a command', () => {
  test.each([
    ['blender -b shot.blend -f 1', 'blender -b shot.blend -f 1'],
    ['tool --password hunter2 -f 1', 'tool --password (hidden) -f 1'],
    ['tool --api-key=abc --keyframes 3', 'tool --api-key=(hidden) --keyframes 3'],
    ['TOKEN="a b" tool', 'TOKEN=(hidden) tool'],
    ["tool --secret 'a b' -o out", 'tool --secret (hidden) -o out'],
    ['tool --token -v', 'tool --token -v'],
    ['curl -H "Authorization: Bearer abcdefgh1234"', 'curl -H "Authorization: Bearer (hidden)"'],
    ['git clone https://ann:pw@host/x.git', 'git clone https://ann:(hidden)@host/x.git'],
  ])('%s', (text, shown) => {
    expect(hideInCommand(text)).toBe(shown)
  })
})

describe('what is sent back', () => {
  const stored = {
    environment: 'A=1\\nAPI_KEY=abc\\ndef\\nDB=postgres://u:p@h/x',
    command: 'tool --password "a b" -f 1',
  }
  const field = (name: string) => `5.${name}`
  const edited = (input: { environment?: string; command?: string }) => {
    revealIn(input, stored, field)
    return input
  }

  test('as it was shown is as it was', () => {
    expect(
      edited({ environment: hideInEnvironment(stored.environment), command: hideInCommand(stored.command) }),
    ).toEqual(stored)
  })

  test('with something else changed keeps the secrets', () => {
    expect(edited({ environment: 'NEW=2\\nAPI_KEY=(hidden)', command: 'tool -f 2 --password (hidden)' })).toEqual({
      environment: 'NEW=2\\nAPI_KEY=abc\\ndef',
      command: 'tool -f 2 --password "a b"',
    })
  })

  test('with another secret has that one', () => {
    expect(edited({ environment: 'API_KEY=new' })).toEqual({ environment: 'API_KEY=new' })
  })

  test('with one that never was is refused by name', () => {
    expect(() => edited({ environment: 'OTHER_KEY=(hidden)' })).toThrow('OTHER_KEY')
  })
})

test('a text of 256 kB that is made to be slow is looked through in a moment', () => {
  for (const piece of ['a', 'a.', 'a=', 'a://', '--a ', '\\n', '\n', 'KEY="', 'Bearer ', '://', 'a:b@']) {
    const text = `TOKEN ${piece.repeat(256_000 / piece.length)}`
    expect(hideInEnvironment(text).length + hideInCommand(text).length).toBeGreaterThan(0)
  }
})
