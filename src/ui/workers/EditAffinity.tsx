import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useId, useRef, useState } from 'react'
import { editWorkers, getAffinities, neededAffinities } from '../data/calls.ts'
import { workerRows } from '../data/workers.ts'
import { Dialog, DialogFoot } from '../parts/Dialog.tsx'
import { plural } from '../parts/format.ts'
import { Problem } from '../parts/Problem.tsx'
import { Request } from '../parts/Request.tsx'
import { say } from '../shell/toasts.tsx'
import { completed, namesIn, suggested } from './words.ts'

const MOST_SHOWN = 3
const MOST_SUGGESTED = 24

/** The names that there are: the numbered ones, what jobs need, what the workers have. */
function useKnownNames(names: readonly string[]): string[] {
  const numbered = useQuery({ queryKey: ['affinities'], queryFn: ({ signal }) => getAffinities(signal), staleTime: 0 })
  const needed = useQuery({ queryKey: ['needed'], queryFn: ({ signal }) => neededAffinities(signal), staleTime: 0 })
  return namesIn([
    ...Object.values(numbered.data ?? {}),
    ...(needed.data ?? []).map(({ affinity }) => affinity),
    ...names.flatMap((name) => workerRows.get(name)?.affinity ?? []),
  ])
}

export function EditAffinity({ names, onClose }: { names: readonly string[]; onClose(): void }) {
  const rows = names.flatMap((name) => workerRows.get(name) ?? [])
  const same = rows.length === names.length && rows.every(({ affinity }) => affinity === rows[0]?.affinity)
  const [typed, setTyped] = useState<{ text: string; at: number }>()
  const [refused, setRefused] = useState<Error>()
  const area = useRef<HTMLTextAreaElement>(null)
  const id = useId()
  const known = useKnownNames(names)
  const first = same ? (rows[0]?.affinity ?? '') : ''
  const now = typed ?? { text: first, at: first.length }
  const offers = suggested(known, now).slice(0, MOST_SUGGESTED)
  const edits = (some: readonly string[]) => Object.fromEntries(some.map((name) => [name, { affinity: now.text }]))
  const take = (name: string) => {
    const next = completed(known, now, name)
    setTyped(next)
    const { current } = area
    current?.focus()
    // After React has put the text there.
    requestAnimationFrame(() => current?.setSelectionRange(next.at, next.at))
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      await editWorkers(edits(names))
      say(`Affinity of ${plural(names.length, 'worker')} changed`)
      onClose()
    } catch (error) {
      setRefused(error as Error)
    }
  }
  const title = names.length === 1 ? `Affinity of ${names[0]}` : `Affinity of ${plural(names.length, 'worker')}`
  return (
    <Dialog title={title} open onClose={onClose} typed={typed !== undefined}>
      <form onSubmit={submit} className="affinity-form">
        <label htmlFor={id}>Lines, the most preferred first; each line names separated by commas</label>
        <textarea
          ref={area}
          id={id}
          className="field-input"
          rows={4}
          value={now.text}
          placeholder={same ? 'LINUX,GPU' : 'Mixed values'}
          spellCheck={false}
          aria-describedby={`${id} error`}
          aria-invalid={refused !== undefined}
          onChange={({ target }) => setTyped({ text: target.value, at: target.selectionStart })}
          onSelect={({ currentTarget }) =>
            typed && setTyped({ text: currentTarget.value, at: currentTarget.selectionStart })
          }
        />
        <Problem field id={`${id} error`} words={refused?.message} />
        <fieldset className="suggestions" aria-label="Names to add">
          {offers.map((name) => (
            <button key={name} type="button" className="suggestion" onClick={() => take(name)}>
              {name}
            </button>
          ))}
        </fieldset>
        {typed && (
          <Request
            method="POST"
            path={`/api/workers${names.length > MOST_SHOWN ? `, and the same for ${plural(names.length - MOST_SHOWN, 'more worker')}` : ''}`}
            body={edits(names.slice(0, MOST_SHOWN))}
          />
        )}
        <DialogFoot yes={`Change ${plural(names.length, 'worker')}`} unable={!typed} onClose={onClose} />
      </form>
    </Dialog>
  )
}
