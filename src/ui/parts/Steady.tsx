import { useRef } from 'react'
import { count } from './format.ts'

/** What a comma takes, in em, in the widest of the fonts of the page. */
const COMMA_EM = 0.35

/** A number that changes all the time: as wide as it ever was, so that what stands beside it stays where it is. */
export function Steady({ number }: { number: number }) {
  const text = count(number)
  const widest = useRef(0)
  widest.current = Math.max(widest.current, text.length)
  const commas = Math.floor((widest.current - 1) / 4)
  return (
    <b className="steady" style={{ minWidth: `calc(${widest.current - commas}ch + ${commas * COMMA_EM}em)` }}>
      {text}
    </b>
  )
}
