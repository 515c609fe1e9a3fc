/** What a run prints past its limit: the head and the end are kept, and worker and server agree on how much has come. */
import { afterAll, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder, testFarm } from '../support/farm.ts'

const KB = 1024
const folder = tempFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const bytes = (text: string) => new TextEncoder().encode(text)
/** Lines of 16 bytes, numbered. */
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `line ${String(from + i).padStart(10, '.')}\n`).join('')

test('output up to the limit is kept whole, and one byte more is counted and cut', async () => {
  await using farm = testFarm({ logLimit: 64 })
  const job = await farm.leaf({ retry: 1 })
  const first = await farm.begin()
  expect(farm.heartbeat(first, { output: { bytes: bytes(lines(0, 4)), offset: 0 } }).log_size).toBe(64)
  await farm.end(first, 1)
  expect(farm.logText(job)).toBe(lines(0, 4))
  const second = await farm.begin()
  expect(farm.heartbeat(second, { output: { bytes: bytes(`${lines(0, 4)}x`), offset: 0 } }).log_size).toBe(65)
  await farm.end(second)
  // All that was past the limit is its end: there is nothing to say of it.
  expect(farm.logText(job)).toEndWith(`run on worker-1\n${lines(0, 4)}x`)
})

test('of a flood the head and the end are kept, and it is said what is not', async () => {
  await using farm = testFarm({ logLimit: 100 * KB })
  const job = await farm.leaf()
  const run = await farm.begin()
  const output = lines(0, 64 * KB)
  for (let at = 0; at < output.length; at += 50_000)
    expect(farm.heartbeat(run, { output: { bytes: bytes(output.slice(at, at + 50_000)), offset: at } }).log_size).toBe(
      Math.min(output.length, at + 50_000),
    )
  // What comes twice is known, and a gap is not taken: past the limit as before it.
  expect(farm.heartbeat(run, { output: { bytes: bytes('again'), offset: 5 } }).log_size).toBe(output.length)
  expect(farm.heartbeat(run, { output: { bytes: bytes('later'), offset: output.length + 1 } }).log_size).toBe(
    output.length,
  )
  const seen = farm.logText(job)
  expect([...farm.farm.readLog(job, { tail: 3 }).text].join('')).toEndWith(lines(64 * KB - 3, 64 * KB))
  await farm.end(run)
  const log = farm.logText(job)
  expect(seen).toBe(log)
  const [, head = '', cut = '', tail = ''] =
    /^([\s\S]*)\n\[coalition\] (\d+) bytes of output are cut here: log_limit keeps [\d.]+ MB of a run\. The end of it:\n([\s\S]*)$/.exec(
      log,
    ) ?? []
  expect(output).toStartWith(head)
  expect(output).toEndWith(tail)
  expect(head.length).toBe(100 * KB)
  expect(tail.length).toBeGreaterThan(63 * KB)
  expect(tail).toStartWith('line ')
  expect(head.length + Number(cut) + tail.length).toBe(output.length)
})

test('a character is not cut in two', async () => {
  await using farm = testFarm({ logLimit: 10 })
  const job = await farm.leaf()
  const run = await farm.begin()
  const output = 'ß'.repeat(100_001)
  farm.heartbeat(run, { output: { bytes: bytes(`x${output}`), offset: 0 } })
  await farm.end(run)
  expect(farm.logText(job)).not.toContain('\ufffd')
  expect(farm.logText(job)).toStartWith('xßßßß\n[coalition] ')
})

test('after a restart of the server the worker sends the rest again, and nothing is there twice', async () => {
  const path = join(folder, 'farm.db')
  const logs = join(folder, 'logs')
  const output = bytes(lines(0, 32 * KB))
  const half = output.byteLength / 2
  let run: { run: number; job: number; name: string }
  {
    await using farm = testFarm({ path, logs, logLimit: 100 * KB })
    await farm.leaf()
    run = await farm.begin()
    expect(farm.heartbeat(run, { output: { bytes: output.subarray(0, half), offset: 0 } }).log_size).toBe(half)
  }
  await using farm = testFarm({ path, logs, logLimit: 100 * KB })
  const { log_size } = farm.heartbeat(run, { output: { bytes: output.subarray(half, half + 5), offset: half } })
  expect(log_size).toBe(100 * KB)
  farm.heartbeat(run, { output: { bytes: output.subarray(log_size), offset: log_size } })
  await farm.end(run)
  const log = farm.logText(run.job)
  const cut = Number(/(\d+) bytes of output are cut/.exec(log)?.[1])
  const tail = log.slice(log.indexOf('The end of it:\n') + 'The end of it:\n'.length)
  expect(cut + 100 * KB + tail.length).toBe(output.byteLength)
  expect(lines(0, 32 * KB)).toEndWith(tail)
})

test('a run that is lost leaves its end before the next one begins', async () => {
  await using farm = testFarm({ logLimit: 32 })
  const job = await farm.leaf()
  const first = await farm.begin()
  farm.heartbeat(first, { output: { bytes: bytes(`${lines(0, 2)}the end of the first\n`), offset: 0 } })
  const second = await farm.begin()
  expect(second.job).toBe(job)
  expect(farm.heartbeat(second, { output: { bytes: bytes('second\n'), offset: 0 } }).log_size).toBe(7)
  await farm.end(second)
  expect(farm.logText(job)).toMatch(/^line \.+0\nline \.+1\nthe end of the first\n\[coalition\] [\s\S]*\nsecond\n$/)
})
