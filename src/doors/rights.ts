/** Who may do what: the calculation. Whose a job is, it is told. */
import type { Need } from './access.ts'
import type { Actor, Right, User } from './actor.ts'
import type { Visitor } from './peers.ts'

/** `own`: of the jobs that the call names, only if they are the caller's own. */
export type Verdict = 'all' | 'own' | 'no'

/** A token may be for less than its user. Besides rights its scopes can name what roles allow. */
export const inScope = ({ scopes }: User, what: string): boolean => scopes === undefined || scopes.includes(what)

export const holds = (user: User, right: Right): boolean => user.rights.has(right) && inScope(user, right)

/** Who may look after people, and the tokens of others. */
export function managesPeople(actor: Actor): boolean {
  if (actor.kind === 'local' || actor.kind === 'trusted') return true
  return actor.kind === 'user' && actor.role === 'admin' && inScope(actor, 'admin')
}

/** Whether a credential still opens what it did: its holder may have another role by now. */
export function isStill(before: Actor, now: Actor | undefined): boolean {
  if (before.kind !== 'user' || now?.kind !== 'user') return before.kind === now?.kind
  const { role, rights } = now
  return before.role === role && before.rights.size === rights.size && before.rights.isSubsetOf(rights)
}

const MANAGERS: readonly string[] = ['wrangler', 'admin']

export function judge({ actor, anyWorker }: Visitor, { by }: Need): Verdict {
  const yes = (allowed: boolean): Verdict => (allowed ? 'all' : 'no')
  if (by === 'open') return 'all'
  if (by === 'worker' && anyWorker) return 'all'
  switch (actor.kind) {
    case 'nobody':
      return 'no'
    case 'local':
    case 'trusted':
      return 'all'
    case 'worker':
      return yes(by === 'worker' || by === 'known')
    case 'user':
      switch (by) {
        case 'known':
        case 'own':
          return 'all'
        case 'worker':
          return 'no'
        case 'manage':
          return yes(MANAGERS.includes(actor.role) && inScope(actor, 'manage'))
        case 'admin':
          return yes(managesPeople(actor))
        default:
          return holds(actor, `${by}_all`) ? 'all' : holds(actor, by) ? 'own' : 'no'
      }
  }
}
