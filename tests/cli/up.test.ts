import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Job, Worker } from '../../src/models.ts'
import { lives } from '../support/processes.ts'
import { cleanUp, freshFolder, startService, until } from './harness.ts'

/** Each command is a program of its own, 0.3 s of a quiet machine and seconds of a busy one. */
setDefaultTimeout(60_000)

afterAll(cleanUp)

/** The agent's process, as its jobs see it: their shell's parent. */
const PARENT = process.platform === 'win32' ? undefined : 'echo agent=$PPID'

async function upWithAgent() {
  const up = await startService(['up', '--workers', '2', '--name', 'desk', '--port', '0', '--data', freshFolder()])
  const id = (await up.run('jobs', 'add', '--', PARENT ?? 'ver')).stdout.trim()
  expect(await up.run('jobs', 'wait', id, '--timeout', '20')).toMatchObject({ code: 0 })
  const { stdout } = await up.run('jobs', 'log', id)
  return { up, agent: Number(/agent=(\d+)/.exec(stdout)?.[1]) }
}

test.skipIf(PARENT === undefined)(
  'up runs jobs on this machine, and ends with its agent',
  async () => {
    const { up, agent } = await upWithAgent()
    const workers = await up.client.call<Worker[]>('GET', '/api/workers')
    expect(workers.map(({ name }) => name)).toEqual(['desk-1', 'desk-2'])
    expect(agent).not.toBe(up.process.pid)
    expect(lives(agent)).toBe(true)
    expect(await up.stop()).toBe(0)
    expect(lives(agent)).toBe(false)
  },
  40_000,
)

test.skipIf(PARENT === undefined)(
  'an agent ends with its parent, even when that is killed',
  async () => {
    const { up, agent } = await upWithAgent()
    up.process.kill('SIGKILL')
    await until('the agent is gone', () => !lives(agent), 30)
  },
  40_000,
)

test.skipIf(PARENT === undefined)(
  'up ends with 1 when its agent dies',
  async () => {
    const { up, agent } = await upWithAgent()
    process.kill(agent, 'SIGKILL')
    expect(await up.process.exited).toBe(1)
    expect(await new Response(up.process.stderr).text()).toContain('the worker ended with SIGKILL')
  },
  40_000,
)

test('a second signal ends at once', async () => {
  const up = await startService(['up', '--port', '0', '--data', freshFolder()])
  up.process.kill('SIGINT')
  up.process.kill('SIGTERM')
  expect([0, 130, 143]).toContain(await up.process.exited)
})

test('demo --up takes a free port when its own is taken, renders, and stays up until it is stopped', async () => {
  const out = freshFolder()
  const taken = createServer()
  // The standard port: taken by us, or by whoever has it already.
  await new Promise<void>((resolve) => taken.once('error', () => resolve()).listen(19211, '127.0.0.1', resolve))
  try {
    const small = ['--width', '64', '--height', '36', '--samples', '1']
    const demo = await startService(['demo', '--up', '--frames', '2', '--out', out, ...small])
    expect(new URL(demo.url).port).not.toBe('19211')
    const picture = join(out, 'coalition-demo.png')
    const said = await demo.stdout(/until Ctrl-C/)
    expect(said).toStartWith('Port 19211 is taken')
    expect(said).toContain(`The animation is ${picture}`)
    expect(said).toContain(`The server stays up at ${demo.url}`)
    expect(existsSync(picture)).toBe(true)
    const [group] = await demo.client.call<Job[]>('GET', '/api/jobs')
    expect(group).toMatchObject({ state: 'FINISHED', total: 3, total_finished: 3 })
    expect(await demo.stop()).toBe(0)
  } finally {
    taken.close()
  }
}, 90_000)
