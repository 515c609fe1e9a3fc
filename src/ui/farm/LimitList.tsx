import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { LimitEdits, Limits } from '../../models.ts'
import { getLimits, setLimits } from '../data/calls.ts'
import { farm, queries } from '../data/live.ts'
import { Bar } from '../parts/Bar.tsx'
import { Question } from '../parts/Dialog.tsx'
import { count } from '../parts/format.ts'
import { Icon } from '../parts/Icon.tsx'
import { Problem } from '../parts/Problem.tsx'
import { useNews } from '../parts/useNews.ts'
import { complain } from '../shell/toasts.tsx'

const KEY = ['limits']
const AGAIN_MS = 1000
type Limit = Limits[string]
type Per = Limit['per']

/** Answers why the server said no, if it did. */
async function send(edits: LimitEdits): Promise<string | undefined> {
  try {
    await setLimits(edits)
    await queries.invalidateQueries({ queryKey: KEY })
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function remove(name: string): Promise<void> {
  const problem = await send({ [name]: null })
  if (problem !== undefined) complain(`Could not remove the limit ${name}`, problem)
}

/** What is no number is sent as it was typed: the server says what is wrong with it. */
const numberOf = (text: string) => (/^\s*\d+\s*$/.test(text) ? Number(text) : text) as number

/** The limits of the farm with their use, changed where they stand. */
export function LimitList() {
  const { data, error } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => getLimits(signal), staleTime: 0 })
  useNews(farm, KEY, AGAIN_MS)
  const [doomed, setDoomed] = useState<string>()
  const limits = Object.entries(data ?? {})
  return (
    <section className="card limits" aria-labelledby="limits">
      <header className="card-head">
        <h2 id="limits">Limits</h2>
      </header>
      <Problem words={error?.message} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to get there. */}
      <div className="card-scroll" tabIndex={0} role="region" aria-labelledby="limits">
        {data && limits.length === 0 && (
          <p className="card-empty">No limit is set: licences, seats of a file server.</p>
        )}
        <ul>
          {limits.map(([name, limit]) => (
            <LimitRow key={name} name={name} limit={limit} onRemove={() => setDoomed(name)} />
          ))}
        </ul>
        {data && <NewLimit known={data} />}
      </div>
      <Question
        title={`Remove the limit ${doomed}?`}
        text={`Jobs that name ${doomed} are not held by it any more; ${count(data?.[doomed ?? '']?.used ?? 0)} that count in it go on.`}
        yes="Remove it"
        open={doomed !== undefined}
        onYes={() => void remove(doomed ?? '')}
        onClose={() => setDoomed(undefined)}
      />
    </section>
  )
}

interface LimitRowProps {
  name: string
  limit: Limit
  onRemove(): void
}

function LimitRow({ name, limit: { max, per, used }, onRemove }: LimitRowProps) {
  const share = max === 0 ? 1 : Math.min(1, used / max)
  const [typed, setTyped] = useState<string>()
  const [refused, setRefused] = useState<string>()
  const change = async (edit: number | { max: number; per: Per }) => {
    const problem = await send({ [name]: edit })
    setRefused(problem)
    if (problem === undefined) setTyped(undefined)
  }
  const submit = () => {
    if (typed !== undefined && typed.trim() !== String(max)) void change(numberOf(typed))
    else setTyped(undefined)
  }
  return (
    <li>
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          submit()
        }}
      >
        <span className="limit-name" title={name}>
          {name}
        </span>
        <Bar parts={[{ share, colour: share === 1 ? 'var(--pending)' : 'var(--accent)' }]} />
        <span className="limit-used">
          <b>{count(used)}</b> of
        </span>
        <input
          className="field-input"
          aria-label={`Most of ${name}`}
          inputMode="numeric"
          autoComplete="off"
          value={typed ?? String(max)}
          aria-invalid={refused !== undefined}
          onChange={({ target }) => setTyped(target.value)}
          onBlur={submit}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return
            setTyped(undefined)
            setRefused(undefined)
          }}
        />
        <PerSelect
          label={`What ${name} counts`}
          value={per}
          // What was typed is not known of the row before it is asked for again.
          onChange={(next) => void change({ max: typed === undefined ? max : numberOf(typed), per: next })}
        />
        <button type="button" className="icon-button" aria-label={`Remove ${name}`} onClick={onRemove}>
          <Icon name="close" />
        </button>
        <Problem field words={refused} />
      </form>
    </li>
  )
}

function PerSelect({ label, value, onChange }: { label: string; value: Per; onChange(value: Per): void }) {
  return (
    <select aria-label={label} value={value} onChange={({ target }) => onChange(target.value as Per)}>
      <option value="run">runs</option>
      <option value="host">hosts</option>
    </select>
  )
}

function NewLimit({ known }: { known: Limits }) {
  const [name, setName] = useState('')
  const [max, setMax] = useState('')
  const [per, setPer] = useState<Per>('run')
  const [refused, setRefused] = useState<string>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (Object.hasOwn(known, name)) return setRefused(`There is a limit ${name} already: change it where it stands.`)
    const problem = await send({ [name]: per === 'run' ? numberOf(max) : { max: numberOf(max), per } })
    setRefused(problem)
    if (problem !== undefined) return
    setName('')
    setMax('')
  }
  return (
    <form className="new-limit" onSubmit={submit}>
      <input
        className="field-input"
        aria-label="Name of a new limit"
        placeholder="New limit"
        autoComplete="off"
        spellCheck={false}
        value={name}
        onChange={({ target }) => setName(target.value)}
      />
      <input
        className="field-input"
        aria-label="Most of the new limit"
        placeholder="10"
        inputMode="numeric"
        autoComplete="off"
        value={max}
        onChange={({ target }) => setMax(target.value)}
      />
      <PerSelect label="What the new limit counts" value={per} onChange={setPer} />
      <button type="submit" className="icon-button" aria-label="Add the limit" disabled={name === '' || max === ''}>
        <Icon name="plus" />
      </button>
      <Problem field words={refused} />
    </form>
  )
}
