import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { Job } from '../../models.ts'
import { useNow } from '../data/clock.ts'
import { count, duration, moment } from '../parts/format.ts'
import { Icon } from '../parts/Icon.tsx'
import { jobAddress } from '../parts/JobLink.tsx'
import { Progress } from '../parts/Progress.tsx'
import { StateMark } from '../parts/StateMark.tsx'
import type { Column } from '../table/columns.ts'
import { isGroup, number, type Place, text } from './columnKinds.tsx'
import { durationAt, remaining } from './estimate.ts'
import { JobPath, JobTitle } from './JobTitle.tsx'
import { MORE_COLUMNS } from './moreColumns.tsx'
import { Priority } from './Priority.tsx'
import { seenAt } from './seen.ts'

/** Zeros say nothing in a column of counts. */
const counted = (of: 'finished' | 'working' | 'errors') => {
  const state = { finished: 'FINISHED', working: 'WORKING', errors: 'ERROR' }[of]
  const read = (job: Job) => (isGroup(job) ? job[`total_${of}`] : Number(job.state === state))
  const show = (job: Job) =>
    isGroup(job) && job.total > 0 ? (
      <span className="counted" data-state={read(job) > 0 ? state : undefined}>
        {count(read(job))}
      </span>
    ) : null
  return number(read, show)
}

export const JOB_COLUMNS: readonly Column<Job, Place>[] = [
  {
    id: 'id',
    label: 'ID',
    width: 68,
    sort: 'id',
    ...number(
      (job) => job.id,
      (job) => (
        <Link href={jobAddress(job.id)} tabIndex={-1} title="Page of the job">
          {job.id}
        </Link>
      ),
    ),
  },
  {
    id: 'title',
    label: 'Title',
    width: 190,
    sort: 'title',
    fixed: true,
    wide: true,
    narrow: 1,
    cell: (job, place) => <JobTitle job={job} place={place} />,
    value: (job) => job.title,
  },
  {
    id: 'url',
    label: 'Link',
    width: 42,
    sort: 'url',
    cell: (job) => <JobLink url={job.url} />,
    value: (job) => job.url,
  },
  { id: 'user', label: 'User', width: 64, sort: 'user', ...text('user') },
  {
    id: 'state',
    label: 'State',
    width: 92,
    sort: 'state',
    narrow: 56,
    cell: (job) => <StateMark state={job.state} />,
    value: (job) => job.state,
  },
  {
    id: 'priority',
    label: 'Priority',
    width: 62,
    sort: 'priority',
    end: true,
    cell: (job, place) => <Priority job={job} peers={place.peers} />,
    value: (job) => job.priority,
  },
  { id: 'finished', label: 'OK', width: 54, sort: 'finished', ...counted('finished') },
  { id: 'working', label: 'Working', width: 64, sort: 'working', ...counted('working') },
  { id: 'errors', label: 'Errors', width: 54, sort: 'errors', ...counted('errors') },
  {
    id: 'total',
    label: 'Total',
    width: 70,
    sort: 'total',
    ...number(
      (job) => job.total,
      (job) => (isGroup(job) ? count(job.total) : null),
    ),
  },
  {
    id: 'progress',
    label: 'Progress',
    width: 92,
    sort: 'progress',
    narrow: 112,
    cell: (job) => <Progress job={job} />,
    value: (job) => job.progress,
  },
  { id: 'affinity', label: 'Affinity', width: 78, sort: 'affinity', ...text('affinity') },
  { id: 'worker', label: 'Worker', width: 78, sort: 'worker', ...text('worker') },
  {
    id: 'start_time',
    label: 'Start',
    width: 98,
    sort: 'start_time',
    ...number(
      (job) => job.start_time,
      (job) => <Start time={job.start_time} />,
    ),
  },
  {
    id: 'duration',
    label: 'Duration',
    width: 80,
    sort: 'duration',
    ...number(
      (job) => job.duration,
      (job) => <Duration job={job} />,
    ),
  },
  {
    id: 'eta',
    label: 'ETA',
    width: 78,
    sort: 'eta',
    ...number(
      (job) => Math.round(remaining(job, job.duration) ?? 0),
      (job) => <Remaining job={job} />,
    ),
  },
  ...MORE_COLUMNS,
]

const OF_GROUPS = ['url', 'finished', 'working', 'errors', 'total']

/** Without the tree, where a job is takes the place of what groups count. */
export const FLAT_COLUMNS: readonly Column<Job, Place>[] = JOB_COLUMNS.flatMap((column) =>
  column.id === 'title'
    ? [
        column,
        {
          id: 'path',
          label: 'In',
          width: 230,
          cell: (job, place) => <JobPath job={job} place={place} />,
          value: (job) => job.parent,
        },
      ]
    : [OF_GROUPS.includes(column.id) ? { ...column, extra: true } : column],
)

/** Only what a browser may open: a link of somebody's job runs no script here. */
const SAFE = /^(https?|file|ftp):$/

function JobLink({ url }: { url: string }) {
  if (!url || !SAFE.test(URL.parse(url, location.href)?.protocol ?? '')) return null
  return (
    <a
      className="job-link"
      href={url}
      target="_blank"
      rel="noreferrer"
      tabIndex={-1}
      title={url}
      aria-label={`Link: ${url}`}
    >
      <Icon name="link" />
    </a>
  )
}

function Start({ time }: { time: number }) {
  return moment(time, Date.now() / 1000)
}

function Duration({ job }: { job: Job }) {
  return isMoving(job) ? (
    <Moving job={job} show={(seconds) => duration(seconds)} />
  ) : (
    job.duration > 0 && duration(job.duration)
  )
}

function Remaining({ job }: { job: Job }) {
  return (
    isMoving(job) && (
      <Moving
        job={job}
        show={(seconds) => {
          const left = remaining(job, seconds)
          return left !== undefined && duration(left)
        }}
      />
    )
  )
}

const isMoving = (job: Job) => (isGroup(job) ? job.total_working > 0 : job.state === 'WORKING')

/** What goes on ticks by itself: the server tells what changes, not that time passes. */
function Moving({ job, show }: { job: Job; show(seconds: number): ReactNode }) {
  return show(durationAt(job, seenAt(job), useNow()))
}
