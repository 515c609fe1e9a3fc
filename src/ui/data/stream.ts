/** The connection to /api/stream: one for the page. Components say what they look at (`useWatch`); frames go to whoever listens. */
import { useCallback, useEffect, useId } from 'react'
import type { Frame, Here, Watch } from '../../watch.ts'
import { Store } from './store.ts'

export type Part = Omit<Watch, 'resume'>
/** live: told everything; lost: trying again; asleep: the tab is hidden, and costs nothing. */
export type Connection = 'connecting' | 'live' | 'lost' | 'asleep'

/** Scrolling says what it looks at so often at most. */
const SAY_MS = 60
/** A tab that is hidden for so long hangs up; shown again, it is told what it missed. */
const SLEEP_MS = 10_000
/** One that is quiet for so long is asked whether it is still there; it is lost when it says nothing for as long again. */
const QUIET_MS = 5000
const RETRY_MS = [250, 500, 1000, 2000, 5000]

class StreamClient {
  readonly connection = new Store<Connection>('connecting')
  /** What the server's clock is ahead of ours, in seconds. */
  readonly ahead = new Store(0)
  #parts = new Map<string, Part>()
  #listeners = new Set<(frame: Frame) => void>()
  #socket: WebSocket | undefined
  #said = ''
  #last: Pick<Frame, 'epoch' | 'seq'> | undefined
  #saying: ReturnType<typeof setTimeout> | undefined
  #saidAt = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #sleep: ReturnType<typeof setTimeout> | undefined
  #quiet: ReturnType<typeof setTimeout> | undefined
  #failures = 0

  start(): void {
    document.addEventListener('visibilitychange', () => this.#seen())
    addEventListener('online', () => {
      if (this.connection.get() !== 'asleep') this.#open()
    })
    this.#open()
    // It may have been opened behind another one.
    this.#seen()
  }

  listen(listener: (frame: Frame) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** One component's share of what the page looks at; undefined: nothing any more. */
  look(who: string, part: Part | undefined): void {
    if (part) this.#parts.set(who, part)
    else this.#parts.delete(who)
    // At once after a pause, with all that the other components say in the same turn.
    const wait = Math.max(0, this.#saidAt + SAY_MS - Date.now())
    this.#saying ??= setTimeout(() => {
      this.#saying = undefined
      this.#saidAt = Date.now()
      this.#say()
    }, wait)
  }

  #seen(): void {
    clearTimeout(this.#sleep)
    if (!document.hidden) {
      if (!this.#socket) this.#open()
      return
    }
    this.#sleep = setTimeout(() => {
      this.connection.set('asleep')
      clearTimeout(this.#retry)
      this.#drop()
    }, SLEEP_MS)
  }

  #drop(): void {
    clearTimeout(this.#quiet)
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
  }

  #open(): void {
    clearTimeout(this.#retry)
    if (this.#socket) return
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/stream`)
    this.#socket = socket
    this.#said = ''
    socket.onopen = () => this.#say()
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data) as Frame)
    socket.onclose = () => {
      if (this.#socket === socket) this.#lose()
    }
    this.#await()
  }

  #lose(): void {
    this.#drop()
    if (this.connection.get() !== 'connecting' || this.#failures > 0) this.connection.set('lost')
    this.#retry = setTimeout(() => this.#open(), RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)])
  }

  /** A cable that is pulled, or a server that stands still, closes nothing: only that nobody answers tells of it. */
  #await(): void {
    clearTimeout(this.#quiet)
    this.#quiet = setTimeout(() => {
      if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send('here?' satisfies Here)
      this.#quiet = setTimeout(() => this.#lose(), QUIET_MS)
    }, QUIET_MS)
  }

  #hear(frame: Frame): void {
    this.#failures = 0
    this.#await()
    this.#last = { epoch: frame.epoch, seq: frame.seq }
    this.ahead.set(frame.now - Math.floor(Date.now() / 1000))
    this.connection.set('live')
    for (const listener of this.#listeners) listener(frame)
  }

  #say(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    const first = this.#said === ''
    const watch = union(this.#parts.values())
    const text = JSON.stringify(watch)
    if (text === this.#said) return
    this.#said = text
    this.#socket.send(first && this.#last ? JSON.stringify({ ...watch, resume: this.#last }) : text)
  }
}

/** All that the parts look at. Runs are followed by one view at a time: the last one that asks for them counts. */
function union(parts: Iterable<Part>): Part {
  const jobs = new Set<number>()
  const parents = new Set<number>()
  const vitals = new Set<string>()
  const watch: Part = { logs: [] }
  for (const part of parts) {
    for (const id of part.jobs ?? []) jobs.add(id)
    for (const id of part.parents ?? []) parents.add(id)
    for (const name of part.vitals ?? []) vitals.add(name)
    watch.workers ||= part.workers
    watch.farm ||= part.farm
    watch.audit ||= part.audit
    watch.events = part.events ?? watch.events
    watch.frames = part.frames ?? watch.frames
    watch.logs?.push(...(part.logs ?? []))
  }
  return { ...watch, jobs: [...jobs], parents: [...parents], vitals: [...vitals] }
}

export const stream = new StreamClient()

/** Looks at something as long as the component is there. */
export function useWatch(part: Part): void {
  const who = useId()
  const text = JSON.stringify(part)
  useEffect(() => stream.look(who, JSON.parse(text) as Part), [who, text])
  useEffect(() => () => stream.look(who, undefined), [who])
}

/** For what changes with every row that is scrolled: the component says it, and is not drawn anew for it. */
export function useLook(): (part: Part) => void {
  const who = useId()
  useEffect(() => () => stream.look(who, undefined), [who])
  return useCallback((part: Part) => stream.look(who, part), [who])
}
