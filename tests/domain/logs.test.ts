import { afterAll, expect, test } from 'bun:test'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { splitBytes } from '../../src/domain/logReader.ts'
import { Logs, READ_BYTES } from '../../src/domain/logs.ts'
import { type TestFarm, tempFolder, testFarm } from '../support/farm.ts'

const folders: string[] = []
const opened: Logs[] = []
afterAll(() => {
  for (const logs of opened) logs.close()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function freshLogs(): { logs: Logs; folder: string } {
  const folder = tempFolder()
  const logs = new Logs(folder)
  folders.push(folder)
  opened.push(logs)
  return { logs, folder }
}

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (part: Uint8Array) => new TextDecoder().decode(part)
const whole = (logs: Logs, job: number) => text(logs.read(job, 0, 1_000_000))

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 5000; !condition(); ) {
    if (Date.now() > deadline) throw new Error('it did not come to pass in 5 s')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('what is appended is read back, from any offset', () => {
  const { logs } = freshLogs()
  logs.append(7, bytes('one\n'))
  logs.append(7, bytes('two\n'))
  logs.append(7, bytes(''))
  expect(whole(logs, 7)).toBe('one\ntwo\n')
  expect(text(logs.read(7, 4, 3))).toBe('two')
  expect(logs.read(7, 8, 10)).toHaveLength(0)
  expect(logs.read(7, 800, 10)).toHaveLength(0)
  expect(logs.size(7)).toBe(8)
})

test('a job that wrote nothing has an empty log and no file', () => {
  const { logs, folder } = freshLogs()
  logs.append(3, bytes(''))
  expect(logs.size(3)).toBe(0)
  expect(logs.read(3, 0, 10)).toHaveLength(0)
  expect(readdirSync(folder)).toEqual([])
})

test('logs lie in folders of a thousand, named by the id of the job', () => {
  const { logs, folder } = freshLogs()
  for (const job of [1, 999, 1000, 123_456]) logs.append(job, bytes(`job ${job}`))
  expect(readdirSync(folder).sort()).toEqual(['0', '1', '123'])
  expect(readdirSync(join(folder, '0')).sort()).toEqual(['1.log', '999.log'])
  expect(whole(logs, 123_456)).toBe('job 123456')
})

test('more logs than are kept open are appended to all the same', () => {
  const { logs } = freshLogs()
  for (const turn of ['a', 'b']) for (let job = 1; job <= 300; job++) logs.append(job, bytes(turn))
  for (let job = 1; job <= 300; job++) expect(logs.size(job)).toBe(2)
  expect(whole(logs, 1)).toBe('ab')
})

test('a log goes on where another server left it', () => {
  const { logs, folder } = freshLogs()
  logs.append(5, bytes('before\n'))
  logs.close()
  const next = new Logs(folder)
  opened.push(next)
  expect(next.size(5)).toBe(7)
  next.append(5, bytes('after\n'))
  expect(whole(next, 5)).toBe('before\nafter\n')
})

test.each([
  ['', 3, ''],
  ['one\n', 1, 'one\n'],
  ['one\ntwo\nthree\n', 2, 'two\nthree\n'],
  ['one\ntwo\nthree', 2, 'two\nthree'],
  ['one\ntwo\n\n', 2, 'two\n\n'],
  ['one\ntwo\n', 9, 'one\ntwo\n'],
  ['one', 1, 'one'],
])('the tail of %p, %p lines, is %p', (log, lines, tail) => {
  const { logs } = freshLogs()
  logs.append(1, bytes(log))
  expect(text(logs.read(1, logs.tailOffset(1, lines, 1_000_000), 1_000_000))).toBe(tail)
})

test('the tail is found across the pieces in which a log is read', () => {
  const { logs } = freshLogs()
  const line = `${'x'.repeat(READ_BYTES)}\n`
  logs.append(1, bytes(line + line + line))
  expect(logs.tailOffset(1, 2, 10 * READ_BYTES)).toBe(line.length)
  // The newline before it is the last byte of one piece.
  logs.append(2, bytes(`first\n${'y'.repeat(READ_BYTES - 1)}\n`))
  expect(logs.tailOffset(2, 1, 10 * READ_BYTES)).toBe(6)
})

test('the tail looks back only so far', () => {
  const { logs } = freshLogs()
  logs.append(1, bytes('x'.repeat(5000)))
  expect(logs.tailOffset(1, 1, 100)).toBe(4900)
})

test('a removed log is gone, its room is free, and others stay', async () => {
  const { logs, folder } = freshLogs()
  for (const job of [1, 2, 3]) logs.append(job, bytes('output'))
  logs.remove([1, 3, 4])
  await until(() => !existsSync(join(folder, '0', '3.log')))
  expect(readdirSync(join(folder, '0'))).toEqual(['2.log'])
  expect(logs.size(1)).toBe(0)
  expect(whole(logs, 2)).toBe('output')
})

test('thousands of logs are removed, some at a time', async () => {
  const { logs, folder } = freshLogs()
  logs.append(1, bytes('makes the folder'))
  logs.append(1001, bytes('makes the other'))
  for (let job = 2; job <= 900; job++) writeFileSync(join(folder, '0', `${job}.log`), '')
  logs.remove(Array.from({ length: 900 }, (_, i) => i + 1))
  expect(readdirSync(join(folder, '0')).length).toBeGreaterThan(0)
  await until(() => readdirSync(join(folder, '0')).length === 0)
  expect(logs.size(1001)).toBe(15)
})

test.each([
  ['nothing', [], 0],
  ['ASCII', [0x61, 0x62, 0x63, 0x64], 0],
  ['é whole', [0x61, 0xc3, 0xa9], 0],
  ['é half', [0x61, 0xc3], 1],
  ['€ whole', [0xe2, 0x82, 0xac], 0],
  ['€ without its last byte', [0x61, 0xe2, 0x82], 2],
  ['🎬 whole', [0xf0, 0x9f, 0x8e, 0xac], 0],
  ['🎬 without its last byte', [0xf0, 0x9f, 0x8e], 3],
  ['🎬 with its first byte alone', [0x61, 0x62, 0x63, 0xf0], 1],
  ['what is no UTF-8 at all', [0x80, 0x80, 0x80, 0x80], 0],
] as const)('bytes that end with %s', (_, end, split) => {
  expect(splitBytes(Uint8Array.from(end))).toBe(split)
})

test('one who follows a log gets every character whole, at whatever byte it was cut', async () => {
  const story = 'Überblendung: 🎬 fertig — 100 €\n'
  const output = bytes(story)
  await using farm = testFarm()
  await farm.leaf()
  const run = await farm.begin()
  let read = ''
  let offset = 0
  const follow = () => {
    const part = farm.farm.readLog(run.job, { offset })
    read += [...part.text].join('')
    offset = part.next
  }
  for (const byte of output) {
    farm.heartbeat(run, { output: { bytes: Uint8Array.of(byte) } })
    follow()
    expect(story.startsWith(read)).toBe(true)
  }
  expect(read).toBe(story)
})

test('a character that never came whole is shown as far as it came when the run is over', async () => {
  await using farm = testFarm()
  await farm.leaf()
  const run = await farm.begin()
  farm.heartbeat(run, { output: { bytes: Uint8Array.of(0x61, 0xc3) } })
  expect(farm.logText(run.job)).toBe('a')
  await farm.end(run)
  expect(farm.logText(run.job)).toBe('a\u{fffd}')
})

test('a part of a log begins and ends where it was asked for, and says where to go on', async () => {
  await using farm = testFarm()
  await farm.leaf()
  const run = await farm.begin()
  farm.heartbeat(run, { output: { bytes: bytes('one\ntwo\nthree\n') } })
  const part = farm.farm.readLog(run.job, { offset: 4, limit: 4 })
  expect({ ...part, text: [...part.text].join('') }).toEqual({ offset: 4, next: 8, text: 'two\n' })
  expect([...farm.farm.readLog(run.job, { tail: 1 }).text].join('')).toBe('three\n')
  expect([...farm.farm.readLog(run.job, { tail: 0 }).text].join('')).toBe('')
  expect(farm.farm.readLog(run.job, { offset: 4000 })).toMatchObject({ offset: 14, next: 14 })
})

test('a log larger than one piece is read whole, a piece at a time', async () => {
  await using farm = testFarm()
  await farm.leaf()
  const run = await farm.begin()
  const line = 'Überblendung 🎬\n'
  const log = line.repeat(10_000)
  farm.heartbeat(run, { output: { bytes: bytes(log) } })
  const pieces = [...farm.farm.readLog(run.job, {}).text]
  expect(pieces.length).toBeGreaterThan(1)
  expect(pieces.join('')).toBe(log)
})

test('output that comes twice is kept once, and output that leaves a gap is not taken', async () => {
  await using farm = testFarm()
  await farm.leaf()
  const run = await farm.begin()
  const say = (words: string, offset?: number) =>
    farm.heartbeat(run, { output: { bytes: bytes(words), ...(offset !== undefined && { offset }) } })
  expect(say('one ', 0)).toEqual({ go_on: true, log_size: 4 })
  expect(say('one two ', 0)).toEqual({ go_on: true, log_size: 8 })
  expect(say('one ', 0)).toEqual({ go_on: true, log_size: 8 })
  expect(say('four ', 20)).toEqual({ go_on: true, log_size: 8 })
  expect(say('three')).toEqual({ go_on: true, log_size: 13 })
  expect(farm.logText(run.job)).toBe('one two three')
})

test('the log of a job holds all its runs, told apart, and each run counts its own bytes', async () => {
  await using farm = testFarm()
  const job = await farm.leaf({ retry: 1 })
  const first = await farm.begin('w1')
  farm.heartbeat(first, { output: { bytes: bytes('first try\n'), offset: 0 } })
  await farm.end(first, 1)
  const second = await farm.begin('w2')
  expect(farm.heartbeat(second, { output: { bytes: bytes('second try\n'), offset: 0 } }).log_size).toBe(11)
  const log = farm.logText(job)
  expect(log).toMatch(/^first try\n\[coalition\] .*run on w2\nsecond try\n$/)
})

test('deleting a job removes its log', async () => {
  await using farm: TestFarm = testFarm()
  const job = await farm.leaf()
  const run = await farm.begin()
  farm.heartbeat(run, { output: { bytes: bytes('output') } })
  const path = join(farm.logs, '0', `${job}.log`)
  expect(existsSync(path)).toBe(true)
  await farm.farm.deleteJobs([job])
  await until(() => !existsSync(path))
})
