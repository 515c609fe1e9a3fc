import type { Job } from '../../models.ts'
import { jobRows } from '../data/live.ts'
import { useStore } from '../data/store.ts'
import { Question } from '../parts/Dialog.tsx'
import { plural } from '../parts/format.ts'
import { AddJob } from './AddJob.tsx'
import { deleteJobs } from './actions.ts'
import { EditJobs } from './EditJobs.tsx'
import { asking } from './useJobCommands.ts'

/** The dialogs of the view, one at a time. */
export function JobDialogs() {
  const question = useStore(asking)
  const close = () => asking.set(undefined)
  if (question?.kind === 'add') return <AddJob parent={question.parent} open onClose={close} />
  if (question?.kind === 'edit') return <EditJobs ids={question.ids} onClose={close} />
  if (question?.kind !== 'delete') return null
  const { ids } = question
  return (
    <Question
      title={`Delete ${plural(ids.length, 'job')}?`}
      text={whatGoes(ids)}
      yes={`Delete ${plural(ids.length, 'job')}`}
      open
      onYes={() => void deleteJobs(ids)}
      onClose={close}
    />
  )
}

/** Names the number, with all that is below. */
function whatGoes(ids: readonly number[]): string {
  const jobs = ids.flatMap((id) => jobRows.get(id) ?? [])
  const chosen = new Set(ids)
  const inside = (job: Job | undefined): boolean =>
    job !== undefined && (chosen.has(job.parent) || inside(jobRows.get(job.parent)))
  // A job that is named by itself is not counted again with its group.
  const tops = jobs.filter((job) => !inside(job))
  const named = jobs.filter((job) => job.command !== '' && inside(job)).length
  const below = tops.reduce((sum, { total }) => sum + total, 0) - named
  const running = tops.reduce(
    (sum, job) => sum + (job.command === '' ? job.total_working : Number(job.state === 'WORKING')),
    0,
  )
  const [only] = jobs
  const what = ids.length === 1 && only ? `“${only.title || only.id}”` : plural(ids.length, 'job')
  return [
    `${what}${below > 0 ? ` and the ${plural(below, 'job')} below` : ''} will be deleted, with the logs.`,
    running > 0 && `${plural(running, 'run')} will be stopped.`,
    'This cannot be undone.',
  ]
    .filter(Boolean)
    .join(' ')
}
