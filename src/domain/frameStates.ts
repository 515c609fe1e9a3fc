/** The leaves of a group as states and durations, and nothing else: what a strip of 100,000 frames is drawn from. */
import { and, eq, gt, ne } from 'drizzle-orm'
import type { GroupFrames } from '../answers.ts'
import { type JobRow, type JobState, jobs } from '../db/schema.ts'
import type { Core } from './core.ts'
import { isGroup, jobRow } from './rows.ts'
import { jobsAsSeen } from './seen.ts'

/** A letter a state. */
export const STATE_LETTERS: Record<JobState, string> = {
  WAITING: 'w',
  PENDING: 'p',
  PAUSED: 'h',
  WORKING: 'r',
  FINISHED: 'f',
  ERROR: 'e',
}

/** Rows read before others get their turn: some 10 ms. */
const STEP = 5000

/** A leaf that runs has no duration yet: whoever looks at it counts the seconds himself. */
export const stateOf = ({ state, duration }: Pick<JobRow, 'state' | 'duration'>) =>
  [STATE_LETTERS[state], state === 'WORKING' ? 0 : duration] as const

/** The groups below a group and itself, the oldest first. */
export function groupsWithin({ tree }: Pick<Core, 'tree'>, id: number): number[] {
  const group = tree.get(id)
  return group
    ? tree
        .below(group)
        .map((each) => each.id)
        .sort((a, b) => a - b)
    : []
}

/** Whether a group is another one, or below it. */
export function isWithin({ tree }: Pick<Core, 'tree'>, group: number, top: number): boolean {
  for (let at = tree.get(group); at; at = at.parent ?? undefined) if (at.id === top) return true
  return false
}

/** All leaves below a group, group by group, each in the order of their ids; of a leaf, itself. */
export async function listFrames(core: Core, id: number): Promise<GroupFrames> {
  const row = jobRow(core, id)
  if (!isGroup(row)) {
    const [letter, seconds] = stateOf(row)
    return { ids: [[id, 1]], states: letter, durations: [seconds] }
  }
  const ids: [number, number][] = []
  const states: string[] = []
  const durations: number[] = []
  let read = 0
  for (const parent of groupsWithin(core, id)) {
    for (let last = 0; ; ) {
      const rows = core.db
        .select({ id: jobs.id, state: jobs.state, duration: jobs.duration })
        .from(jobsAsSeen(core.tree, parent))
        .where(and(eq(jobs.parent, parent), gt(jobs.id, last), ne(jobs.command, '')))
        .orderBy(jobs.id)
        .limit(STEP)
        .values() as [number, JobState, number][]
      for (const [leaf, state, duration] of rows) {
        const range = ids.at(-1)
        if (range && range[0] + range[1] === leaf) range[1]++
        else ids.push([leaf, 1])
        const [letter, seconds] = stateOf({ state, duration })
        states.push(letter)
        durations.push(seconds)
        last = leaf
      }
      // A group without a row counts too: a thousand of them are as many questions.
      read += rows.length + 10
      if (read >= STEP) {
        read = 0
        await Bun.sleep(0)
      }
      if (rows.length < STEP) break
    }
  }
  return { ids, states: states.join(''), durations }
}
