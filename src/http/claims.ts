/** What the body of a call says of jobs, held against who sends it: whose they are, and what they run. */

import { revealIn } from '../domain/hidden.ts'
import type { Commands } from '../doors/commands.ts'
import type { Visitor } from '../doors/peers.ts'
import { holds } from '../doors/rights.ts'
import { FarmError } from '../errors.ts'
import type { Farm } from '../farm.ts'
import type { JobInput, NewJob } from '../models.ts'

/**
 * New jobs belong to who sends them; who has `create_all` may name another. Not a refusal: submitters of old send the
 * name of the system's user, whatever it is.
 */
export function claim({ actor }: Visitor, commands: Commands, sent: NewJob | readonly NewJob[]): void {
  if (actor.kind !== 'user' && commands.isOpen) return
  const stack: { job: NewJob; at: string }[] = []
  const push = (jobs: readonly NewJob[], at: string) => {
    for (const [i, job] of jobs.entries()) stack.push({ job, at: `${at}${i}.` })
  }
  if (Array.isArray(sent)) push(sent, '')
  else stack.push({ job: sent as NewJob, at: '' })
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { job, at } = next
    if (actor.kind === 'user' && (job.user === undefined || job.user === '' || !holds(actor, 'create_all')))
      job.user = actor.name
    commands.refuse(job.command ?? '', actor.kind === 'user' ? actor.name : (job.user ?? ''), `${at}command`)
    push(job.children ?? [], `${at}children.`)
  }
}

/** Clients of Coalition hand back whole jobs: only what is other than it was counts. */
export function claimEdits(farm: Farm, { actor }: Visitor, commands: Commands, edits: Record<string, JobInput>): void {
  const giving = actor.kind === 'user' && !holds(actor, 'edit_all')
  if (!giving && commands.isOpen) return
  for (const [id, edit] of Object.entries(edits)) {
    const row = farm.core.rows.job.get({ id: Number(id) })
    if (!row) continue
    // What runs is what counts, and not what was shown of it.
    revealIn(edit, row, (name) => `${id}.${name}`)
    const { user, command } = edit
    if (giving && user !== undefined && user !== row.user && user !== actor.name)
      throw new FarmError(
        'forbidden',
        `user is '${user}': ${actor.name} cannot give a job to somebody else. A wrangler may do it for you.`,
        `${id}.user`,
      )
    if (command !== undefined && command !== row.command)
      commands.refuse(command, actor.kind === 'user' ? actor.name : (user ?? row.user), `${id}.command`)
  }
}
