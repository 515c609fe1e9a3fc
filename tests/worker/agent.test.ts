import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runAgent } from '../../src/worker/agent.ts'
import { lives } from '../support/processes.ts'
import { agents, ProtocolServer, until } from './support.ts'

// The commands below are for /bin/sh; what differs on Windows is in the tables of command, shell and spool.
const posix = describe.skipIf(process.platform === 'win32')

let server: ProtocolServer
let folder = ''
const { start, stopAll } = agents()
beforeEach(() => {
  server = new ProtocolServer()
  folder = mkdtempSync(join(tmpdir(), 'agent-test-'))
})
afterEach(async () => {
  await stopAll()
  await server.stop()
  rmSync(folder, { recursive: true })
  expect(server.faults).toEqual([])
})

const pidFrom = (text: string) => Number(/pid (\d+)/.exec(text)?.[1])
/** Prints `pid N` of a grandchild that sleeps, and waits for it. */
const GRANDCHILD = `sh -c 'sleep 300 & echo pid $!; wait'; echo never`

posix('a worker runs a job', () => {
  test.each([
    ['true', 0],
    ['exit 3', 3],
    ['no-such-program-here', 127],
    ['kill -9 $$', 137],
  ])('%s and tells its exit code %i', async (command, code) => {
    const run = server.give(command)
    start(server)
    expect((await server.ended(run)).exitCode).toBe(code)
  })

  test('and its lines of stdout and stderr arrive in the order in which they were written', async () => {
    const run = server.give('for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done')
    start(server)
    await server.ended(run)
    const expected = [1, 2, 3, 4, 5].map((i) => `out ${i}\nerr ${i}\n`).join('')
    expect(server.text(run)).toBe(expected)
  })

  test('whose script opens /dev/stderr again, and nothing before that is lost', async () => {
    const run = server.give('echo one; echo two > /dev/stderr; echo three > /dev/stdout; echo four')
    start(server)
    await server.ended(run)
    expect(server.text(run)).toBe('one\ntwo\nthree\nfour\n')
  })

  test('and its log says how it failed', async () => {
    const run = server.give('printf reason; exit 3')
    start(server)
    await server.ended(run)
    expect(server.text(run)).toBe('reason\n[coalition] the command ended with exit code 3\n')
  })

  test('with an empty standard input', async () => {
    const run = server.give('cat; echo done')
    start(server)
    await server.ended(run)
    expect(server.text(run)).toBe('done\n')
  })

  test('with the environment of the worker, the job and the agent', async () => {
    const run = server.give({
      id: 42,
      command:
        'echo $A $(A) "$COALITION_JOB $COALITION_RUN $COALITION_WORKER $WORKER_TEST_OWN $COALITION_SERVER<$COALITION_TOKEN$COALITION_WORKER_JOIN_TOKEN>"',
      environment: 'A=1 2\\nB=$(A)',
    })
    process.env.WORKER_TEST_OWN = 'own'
    process.env.COALITION_TOKEN = 'secret'
    process.env.COALITION_WORKER_JOIN_TOKEN = 'secret'
    start(server, { name: 'ä b/c' })
    delete process.env.WORKER_TEST_OWN
    delete process.env.COALITION_TOKEN
    delete process.env.COALITION_WORKER_JOIN_TOKEN
    await server.ended(run)
    expect(server.text(run)).toBe(`1 2 1 2 42 ${run} ä b/c own ${server.url}<>\n`)
  })

  test('which can start this same program by $(COALITION)', async () => {
    const run = server.give('printf "%s\\n" $(COALITION)')
    start(server)
    await server.ended(run)
    expect(server.text(run)).toBe(`${process.execPath}\n${join(import.meta.dir, '../../src/main.ts')}\n`)
  })

  test('in its directory, and in the one it was started in when it has none', async () => {
    const there = server.give({ command: 'pwd', dir: '$(D)', environment: `D=${folder}` })
    const here = server.give('pwd')
    start(server)
    await server.ended(here)
    expect(server.text(there)).toBe(`${realpathSync(folder)}\n`)
    expect(server.text(here)).toBe(`${realpathSync(process.cwd())}\n`)
  })

  test('and fails one whose directory is not there, and says so', async () => {
    const run = server.give({ command: 'echo ran', dir: `${folder}/gone` })
    start(server)
    expect((await server.ended(run)).exitCode).not.toBe(0)
    expect(server.text(run)).toContain(`the directory ${folder}/gone is not there`)
    expect(server.text(run)).not.toContain('ran')
  })

  test('and fails one whose variable refers to itself, and says so', async () => {
    const run = server.give({ command: 'echo $(A)', environment: 'A=$(A)' })
    start(server)
    expect((await server.ended(run)).exitCode).not.toBe(0)
    expect(server.text(run)).toContain('refers to itself')
  })

  test('and says which name was missing', async () => {
    const run = server.give('echo a$(NOT_THERE_X)b')
    start(server)
    await server.ended(run)
    expect(server.text(run)).toBe('[coalition] $(NOT_THERE_X) is not in the environment: replaced by nothing\nab\n')
  })

  test('through runcommand', async () => {
    const run = server.give({ command: `echo "it's" $0; exit 4`, user: 'jane; echo injected' })
    start(server, { runcommand: 'echo as __user__; sh -c __cmd__ inner' })
    expect((await server.ended(run)).exitCode).toBe(4)
    expect(server.text(run)).toBe(
      "as jane; echo injected\nit's inner\n[coalition] the command ended with exit code 4\n",
    )
  })

  test('and what it leaves behind in the background is gone before the next', async () => {
    const run = server.give('sleep 300 >/dev/null 2>&1 & echo pid $!')
    start(server)
    await server.ended(run)
    expect(server.run(run)?.exitCode).toBe(0)
    expect(lives(pidFrom(server.text(run)))).toBe(false)
  })
})

