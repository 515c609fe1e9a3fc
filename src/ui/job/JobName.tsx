import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { jobRows } from '../data/live.ts'
import { useRow } from '../data/rows.ts'
import { useWatch } from '../data/stream.ts'
import { jobAddress } from '../parts/JobLink.tsx'

/** A job by its number and, as soon as it is known, its title; goes to its page. */
export function JobName({ id, children }: { id: number; children?: ReactNode }) {
  const job = useRow(jobRows, id)
  useWatch({ jobs: [id] })
  return (
    <Link href={jobAddress(id)} className="job-ref" data-state={job?.state}>
      {children ?? `#${id}`}
      {job?.title && <span className="job-ref-title"> {job.title}</span>}
    </Link>
  )
}

/** A worker by its name. */
export const workerAddress = (name: string): string => `/farm/workers?${new URLSearchParams({ worker: name })}`

export const WorkerLink = ({ name }: { name: string }) => <Link href={workerAddress(name)}>{name}</Link>
