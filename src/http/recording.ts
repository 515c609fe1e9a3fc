/** The audit's two ends of a request: who is let in has a cause for the change, who is refused is noted. */

import { type Author, type Scope, scopes } from '../domain/audit.ts'
import { type Asked, type Audited, auditedAt } from '../doors/audited.ts'
import type { Visitor } from '../doors/peers.ts'
import type { Refusals } from '../doors/refusals.ts'
import type { Guard } from './guard.ts'

const SAFE = ['GET', 'HEAD', 'OPTIONS']
/** The two that change something by GET. */
const BY_GET = /\/addjob\b/
/** What workers say all the time is not recorded, and is spared even the question. */
const OF_WORKERS = /\/(pick|heartbeat|end|release|leave|pickjob|endjob)(\?|$)/
const REFUSED: readonly number[] = [401, 403, 421, 429]

export function authorOf({ actor, address }: Visitor): Author {
  const by = actor.kind !== 'user' ? '' : actor.by === 'token' ? `token ${actor.token ?? ''}`.trim() : actor.by
  return { who: actor.kind === 'nobody' ? '' : actor.name, actor: actor.kind, by, address }
}

/** From now on this request may change something, and what it changes first is recorded. */
export function begin(visitor: Visitor, audited: Audited, asked: Asked): void {
  const scope = scopes.getStore()
  if (!scope) return
  const author = authorOf(visitor)
  const { action, kind } = audited
  scope.cause = {
    ...author,
    action,
    kind,
    begin(tx) {
      const said = audited.begin(tx, asked)
      return (result) => {
        const told = said(result)
        if (!told) return undefined
        // Who comes in by signing in is somebody from then on.
        const actor = told.who === undefined ? author.actor : 'user'
        const own = kind === 'user' && told.objects.length === 0
        return { ...told, actor, ...(own && { objects: [author.who] }) }
      }
    },
  }
}

/** For the one call whose answer is 200 whatever it did. */
export function noteRefused(): void {
  const scope = scopes.getStore()
  if (scope) scope.refused = true
}

/** `isUser`: whether there is somebody of that name. */
export function recording(guard: Guard, refusals: Refusals, isUser: (name: string) => boolean) {
  function note(request: Request): void {
    const { visitor, call, address } = guard.heard(request)
    const audited = call?.audited ?? auditedAt(request.method, URL.parse(request.url)?.pathname ?? '')
    const author = visitor ? authorOf(visitor) : { who: '', actor: 'nobody' as const, by: '', address }
    const object = call && String(call.audited.wanted(call.asked)[0] ?? '')
    refusals.note({ ...author, audited, object: call?.audited.kind === 'user' ? known(object, isUser) : object })
  }

  return <T, S>(handle: (request: Request, server: S) => T) =>
    (request: Request, server: S): T | Promise<T> => {
      if (SAFE.includes(request.method) ? !BY_GET.test(request.url) : OF_WORKERS.test(request.url))
        return handle(request, server)
      const scope: Scope = {}
      const looked = (answer: T): T => {
        if (scope.refused || (answer instanceof Response && REFUSED.includes(answer.status))) note(request)
        return answer
      }
      const answer = scopes.run(scope, () => handle(request, server))
      return answer instanceof Promise ? answer.then(looked) : looked(answer)
    }
}

/** People type their password where their name goes: a name that nobody has is not written down. */
const known = (name: string | undefined, isUser: (name: string) => boolean): string | undefined =>
  name === undefined || name === '' || isUser(name) ? name : '(unknown)'