posix('the output of a run', () => {
  test('arrives while the command runs', async () => {
    const run = server.give('echo early; sleep 300')
    start(server)
    await until(() => server.text(run) === 'early\n', 'the first line')
    expect(server.run(run)?.exitCode).toBeUndefined()
  })

  test('of 5 MB arrives whole, byte for byte, in UTF-8 that no chunk ends with', async () => {
    // 3 bytes a character: chunks of 256 KiB end inside one.
    const script = `const t='a' + '字'.repeat(1_750_000); const b=Buffer.from(t); require('fs').writeSync(1, b, 0, 1);
      let o=1; while (o < b.length) o += require('fs').writeSync(1, b, o)`
    await Bun.write(join(folder, 'print.js'), script)
    const run = server.give(`'${process.execPath}' '${folder}/print.js'`)
    start(server)
    const { output } = await server.ended(run, 20)
    expect(output.length).toBe(1 + 3 * 1_750_000)
    expect(output.equals(Buffer.from(`a${'字'.repeat(1_750_000)}`))).toBe(true)
  })

  test('is cut past the limit, with its end kept', async () => {
    const run = server.give('head -c 300000 /dev/zero | tr "\\0" x; echo; echo the reason')
    start(server, { spoolBytes: 1000 })
    await server.ended(run)
    expect(server.text(run)).toContain('bytes of output are cut here')
    expect(server.text(run)).toEndWith('x\nthe reason\n')
    expect(server.text(run).length).toBeLessThan(70_000)
  })
})

posix('a server that goes away', () => {
  test('in mid-run loses neither the run nor its output', async () => {
    const go = join(folder, 'go')
    const run = server.give(`echo before; until [ -e '${go}' ]; do sleep 0.05; done; echo while; seq 1 20000; exit 5`)
    const agent = start(server)
    await until(() => server.text(run) === 'before\n', 'the first line')
    await server.stop()
    await Bun.write(go, '')
    await until(() => agent.lines.some((line) => line.includes('server away')), 'the agent to notice')
    server.start()
    const { exitCode, ends, output } = await server.ended(run)
    expect(exitCode).toBe(5)
    expect(ends).toBe(1)
    const numbers = Array.from({ length: 20000 }, (_, i) => `${i + 1}\n`).join('')
    expect(output.toString()).toBe(`before\nwhile\n${numbers}[coalition] the command ended with exit code 5\n`)
    expect(agent.lines.filter((line) => line.includes('server back'))).toHaveLength(1)
  })

  test('and comes back with less of the output gets the rest again', async () => {
    const go = join(folder, 'go')
    const run = server.give(`echo before; until [ -e '${go}' ]; do sleep 0.05; done; echo after`)
    start(server)
    await until(() => server.text(run) === 'before\n', 'the first line')
    const record = server.run(run)
    if (record) record.output = Buffer.from('be')
    await Bun.write(go, '')
    await server.ended(run)
    expect(server.text(run)).toBe('before\nafter\n')
  })

  test.each([500, 503, 429])('for which %i answers is asked again', async (status) => {
    const run = server.give('echo x; sleep 0.3; echo y')
    const agent = start(server)
    await until(() => server.text(run) !== '', 'the first line')
    server.broken = status
    await until(() => agent.lines.some((line) => line.includes('server away')), 'the agent to notice')
    server.broken = 0
    expect((await server.ended(run)).exitCode).toBe(0)
    expect(server.text(run)).toBe('x\ny\n')
  })

  test('while a worker waits for work is asked again', async () => {
    start(server)
    await until(() => server.picks.length > 0, 'the first pick')
    await server.stop()
    server.start()
    const run = server.give('true')
    expect((await server.ended(run)).exitCode).toBe(0)
  })
})

