import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { Health } from '../../answers.ts'
import { getHealth } from '../data/calls.ts'
import { useNow } from '../data/clock.ts'
import { farm } from '../data/live.ts'
import { useStore } from '../data/store.ts'
import { useWatch } from '../data/stream.ts'
import { count, duration } from '../parts/format.ts'
import { Attention } from './Attention.tsx'
import { Charts } from './Charts.tsx'
import { LimitList } from './LimitList.tsx'

/** The whole farm on one screen: what it does, what it did, what it lacks. */
export function FarmView() {
  useWatch({ farm: true })
  return (
    <div className="view farm">
      <h1 className="unseen">Farm</h1>
      <Figures />
      <div className="farm-charts">
        <Charts />
      </div>
      <div className="farm-lists">
        <Attention />
        <LimitList />
      </div>
    </div>
  )
}

function Figures() {
  const health = useStore(farm)
  const backup = useQuery({
    queryKey: ['backup'],
    queryFn: ({ signal }) => getHealth(signal),
    staleTime: 0,
    refetchInterval: 60_000,
  }).data
  const { jobs, workers } = health ?? {}
  return (
    <dl className="figures">
      <Figure name="Running" state="WORKING" value={jobs?.working} to="/jobs?q=state%3Aworking" />
      <Figure name="Ready" value={jobs?.ready} />
      <Figure name="Held" value={jobs && heldOf(jobs)} />
      <Figure name="Failed" state="ERROR" value={jobs?.errors} to="/jobs?q=state%3Aerror" />
      <Figure name="Finished" state="FINISHED" value={jobs?.finished} of={jobs?.total} />
      <Figure
        name="Busy workers"
        state="WORKING"
        value={workers?.working}
        of={workers?.total}
        to="/farm/workers?q=state%3Aworking"
      />
      <Figure name="Silent workers" state="TIMEOUT" value={workers?.timeout} to="/farm/workers?q=state%3Atimeout" />
      <div className="figure">
        <dt>Backup</dt>
        <dd>{backup && <Backup standing={backup.backup} />}</dd>
      </div>
    </dl>
  )
}

/** Leaves that wait for others, for a time, or are paused, themselves or with a group. */
const heldOf = ({ total, working, finished, errors, ready }: Health['jobs']): number =>
  Math.max(0, total - working - finished - errors - ready)

interface FigureProps {
  name: string
  value: number | undefined
  of?: number | undefined
  state?: string
  to?: string
}

function Figure({ name, value, of, state, to }: FigureProps) {
  const shown: ReactNode = value === undefined ? '' : count(value)
  return (
    <div className="figure" data-state={value ? state : undefined}>
      <dt>{name}</dt>
      <dd>
        {to ? <Link href={to}>{shown}</Link> : <b>{shown}</b>}
        {of !== undefined && <span className="dim"> of {count(of)}</span>}
      </dd>
    </div>
  )
}

function Backup({ standing }: { standing: { last: number; problem?: string } | undefined }) {
  const now = useNow()
  if (!standing) return <span className="dim">no schedule</span>
  const { last, problem } = standing
  const words = last === 0 ? 'none yet' : `${duration(Math.max(0, now - last))} ago`
  return (
    <span className="backup" data-problem={problem !== undefined} title={problem}>
      {words}
      {problem && <span role="alert">{problem}</span>}
    </span>
  )
}
