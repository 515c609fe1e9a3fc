import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { localUrl, serverUrl } from '../src/address.ts'
import {
  ConfigError,
  type Option,
  OTHER_VARIABLES,
  readConfigFile,
  resolveConfig,
  SERVER_OPTIONS,
  WORKER_OPTIONS,
} from '../src/config.ts'
import { commandOf } from '../src/self.ts'

const scratch = mkdtempSync(join(tmpdir(), 'coalition-config-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const toml = (text: string) => ({
  path: resolve('/etc/farm/coalition.toml'),
  content: Bun.TOML.parse(text) as Record<string, unknown>,
})
const refusal = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('nothing was refused')
}

describe('one configuration out of four places', () => {
  test('what nobody sets has its default', () => {
    const { server, worker, given } = resolveConfig({})
    expect(server).toMatchObject({ host: '127.0.0.1', port: 19211, worker_timeout: 60 })
    expect(server.data).toContain('coalition')
    expect(worker).toEqual({
      server: '',
      ca: '',
      name: hostname(),
      workers: 1,
      memory: 0,
      cores: 0,
      gpus: 0,
      sleep: 2,
      startup: '',
      runcommand: '',
      join_token: '',
      credentials: expect.stringContaining('worker-credentials.json'),
    })
    expect(given.size).toBe(0)
  })

  test('a flag goes before the environment, that before the file, that before the default', () => {
    const file = toml('port = 1\nhost = "1.1.1.1"\nworker_timeout = 10\n[worker]\nname = "file"\nworkers = 3')
    const env = { COALITION_PORT: '2', COALITION_HOST: '2.2.2.2', COALITION_WORKER_NAME: 'env' }
    const { server, worker, given } = resolveConfig({ flags: { server: { port: '3' } }, env, file })
    expect(server).toMatchObject({ port: 3, host: '2.2.2.2', worker_timeout: 10 })
    expect(worker).toMatchObject({ name: 'env', workers: 3, sleep: 2 })
    expect([...given].sort()).toEqual(['host', 'port', 'worker.name', 'worker.workers', 'worker_timeout'])
  })

  test('an empty variable counts as none', () => {
    expect(resolveConfig({ env: { COALITION_PORT: '' } }).server.port).toBe(19211)
  })

  test('a folder is relative to the file that names it, or to the working directory', () => {
    const file = toml('data = "db"')
    expect(resolveConfig({ file, cwd: '/somewhere' }).server.data).toBe(resolve('/etc/farm/db'))
    expect(resolveConfig({ env: { COALITION_DATA: 'db' }, cwd: '/somewhere' }).server.data).toBe(
      resolve('/somewhere/db'),
    )
  })
})

describe('a bad value is refused by name', () => {
  const flag = (server: Record<string, string>) => () => resolveConfig({ flags: { server } })
  const env = (variables: Record<string, string>) => () => resolveConfig({ env: variables })
  const file = (text: string) => () => resolveConfig({ file: toml(text) })
  test.each([
    ['--port: "abc" is not a whole number from 0 to 65535', flag({ port: 'abc' })],
    ['--port: "" is not a whole number', flag({ port: '' })],
    ['--port: 65536 is not a whole number from 0 to 65535', flag({ port: '65536' })],
    ['--port: "0x50"', flag({ port: '0x50' })],
    ['--port: 80.5', flag({ port: '80.5' })],
    ['--host: ""', flag({ host: '' })],
    ['COALITION_PORT: "tcp://10.0.0.1:19211"', env({ COALITION_PORT: 'tcp://10.0.0.1:19211' })],
    ['COALITION_WORKERS: 0 is not a whole number from 1 to 1000', env({ COALITION_WORKERS: '0' })],
    ['COALITION_URL: "ftp://farm" is not an address like http://farm:19211', env({ COALITION_URL: 'ftp://farm' })],
    ['coalition.toml: port: "19211" is not a whole number', file('port = "19211"')],
    ['coalition.toml: worker.sleep: true is not a number from 0.1 to 3600', file('[worker]\nsleep = true')],
    ['worker.name: "a\\tb" is not a text of 1 to 240 characters without control', file('[worker]\nname = "a\\tb"')],
    ['worker: 5 is not a table; write [worker]', file('worker = 5')],
  ])('%p', (sentence, run) => {
    expect(refusal(run)).toContain(sentence)
  })

  test('what the file says is checked also where a flag overrides it', () => {
    const run = () => resolveConfig({ flags: { server: { port: '1' } }, file: toml('port = -1') })
    expect(refusal(run)).toContain('port: -1')
  })
})