posix('a run that is taken from the worker', () => {
  test.each([
    ['the server says so', { goOn: false }],
    ['the server knows it no more', { gone: true }],
  ])('because %s is killed with its whole tree, and the worker goes on', async (_, taken) => {
    const run = server.give(GRANDCHILD)
    const agent = start(server)
    await until(() => server.text(run).includes('pid'), 'the grandchild')
    const pid = pidFrom(server.text(run))
    expect(lives(pid)).toBe(true)
    const record = server.run(run)
    if (record) Object.assign(record, taken)
    const next = server.give('echo next')
    await server.ended(next)
    expect(lives(pid)).toBe(false)
    expect(record?.exitCode).toBeUndefined()
    expect(record?.released).toBe(false)
    expect(agent.lines.some((line) => line.includes('stopped by the server'))).toBe(true)
  })

  test.skipIf(Bun.which('setsid') === null)(
    'does not outlive SIGTERM by ignoring it, nor by leaving the group',
    async () => {
      const run = server.give(`trap '' TERM; (trap '' TERM; exec setsid sh -c 'echo pid $$; sleep 300') & wait; wait`)
      start(server, { graceSeconds: 0.3 })
      await until(() => server.text(run).includes('pid'), 'the grandchild')
      const pid = pidFrom(server.text(run))
      const record = server.run(run)
      if (record) record.goOn = false
      await server.ended(server.give('true'))
      expect(lives(pid)).toBe(false)
    },
  )
})

test.skipIf(process.platform !== 'linux' || Bun.which('setsid') === null)(
  'a run that is taken takes along a daemon, whose parent is dead and which leads its own session',
  async () => {
    const run = server.give(`(setsid sh -c 'echo pid $$; exec sleep 300' &); sleep 300`)
    start(server)
    await until(() => server.text(run).includes('pid'), 'the daemon')
    const pid = pidFrom(server.text(run))
    expect(lives(pid)).toBe(true)
    const record = server.run(run)
    if (record) record.goOn = false
    await server.ended(server.give('true'))
    expect(lives(pid)).toBe(false)
  },
)

