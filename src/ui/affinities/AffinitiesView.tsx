import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Affinities } from '../../models.ts'
import { getAffinities, setAffinities } from '../data/calls.ts'
import { queries } from '../data/live.ts'
import { Store, useStore } from '../data/store.ts'
import { Question } from '../parts/Dialog.tsx'
import { errorsOf } from '../parts/fieldErrors.ts'
import { plural } from '../parts/format.ts'
import { Problem } from '../parts/Problem.tsx'
import { say } from '../shell/toasts.tsx'
import { changesOf, consequences } from './changes.ts'

const NUMBERS = Array.from({ length: 63 }, (_, i) => String(i + 1))
const KEY = ['affinities']
/** What is typed and not saved stays when one looks at another view meanwhile. */
const draft = new Store<Affinities>({})

/** The numbered names: all of them on one page, edited where they stand. */
export function AffinitiesView() {
  const { data, error } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => getAffinities(signal), staleTime: 0 })
  const typed = useStore(draft)
  const [refused, setRefused] = useState<Error>()
  const [asking, setAsking] = useState(false)
  const changes = changesOf(data ?? {}, typed)
  const words = consequences(data ?? {}, changes)
  const count = Object.keys(changes).length
  const send = async () => {
    const sent = draft.get()
    try {
      await setAffinities(changes)
      // What was typed since is not saved.
      draft.set(Object.fromEntries(Object.entries(draft.get()).filter(([number, name]) => name !== sent[number])))
      setRefused(undefined)
      say(`${plural(count, 'name')} changed`)
      await queries.invalidateQueries({ queryKey: KEY })
    } catch (failure) {
      setRefused(failure as Error)
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (count === 0) return
    // A name for a number that had none changes nothing that is there.
    if (words.length > 0) setAsking(true)
    else void send()
  }
  const { at, other } = errorsOf(refused, NUMBERS)
  return (
    <form className="view" onSubmit={submit}>
      <div className="view-head">
        <h1 className="view-title">Affinities</h1>
        <p className="view-words">
          Numbered names of what jobs need and workers have. #5 in a job is what number 5 is called.
        </p>
        <button
          type="button"
          className="button"
          disabled={count === 0}
          onClick={() => {
            draft.set({})
            setRefused(undefined)
          }}
        >
          Take back
        </button>
        <button type="submit" className="button" data-kind="main" disabled={count === 0}>
          {count === 0 ? 'Save' : `Save ${plural(count, 'name')}`}
        </button>
      </div>
      <Problem words={error?.message ?? other} />
      <div className="affinities">
        <ol>
          {NUMBERS.map((number) => (
            <li key={number} data-touched={number in changes}>
              <label htmlFor={`affinity ${number}`}>{number}</label>
              <input
                id={`affinity ${number}`}
                className="field-input"
                value={typed[number] ?? data?.[number] ?? ''}
                disabled={data === undefined}
                autoComplete="off"
                spellCheck={false}
                aria-invalid={at(number) !== undefined}
                aria-describedby={at(number) !== undefined ? `problem ${number}` : undefined}
                onChange={({ target }) => draft.set({ ...draft.get(), [number]: target.value })}
              />
              <Problem field id={`problem ${number}`} words={at(number)} />
            </li>
          ))}
        </ol>
      </div>
      <Question
        title={`Change ${plural(count, 'name')}?`}
        text={words.join(' ')}
        yes={`Change ${plural(count, 'name')}`}
        open={asking}
        onYes={() => void send()}
        onClose={() => setAsking(false)}
      />
    </form>
  )
}
