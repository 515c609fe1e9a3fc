/** The built executable with secrets that are known: none of them is found where others could read it. */
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createSandbox, filesBelow, POSIX, type Program, until } from './sandbox.ts'

setDefaultTimeout(120_000)

const sandbox = createSandbox()
afterAll(() => sandbox.cleanUp())

const PASSWORD = 'correct horse battery staple'
const SECOND = 'a second password of ann'
const WRONG = 'a wrong password of ann'
const AT_THE_DIRECTORY = 'a password for the directory'
const AS_A_NAME = 'a password where the name goes'
const JOIN = 'a join token of thirty letters'
const IN_ENVIRONMENT = 'an-api-key-of-a-job'
const IN_COMMAND = 'a-password-of-a-command'

/** Words of the command lines of all processes that belong to one, itself included. Linux alone has them as files. */
function commandLines(roots: readonly number[]): string {
  if (!existsSync('/proc/self/cmdline')) return ''
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8')
    } catch {
      // It has ended.
      return ''
    }
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const parents = new Map(pids.map((pid) => [pid, /\) \w (\d+)/.exec(read(pid, 'stat'))?.[1] ?? '']))
  const belongs = (pid: string): boolean =>
    roots.includes(Number(pid)) || (parents.has(pid) && pid !== '0' && belongs(parents.get(pid) ?? '0'))
  return pids
    .filter(belongs)
    .map((pid) => read(pid, 'cmdline').replaceAll('\0', ' '))
    .join('\n')
}

describe.skipIf(!POSIX)('secrets', () => {
  test('are in no log, no answer, no command line, and not in clear in the database', async () => {
    const data = sandbox.freshFolder()
    const credentials = join(data, 'worker-credentials.json')
    const serve = (env: Record<string, string> = {}) =>
      sandbox.start(['serve', '--port', '0', '--data', data, '--loopback', 'ask'], {
        COALITION_WORKERS_JOIN_TOKEN: JOIN,
        ...env,
      })
    const urlOf = async (server: Program) => (await server.says(/http:\/\/[^\s,]+(?=[\s,])/))[0]
    const before = serve()
    let url = await urlOf(before)
    await until(() => /firstadmin#/.test(before.stderr), 'the link of the first admin')
    const link = /firstadmin#([\w-]+)/.exec(before.stderr)?.[1] ?? ''
    const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      const response = await fetch(url + path, {
        method,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      return { status: response.status, text: await response.text(), headers: response.headers }
    }

    const first = await ask('POST', '/api/firstadmin', { secret: link, name: 'ann', password: PASSWORD })
    expect(first.status).toBe(200)
    const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? ''
    const session = cookie.split('=')[1] ?? ''
    await before.stop()
    const server = serve({
      // Nobody is there: what is said of that must not say with what it was asked.
      COALITION_LDAP_URL: 'ldap://127.0.0.1:9',
      COALITION_LDAP_LOGIN: 'uid=__login__,dc=studio',
      COALITION_LDAP_INSECURE: 'true',
    })
    url = await urlOf(server)
    const made = await ask('POST', '/api/tokens', { name: 'script' }, { cookie })
    const token: string = JSON.parse(made.text).token
    const admin = { authorization: `Bearer ${token}` }
    for (const [name, password] of [
      ['ann', WRONG],
      ['somebody', AT_THE_DIRECTORY],
      [AS_A_NAME, 'x'],
    ])
      expect((await ask('POST', '/api/signin', { name, password })).status).not.toBe(200)
    expect((await ask('POST', '/api/me/password', { old: PASSWORD, password: SECOND }, { cookie })).status).toBe(200)
    await ask('POST', '/api/workers/join', { token: 'not the token at all', worker: 'w2' })
    const join2: string = JSON.parse((await ask('POST', '/api/workers/jointoken', undefined, admin)).text).token

    const started: Program = sandbox.start(['worker', url, '--name', 'node', '--credentials', credentials], {
      COALITION_WORKER_JOIN_TOKEN: JOIN,
    })
    await until(() => existsSync(credentials), 'the credentials of the worker')
    expect(statSync(credentials).mode & 0o777).toBe(0o600)
    const credential =
      Object.values(JSON.parse(readFileSync(credentials, 'utf8'))[url] as Record<string, string>)[0] ?? ''
    const job = {
      title: 'with secrets',
      command: `: --password ${IN_COMMAND}; sleep 2; : done`,
      environment: `API_KEY=${IN_ENVIRONMENT}`,
    }
    const { text: id } = await ask('PUT', '/api/jobs', job, admin)
    const state = async () => JSON.parse((await ask('GET', `/api/jobs/${id}`, undefined, admin)).text).state
    await until(async () => (await state()) === 'WORKING', 'the job to run')
    const lines = commandLines([server.pid, started.pid])
    await until(async () => (await state()) === 'FINISHED', 'the job to end')

    await ask('POST', '/api/users', { name: 'bob', password: 'another one of some length' }, admin)
    const looking = JSON.parse((await ask('POST', '/api/tokens', { name: 'look', user: 'bob' }, admin)).text)
      .token as string
    const bob = { authorization: `Bearer ${looking}` }
    const calls = [
      'jobs',
      `jobs/${id}`,
      `jobs/${id}/log`,
      `jobs/${id}/events`,
      `jobs/${id}/why`,
      'events',
      'workers',
      'health',
      'me',
    ]
    const manage = ['tokens', 'users', 'workers/credentials', 'audit', 'limits', 'affinities']
    const answers: string[] = []
    for (const call of [...calls, ...manage]) {
      const { status, text } = await ask('GET', `/api/${call}`, undefined, admin)
      expect([call, status]).toEqual([call, 200])
      if (!/^jobs(\/\d+)?$/.test(call)) answers.push(text)
    }
    for (const call of calls) answers.push((await ask('GET', `/api/${call}`, undefined, bob)).text)

    const files = () =>
      filesBelow(data)
        .filter((name) => name !== 'worker-credentials.json' && !name.endsWith('/'))
        .map((name) => readFileSync(join(data, name)).toString('latin1'))
        .join('\n')
    expect(files()).toContain('with secrets')
    const running = files()
    await started.stop()
    await server.stop()
    const log = before.stdout + before.stderr + server.stdout + server.stderr + started.stdout + started.stderr
    const places = {
      database: `${running}\n${files()}`,
      log,
      answers: answers.join('\n'),
      'command lines': lines,
    }
    expect(places.answers).toContain('with secrets')
    if (existsSync('/proc/self/cmdline')) expect(places['command lines']).toContain('worker')

    const secrets = {
      PASSWORD, SECOND, WRONG, AT_THE_DIRECTORY, AS_A_NAME, JOIN, session, token, join2, credential, looking,
    } // biome-ignore format: a list of names
    for (const [name, secret] of Object.entries(secrets)) {
      expect([name, secret.length]).toEqual([name, expect.any(Number)])
      expect(secret.length).toBeGreaterThan(15)
      for (const [place, text] of Object.entries(places))
        expect([name, place, text.includes(secret)]).toEqual([name, place, false])
    }
    // The link is printed once, by design; a job's own are in its row, or no worker could have them.
    expect(log.split(link).length).toBe(2)
    for (const place of [places.database, places.answers, places['command lines']]) expect(place).not.toContain(link)
    for (const secret of [IN_ENVIRONMENT, IN_COMMAND])
      for (const place of [places.log, places.answers]) expect(place).not.toContain(secret)
    expect(places['command lines']).not.toContain(IN_ENVIRONMENT)
  })
})
