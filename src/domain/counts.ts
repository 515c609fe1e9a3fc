import type { JobRow } from '../db/schema.ts'
import type { Group } from './group.ts'

/** What a leaf adds to its group and to each ancestor. */
export interface Counts {
  finished: number
  errors: number
  working: number
  total: number
  duration: number
  working_since: number
}

/** What the tree counts of a leaf. */
export type Leaf = Pick<JobRow, 'parent' | 'state' | 'needs_id' | 'ready' | 'duration' | 'start_time' | 'user'>

export function sum(group: Group, counts: Counts): void {
  group.total += counts.total
  group.total_finished += counts.finished
  group.total_errors += counts.errors
  group.total_working += counts.working
  group.duration += counts.duration
  group.working_since += counts.working_since
}

/** Of a group that was reset, when nothing below it runs. */
export const CLEARED = {
  finished: 0,
  errors: 0,
  total_finished: 0,
  total_errors: 0,
  duration: 0,
  start_time: 0,
} as const

export const NO_COUNTS: Counts = { finished: 0, errors: 0, working: 0, total: 0, duration: 0, working_since: 0 }

/** While a leaf works its duration is open: `working_since` makes it `now - start_time` at any moment. */
export function countsOf(leaf: Leaf): Counts {
  const working = leaf.state === 'WORKING'
  return {
    finished: Number(leaf.state === 'FINISHED'),
    errors: Number(leaf.state === 'ERROR'),
    working: Number(working),
    total: 1,
    duration: working ? 0 : leaf.duration,
    working_since: working ? leaf.start_time : 0,
  }
}

export const totalsOf = (group: Group, sign: 1 | -1): Counts => ({
  finished: sign * group.total_finished,
  errors: sign * group.total_errors,
  working: sign * group.total_working,
  total: sign * group.total,
  duration: sign * group.duration,
  working_since: sign * group.working_since,
})

export const difference = (a: Counts, b: Counts): Counts => ({
  finished: a.finished - b.finished,
  errors: a.errors - b.errors,
  working: a.working - b.working,
  total: a.total - b.total,
  duration: a.duration - b.duration,
  working_since: a.working_since - b.working_since,
})
