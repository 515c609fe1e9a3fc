import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { createProgram } from '../../src/cli/program.ts'
import { stopSignals } from '../../src/cli/signals.ts'
import { slotsFor } from '../../src/cli/up.ts'
import { VERSION } from '../../src/version.ts'
import { cleanUp, coalition, freshFolder, startService } from './harness.ts'

/** Each command is a program of its own, 0.3 s of a quiet machine and seconds of a busy one. */
setDefaultTimeout(60_000)

afterAll(cleanUp)

const COMMANDS: string[][] = [
  [],
  ['serve'],
  ['worker'],
  ['up'],
  ['jobs'],
  ...['add', 'list', 'show', 'edit', 'start', 'pause', 'reset', 'reset-errors', 'delete', 'log', 'wait'].map((name) => [
    'jobs',
    name,
  ]),
  ['workers'],
  ...['list', 'start', 'stop', 'edit', 'delete'].map((name) => ['workers', name]),
  ['events'],
  ['demo'],
  ['demo-frame'],
  ['demo-join'],
]

describe('every command', () => {
  // In this process: 50 programs one after the other would take as long as all other tests of the command line.
  test.each(COMMANDS)('has a help with an example, and a version: %j', async (...words) => {
    const name = ['coalition', ...words].join(' ')
    const help = await printed([...words, '--help'])
    expect(help).toStartWith(`Usage: ${name} [options]`)
    expect(help).toMatch(/\nExamples?:\n {2}\$ /)
    expect(await printed([...words, '--version'])).toBe(`${VERSION}\n`)
  })

  test('prints them on stdout and ends with 0', async () => {
    const words = ['jobs', 'add']
    const [help, version] = await Promise.all([coalition([...words, '--help']), coalition([...words, '--version'])])
    expect(help).toEqual({ code: 0, stdout: await printed([...words, '--help']), stderr: '' })
    expect(version).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' })
  })
})

async function printed(words: string[]): Promise<string> {
  let text = ''
  const program = createProgram()
  const capture = (command: CommandUnknownOpts): void => {
    command.configureOutput({ writeOut: (piece) => (text += piece) })
    for (const child of command.commands) capture(child)
  }
  capture(program)
  const end = await program.parseAsync(words, { from: 'user' }).catch((error: unknown) => error)
  expect(end).toMatchObject({ exitCode: 0 })
  return text
}

