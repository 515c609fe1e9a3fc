import { TypeCompiler } from '@sinclair/typebox/compiler'
import { Elysia } from 'elysia'
import type { Veil } from '../doors/veil.ts'
import { FarmError } from '../errors.ts'
import type { Farm } from '../farm.ts'
import { type Here, Watch } from '../watch.ts'
import { Follower, Rows } from './follower.ts'
import type { Guard } from './guard.ts'
import { misfit } from './words.ts'

/** Frames a second: what changes meanwhile is told in one. */
const FRAME_MS = 100
/** A connection that has this much under way gets nothing more until it has read it: with the ring of changes, all that a slow one costs. */
const MOST_UNDERWAY = 512 * 1024
/** Pages that can be open at a time; a browser that opens them without end must not fill the memory. */
const MOST_FOLLOWERS = 2000
const MOST_SAID = 256 * 1024
/** How often those who showed a credential are looked at again: one that was revoked opens nothing, also what was opened before. */
const LOOK_AGAIN_MS = 1000

/** What a WebSocket is to the stream. */
interface Socket {
  send(text: string): unknown
  getBufferedAmount(): number
  close(code: number, reason: string): void
}

/** Elysia's type of Bun's own socket leaves out how much is under way. */
const bun = (raw: object) => raw as Socket

const shape = TypeCompiler.Compile(Watch)

/**
 * Tells every page what it looks at, a round for all of them at a time. A round begins as soon as something changed, and
 * 100 ms after the one before at the earliest.
 */
export class Stream {
  #followers = new Map<Socket, Follower>()
  /** Of those who showed a credential: whether it still opens what it did. */
  #stays = new Map<Socket, () => boolean>()
  #again: ReturnType<typeof setInterval> | undefined
  #leave: (() => void) | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #last = 0
  /** Numbers of commits begin anew with each life of the server. */
  readonly epoch = crypto.randomUUID()

  constructor(private readonly farm: Farm) {}

  join(socket: Socket, veil: Veil | undefined, stays: (() => boolean) | undefined): void {
    if (this.#followers.size >= MOST_FOLLOWERS) {
      socket.close(1013, `${MOST_FOLLOWERS} pages are open already: close some.`)
      return
    }
    this.#leave ??= this.farm.core.changes.listen(() => this.wake())
    this.#followers.set(socket, new Follower(this.farm, this.epoch, veil))
    if (!stays) return
    this.#stays.set(socket, stays)
    this.#again ??= setInterval(() => this.#lookAgain(), LOOK_AGAIN_MS)
  }

  leave(socket: Socket): void {
    if (!this.#followers.delete(socket)) return
    this.#stays.delete(socket)
    if (this.#stays.size === 0) {
      clearInterval(this.#again)
      this.#again = undefined
    }
    this.#lookAt()
    if (this.#followers.size > 0) return
    this.#leave?.()
    this.#leave = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** `watch` is what Elysia made of the text: JSON, or the text when it is none. */
  hear(socket: Socket, watch: unknown): void {
    const follower = this.#followers.get(socket)
    if (!follower) return
    try {
      if (watch === ('here?' satisfies Here)) follower.owe()
      else if (shape.Check(watch)) follower.look(watch)
      else throw misfit(shape.Errors(watch).First(), watch)
    } catch (error) {
      if (!(error instanceof FarmError)) throw error
      // The reason of a close is 123 bytes at most; a page of this server never sends what is refused.
      socket.close(1008, Buffer.from(error.message).subarray(0, 120).toString().replace(/�+$/, ''))
      return
    }
    this.#lookAt()
    // Told at once, out of turn: somebody scrolls, and waits for rows.
    this.#tell(socket, follower, new Rows(this.farm), this.farm.core.signs.peek())
  }

  /** Something changed, or a slow connection can take more. */
  wake(): void {
    // Not before the caller is done: what is only in memory changes after the commit (core.ts).
    this.#timer ??= setTimeout(() => this.#round(), Math.max(0, this.#last + FRAME_MS - performance.now()))
  }

  #lookAgain(): void {
    for (const [socket, stays] of this.#stays) {
      if (stays()) continue
      socket.close(1008, 'This sign-in has ended, or may do something else by now: connect again.')
      this.leave(socket)
    }
  }

  #round(): void {
    this.#timer = undefined
    this.#last = performance.now()
    const rows = new Rows(this.farm)
    const signs = this.farm.core.signs.take()
    for (const [socket, follower] of this.#followers) this.#tell(socket, follower, rows, signs)
  }

  #tell(socket: Socket, follower: Follower, rows: Rows, signs: ReturnType<Farm['core']['signs']['take']>): void {
    if (socket.getBufferedAmount() > MOST_UNDERWAY) return
    const frame = follower.next(rows, signs)
    if (frame !== undefined) socket.send(frame)
    if (follower.behind) this.wake()
  }

  #lookAt(): void {
    const followers = [...this.#followers.values()]
    this.farm.core.signs.watch(
      {
        jobs: new Set(followers.flatMap(({ jobs }) => [...jobs])),
        workers: new Set(followers.flatMap(({ vitals }) => [...vitals])),
        logs: new Set(followers.flatMap(({ logs }) => [...logs.keys()])),
      },
      () => this.wake(),
    )
  }
}

/**
 * What the page looks at, live. A WebSocket and not server-sent events: a page says anew what it looks at whenever somebody
 * scrolls, and a browser holds six event streams to a server at most, so the seventh open page would get no answer at all.
 * No preflight guards a WebSocket: the guard asks of which site the page is, as with a change.
 */
export const streamRoutes = (farm: Farm, guard: Guard) => {
  const stream = new Stream(farm)
  return new Elysia({ websocket: { maxPayloadLength: MOST_SAID, perMessageDeflate: false } }).ws('/api/stream', {
    open: (ws) => stream.join(bun(ws.raw), guard.veilOf(ws.data.request), guard.staysOf(ws.data.request)),
    message: (ws, message) => stream.hear(bun(ws.raw), message),
    drain: () => stream.wake(),
    close: (ws) => stream.leave(bun(ws.raw)),
    detail: { hide: true },
  })
}
