/**
 * HTTP/1.1 over one kept-alive connection, one request at a time. As little as a client can do: `fetch` costs five times as
 * much, and with one core for the client it would be the client that is measured.
 */
import type { Socket } from 'bun'

export interface Answer {
  status: number
  body: string
}

interface Waiting {
  resolve: (answer: Answer) => void
  reject: (error: Error) => void
}

export class Connection {
  #socket: Socket | undefined
  #waiting: Waiting | undefined
  #text = ''

  static async open(port: number): Promise<Connection> {
    const connection = new Connection()
    connection.#socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data: (_, chunk) => connection.#read(chunk.toString('latin1')),
        close: () => connection.#fail(new Error('the server closed the connection')),
        error: (_, error) => connection.#fail(error),
      },
    })
    return connection
  }

  /** `request` is the whole text of it, ASCII (`requestText`). */
  send(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      const written = this.#socket?.write(request) ?? -1
      // Requests are a few hundred bytes: the system's buffer holds one, or the connection is gone.
      if (written !== request.length) this.#fail(new Error(`only ${written} of ${request.length} bytes could be sent`))
    })
  }

  close(): void {
    this.#waiting = undefined
    this.#socket?.end()
  }

  #read(chunk: string): void {
    this.#text += chunk
    const head = this.#text.indexOf('\r\n\r\n')
    if (head < 0) return
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#text.slice(0, head))?.[1]
    if (length === undefined) {
      this.#fail(new Error(`an answer without Content-Length: ${this.#text.slice(0, head)}`))
      return
    }
    const end = head + 4 + Number(length)
    if (this.#text.length < end) return
    const answer = { status: Number(this.#text.slice(9, 12)), body: this.#text.slice(head + 4, end) }
    this.#text = this.#text.slice(end)
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve(answer)
  }

  #fail(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.reject(error)
  }
}

export function requestText(method: string, path: string, body: string, type: string): string {
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

export const formText = (path: string, fields: Record<string, string | number>): string =>
  requestText(
    'POST',
    path,
    new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])).toString(),
    'application/x-www-form-urlencoded',
  )

export const jsonText = (method: string, path: string, value: unknown): string =>
  requestText(method, path, JSON.stringify(value), 'application/json')
