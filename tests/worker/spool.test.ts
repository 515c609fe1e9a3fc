import { afterEach, beforeEach, expect, test } from 'bun:test'
import { fstatSync, mkdtempSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Spool } from '../../src/worker/spool.ts'

let folder = ''
const open: Spool[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spool-test-'))
})
afterEach(() => {
  for (const spool of open.splice(0)) spool.close()
  rmSync(folder, { recursive: true })
})

function make(limit: number, platform = 'linux'): Spool {
  const spool = new Spool(folder, 'run.log', limit, platform)
  open.push(spool)
  return spool
}
const all = (spool: Spool) => spool.read(0, spool.size).toString()

test('what is written is read back from any place', () => {
  const spool = make(1000)
  spool.write(Buffer.from('hello '))
  spool.write(Buffer.from('world'))
  spool.finish()
  expect(all(spool)).toBe('hello world')
  expect(spool.read(6, 3).toString()).toBe('wor')
  expect(spool.read(11, 10).length).toBe(0)
  expect(spool.read(99, 10).length).toBe(0)
})

test("a note of the agent's begins on a line of its own", () => {
  const spool = make(1000)
  spool.note('first')
  spool.write(Buffer.from('no newline'))
  spool.note('second')
  expect(all(spool)).toBe('[coalition] first\nno newline\n[coalition] second\n')
})

test('past the limit the output is cut, it is said how much, and the end is kept', () => {
  const spool = make(10)
  spool.write(Buffer.from('0123456789abc'))
  spool.write(Buffer.alloc(100_000, '.'))
  spool.write(Buffer.from('the reason\n'))
  expect(spool.size).toBe(10)
  spool.finish()
  const text = all(spool)
  const cut = 3 + 100_000 + 11 - 64 * 1024
  expect(text).toStartWith(`0123456789\n[coalition] ${cut} bytes of output are cut here: a run may print 10 bytes.`)
  expect(text).toEndWith('...the reason\n')
  expect(text.length).toBeLessThan(64 * 1024 + 200)
})

test('a command that writes to the file by itself is cut too', () => {
  const spool = make(10, 'win32')
  writeSync(spool.fd, '0123456789abc')
  spool.trim()
  expect(fstatSync(spool.fd).size).toBe(10)
  writeSync(spool.fd, 'def')
  expect(all(spool)).toBe('0123456789')
  spool.finish()
  expect(all(spool)).toBe('0123456789abcdef') // the end of what was cut is kept, and here that is all of it
})

test('nothing is left on the disk', () => {
  make(10).close()
  make(10, 'win32').close()
  expect(readdirSync(folder)).toEqual([])
})
