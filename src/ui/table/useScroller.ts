import { type RefObject, useLayoutEffect, useRef, useState } from 'react'

/**
 * The element that scrolls, for rows that are drawn inside of it. Their effects come before its ref is set, so they find
 * nothing to be measured by: they are drawn once more when it is there, or would stay away until something else changes.
 */
export function useScroller(): RefObject<HTMLDivElement | null> {
  const scroller = useRef<HTMLDivElement>(null)
  const [, setThere] = useState(false)
  useLayoutEffect(() => setThere(true), [])
  return scroller
}
