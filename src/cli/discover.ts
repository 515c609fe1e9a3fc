/** An agent without a server's address asks the network for it (`behaviour.md`: the datagrams `coalition` and `roxor`). */
import { createSocket } from 'node:dgram'

const QUESTION = 'coalition'
const ANSWER = 'roxor'
const EVERY_MS = 2000
/** A server on this very machine is found without any network; and first, for it may listen on loopback only. */
const EVERYBODY = ['127.0.0.1', '255.255.255.255']

export interface Search {
  /** The server's, for its datagrams as for HTTP. */
  port: number
  log: (line: string) => void
  addresses?: readonly string[]
  everyMs?: number
}

/** The base of the first server that answers; undefined when stopped before. It asks until then: nodes boot before servers. */
export async function discoverServer(search: Search, stop: AbortSignal): Promise<string | undefined> {
  const { port, log, addresses = EVERYBODY, everyMs = EVERY_MS } = search
  const socket = createSocket('udp4')
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise((resolve, reject) => {
      if (stop.aborted) return resolve(undefined)
      stop.addEventListener('abort', () => resolve(undefined), { once: true })
      socket.on('message', (message, from) => {
        if (message.toString() === ANSWER) resolve(`http://${from.address}:${port}`)
      })
      socket.on('error', reject)
      // Without a route, or with nobody on the port, sending fails; the next turn may go better.
      const ask = () => {
        for (const address of addresses) socket.send(QUESTION, port, address, () => {})
      }
      socket.bind(() => {
        socket.setBroadcast(true)
        log(`no server was named: asking the network on UDP port ${port}`)
        ask()
        timer = setInterval(ask, everyMs)
      })
    })
  } finally {
    clearInterval(timer)
    socket.close()
  }
}
