/** A worker without a server's address broadcasts `coalition`; a server answers `roxor` (`behaviour.md`). */
const QUESTION = 'coalition'
const ANSWER = 'roxor'

export interface Discovery {
  close(): void
}

/** Whether a server that listens on this address is there for other machines: one that is not does not offer itself. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127\./.test(host)

/** Answers on the server's own port. A port that another program has for UDP is no reason not to serve: it is said, and that is all. */
export async function answerWorkers(port: number, log: (line: string) => void): Promise<Discovery | undefined> {
  try {
    return await Bun.udpSocket({
      hostname: '0.0.0.0',
      port,
      socket: {
        data(socket, message, fromPort, fromAddress) {
          // Nothing else is answered, and never with more than was asked: no use to anybody who forges an address.
          if (message.toString() === QUESTION) socket.send(ANSWER, fromPort, fromAddress)
        },
      },
    })
  } catch (error) {
    log(
      `workers cannot find this server by broadcast: UDP port ${port} is taken (${error instanceof Error ? error.message : String(error)})`,
    )
    return undefined
  }
}
