import { type KeyboardEvent, useCallback, useEffect, useId, useState } from 'react'
import { Icon } from '../parts/Icon.tsx'
import { PLACES, type Where } from './address.ts'
import { type Chip, chipText, FILTERS, type Filter, formatFilter, ONCE, parseFilter, withChip } from './filter.ts'
import { JOB_STATE_WORDS } from './stateWords.ts'

/** What a view's line takes. */
export interface FilterOffers {
  /** What can stand before a colon. */
  names: readonly string[]
  /** Those of which there is one chip. */
  once?: readonly string[]
  /** Words that are offered while somebody types. */
  words: readonly string[]
  placeholder: string
  hint: string
}

const JOBS: FilterOffers = {
  names: FILTERS,
  once: ONCE,
  words: JOB_STATE_WORDS.map((word) => `state:${word}`),
  placeholder: 'Filter: text, state:error, user:ann, priority:>500',
  hint: 'Text in the title, state:, user:, worker:, affinity:, priority:>500 or 10..20, started:2h',
}

interface FilterLineProps {
  /** The line as the address has it. */
  line: string
  onChange(line: string): void
  offers?: FilterOffers
  /** Where to look, in views whose rows hold others. */
  where?: Where
  onWhere?(where: Where): void
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
export function FilterLine({ line, onChange, offers = JOBS, where, onWhere }: FilterLineProps) {
  const { names, once = [] } = offers
  const parse = useCallback((text: string) => parseFilter(text, names), [names])
  const filter = parse(line)
  const [typed, setTyped] = useState(filter.text)
  const list = useId()
  // The address changed by itself: back, or a link.
  useEffect(() => setTyped(parse(line).text), [line, parse])
  const send = (next: Filter) => onChange(formatFilter(next))
  const take = (text: string) => {
    const { chips, text: rest } = parse(text)
    setTyped(rest)
    send({ chips: chips.reduce((all, chip) => withChip(all, chip, once), filter.chips), text: rest })
  }
  useEffect(() => {
    // A filter is a chip when it is complete: with Enter, or a space after it.
    const complete = /(^|\s)\w+:\S*$/.test(typed) ? undefined : typed
    if (complete === undefined || complete === parse(line).text) return
    const timer = setTimeout(() => onChange(formatFilter({ ...parse(line), text: complete })), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [typed, line, onChange, parse])
  const remove = (gone: Chip) => send({ ...filter, chips: filter.chips.filter((chip) => chip !== gone) })
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const last = filter.chips.at(-1)
    if (event.key === 'Enter' || (event.key === ' ' && parse(typed).chips.length > 0)) {
      event.preventDefault()
      take(typed)
    } else if (event.key === 'Backspace' && typed === '' && last) remove(last)
    else if (event.key === 'Escape') {
      setTyped('')
      send({ chips: filter.chips, text: '' })
      document.querySelector<HTMLElement>('[role="treegrid"], [role="grid"]')?.focus()
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
        placeholder={filter.chips.length > 0 ? '' : offers.placeholder}
        title={offers.hint}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {where && onWhere && (
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
      )}
      <datalist id={list}>
        {names.map((name) => (
          <option key={name} value={`${name}:`} />
        ))}
        {offers.words.map((word) => (
          <option key={word} value={word} />
        ))}
      </datalist>
    </search>
  )
}

/** Where the keyboard shortcut goes. */
export const focusFilter = () => document.getElementById('filter')?.focus()
