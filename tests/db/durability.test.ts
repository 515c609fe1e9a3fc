import { expect, spyOn, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { openDatabase } from '../../src/db/open.ts'
import { startServer } from '../../src/server.ts'
import { tempFolder } from '../support/farm.ts'

const FULL = 2
const NORMAL = 1

test.each([
  [undefined, FULL, 1],
  ['full', FULL, 1],
  ['normal', NORMAL, 0],
] as const)('with durability %p a commit is flushed as it promises', (durability, synchronous, fullfsync) => {
  const { sqlite } = openDatabase(':memory:', { durability })
  expect(sqlite.query('pragma synchronous').get()).toEqual({ synchronous })
  expect(sqlite.query('pragma fullfsync').get()).toEqual({ fullfsync })
  sqlite.close()
})

test('a server that gives up the promise about power cuts says so at its start, another does not', async () => {
  const data = tempFolder()
  const said = spyOn(console, 'error').mockImplementation(() => undefined)
  try {
    for (const durability of ['normal', 'full'] as const) {
      const server = await startServer({ host: '127.0.0.1', port: 0, data, worker_timeout: 60, durability })
      await server.stop()
    }
    expect(said.mock.calls.map(([text]) => String(text))).toEqual([expect.stringContaining('power cut')])
  } finally {
    said.mockRestore()
    rmSync(data, { recursive: true, force: true })
  }
})
