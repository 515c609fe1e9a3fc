import { describe, expect, test } from 'bun:test'
import { PassThrough } from 'node:stream'
import { text as allOf } from 'node:stream/consumers'
import { createClient } from '../../src/client.ts'
import { type DemoProgress, secondsLeft, watchDemo } from '../../src/demo/watch.ts'
import type { Job } from '../../src/models.ts'
import { scripted } from './scripted.ts'

const IDS = { group: 1, join: 5, out: '/tmp/demo.png' }
/** Two frames and the join. */
const group = (job: Partial<Job>) => ({
  id: 1,
  command: '',
  state: 'WORKING',
  finished: 0,
  errors: 0,
  working: 0,
  total: 3,
  total_finished: 0,
  total_errors: 0,
  total_working: 0,
  ...job,
})
const problem = (status: number) => Response.json({ title: 'no', detail: 'no' }, { status })

/** Polls through `answers`, one after the other; the last one stays. */
async function watch(answers: unknown[], others: Record<string, unknown> = {}, isTTY = false) {
  let turn = 0
  await using server = scripted(({ path }) => {
    if (path !== '/api/jobs/1') return others[path] ?? problem(404)
    return answers[Math.min(turn++, answers.length - 1)]
  })
  const stream = Object.assign(new PassThrough(), { isTTY })
  const heard: DemoProgress[] = []
  const client = createClient(server.url)
  const options = { stream, pollMs: 5, onProgress: (progress: DemoProgress) => heard.push(progress) }
  const outcome = await watchDemo(client, IDS, options).catch((error: Error) => error)
  stream.end()
  return { outcome, heard, text: await allOf(stream) }
}

describe('watching the demo', () => {
  test('counts frames apart from the join, and ends when the group is FINISHED', async () => {
    const { outcome, heard, text } = await watch([
      group({ state: 'WAITING' }),
      group({ total_working: 2 }),
      group({ total_finished: 2, working: 1, total_working: 1 }),
      group({ state: 'FINISHED', finished: 1, total_finished: 3 }),
    ])
    expect(outcome).toMatchObject({ state: 'FINISHED' })
    expect(heard.map(({ done, total, working, joining }) => [done, total, working, joining])).toEqual([
      [0, 2, 0, false],
      [0, 2, 2, false],
      [2, 2, 0, true],
      [2, 2, 0, false],
    ])
    expect(text).toEndWith('2/2 frames, 0 working, 0 in error, done\n')
  })

  test('writes few plain lines to what is no terminal', async () => {
    const polls = Array.from({ length: 40 }, (_, i) => group({ total_working: i % 3 }))
    const { text } = await watch([...polls, group({ state: 'FINISHED', total_finished: 3, finished: 1 })])
    expect(text.split('\n').length).toBeLessThan(6)
    expect(text).not.toContain('\u001b')
  })

  test('draws a bar on a terminal', async () => {
    const end = group({ state: 'FINISHED', total_finished: 3, finished: 1 })
    const { text } = await watch([group({ total_working: 2 }), end], {}, true)
    expect(text).toContain('0/2  2 working')
    expect(text).toContain('2/2')
  })

  test('shows the end of the log of the frame that failed', async () => {
    const failed = group({ state: 'ERROR', total_errors: 1, total_finished: 1 })
    const { outcome, text } = await watch([failed], {
      '/api/jobs/1/children': [
        { ...failed, id: 2 },
        { id: 5, command: 'join', state: 'WAITING', title: 'join' },
      ],
      '/api/jobs/2/children': [
        { id: 3, command: 'x', state: 'FINISHED', title: 'frame 1' },
        { id: 4, command: 'x', state: 'ERROR', title: 'frame 2' },
      ],
      '/api/jobs/4/log': `${'old\n'.repeat(50)}no space left\n`,
    })
    expect(outcome).toMatchObject({ state: 'ERROR' })
    expect(text).toContain('job 4 (frame 2) failed')
    expect(text).toEndWith('no space left\n')
    expect(text.match(/old/g)).toHaveLength(19)
  })

  test('says so when somebody deletes the demo', async () => {
    const { outcome } = await watch([group({}), problem(404)])
    expect(String(outcome)).toContain('the demo (job 1) was deleted')
  })

  test('waits through an answer that breaks off', async () => {
    const end = group({ state: 'FINISHED', total_finished: 3, finished: 1 })
    const { outcome } = await watch([group({}), new Response('{"id":'), end])
    expect(outcome).toMatchObject({ state: 'FINISHED' })
  })

  test('stops at once when told to', async () => {
    await using server = scripted(() => group({}))
    const stop = new AbortController()
    const options = { stream: new PassThrough(), pollMs: 5, signal: stop.signal, onProgress: () => stop.abort() }
    await expect(watchDemo(createClient(server.url), IDS, options)).rejects.toThrow('aborted')
  })

  test('guesses what is left from the pace so far', () => {
    const at = (done: number) => ({ state: 'WORKING', done, total: 48, working: 2, errors: 0, joining: false }) as const
    expect(secondsLeft(10, at(0))).toBeUndefined()
    expect(secondsLeft(10, at(12))).toBe(30)
    expect(secondsLeft(60, at(48))).toBe(0)
  })
})