describe('an unknown name is refused', () => {
  test.each([
    ['prot = 1', 'unknown key "prot": known are host, port, data, worker_timeout, discovery, order, weights'],
    ['sleep = 1', 'unknown key "sleep": it belongs below [worker]'],
    ['[worker]\nnmae = "x"', 'unknown key "worker.nmae": known are server, name,'],
    ['[worker]\nport = 1', 'unknown key "worker.port": it is the server'],
  ])('in the file: %p', (text, sentence) => {
    expect(refusal(() => resolveConfig({ file: toml(text) }))).toContain(sentence)
  })

  test('in the environment', () => {
    expect(refusal(() => resolveConfig({ env: { COALITION_PROT: '80' } }))).toContain('unknown variable COALITION_PROT')
  })

  test('but not what an agent gives its jobs, nor what is not ours', () => {
    const env = Object.fromEntries([...OTHER_VARIABLES, 'COALITIONS', 'PATH'].map((name) => [name, 'x']))
    expect(resolveConfig({ env }).server.port).toBe(19211)
  })

  test('each option has a variable of its own, and none that an agent gives its jobs', () => {
    const options = [...Object.values(SERVER_OPTIONS), ...Object.values(WORKER_OPTIONS)].map(({ env }) => env as string)
    const all = [...options, ...OTHER_VARIABLES]
    expect(new Set(all).size).toBe(all.length)
    const folder = join(import.meta.dir, '../src/worker')
    const source = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
    const names = new Set(source.join('\n').match(/\bCOALITION\w*/g))
    expect([...names].filter((name) => !all.includes(name))).toEqual([])
  })
})

describe('the file', () => {
  test('is looked for in the folders in order, or is the one named', () => {
    const [first, second] = [join(scratch, 'first'), join(scratch, 'second')]
    for (const folder of [first, second]) mkdirSync(folder)
    expect(readConfigFile(undefined, [first, second])).toBeUndefined()
    writeFileSync(join(second, 'coalition.toml'), 'port = 2')
    expect(readConfigFile(undefined, [first, second])?.content).toEqual({ port: 2 })
    writeFileSync(join(first, 'coalition.toml'), 'port = 1')
    expect(readConfigFile(undefined, [first, second])?.content).toEqual({ port: 1 })
    expect(readConfigFile(join(second, 'coalition.toml'), [first])?.content).toEqual({ port: 2 })
  })

  test('that is named and missing, or no TOML, is refused by its path', () => {
    const missing = join(scratch, 'missing.toml')
    expect(refusal(() => readConfigFile(missing))).toContain(`${missing} cannot be read`)
    const broken = join(scratch, 'broken.toml')
    writeFileSync(broken, 'port = = 1')
    expect(refusal(() => readConfigFile(broken))).toContain(`${broken} is not TOML`)
  })
})

test('a secret that cannot be is not repeated', () => {
  const words = refusal(() => resolveConfig({ env: { COALITION_WORKERS_JOIN_TOKEN: 'too short' } }))
  expect(words).toContain('COALITION_WORKERS_JOIN_TOKEN')
  expect(words).not.toContain('too short')
})

test('the table of the README is the one that the options make', async () => {
  const readme = await Bun.file(`${import.meta.dir}/../README.md`).text()
  expect(readme).toContain(configurationTable())
})

test.each([
  ['http://farm:19211', 'http://farm:19211'],
  ['http://farm:19211/', 'http://farm:19211'],
  ['https://farm/coalition/', 'https://farm/coalition'],
  ['http://farm', 'http://farm'],
  ['farm:8080', 'http://farm:8080'],
  ['farm:80', 'http://farm'],
  ['farm', 'http://farm:19211'],
  ['127.0.0.1', 'http://127.0.0.1:19211'],
  ['[::1]:8080', 'http://[::1]:8080'],
  [' farm ', 'http://farm:19211'],
  ['ftp://farm', undefined],
  ['http://', undefined],
  ['farm:port', undefined],
  ['', undefined],
  ['http://farm/?a=1', undefined],
  ['http://me:secret@farm', undefined],
])('the address %p is %p', (text, url) => {
  expect(serverUrl(text)).toBe(url)
})

test('a server on all addresses is reached on this machine', () => {
  expect(localUrl('http://0.0.0.0:1')).toBe('http://127.0.0.1:1')
  expect(localUrl('http://[::]:1')).toBe('http://[::1]:1')
  expect(localUrl('http://10.0.0.1:1')).toBe('http://10.0.0.1:1')
})

test('an executable starts itself alone, the source with Bun', () => {
  expect(commandOf({ standalone: true, execPath: '/opt/coalition', entry: '/$bunfs/root/coalition' })).toEqual([
    '/opt/coalition',
  ])
  expect(commandOf({ standalone: false, execPath: '/bin/bun', entry: '/src/main.ts' })).toEqual([
    '/bin/bun',
    '/src/main.ts',
  ])
})

/** The README's table of options, in Markdown. */
function configurationTable(): string {
  const row = (prefix: string) => (entry: [string, Option]) => {
    const [key, { flag, env, description, defaultText, default: value }] = entry
    const place = entry[1].at ?? `${prefix}${key}`
    const shown = defaultText ?? (value === '' ? '' : `\`${value}\``)
    return `| \`${place}\` | ${flag && `\`${flag}\``} | \`${env}\` | ${shown} | ${description} |`
  }
  return [
    '| `coalition.toml` | flag | environment | default | |',
    '| --- | --- | --- | --- | --- |',
    ...Object.entries(SERVER_OPTIONS).map(row('')),
    ...Object.entries(WORKER_OPTIONS).map(row('worker.')),
  ].join('\n')
}
