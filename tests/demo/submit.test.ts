import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '../../src/client.ts'
import { demoCommands, quotePath, submitDemo } from '../../src/demo/submit.ts'
import { shellCall } from '../../src/worker/shell.ts'
import { scripted } from './scripted.ts'

describe('paths in commands', () => {
  test.each([
    ['/home/ann/demo', 'linux', '"/home/ann/demo"'],
    ["/tmp/Ann's demo", 'darwin', '"/tmp/Ann\'s demo"'],
    ['/tmp/a$b`c"d\\e', 'linux', '"/tmp/a\\$b\\`c\\"d\\\\e"'],
    ['/tmp/100%', 'linux', '"/tmp/100%"'],
    ['C:\\Users\\Ann B\\demo', 'win32', '"C:/Users/Ann B/demo"'],
    ['C:\\', 'win32', '"C:/"'],
    ['D:\\R&D (new)\\$x', 'win32', '"D:/R&D (new)/$x"'],
  ] as const)('%s on %s is %s', (path, platform, quoted) => {
    expect(quotePath(path, platform)).toBe(quoted)
  })

  test.each([
    ['/tmp/$(HOME)', 'linux'],
    ['/tmp/a\nb', 'darwin'],
    ['C:\\%TEMP%', 'win32'],
    ['C:\\a"b', 'win32'],
  ] as const)('%j on %s is refused, for no quoting holds it', (path, platform) => {
    expect(() => quotePath(path, platform)).toThrow('choose another folder')
  })

  test("come through the system's shell as they are", async () => {
    const folder = process.platform === 'win32' ? "C:/R&D's (new) ä" : '/tmp/R&D\'s "new" $HOME `id` \\ ä'
    const plan = { frames: 2, folder, out: `${folder}/x.png`, width: 64 }
    const echo = `"${process.execPath}" -e "console.log(JSON.stringify(process.argv.slice(1)))"`
    const words = async (command: string) => {
      const { argv, verbatim } = shellCall(command.replace('$(COALITION)', echo), process.platform)
      const run = Bun.spawn(argv, { windowsVerbatimArguments: verbatim, stderr: 'inherit' })
      return JSON.parse(await new Response(run.stdout).text()) as string[]
    }
    const commands = demoCommands(plan, process.platform)
    expect(await words(commands.frames[1] ?? '')).toEqual([
      'demo-frame',
      '--frame',
      '2',
      '--frames',
      '2',
      '--out',
      folder,
      '--width',
      '64',
    ])
    expect(await words(commands.join)).toEqual([
      'demo-join',
      '--dir',
      folder,
      '--frames',
      '2',
      '--fps',
      '24',
      '--out',
      `${folder}/x.png`,
    ])
  })
})

/** What the real server makes of the demo is tested with the executable; here a server answers as the test says. */
describe('submitting the demo', () => {
  test('makes a paused group, its frames and a join that waits for them, and starts it last', async () => {
    let ids = 100
    await using server = scripted(({ method }) => (method === 'PUT' ? ++ids : 1))
    const folder = await mkdtemp(join(tmpdir(), 'coalition-demo-'))
    const answer = await submitDemo(createClient(server.url), { out: folder, frames: 5 })
    await rm(folder, { recursive: true })

    const [root, frames, ...leaves] = server.calls.slice(0, -1).map(({ body }) => body as Record<string, unknown>)
    expect(root).toMatchObject({ title: 'Coalition demo', paused: 1 })
    expect(root).not.toHaveProperty('command')
    expect(frames).toMatchObject({ parent: 101, title: 'frames' })
    const shots = leaves.slice(0, 5)
    expect(shots.map(({ parent }) => parent)).toEqual([102, 102, 102, 102, 102])
    expect(shots.map(({ priority }) => priority)).toEqual([2000, 1000, 2000, 1000, 2000])
    expect(leaves[5]).toMatchObject({ parent: 101, dependencies: [102], title: 'join' })
    expect(leaves).toHaveLength(6)
    expect(String(leaves[5]?.url)).toStartWith('file://')
    expect(server.calls.at(-1)).toMatchObject({ method: 'POST', path: '/api/startjobs', body: [101] })
    expect(answer).toEqual({ group: 101, join: 108, out: join(folder, 'coalition-demo.png') })
  })

  test('takes back what it has made when the server refuses a job', async () => {
    let ids = 100
    await using server = scripted(({ method }) => {
      if (method !== 'PUT') return 1
      return ++ids > 104 ? Response.json({ title: 'Service Unavailable', detail: 'disk full' }, { status: 503 }) : ids
    })
    const submitting = submitDemo(createClient(server.url), { out: tmpdir(), frames: 5 })
    await expect(submitting).rejects.toThrow('disk full')
    expect(server.calls.at(-1)).toMatchObject({ method: 'DELETE', path: '/api/jobs', body: [101] })
    expect(server.calls.some(({ path }) => path === '/api/startjobs')).toBeFalse()
  })

  test('asks the server nothing when the number of frames is wrong', async () => {
    await using server = scripted(() => 1)
    const client = createClient(server.url)
    await expect(submitDemo(client, { out: tmpdir(), frames: 0 })).rejects.toThrow('frames is 0')
    expect(server.calls).toEqual([])
  })
})
