/** The server's time, in seconds since the epoch, ticking while somebody shows it. */
import { useSyncExternalStore } from 'react'
import { stream } from './stream.ts'

export const serverNow = (): number => Math.floor(Date.now() / 1000) + stream.ahead.get()

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    for (const each of listeners) each()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

export const useNow = (): number => useSyncExternalStore(subscribe, serverNow)