describe('wrong usage ends with 2 and says what is wrong', () => {
  test.each([
    [['foo'], "unknown command 'foo'"],
    [['jobs', 'foo'], "unknown command 'foo'"],
    [['serve', 'foo'], "too many arguments for 'serve'"],
    [['serve', '--prot', '1'], "unknown option '--prot'"],
    [['--port', 'abc'], '--port: "abc" is not a whole number from 0 to 65535'],
    [['worker', '--workers', '0'], '--workers: 0 is not a whole number from 1 to 1000'],
    [['worker', 'ftp://farm'], '"ftp://farm" is not an address'],
    [['worker', 'a', '--server', 'b'], 'the server is given twice'],
    [['jobs', 'show'], "missing required argument 'id'"],
    [['jobs', 'show', '0'], "'0' is invalid for argument 'id'"],
    [['jobs', 'list', '--desc'], '--desc needs --sort'],
    [['jobs', 'edit', '1'], 'nothing to change'],
    [['jobs', 'add'], 'there is nothing to run'],
    [['jobs', 'add', '--frames', '1-3'], 'there is nothing to run'],
    [['jobs', 'add', '--', ''], 'the command is empty'],
    [['jobs', 'add', '--frames', '', '--', 'render {frame}'], '--frames is empty'],
    [['--discovery', 'maybe'], '--discovery: "maybe" is not one of auto, on, off'],
    [['jobs', 'add', '--env', 'SHOT'], '"SHOT" is not KEY=VALUE'],
    [['jobs', 'add', '--env', 'A=1\nB=2'], 'would be read as several variables'],
    [['jobs', 'add', '--env', 'A=1\\nB=2'], 'would be read as several variables'],
    [['jobs', 'add', '--timeout', '5x'], 'It must be seconds'],
    [['jobs', 'list', '--server', 'ftp://x'], "option '--server <url>' argument 'ftp://x' is invalid"],
    [['workers', 'edit', 'a', '--active', '--inactive'], 'exclude each other'],
    [['demo', '--up', '--server', 'farm'], '--up starts a server of its own'],
  ])('%j', async (words, sentence) => {
    const { code, stdout, stderr } = await coalition(words)
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

test('a server that is not there is one sentence and exit code 1', async () => {
  const { code, stderr } = await coalition(['jobs', 'list', '--server', '127.0.0.1:1'])
  expect(stderr).toStartWith('coalition: no answer from http://127.0.0.1:1')
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(code).toBe(1)
})

test('COALITION_DEBUG=1 adds the stack', async () => {
  const { stderr } = await coalition(['jobs', 'list', '--server', '127.0.0.1:1'], { env: { COALITION_DEBUG: '1' } })
  expect(stderr).toMatch(/^\s+at /m)
})

describe('serve', () => {
  test('says where it listens in one line, answers, and ends with 0 on SIGTERM', async () => {
    const server = await startService(['serve', '--port', '0', '--data', freshFolder()])
    expect(await server.client.call<unknown>('GET', '/api/jobs')).toEqual([])
    server.process.kill('SIGTERM')
    expect(await server.stdout()).toBe(`coalition ${VERSION} listening on ${server.url}\n`)
    expect(await server.process.exited).toBe(0)
  })

  test('is what coalition does without a command, and takes coalition.toml of the working directory', async () => {
    const cwd = freshFolder()
    mkdirSync(cwd)
    writeFileSync(join(cwd, 'coalition.toml'), 'port = 0\ndata = "db"\n')
    const server = await startService([], { cwd })
    await server.client.call('GET', '/api/jobs')
    expect(await Array.fromAsync(new Bun.Glob('db/**').scan({ cwd }))).not.toBeEmpty()
    expect(await server.stop()).toBe(0)
  })

  test('refuses an unknown key of the file and an unknown variable, by name', async () => {
    const cwd = freshFolder()
    mkdirSync(cwd)
    writeFileSync(join(cwd, 'coalition.toml'), 'prot = 1\n')
    expect(await coalition(['serve'], { cwd })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('coalition.toml: unknown key "prot"'),
    })
    expect(await coalition(['serve'], { env: { COALITION_PROT: '1' } })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('unknown variable COALITION_PROT'),
    })
  })

  test('says in one sentence that a port is in use, or that a folder cannot be one', async () => {
    const taken = createServer()
    const port = await new Promise<number>((resolve) =>
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port)),
    )
    const busy = await coalition(['serve', '--port', String(port), '--data', freshFolder()])
    taken.close()
    const file = freshFolder()
    writeFileSync(file, '')
    const noFolder = await coalition(['serve', '--port', '0', '--data', join(file, 'data')])
    for (const [{ code, stdout, stderr }, named] of [
      [busy, String(port)],
      [noFolder, file],
    ] as const) {
      expect(stderr).toContain(named)
      expect(stderr.trim().split('\n')).toHaveLength(1)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    }
  })
})

test('a second server is refused the port of the first, rather than given half of its calls', async () => {
  const first = await startService(['serve', '--port', '0', '--data', freshFolder()])
  const port = new URL(first.url).port
  const second = await coalition(['serve', '--port', port, '--data', freshFolder()])
  expect(second).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`Port ${port} on 127.0.0.1`) })
  // Its own restart finds the port free at once.
  expect(await first.stop()).toBe(0)
  const again = await startService(['serve', '--port', port, '--data', freshFolder()])
  expect(new URL(again.url).port).toBe(port)
  expect(await again.stop()).toBe(0)
})

test.each([
  ['linux', true, ['SIGINT', 'SIGTERM', 'SIGHUP']],
  ['darwin', false, ['SIGINT', 'SIGTERM']],
  ['win32', false, ['SIGINT', 'SIGBREAK', 'SIGHUP']],
] as const)('on %s, terminal %p, a service ends by %j', (platform, terminal, signals) => {
  expect(stopSignals(platform, terminal)).toEqual([...signals])
})

test.each([
  [1, 1],
  [4, 1],
  [8, 2],
  [32, 8],
  [256, 8],
])('a workstation of %d cores has %d slots', (cores, slots) => {
  expect(slotsFor(cores)).toBe(slots)
})
