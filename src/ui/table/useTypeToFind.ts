/** Letters go to the next row that begins so. What nobody has looked at is asked for, when the typing pauses. */
import { useEffect, useRef } from 'react'
import { TypeToFind } from './gridKeys.ts'
import type { Lines, Selection } from './selection.ts'

const PAUSE_MS = 150

interface Finding<K> {
  lines: Lines<K>
  selection: Selection<K>
  textOf(key: K): string | undefined
  search?(word: string, signal: AbortSignal): Promise<ReadonlySet<K>>
}

/** Answers what to do with a letter; `found` is told where to go. */
export function useTypeToFind<K>(now: Finding<K>, found: (index: number) => void): (letter: string) => void {
  const finder = useRef(new TypeToFind())
  const asking = useRef<{ timer: ReturnType<typeof setTimeout>; abort: AbortController }>(undefined)
  // The answer comes later, when the table may be another one.
  const latest = useRef({ now, found })
  latest.current = { now, found }
  const stop = () => {
    clearTimeout(asking.current?.timer)
    asking.current?.abort.abort()
  }
  useEffect(
    () => () => {
      clearTimeout(asking.current?.timer)
      asking.current?.abort.abort()
    },
    [],
  )

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
    stop()
    const word = finder.current.type(letter)
    const { lines, selection, textOf } = now
    const index = finder.current.find(lines, selection.active, (key) => textOf(key)?.toLowerCase().startsWith(word))
    arrive(index)
    if (index !== undefined) return
    const abort = new AbortController()
    asking.current = { abort, timer: setTimeout(() => void ask(word, abort.signal), PAUSE_MS) }
  }
}
