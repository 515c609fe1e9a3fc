/** Letters go to the next row that begins so. What nobody has looked at is asked for, when the typing pauses. */
import { useCallback, useEffect, useRef } from 'react'
import { TypeToFind } from './gridKeys.ts'
import type { Lines, Selection } from './selection.ts'

const PAUSE_MS = 150

interface Finding<K> {
  lines: Lines<K>
  selection: Selection<K>
  textOf(key: K): string | undefined
  search?(word: string, signal: AbortSignal): Promise<ReadonlySet<K>>
}

/** Answers what to do with a key, and whether it was a letter of a word; `found` is told where to go. */
export function useTypeToFind<K>(now: Finding<K>, found: (index: number) => void): (key: string) => boolean {
  const finder = useRef(new TypeToFind())
  const asking = useRef<{ timer: ReturnType<typeof setTimeout>; abort: AbortController }>(undefined)
  // The answer comes later, when the table may be another one.
  const latest = useRef({ now, found })
  latest.current = { now, found }
  const stop = useCallback(() => {
    clearTimeout(asking.current?.timer)
    asking.current?.abort.abort()
  }, [])
  useEffect(() => stop, [stop])

  const arrive = (index: number | undefined) => {
    if (index !== undefined && index >= 0) latest.current.found(index)
  }
  const ask = async (word: string, signal: AbortSignal) => {
    const keys = await latest.current.now.search?.(word, signal).catch(() => undefined)
    if (!keys || signal.aborted) return
    const { lines, selection } = latest.current.now
    arrive(finder.current.find(lines, selection.active, (key) => keys.has(key)))
  }
  return (letter) => {
    if (!finder.current.takes(letter)) return false
    stop()
    const word = finder.current.type(letter)
    const { lines, selection, textOf } = now
    const index = finder.current.find(lines, selection.active, (key) => textOf(key)?.toLowerCase().startsWith(word))
    arrive(index)
    if (index !== undefined) return true
    const abort = new AbortController()
    asking.current = { abort, timer: setTimeout(() => void ask(word, abort.signal), PAUSE_MS) }
    return true
  }
}
