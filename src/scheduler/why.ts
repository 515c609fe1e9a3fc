/**
 * Why a job is not running: in words, and in fields. By the same rules as the pick (pick.ts), asked the other way round; a
 * test holds the two together.
 */
import type { Why } from '../answers.ts'
import type { Core } from '../domain/core.ts'
import { pathNeeds, rootOf, upFrom } from '../domain/path.ts'
import { jobRow } from '../domain/rows.ts'
import { holdsBelow, ownHolds } from './holds.ts'
import { untaken } from './takers.ts'
import { ofGroup } from './whyGroup.ts'
import { why } from './words.ts'

/** Why a job does not run now. No reason at all: a worker that fits takes it as soon as it asks. */
export function whyJob(core: Core, now: number, id: number): Why {
  const row = jobRow(core, id)
  const { worker, run, run_done, retry } = row
  const group = core.tree.get(id)
  const state = group ? group.state : row.state
  if (state === 'WORKING' && run > 0)
    return why(state, [{ kind: 'running', text: `It runs on ${worker}.`, worker, run }])
  if (state === 'FINISHED') return why(state, [{ kind: 'finished', text: 'It is FINISHED: reset it to run it again.' }])
  if (state === 'ERROR' && !group) {
    const text = `It failed: ${run_done} ${run_done === 1 ? 'run' : 'runs'}, and retry is ${retry}. Reset it to try again.`
    return why(state, [{ kind: 'error', text, run_done, retry }])
  }
  const reasons = ownHolds(core, now, row, group)
  for (const above of upFrom(core.tree.get(row.parent))) reasons.push(...holdsBelow(core, now, above))
  const root = rootOf(core, row)
  if (group) return why(state, [...reasons, ...ofGroup(core, now, row, group, root, reasons.length === 0)])
  const needed = pathNeeds(core, row.parent, row.needs_id)
  return why(state, [...reasons, ...untaken(core, row, needed, root, reasons.length === 0)])
}
