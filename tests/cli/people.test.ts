/** Users, tokens and signing in by the command line, against a real server. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Token, User } from '../../src/models.ts'
import { cleanUp, coalition, freshFolder, type Running, reader, start, startService } from './harness.ts'

const PASSWORD = 'correct horse battery'
let server: Running

beforeAll(async () => {
  server = await startService(['serve', '--port', '0', '--data', freshFolder()])
})
afterAll(cleanUp)

const run = (words: string[], { env = {}, stdin }: { env?: Record<string, string>; stdin?: string } = {}) =>
  coalition(words, { env: { COALITION_URL: server.url, ...env }, ...(stdin !== undefined && { stdin }) })
const addUser = (name: string, ...more: string[]) => run(['users', 'add', name, ...more], { stdin: `${PASSWORD}\n` })
const users = () => server.client.call<User[]>('GET', '/api/users')

async function tokenOf(user: string, ...more: string[]): Promise<string> {
  const { code, stdout } = await run(['tokens', 'add', 'script', '--user', user, ...more])
  expect(code).toBe(0)
  // Nothing but the token, for a script to go on with.
  expect(stdout).toMatch(/^coa_[\w-]{43}\n$/)
  return stdout.trim()
}

describe('coalition users', () => {
  test('adds, lists, changes and deletes them', async () => {
    expect(await addUser('ann')).toMatchObject({ code: 0, stdout: 'user ann added: artist\n' })
    expect((await addUser('ann')).stderr).toContain('There is a user ann already')
    expect((await run(['users', 'edit', 'ann', '--role', 'wrangler'])).code).toBe(0)
    expect(await users()).toMatchObject([{ name: 'ann', role: 'wrangler', own_rights: false }])
    expect((await run(['users', 'edit', 'ann', '--rights', 'view,edit_all'])).code).toBe(0)
    expect((await run(['users', 'list'])).stdout).toMatch(/ann +wrangler +view edit_all +local/)
    expect((await run(['users', 'edit', 'ann', '--role-rights', '--disable'])).code).toBe(0)
    expect((await users())[0]).toMatchObject({ own_rights: false, disabled: 1 })
    expect((await run(['users', 'delete', 'ann'])).code).toBe(0)
    expect(await users()).toEqual([])
  })

  test('takes passwords from stdin, and never from the command line', async () => {
    expect((await run(['users', 'add', 'bob', PASSWORD], { stdin: '' })).code).toBe(2)
    expect((await run(['users', 'add', 'bob', '--password', PASSWORD], { stdin: '' })).code).toBe(2)
    expect(await run(['users', 'add', 'bob'], { stdin: '' })).toMatchObject({ code: 1, stdout: '' })
    expect((await addUser('bob')).code).toBe(0)
    expect((await run(['users', 'password', 'bob'], { stdin: 'another good one' })).code).toBe(0)
    const signIn = (password: string) => server.client.call('POST', '/api/signin', { name: 'bob', password })
    expect(await signIn('another good one')).toMatchObject({ name: 'bob' })
    expect(signIn(PASSWORD)).rejects.toThrow('not the name and the password')
    const weak = await run(['users', 'password', 'bob'], { stdin: 'short\n' })
    expect([weak.code, weak.stderr.includes('short\n')]).toEqual([1, false])
  })

  test('says what cannot be', async () => {
    expect((await run(['users', 'edit', 'eve', '--disable'])).stderr).toContain('There is no user eve')
    expect((await run(['users', 'edit', 'eve'])).code).toBe(2)
    expect((await run(['users', 'add', 'eve', '--role', 'root'])).code).toBe(2)
    expect((await run(['users', 'add', 'eve', '--no-password', '--rights', 'fly'])).code).toBe(1)
  })
})

describe('a token', () => {
  test('makes the command line its user, by COALITION_TOKEN or a file, until it is revoked', async () => {
    await addUser('carl')
    const token = await tokenOf('carl')
    const file = join(freshFolder(), '..', 'token.txt')
    await Bun.write(file, `${token}\n`)
    for (const env of [{ COALITION_TOKEN: token }, { COALITION_TOKEN_FILE: file }] as Record<string, string>[]) {
      expect((await run(['jobs', 'list'], { env })).code).toBe(0)
      const refused = await run(['users', 'list'], { env })
      expect([refused.code, refused.stdout]).toEqual([1, ''])
      expect(refused.stderr).toContain('role admin')
      const own = JSON.parse((await run(['tokens', 'list', '--json'], { env })).stdout) as Token[]
      expect(own).toMatchObject([{ user: 'carl', name: 'script' }])
      if ('COALITION_TOKEN_FILE' in env)
        expect((await run(['tokens', 'revoke', `${own[0]?.id}`], { env })).code).toBe(0)
    }
    const gone = await run(['jobs', 'list'], { env: { COALITION_TOKEN: token } })
    expect([gone.code, gone.stdout]).toEqual([1, ''])
    expect(gone.stderr).toContain('token')
    expect(gone.stderr).not.toContain(token)
    expect((await run(['tokens', 'list'])).stdout).toMatch(/carl +script +all +revoked/)
  })

  test('that is none is refused here, and not shown', async () => {
    const { code, stderr } = await run(['jobs', 'list'], { env: { COALITION_TOKEN: 'two words' } })
    expect([code, stderr.includes('two words')]).toEqual([2, false])
    expect((await run(['jobs', 'list'], { env: { COALITION_TOKEN_FILE: '/nowhere/token' } })).stderr).toContain(
      '/nowhere',
    )
  })

  test('is for what it was made for', async () => {
    await addUser('dora')
    const token = await tokenOf('dora', '--scopes', 'view,view_all', '--days', '1')
    const env = { COALITION_TOKEN: token }
    expect((await run(['jobs', 'list'], { env })).code).toBe(0)
    expect((await run(['jobs', 'add', '--', 'echo', 'hello'], { env })).code).toBe(1)
    expect((await run(['tokens', 'add', 'more'], { env })).stderr).toContain('scopes')
  })
})

describe('coalition signin', () => {
  test('keeps a token for that server alone, which signout revokes', async () => {
    const home = freshFolder()
    const env = { XDG_CONFIG_HOME: home, HOME: home, APPDATA: home, LOCALAPPDATA: home }
    await addUser('emil')
    const wrong = await run(['signin', 'emil'], { env, stdin: 'not the password' })
    expect([wrong.code, wrong.stdout]).toEqual([1, ''])
    expect(await run(['signin', 'Emil'], { env, stdin: PASSWORD })).toMatchObject({ code: 0 })
    expect((await run(['users', 'list'], { env })).stderr).toContain('role admin')
    const [own] = JSON.parse((await run(['tokens', 'list', '--json'], { env })).stdout) as Token[]
    expect(own).toMatchObject({ user: 'emil', revoked: 0 })
    const [file = ''] = [...new Bun.Glob('**/tokens.json').scanSync({ cwd: home, absolute: true })]
    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')))).toEqual([server.url])
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
    expect((await run(['signout'], { env })).stdout).toContain('emil is signed out')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({})
    const [after] = await server.client.call<Token[]>('GET', '/api/tokens?user=emil')
    expect(after?.revoked).toBeGreaterThan(0)
    expect((await run(['signout'], { env })).code).toBe(1)
  })
})

