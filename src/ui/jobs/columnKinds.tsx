/** What columns of jobs have in common. */
import type { ReactNode } from 'react'
import type { Job } from '../../models.ts'
import { count } from '../parts/format.ts'

/** Where a job stands in the view. */
export interface Place {
  depth: number
  /** Undefined: it is no group, or cannot be opened here. */
  open: boolean | undefined
  toggle(): void
  /** It did not pass the filter, and only leads to what did. */
  through: boolean
  /** The group whose jobs are listed; 0: the root. */
  listed: number
  /** What is meant with it, when it is among what is selected. */
  peers(): readonly number[]
}

export const isGroup = (job: Job) => job.command === ''

type Texts = 'user' | 'worker' | 'affinity' | 'dir' | 'command' | 'limits' | 'fatal' | 'success'
export const text = (name: Texts) => ({
  cell: (job: Job) => job[name],
  value: (job: Job) => job[name],
})

export const number = (read: (job: Job) => number, show: (job: Job) => ReactNode = (job) => count(read(job))) => ({
  end: true,
  cell: show,
  value: read,
})
