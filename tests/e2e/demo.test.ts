/** What a newcomer sees first: the built executable alone in a folder renders an animation on a farm of its own. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decode, decodeApng } from 'fast-png'
import type { Event, Job } from '../../src/models.ts'
import { asServer, createSandbox, filesBelow, POSIX, type Sandbox, type Server } from './sandbox.ts'

/** Programs start here by the dozen, and the machine may be busy with other things. */
setDefaultTimeout(120_000)

const FRAMES = 48
const SMALL = { width: 32, height: 18, samples: 1 }

let sandbox: Sandbox
let demo: Server
let jobs: { group: Job; shot: Job; join: Job; frames: Job[] }
let events: Event[]
const get = <T>(path: string) => demo.client.call<T>('GET', path)

beforeAll(async () => {
  sandbox = createSandbox()
  const size = Object.entries(SMALL).flatMap(([name, value]) => [`--${name}`, String(value)])
  // Its own free port: the standard one may be another server's.
  demo = await asServer(sandbox.start(['demo', '--up', '--workers', '2', '--port', '0', ...size]))
  await demo.says(/until Ctrl-C/)
  const [group] = await get<Job[]>('/api/jobs')
  const [shot, join] = await get<Job[]>(`/api/jobs/${group?.id}/children`)
  if (!group || !shot || !join) throw new Error('the demo has no group with frames and a join')
  jobs = { group, shot, join, frames: await get<Job[]>(`/api/jobs/${shot.id}/children`) }
  events = await get<Event[]>('/api/events')
})
afterAll(() => sandbox.cleanUp())

const picture = () => join(sandbox.folder, 'coalition-demo', 'coalition-demo.png')

describe('demo --up', () => {
  test('shows its progress up to the last frame, where the animation is, and the address that stays', () => {
    const lines = demo.stdout.trimEnd().split('\n')
    expect(lines[0]).toContain(`server on ${demo.url}, 2 workers`)
    const counts = lines.flatMap((line) => /^(\d+)\/48 frames, /.exec(line)?.[1] ?? []).map(Number)
    expect(counts.length).toBeGreaterThan(1)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect(lines.at(-3)).toBe('48/48 frames, 0 working, 0 in error, done')
    expect(lines.at(-2)).toContain(picture())
    expect(lines.at(-1)).toContain(`stays up at ${demo.url}`)
    expect(demo.stderr).toBe('')
  })

  test('makes an animation of 48 different frames that a PNG reader takes', () => {
    const bytes = readFileSync(picture())
    expect(decode(bytes)).toMatchObject({ width: SMALL.width, height: SMALL.height, channels: 3 })
    const { frames, numberOfFrames, numberOfPlays } = decodeApng(bytes)
    expect({ numberOfFrames, numberOfPlays }).toEqual({ numberOfFrames: FRAMES, numberOfPlays: 0 })
    expect(frames).toHaveLength(FRAMES)
    const looks = frames.map(({ data }) => Bun.hash(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)))
    expect(new Set(looks).size).toBe(FRAMES)
  })

  test('leaves its pictures in the folder, and nothing else', () => {
    const pictures = Array.from({ length: FRAMES }, (_, i) => `frame-${String(i + 1).padStart(4, '0')}.png`)
    const files = filesBelow(sandbox.folder).filter((file) => !/^coalition(\.exe)?$/.test(file))
    expect(files).toEqual(['coalition-demo.png', ...pictures].map((file) => `coalition-demo/${file}`))
  })

  test('runs its frames as ordinary jobs: commands, a log with progress, one run each', async () => {
    expect(jobs.group).toMatchObject({ state: 'FINISHED', total: FRAMES + 1, total_finished: FRAMES + 1, progress: 1 })
    expect(jobs.shot).toMatchObject({ state: 'FINISHED', command: '', total_finished: FRAMES })
    expect(jobs.frames).toHaveLength(FRAMES)
    for (const frame of jobs.frames)
      expect(frame).toMatchObject({ state: 'FINISHED', progress: 1, run_done: 1, progress_pattern: '' })
    expect(jobs.frames[6]?.command).toContain('demo-frame --frame 7 --frames 48')
    const log = await get<string>(`/api/jobs/${jobs.frames[6]?.id}/log`)
    expect(log.match(/^PROGRESS:\d+$/gm)?.length).toBeGreaterThan(5)
    expect(log).toContain('PROGRESS:100\n')
    expect(events.map(({ state }) => state)).toEqual(Array(FRAMES + 1).fill('FINISHED'))
    expect(new Set(events.map(({ worker }) => worker)).size).toBe(2)
  })

  test('renders first, middle and last frame before the others, as their priority says', () => {
    expect(events.slice(0, 3).map(({ job_title }) => job_title)).toEqual(['frame 01', 'frame 25', 'frame 48'])
    expect(events.slice(3, 6).map(({ job_title }) => job_title)).toEqual(['frame 02', 'frame 03', 'frame 04'])
  })

  test('joins the frames when the last of them has ended', () => {
    expect(jobs.join).toMatchObject({ title: 'join', state: 'FINISHED', dependencies: [jobs.shot.id], run_done: 1 })
    expect(fileURLToPath(jobs.join.url)).toBe(picture())
    // Ids of runs are in the order of their starts; the ends are known to the second.
    expect(events.at(-1)).toMatchObject({ job_id: jobs.join.id })
    const ends = events.slice(0, -1).map(({ start, duration }) => start + duration)
    expect(events.at(-1)?.start).toBeGreaterThanOrEqual(Math.max(...ends))
  })

  test.skipIf(!POSIX)('stays up until Ctrl-C, then ends with 0 and leaves no server, no worker, no file', async () => {
    expect((await get<{ status: string }>('/api/health')).status).toBe('ok')
    expect(await demo.stop('SIGINT')).toBe(0)
    await expect(fetch(`${demo.url}/api/health`)).rejects.toThrow()
    expect(filesBelow(sandbox.temporary)).toEqual([])
  })
})
