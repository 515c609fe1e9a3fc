import { type KeyboardEvent, useEffect, useId, useState } from 'react'
import { Icon } from '../parts/Icon.tsx'
import { PLACES, type Where } from './address.ts'
import { type Chip, chipText, FILTERS, type Filter, formatFilter, parseFilter } from './filter.ts'
import { JOB_STATE_WORDS } from './stateWords.ts'

interface FilterLineProps {
  /** The line as the address has it. */
  line: string
  onChange(line: string): void
  where: Where
  onWhere(where: Where): void
}

const WHERE: Record<Where, { word: string; says: string }> = {
  tree: { word: 'In the tree', says: 'What passes the filter, here and in all groups below, with the groups it is in' },
  here: {
    word: 'This list only',
    says: 'What passes the filter in this list; groups that you open show all they hold',
  },
  flat: { word: 'Flat', says: 'All that is below, without its groups: one list to sort' },
}

/** What is typed is asked for when nobody typed for so long. */
const PAUSE_MS = 250

/** Text for the title, and `state:error user:ann priority:>500` as chips. */
export function FilterLine({ line, onChange, where, onWhere }: FilterLineProps) {
  const filter = parseFilter(line)
  const [typed, setTyped] = useState(filter.text)
  const list = useId()
  // The address changed by itself: back, or a link.
  useEffect(() => setTyped(parseFilter(line).text), [line])
  const send = (next: Filter) => onChange(formatFilter(next))
  const take = (text: string) => {
    const { chips, text: rest } = parseFilter(text)
    setTyped(rest)
    send({ chips: [...filter.chips, ...chips], text: rest })
  }
  useEffect(() => {
    // A filter is a chip when it is complete: with Enter, or a space after it.
    const complete = /(^|\s)\w+:\S*$/.test(typed) ? undefined : typed
    if (complete === undefined || complete === parseFilter(line).text) return
    const timer = setTimeout(() => onChange(formatFilter({ ...parseFilter(line), text: complete })), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [typed, line, onChange])
  const remove = (gone: Chip) => send({ ...filter, chips: filter.chips.filter((chip) => chip !== gone) })
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const last = filter.chips.at(-1)
    if (event.key === 'Enter' || (event.key === ' ' && parseFilter(typed).chips.length > 0)) {
      event.preventDefault()
      take(typed)
    } else if (event.key === 'Backspace' && typed === '' && last) remove(last)
    else if (event.key === 'Escape') {
      setTyped('')
      send({ chips: filter.chips, text: '' })
      document.querySelector<HTMLElement>('[role="treegrid"]')?.focus()
    }
  }
  return (
    <search className="filter">
      <Icon name="filter" />
      {filter.chips.map((chip) => (
        <span key={chipText(chip)} className="chip">
          <span>
            {chip.name}:<b>{chip.value}</b>
          </span>
          <button type="button" aria-label={`Without ${chipText(chip)}`} onClick={() => remove(chip)}>
            <Icon name="close" />
          </button>
        </span>
      ))}
      <input
        id="filter"
        list={list}
        value={typed}
        aria-label="Filter"
        placeholder={filter.chips.length > 0 ? '' : 'Filter: text, state:error, user:ann, priority:>500'}
        title="Text in the title, state:, user:, worker:, affinity:, priority:>500 or 10..20, started:2h"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <select
        className="where"
        aria-label="Where to look"
        title={WHERE[where].says}
        value={where}
        onChange={(event) => onWhere(event.target.value as Where)}
      >
        {PLACES.map((place) => (
          <option key={place} value={place} title={WHERE[place].says}>
            {WHERE[place].word}
          </option>
        ))}
      </select>
      <datalist id={list}>
        {FILTERS.map((name) => (
          <option key={name} value={`${name}:`} />
        ))}
        {JOB_STATE_WORDS.map((word) => (
          <option key={word} value={`state:${word}`} />
        ))}
      </datalist>
    </search>
  )
}

/** Where the keyboard shortcut goes. */
export const focusFilter = () => document.getElementById('filter')?.focus()
