import type { Job } from '../../models.ts'
import { Bar } from './Bar.tsx'

/** How far a job is; of a group, what is finished, failed and runs, side by side. */
export function Progress({ job }: { job: Job }) {
  const group = job.command === ''
  const said = `${Math.floor(100 * job.progress)}%`
  const of = (part: number) => part / Math.max(1, job.total)
  return (
    <span className="progress">
      {group ? (
        <Bar
          parts={[
            { share: of(job.total_finished), colour: 'var(--finished)' },
            { share: of(job.total_errors), colour: 'var(--error)' },
            { share: of(job.total_working), colour: 'var(--working)' },
          ]}
        />
      ) : (
        <Bar parts={[{ share: job.progress }]} state={job.state} />
      )}
      <span className="progress-word">{group && job.total === 0 ? '' : said}</span>
    </span>
  )
}
