import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useId, useMemo, useState } from 'react'
import { workersOfJobs } from '../data/calls.ts'
import { serverNow } from '../data/clock.ts'
import { byName } from '../data/workers.ts'
import { count, plural } from '../parts/format.ts'
import { Icon } from '../parts/Icon.tsx'
import { StateMark } from '../parts/StateMark.tsx'
import { useAddress } from '../parts/useAddress.ts'
import { View } from '../parts/View.tsx'
import { RUN_COLUMNS } from '../runs/columns.tsx'
import { RunTable } from '../runs/RunTable.tsx'
import { type Command, useCommands } from '../shell/commands.ts'
import { endOf, rowsOf } from './rows.ts'
import { DEFAULT_LAST, LASTS, moved, type Range, rangeOf, secondsOf, spanOf } from './span.ts'
import { Timeline } from './Timeline.tsx'
import { MOST_RUNS, useRuns } from './useRuns.ts'

const WORDS: Record<(typeof LASTS)[number], string> = {
  '15m': 'The last 15 minutes',
  '1h': 'The last hour',
  '6h': 'The last 6 hours',
  '1d': 'The last day',
}
const STATES = ['FINISHED', 'WORKING', 'ERROR', 'STOPPED', 'LOST'] as const
const MOST_OFFERED = 1000
/** What is typed is asked for when nobody typed for so long. */
const PAUSE_MS = 300

/** What the address says: which runs, of which time, shown as what. */
function useShown() {
  const { said, put } = useAddress()
  return useMemo(
    () => ({
      span: spanOf(said),
      job: said.get('job') ?? '',
      worker: said.get('worker') ?? '',
      asTable: said.get('as') === 'table',
      put,
    }),
    [said, put],
  )
}

export function ActivityView() {
  const { span, job, worker, asTable, put } = useShown()
  const { runs, error, isPending, cut } = useRuns(span, { job, worker })
  const rows = useMemo(() => rowsOf(runs, byName), [runs])
  // Once, and not by the stream: that tells whatever each of them does.
  const workers = useQuery({ queryKey: ['workers of jobs'], queryFn: ({ signal }) => workersOfJobs(signal) }).data
  const onRange = useCallback(
    ({ from, to }: Range) => put({ from: String(Math.round(from)), to: String(Math.round(to)), last: undefined }),
    [put],
  )
  const inTime = useMemo(() => {
    const now = serverNow()
    const { from, to } = rangeOf(span, now)
    return runs.filter((run) => endOf(run, now) >= from && ('last' in span || run.start <= to))
  }, [runs, span])
  const commands = useMemo<Command[]>(
    () => [
      {
        id: 'as table',
        label: asTable ? 'Show a timeline' : 'Show a table',
        group: 'View',
        keys: 'Alt+T',
        run: () => put({ as: asTable ? undefined : 'table' }),
      },
      ...LASTS.map((last) => ({
        id: `last ${last}`,
        label: WORDS[last],
        group: 'View',
        run: () => put({ last, from: undefined, to: undefined }),
      })),
    ],
    [asTable, put],
  )
  useCommands(commands)
  const ids = useMemo(() => inTime.map(({ id }) => id), [inTime])
  const empty = isPending ? '' : 'No run in this time.'
  return (
    <View
      title="Activity"
      problem={error?.message}
      head={
        <>
          <Typed label="Job" value={job} placeholder="all" numeric onChange={(next) => put({ job: next })} />
          <Typed
            label="Worker"
            value={worker}
            placeholder="all"
            offers={workers}
            onChange={(next) => put({ worker: next })}
          />
          <TimeChoice span={span} put={put} onRange={onRange} />
          <span className="fill" />
          <div className="switch" role="group" aria-label="Shown as">
            <button type="button" aria-pressed={!asTable} onClick={() => put({ as: undefined })}>
              Timeline
            </button>
            <button type="button" aria-pressed={asTable} onClick={() => put({ as: 'table' })}>
              Table
            </button>
          </div>
        </>
      }
    >
      {asTable ? (
        <RunTable name="runs" columns={RUN_COLUMNS} ids={ids} textOf={({ job_title }) => job_title} empty={empty} />
      ) : rows.length === 0 ? (
        <div className="timeline-place">
          <p className="grid-empty">{empty}</p>
        </div>
      ) : (
        <Timeline rows={rows} span={span} onRange={onRange} />
      )}
      <footer className="totals">
        <span>
          {isPending ? '' : cut ? `The newest ${count(MOST_RUNS)} runs of this time` : plural(inTime.length, 'run')}
        </span>
        {!asTable && (
          <>
            {STATES.map((state) => (
              <span key={state} className="key-to" data-state={state}>
                <i aria-hidden="true" />
                <StateMark state={state} />
              </span>
            ))}
            <span className="wide-only">Wheel: zoom. Drag, or Shift and wheel: move.</span>
          </>
        )}
      </footer>
    </View>
  )
}

