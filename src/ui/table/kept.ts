/** What a view looked like when it was left: whoever comes back finds it so. As long as the page, and not longer. */
import { type Dispatch, type RefObject, type SetStateAction, useEffect, useLayoutEffect, useRef, useState } from 'react'

/** Views remembered; the one left longest ago is forgotten first. */
const MOST = 60
const kept = new Map<string, unknown>()

function keep(key: string, value: unknown): void {
  kept.delete(key)
  kept.set(key, value)
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST) return
    kept.delete(oldest)
  }
}

/** A state that outlives its component. */
export function useKept<T>(key: string, initial: () => T): [T, Dispatch<SetStateAction<T>>] {
  const [value, setValue] = useState(() => (kept.has(key) ? (kept.get(key) as T) : initial()))
  const latest = useRef(value)
  latest.current = value
  useEffect(() => () => keep(key, latest.current), [key])
  return [value, setValue]
}

/** Where a list was scrolled to, as soon as it is `ready` to be scrolled there again. */
export function useKeptScroll(scroller: RefObject<HTMLElement | null>, key: string, ready: boolean): void {
  const done = useRef(false)
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element || !ready || done.current) return
    done.current = true
    const top = kept.get(key)
    if (typeof top === 'number') element.scrollTop = top
  }, [scroller, key, ready])
  useLayoutEffect(() => {
    const element = scroller.current
    let top = 0
    // When the component goes, the element is at the top already.
    const note = () => {
      top = element?.scrollTop ?? 0
    }
    element?.addEventListener('scroll', note, { passive: true })
    return () => {
      element?.removeEventListener('scroll', note)
      keep(key, top)
    }
  }, [scroller, key])
}
