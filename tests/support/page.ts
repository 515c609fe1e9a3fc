/** One end of the stream, as the page is: says what it looks at, keeps what it is told. */
import type { Frame, Watch } from '../../src/watch.ts'
import { until } from './server.ts'

export class Viewer {
  readonly frames: Frame[] = []
  readonly socket: WebSocket
  closed: { code: number; reason: string } | undefined

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/api/stream`, { headers } as Bun.WebSocketOptions as never)
    this.socket.onmessage = ({ data }) => this.frames.push(JSON.parse(String(data)))
    this.socket.onclose = ({ code, reason }) => {
      this.closed = { code, reason }
    }
  }

  /** Looks at this, and waits for the answer. */
  static async at(url: string, watch: Watch): Promise<Viewer> {
    const viewer = new Viewer(url)
    await viewer.look(watch)
    await viewer.until(({ frames }) => frames.length > 0, 'the first frame')
    return viewer
  }

  async look(watch: Watch): Promise<void> {
    await until(() => this.socket.readyState !== WebSocket.CONNECTING, 'a connection')
    this.socket.send(JSON.stringify(watch))
  }

  until(condition: (viewer: Viewer) => boolean, what: string): Promise<void> {
    return until(() => condition(this), what)
  }

  get last(): Frame {
    return this.frames.at(-1) as Frame
  }

  /** All that one field of the frames said, in order. */
  told<K extends keyof Frame>(name: K): (NonNullable<Frame[K]> extends (infer T)[] ? T : NonNullable<Frame[K]>)[] {
    return this.frames.flatMap((frame) => (frame[name] ?? []) as never)
  }

  async close(): Promise<void> {
    this.socket.close()
    await until(() => this.closed !== undefined, 'the end of the connection')
  }
}
