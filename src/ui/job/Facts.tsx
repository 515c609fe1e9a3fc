import { useState } from 'react'
import type { Job } from '../../models.ts'
import { factsOf, linkOf } from './facts.ts'
import { JobName, WorkerLink } from './JobName.tsx'

/** What was said of the job when it was made, and what it leads to. */
export function Facts({ job }: { job: Job }) {
  return (
    <aside className="job-facts" aria-label="Facts">
      <Result url={job.url} title={job.title} />
      <dl>
        {job.worker && (
          <div>
            <dt>Worker</dt>
            <dd>
              <WorkerLink name={job.worker} />
            </dd>
          </div>
        )}
        {job.dependencies.length > 0 && <WaitsFor job={job} />}
        {factsOf(job).map(({ name, value, code }) => (
          <div key={name} data-code={code}>
            <dt>{name}</dt>
            <dd>{code ? <code>{value}</code> : value}</dd>
          </div>
        ))}
      </dl>
    </aside>
  )
}

/** More are in the graph. */
const MOST_NAMED = 12

const KINDS = { all: '', any: 'any of ', frame: 'frame by frame ' }

function WaitsFor({ job: { dependencies, dependency_kinds } }: { job: Job }) {
  return (
    <div>
      <dt>Waits for</dt>
      <dd className="waits-for">
        {dependencies.slice(0, MOST_NAMED).map((id) => (
          <span key={id}>
            {KINDS[dependency_kinds[id] ?? 'all']}
            <JobName id={id} />
          </span>
        ))}
        {dependencies.length > MOST_NAMED && <span>and {dependencies.length - MOST_NAMED} more</span>}
      </dd>
    </div>
  )
}

function Result({ url, title }: { url: string; title: string }) {
  const [broken, setBroken] = useState('')
  const link = linkOf(url, location.href)
  if (!link) return null
  return (
    <p className="result">
      <a href={link.href} target="_blank" rel="noreferrer" title={link.href}>
        {link.picture === 'shown' && broken !== url ? (
          <img src={link.href} alt={`Result of ${title}`} onError={() => setBroken(url)} />
        ) : (
          url
        )}
      </a>
      {link.picture === 'elsewhere' && (
        <small className="result-words">Pictures are shown here when this server has them.</small>
      )}
      {link.picture === 'shown' && broken === url && <small className="result-words">There is no picture yet.</small>}
    </p>
  )
}
