import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { Event, Worker } from '../../models.ts'
import { listEvents, whyWorker } from '../data/calls.ts'
import { serverNow, useNow } from '../data/clock.ts'
import { farm, queries } from '../data/live.ts'
import { useRow } from '../data/rows.ts'
import { stream, useWatch } from '../data/stream.ts'
import { workerRows } from '../data/workers.ts'
import { count, duration, memory, moment } from '../parts/format.ts'
import { Icon } from '../parts/Icon.tsx'
import { JobLink } from '../parts/JobLink.tsx'
import { Problem } from '../parts/Problem.tsx'
import { StateMark } from '../parts/StateMark.tsx'
import { useNews } from '../parts/useNews.ts'
import { loadsOf, shownState } from './state.ts'

/** Runs of its history that are shown; the Activity has the rest. */
const MOST_RUNS = 100
/** What becomes ready changes why it waits; it is asked so often at most. */
const WHY_AGAIN_MS = 2000

interface WorkerPanelProps {
  name: string
  onClose(): void
}

/** One worker: why it has nothing to do, what it is, what it did. */
export function WorkerPanel({ name, onClose }: WorkerPanelProps) {
  const worker = useRow(workerRows, name)
  useWatch({ workers: true, vitals: [name] })
  return (
    <aside className="panel" aria-label={`Worker ${name}`}>
      <header className="panel-head">
        <h2 title={name}>{name}</h2>
        {worker && <StateMark state={shownState(worker)} />}
        <button type="button" className="icon-button" aria-label="Close the panel" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div className="panel-body">
        {worker ? (
          <>
            <Why worker={worker} />
            <Facts worker={worker} />
          </>
        ) : (
          <p className="dim">There is no such worker.</p>
        )}
        <History name={name} />
      </div>
    </aside>
  )
}

function Why({ worker }: { worker: Worker }) {
  const { name, state, current_event, active, affinity, finished, error } = worker
  const key = ['why', name]
  const { data, error: refused } = useQuery({
    queryKey: [...key, state, current_event, active, affinity, finished + error],
    queryFn: ({ signal }) => whyWorker(name, signal),
    placeholderData: (before) => before,
  })
  useNews(farm, key, WHY_AGAIN_MS)
  return (
    <section aria-label={current_event > 0 ? 'What it does' : 'Why it waits'} className="why">
      <h3>{current_event > 0 ? 'What it does' : 'Why it waits'}</h3>
      {refused ? <Problem words={refused.message} /> : <p aria-live="polite">{data?.text}</p>}
      {current_event > 0 && worker.last_job > 0 && (
        <p>
          <JobLink id={worker.last_job} title={undefined} />
        </p>
      )}
      {data?.next !== undefined && (
        <p>
          Next: <JobLink id={data.next} title={undefined} />
        </p>
      )}
    </section>
  )
}

function Facts({ worker }: { worker: Worker }) {
  const now = useNow()
  const loads = loadsOf(worker)
  const { taken_cores, cores, taken_gpus, gpus, taken_memory } = worker
  const facts: [string, string][] = [
    ['Last sign', worker.ping_time === 0 ? 'never' : `${duration(Math.max(0, now - worker.ping_time))} ago`],
    ['Host', [worker.host, worker.ip].filter(Boolean).join(', ')],
    ['Affinity', worker.affinity || 'none: it takes jobs that need no name'],
    ['Machine', [loads.length > 0 && `${loads.length} cores`, memory(worker.total_memory)].filter(Boolean).join(', ')],
    ['Cores', `${taken_cores} of ${cores} taken`],
    ['GPUs', `${taken_gpus} of ${gpus} taken`],
    ['Memory', `${memory(taken_memory)} of ${memory(worker.memory)} taken`],
    ['Runs', `${count(worker.finished)} finished, ${count(worker.error)} failed`],
  ]
  return (
    <dl className="facts">
      {facts
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}

/** Its runs, the newest first, live. */
function History({ name }: { name: string }) {
  const queryKey = ['events', 'worker', name]
  const { data, error } = useQuery({
    queryKey,
    queryFn: ({ signal }) => listEvents({ worker: name, sort: '-id', limit: String(MOST_RUNS) }, signal),
  })
  useWatch({ events: { worker: name } })
  useEffect(() => {
    const key = ['events', 'worker', name]
    return stream.listen(({ events = [], eventsMissed }) => {
      const mine = events.filter(({ worker }) => worker === name)
      if (eventsMissed) void queries.invalidateQueries({ queryKey: key })
      else if (mine.length > 0) queries.setQueryData<Event[]>(key, (known) => known && merged(known, mine))
    })
  }, [name])
  return (
    <section aria-label="History">
      <h3>History</h3>
      <Problem words={error?.message} />
      {data?.length === 0 && <p className="dim">It has run nothing yet.</p>}
      <ol className="runs">
        {data?.map((event) => (
          <li key={event.id}>
            <StateMark state={event.state} />
            <JobLink id={event.job_id} title={event.job_title} />
            <span className="dim">{moment(event.start, serverNow())}</span>
            <span className="dim">{event.state === 'WORKING' ? 'runs' : duration(event.duration)}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}

/** What came takes the place of what was known of the same runs. */
function merged(known: readonly Event[], fresh: readonly Event[]): Event[] {
  const all = new Map([...known, ...fresh].map((event) => [event.id, event]))
  return [...all.values()].sort((a, b) => b.id - a.id).slice(0, MOST_RUNS)
}