posix('a worker that is asked to stop', () => {
  test('kills its run, gives the job back and leaves nothing on the disk', async () => {
    const run = server.give(GRANDCHILD)
    const agent = start(server, { temporaryDir: folder })
    await until(() => server.text(run).includes('pid'), 'the grandchild')
    expect(readdirSync(folder)).toHaveLength(1)
    await agent.stop()
    expect(lives(pidFrom(server.text(run)))).toBe(false)
    expect(server.run(run)?.released).toBe(true)
    expect(server.run(run)?.exitCode).toBeUndefined()
    expect(readdirSync(folder)).toEqual([])
  })

  test('and exits at once all the same takes its run along', async () => {
    const run = server.give(GRANDCHILD)
    const script = `const { runAgent } = await import('${join(import.meta.dir, '../../src/worker/agent.ts')}')
      process.on('SIGUSR2', () => process.exit(1))
      await runAgent({ serverUrl: '${server.url}', temporaryDir: '${folder}', name: 'n', workers: 1, sleepSeconds: 1, heartbeatSeconds: 0.1 }, new AbortController().signal)`
    await Bun.write(join(folder, 'agent.ts'), script)
    const child = Bun.spawn([process.execPath, join(folder, 'agent.ts')], { stdio: ['ignore', 'ignore', 'ignore'] })
    await until(() => server.text(run).includes('pid'), 'the grandchild')
    child.kill('SIGUSR2')
    expect(await child.exited).toBe(1)
    await until(() => !lives(pidFrom(server.text(run))), 'the end of the grandchild')
    expect(readdirSync(folder)).toEqual(['agent.ts'])
  })

  test('while it waits for work returns at once', async () => {
    const agent = start(server)
    await until(() => server.picks.length > 0, 'the first pick')
    const began = performance.now()
    await agent.stop()
    expect(performance.now() - began).toBeLessThan(3000)
  })

  test('just as it is given a job gives that back', async () => {
    const agent = start(server)
    await until(() => server.picks.length > 0, 'the first pick')
    const stopped = agent.stop()
    server.give('sleep 300')
    await stopped
    expect(server.runs.filter(({ held }) => held)).toEqual([])
  })

  test('still tells the end of a run that was over before', async () => {
    server.broken = 503
    server.brokenAction = 'end'
    const run = server.give('exit 6')
    const agent = start(server)
    await until(() => agent.lines.some((line) => line.includes('server away')), 'the end to be refused')
    const stopped = agent.stop()
    server.broken = 0
    await stopped
    expect(server.run(run)).toMatchObject({ exitCode: 6, released: false })
  })

  test('while the server is away returns all the same', async () => {
    const run = server.give(GRANDCHILD)
    const agent = start(server)
    await until(() => server.text(run).includes('pid'), 'the grandchild')
    server.broken = 503
    await until(() => agent.lines.some((line) => line.includes('server away')), 'the agent to notice')
    const stopped = agent.stop()
    await until(() => !lives(pidFrom(server.text(run))), 'the end of the grandchild')
    server.broken = 0
    await stopped
    expect(server.run(run)?.released).toBe(true)
  })
})

describe('the agent', () => {
  test('works in as many slots as it is given, each a worker of its own', async () => {
    const runs = [server.give('sleep 300'), server.give('sleep 300'), server.give('sleep 300')]
    start(server, { workers: 2 })
    await until(() => server.runs.length === 2, 'two runs at a time')
    expect(server.runs.map(({ worker }) => worker).sort()).toEqual(['node-1', 'node-2'])
    expect(server.run(runs[2] ?? 0)).toBeUndefined()
  })

  test('tells load and memory with each pick', async () => {
    start(server)
    await until(() => server.picks.length > 0, 'the first pick')
    const request = server.picks[0]?.request
    expect(request?.cpu?.length).toBeGreaterThan(0)
    expect(request?.free_memory).toBeGreaterThan(0)
    expect(request?.total_memory).toBeGreaterThan(0)
    expect(request?.wait).toBeGreaterThan(0)
  })

  test('never picks while it holds a run', async () => {
    const run = server.give('echo started; sleep 300')
    start(server)
    await until(() => (server.run(run)?.heartbeats ?? 0) >= 5, 'five heartbeats')
    expect(server.picks).toHaveLength(1)
  })

  test('runs the startup command once, before the first pick', async () => {
    const mark = join(folder, 'mark')
    const run = server.give(`cat '${mark}'`)
    start(server, { workers: 2, startup: `echo up >> '${mark}'` })
    await server.ended(run)
    expect(server.text(run)).toBe('up\n')
    expect(readFileSync(mark, 'utf8')).toBe('up\n')
  })

  test('works on when the startup command fails, and says so', async () => {
    const run = server.give('true')
    const agent = start(server, { startup: 'exit 7' })
    await server.ended(run)
    expect(agent.lines).toContain('startup ended 7')
  })

  test('says what happens, a line each', async () => {
    const run = server.give({ id: 12, title: 'Beauty "v2"\n', command: 'true' })
    const agent = start(server)
    await server.ended(run)
    await until(() => agent.lines.some((line) => line.includes('ended')), 'the line of the end')
    expect(agent.lines).toEqual([
      `node working for ${server.url}`,
      'node: picked #12 "Beauty \\"v2\\"\\n", run 1',
      'node: #12 ended 0 after 0 s',
    ])
  })

  test('refuses a runcommand that would never run the job', () => {
    const options = { serverUrl: server.url, name: 'node', workers: 1, sleepSeconds: 1, runcommand: 'sudo true' }
    expect(runAgent(options, AbortSignal.abort())).rejects.toThrow('no __cmd__')
  })
})
