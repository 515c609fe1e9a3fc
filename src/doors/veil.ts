/** What somebody does not see of a job that he may see, and not edit: its secrets (domain/hidden.ts). */
import type { Core } from '../domain/core.ts'
import { hideInCommand, hideInEnvironment } from '../domain/hidden.ts'
import type { Job } from '../models.ts'
import { isOwn } from './ownership.ts'
import type { Visitor } from './peers.ts'
import { judge } from './rights.ts'

/** Answers the job itself where nothing is hidden. */
export type Veil = (job: Job) => Job

/** Undefined: whoever may edit all jobs sees all of them. */
export function veilFor(core: Pick<Core, 'rows' | 'tree'>, visitor: Visitor): Veil | undefined {
  const edits = judge(visitor, { by: 'edit' })
  if (edits === 'all') return undefined
  const { name } = visitor.actor.kind === 'nobody' ? { name: '' } : visitor.actor
  return (job) => {
    const environment = hideInEnvironment(job.environment)
    const command = hideInCommand(job.command)
    if (environment === job.environment && command === job.command) return job
    return edits === 'own' && isOwn(core, job.id, name) ? job : { ...job, environment, command }
  }
}
