import type { Job } from '../../models.ts'

const percent = (part: number, whole: number) => `${(100 * part) / Math.max(1, whole)}%`

/** How far a job is; of a group, what is finished, runs and failed, side by side. */
export function Progress({ job }: { job: Job }) {
  const group = job.command === ''
  const said = `${Math.floor(100 * job.progress)}%`
  return (
    <span className="progress">
      <span className="progress-bar" aria-hidden="true">
        {group ? (
          <>
            <i data-state="FINISHED" style={{ width: percent(job.total_finished, job.total) }} />
            <i data-state="ERROR" style={{ width: percent(job.total_errors, job.total) }} />
            <i data-state="WORKING" style={{ width: percent(job.total_working, job.total) }} />
          </>
        ) : (
          <i data-state={job.state} style={{ width: percent(job.progress, 1) }} />
        )}
      </span>
      <span className="progress-word">{group && job.total === 0 ? '' : said}</span>
    </span>
  )
}
