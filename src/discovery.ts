/** A worker without a server's address broadcasts `coalition`; a server answers `roxor` (`behaviour.md`). */
const QUESTION = 'coalition'
const ANSWER = 'roxor'

export interface Discovery {
  close(): void
}

/** Whether a server that listens on this address is there for other machines: one that is not does not offer itself. */
export const isLoopback = (host: string): boolean => /^(localhost|\[?::1\]?|(::ffff:)?127(\.\d{1,3}){3})$/i.test(host)

/** That one who asked was gone before the answer, the system says at the next send, which is then not made: so twice. */
function answer(send: () => void): void {
  for (let attempt = 0; attempt < 2; attempt++)
    try {
      send()
      return
    } catch {
      // A worker asks again.
    }
}

/** Answers on the server's own port. A port that another program has for UDP is no reason not to serve: it is said, and that is all. */
export async function answerWorkers(
  host: string,
  port: number,
  log: (line: string) => void,
): Promise<Discovery | undefined> {
  try {
    return await Bun.udpSocket({
      // A broadcast reaches only who listens on all addresses; a server that others cannot connect to must not answer it.
      hostname: isLoopback(host) ? '127.0.0.1' : '0.0.0.0',
      port,
      socket: {
        data(socket, message, fromPort, fromAddress) {
          // Nothing else is answered, and never with more than was asked: no use to anybody who forges an address.
          if (message.toString() === QUESTION) answer(() => socket.send(ANSWER, fromPort, fromAddress))
        },
        // As where a send throws: of a network that is down, or of one who asked and is gone.
        error() {},
      },
    })
  } catch (error) {
    log(
      `workers cannot find this server by broadcast: UDP port ${port} is taken (${error instanceof Error ? error.message : String(error)})`,
    )
    return undefined
  }
}
