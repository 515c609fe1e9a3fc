import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { Job } from '../../models.ts'
import { useNow } from '../data/clock.ts'
import { Crumb } from '../jobs/Crumbs.tsx'
import { durationAt, remaining } from '../jobs/estimate.ts'
import { seenAt } from '../jobs/seen.ts'
import { Toolbar } from '../jobs/Toolbar.tsx'
import { count, duration, plural } from '../parts/format.ts'
import { Progress } from '../parts/Progress.tsx'
import { StateMark } from '../parts/StateMark.tsx'
import type { Command } from '../shell/commands.ts'
import { Reasons } from './Reasons.tsx'

/** What the job is, how far it is, and why it is in its state. */
export function Head({ job, commands }: { job: Job; commands: readonly Command[] }) {
  const { id, parent, title, state, command } = job
  return (
    <>
      <div className="view-head job-crumbs">
        <nav className="crumbs" aria-label="Groups">
          <ol>
            <li>
              <Link href="/jobs">All jobs</Link>
            </li>
            {parent !== 0 && <Crumb id={parent} />}
          </ol>
        </nav>
        <Toolbar commands={commands} />
      </div>
      <header className="job-head">
        <div className="job-line">
          <h1>
            <span title={title}>{title || <em>no title</em>}</span> <small className="job-number">#{id}</small>
          </h1>
          <StateMark state={state} />
          <Progress job={job} />
          <Times job={job} />
          {command === '' && (
            <Link href={`/jobs/${id}`} className="button">
              Jobs of the group
            </Link>
          )}
        </div>
        <Reasons id={id} />
      </header>
    </>
  )
}

/** How long it took, and how long it still takes, while that can be said. */
function Times({ job }: { job: Job }) {
  const now = useNow()
  const spent = durationAt(job, seenAt(job), now)
  const left = remaining(job, spent)
  const group = job.command === ''
  return (
    <span className="times">
      {group && <Time word={job.total === 1 ? 'frame' : 'frames'}>{count(job.total)}</Time>}
      {spent > 0 && (
        <Time word={group ? 'rendered' : job.state === 'WORKING' ? 'until now' : 'last run'}>{duration(spent)}</Time>
      )}
      {left !== undefined && (
        <Time word="left" title={`About ${duration(left)}, as it went until now`}>
          {duration(left)}
        </Time>
      )}
      {!group && job.run_done > 0 && (
        <Time word={plural(job.run_done, 'run').replace(/^\S+ /, '')}>{job.run_done}</Time>
      )}
    </span>
  )
}

const Time = ({ word, title, children }: { word: string; title?: string; children: ReactNode }) => (
  <span title={title}>
    <b>{children}</b> {word}
  </span>
)