interface TypedProps {
  label: string
  value: string
  placeholder: string
  numeric?: boolean
  /** What it may be. */
  offers?: readonly string[] | undefined
  onChange(value: string): void
}

/** A filter that is asked for when somebody stops typing. */
function Typed({ label, value, placeholder, numeric, offers, onChange }: TypedProps) {
  const [typed, setTyped] = useState(value)
  const list = useId()
  useEffect(() => setTyped(value), [value])
  useEffect(() => {
    if (typed === value) return
    const timer = setTimeout(() => onChange(typed.trim()), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [typed, value, onChange])
  return (
    <label className="typed">
      {label}
      <input
        className="field-input"
        value={typed}
        placeholder={placeholder}
        inputMode={numeric ? 'numeric' : undefined}
        autoComplete="off"
        spellCheck={false}
        list={offers && list}
        onChange={({ target }) => setTyped(target.value)}
      />
      {offers && (
        <datalist id={list}>
          {offers.slice(0, MOST_OFFERED).map((offer) => (
            <option key={offer} value={offer} />
          ))}
        </datalist>
      )}
    </label>
  )
}

/** As a field of the browser has it: this place's time, to the second. */
const local = (seconds: number): string => {
  const date = new Date((seconds - 60 * new Date(seconds * 1000).getTimezoneOffset()) * 1000)
  return date.toISOString().slice(0, 19)
}
/** Of a year that is typed, the first digits are one too: 2 is the year 0002. */
function secondsFrom(text: string): number | undefined {
  const seconds = Math.floor(new Date(text).getTime() / 1000)
  return seconds > 0 ? seconds : undefined
}

interface MomentProps {
  label: string
  at: number
  onChange(at: number): void
}

/** A moment, looked at as soon as what is typed is one. */
function Moment({ label, at, onChange }: MomentProps) {
  const [typed, setTyped] = useState<string>()
  return (
    <input
      className="field-input moment"
      type="datetime-local"
      step={1}
      max="9999-12-31T23:59:59"
      aria-label={label}
      value={typed ?? local(at)}
      onChange={({ target: { value } }) => {
        const next = secondsFrom(value)
        setTyped(next === undefined ? value : undefined)
        if (next !== undefined) onChange(next)
      }}
      onBlur={() => setTyped(undefined)}
    />
  )
}

interface TimeChoiceProps {
  span: ReturnType<typeof spanOf>
  put: ReturnType<typeof useShown>['put']
  onRange(range: Range): void
}

function TimeChoice({ span, put, onRange }: TimeChoiceProps) {
  const going = 'last' in span
  const chosen = going ? (LASTS.find((last) => secondsOf(last) === span.last) ?? DEFAULT_LAST) : 'between'
  const { from, to } = rangeOf(span, serverNow())
  return (
    <>
      <label className="typed">
        Time
        <select
          className="field-input"
          value={chosen}
          onChange={({ target: { value } }) =>
            value === 'between' ? onRange({ from, to }) : put({ last: value, from: undefined, to: undefined })
          }
        >
          {LASTS.map((last) => (
            <option key={last} value={last}>
              {WORDS[last]}
            </option>
          ))}
          <option value="between">From – to</option>
        </select>
      </label>
      {!going && (
        <>
          <Moment label="From" at={from} onChange={(at) => onRange(moved({ from, to }, 'from', at))} />
          <Moment label="To" at={to} onChange={(at) => onRange(moved({ from, to }, 'to', at))} />
          <button
            type="button"
            className="button"
            title="Go with the clock"
            onClick={() => put({ last: DEFAULT_LAST, from: undefined, to: undefined })}
          >
            <Icon name="play" />
            Live
          </button>
        </>
      )}
    </>
  )
}
