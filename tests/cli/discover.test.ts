import { expect, test } from 'bun:test'
import { createSocket } from 'node:dgram'
import { discoverServer } from '../../src/cli/discover.ts'

const quiet = () => {}

test('a server that answers the datagram is found at the address that answered', async () => {
  const heard: string[] = []
  const server = createSocket('udp4')
  const port = await new Promise<number>((resolve) => server.bind(0, '127.0.0.1', () => resolve(server.address().port)))
  // The first question is lost, and a stranger's datagram is no answer.
  server.on('message', (message, from) => {
    heard.push(message.toString())
    if (heard.length > 1) server.send(heard.length > 2 ? 'roxor' : 'hello', from.port, from.address)
  })
  const search = { port, log: quiet, addresses: ['127.0.0.1'], everyMs: 20 }
  expect(await discoverServer(search, AbortSignal.timeout(5000))).toBe(`http://127.0.0.1:${port}`)
  expect(heard.slice(0, 3)).toEqual(['coalition', 'coalition', 'coalition'])
  server.close()
})

test('a search that nobody answers ends when it is stopped', async () => {
  const silent = createSocket('udp4')
  const port = await new Promise<number>((resolve) => silent.bind(0, '127.0.0.1', () => resolve(silent.address().port)))
  const stop = new AbortController()
  silent.once('message', () => stop.abort())
  const search = { port, log: quiet, addresses: ['127.0.0.1'], everyMs: 20 }
  expect(await discoverServer(search, stop.signal)).toBeUndefined()
  silent.close()
})