test('a server that asks everybody offers a link for the first admin once, who then lets others in', async () => {
  const words = ['serve', '--port', '0', '--loopback', 'ask', '--data', freshFolder()]
  const child = start(words)
  const [, url = ''] = /listening on (\S+)/.exec(await reader(child.stdout).until(/listening on \S+\n/)) ?? []
  const [, secret] = /\/firstadmin#([\w-]+)/.exec(await reader(child.stderr).until(/\/firstadmin#[\w-]+\n/)) ?? []
  const there = { COALITION_URL: url, XDG_CONFIG_HOME: freshFolder() }
  expect((await coalition(['jobs', 'list'], { env: there })).code).toBe(1)
  const make = (name: string) =>
    fetch(`${url}/api/firstadmin`, { method: 'POST', body: JSON.stringify({ secret, name, password: PASSWORD }) })
  expect([(await make('ada')).status, (await make('eve')).status]).toEqual([200, 403])
  expect((await coalition(['signin', 'ada'], { env: there, stdin: PASSWORD })).code).toBe(0)
  expect((await coalition(['users', 'add', 'ben', '--no-password'], { env: there })).code).toBe(0)
  expect((await coalition(['jobs', 'list'], { env: there })).code).toBe(0)
  child.kill('SIGTERM')
  await child.exited
  const again = start(words)
  await reader(again.stdout).until(/listening on \S+\n/)
  again.kill('SIGTERM')
  expect(await new Response(again.stderr).text()).not.toContain('/firstadmin#')
})

describe('coalition audit', () => {
  test('lists who changed what, with the change, and never a secret', async () => {
    await addUser('rita')
    await run(['users', 'edit', 'rita', '--role', 'wrangler'])
    const token = await tokenOf('rita')
    await run(['limits', 'set', 'nuke', '7'], { env: { COALITION_TOKEN: token } })
    expect((await run(['users', 'list'], { env: { COALITION_TOKEN: token } })).code).toBe(1)
    expect((await run(['users', 'delete', 'rita'], { env: { COALITION_TOKEN: token } })).code).toBe(1)
    const { code, stdout } = await run(['audit', '--howlong', '1h'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/local +127\.0\.0\.1 +users\.edit +rita +role artist → wrangler/)
    expect(stdout).toMatch(/rita +127\.0\.0\.1 +limits\.set +nuke/)
    expect(stdout).toMatch(/rita +127\.0\.0\.1 +users\.delete refused/)
    expect(stdout).not.toMatch(/coa_|correct horse/)
    const refused = JSON.parse((await run(['audit', '--refused', '--who', 'rita', '--json'])).stdout)
    expect(refused).toMatchObject([{ action: 'users.delete', outcome: 'refused', objects: ['rita'] }])
    expect((await run(['audit', '--kind', 'nothing'])).stderr).toContain('write one of job, worker')
  })
})
