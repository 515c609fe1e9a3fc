/** What the foot of a list says. */
import { count } from './format.ts'
import { Steady } from './Steady.tsx'

export const wordFor = (number: number, what: string): string => `${what}${number === 1 ? '' : 's'}`

interface ListedProps {
  /** Undefined: it is not known yet, and no zero. */
  number: number | undefined
  word: string
  selected: number
}

export const Listed = ({ number, word, selected }: ListedProps) => (
  <span>
    {number !== undefined && (
      <>
        <b>{count(number)}</b> {wordFor(number, word)}
      </>
    )}
    {selected > 0 && (
      <>
        , <b>{count(selected)}</b> selected
      </>
    )}
  </span>
)

/** How many are in a state; coloured when there are any. */
export const Sum = ({ state, number, word }: { state: string; number: number; word: string }) => (
  <span className="sum" data-state={number > 0 ? state : undefined}>
    <Steady number={number} /> {word}
  </span>
)
