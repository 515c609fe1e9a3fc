/**
 * What each call that changes something is called in the audit, and what its record says. Beside the doors (access.ts): a
 * route that changes something, and has no row here, fails a test (tests/doors/audit.test.ts).
 */

import { listAffinities } from '../domain/affinities.ts'
import type { AuditKind, Change, Subject } from '../domain/audit.ts'
import type { Tx } from '../domain/core.ts'
import type { Affinities, JobInput, LimitEdits, NewJob, NewToken, NewUser, UserEdit, WorkerEdit } from '../models.ts'
import { addedJobs, changesOfJobs, deletedJobs, FIRST } from './auditedJobs.ts'
import { limitText, tokenChanges, userChanges, workerChanges } from './auditedPeople.ts'
import { knownForm } from './names.ts'

export interface Asked<Body = unknown> {
  readonly params: { readonly id?: unknown; readonly name?: unknown } | undefined
  readonly body: Body
}

/** Undefined: nothing was changed after all. */
export type Told = (Subject & { who?: string }) | undefined

export interface Audited {
  readonly action: string
  readonly kind: AuditKind
  /** In the transaction: before the change, and what it answers after it, with what the operation answered. */
  begin(tx: Tx, asked: Asked): (result: unknown) => Told
  /** What somebody wanted to change who may not; `body` may be anything. */
  wanted(asked: Asked): readonly (string | number)[]
}

/** The route has checked the body, and the operation answers what it answers: here they have their types again. */
function row<Body, Result = unknown>(
  action: string,
  kind: AuditKind,
  begin: (tx: Tx, asked: Asked<Body>) => (result: Result) => Told,
  wanted: (asked: Asked) => readonly (string | number)[] = () => [],
): Audited {
  return { action, kind, begin: begin as Audited['begin'], wanted }
}

const pathId = ({ params }: Asked): number[] => [Number(params?.id)]
const pathName = ({ params }: Asked): string[] => [String(params?.name ?? '')]
const idsIn = ({ body }: Asked): (string | number)[] =>
  Array.isArray(body) ? body.filter((id) => typeof id === 'number' || typeof id === 'string') : []
const keysIn = ({ body }: Asked): string[] =>
  typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.keys(body) : []
const nothing = (): string[] => []

/** Of which only the names count: what is done to them is in the action. */
const named = (
  action: string,
  kind: AuditKind,
  names: (asked: Asked) => readonly (string | number)[],
  changes: (tx: Tx, objects: readonly (string | number)[]) => Change[] = () => [],
): Audited =>
  row(
    action,
    kind,
    (tx, asked) => {
      const objects = names(asked)
      const said = changes(tx, objects)
      return () => ({ objects, changes: said })
    },
    names,
  )

const jobs = (action: string) => named(`jobs.${action}`, 'job', idsIn)
const workers = (action: string) => named(`workers.${action}`, 'worker', idsIn)

/** What the operation answers is the turn of a submission (domain/submission.ts). */
const addJobs = row<NewJob | NewJob[] | string | undefined, { value: number[] }>(
  'jobs.add',
  'job',
  (tx, { body }) =>
    ({ value: ids }) => ({ objects: ids, changes: addedJobs(tx, ids, body) }),
)

const signIn = (wanted: (asked: Asked) => string[]): Audited =>
  row<unknown, { name: string }>(
    'people.sign_in',
    'user',
    () =>
      ({ name }) => ({ objects: [name], who: name }),
    wanted,
  )

/** Calls that change nothing that is kept, or that workers make all the time: the events tell of their runs. */
export const NOT_AUDITED = [
  'POST /api/getjobs',
  'POST /api/signin/provider',
  'WS /api/stream',
  'POST /api/workers/:name/pick',
  'POST /api/workers/:name/leave',
  'POST /api/runs/:run/heartbeat',
  'POST /api/runs/:run/end',
  'POST /api/runs/:run/release',
  'POST /workers/pickjob',
  'GET /workers/pickjob',
  'POST /workers/heartbeat',
  'GET /workers/heartbeat',
  'POST /workers/endjob',
  'GET /workers/endjob',
] as const

export const AUDITED: Readonly<Record<string, Audited>> = {
  'PUT /api/jobs': addJobs,
  'GET /xmlrpc/addjob': addJobs,
  'POST /xmlrpc/addjob': addJobs,
  'GET /json/addjob': addJobs,
  'POST /json/addjob': addJobs,
  'POST /api/jobs': row<Record<string, JobInput>>(
    'jobs.edit',
    'job',
    (tx, { body }) => {
      const changes = changesOfJobs(tx, body)
      return () => ({ objects: Object.keys(body), changes })
    },
    keysIn,
  ),
  'DELETE /api/jobs': named('jobs.delete', 'job', idsIn, deletedJobs),
  'POST /api/jobs/:id/dependencies': row<JobInput['dependencies']>(
    'jobs.edit',
    'job',
    (tx, { params, body }) => {
      const id = Number(params?.id)
      const changes = changesOfJobs(tx, { [id]: { dependencies: body ?? [] } })
      return () => ({ objects: [id], changes })
    },
    pathId,
  ),
  'DELETE /api/jobs/:id/blocklist': row<string[]>(
    'jobs.unblock',
    'job',
    (_, { params, body }) =>
      () => ({
        objects: [Number(params?.id)],
        changes: body.slice(0, FIRST).map((name) => [String(params?.id), 'blocked', name, null] as const),
      }),
    pathId,
  ),
  'POST /api/resetjobs': jobs('reset'),
  'POST /api/reseterrorjobs': jobs('reset_errors'),
  'POST /api/startjobs': jobs('start'),
  'POST /api/pausejobs': jobs('pause'),

  'POST /api/workers': row<Record<string, WorkerEdit>>(
    'workers.edit',
    'worker',
    (tx, { body }) => {
      const changes = workerChanges(tx, body)
      return () => ({ objects: Object.keys(body), changes })
    },
    keysIn,
  ),
  'DELETE /api/workers': workers('delete'),
  'POST /api/terminateworkers': workers('terminate'),
  'POST /api/stopworkers': workers('stop'),
  'POST /api/startworkers': workers('start'),
  'POST /api/affinities': row<Affinities>(
    'affinities.set',
    'affinity',
    (tx, { body }) => {
      const before = listAffinities(tx)
      const changes = Object.entries(body)
        .filter(([id, name]) => before[id] !== name.trim())
        .map(([id, name]): Change => [id, 'name', before[id] ?? '', name.trim()])
      return () => ({ objects: changes.map(([id]) => id), changes })
    },
    keysIn,
  ),
  'POST /api/limits': row<LimitEdits>(
    'limits.set',
    'limit',
    (tx, { body }) => {
      const changes = Object.entries(body).map(([name, limit]): Change => {
        const before = tx.usage.limits.get(name)
        return [name, 'max', limitText(before ?? null), limitText(limit, before?.per)]
      })
      return () => ({ objects: Object.keys(body), changes })
    },
    keysIn,
  ),

  'POST /api/signin': signIn(nameIn),
  // Who it is, the provider tells.
  'POST /api/signin/provider/answer': signIn(nothing),
  'POST /api/signout': row<unknown, { changes: number }>(
    'people.sign_out',
    'user',
    () =>
      ({ changes }) =>
        changes > 0 ? { objects: [] } : undefined,
  ),
  'POST /api/firstadmin': row<{ name: string }>('people.first_admin', 'user', (_, { body }) => () => {
    const name = knownForm(body.name) ?? ''
    return { objects: [name], who: name }
  }),
  'POST /api/me/password': row('people.password', 'user', () => () => ({ objects: [] })),
  'POST /api/tokens': row<NewToken, { id: number; user: string }>(
    'tokens.add',
    'token',
    (_, { body }) =>
      ({ id, user }) => ({ objects: [id], changes: tokenChanges(id, user, body) }),
  ),
  'DELETE /api/tokens/:id': named('tokens.revoke', 'token', pathId),
  'POST /api/users': row<NewUser>('users.add', 'user', (tx, { body }) => () => {
    const name = knownForm(body.name) ?? ''
    return { objects: [name], changes: userChanges(tx, name, body) }
  }),
  'POST /api/users/:name': row<UserEdit>(
    'users.edit',
    'user',
    (tx, asked) => {
      const objects = pathName(asked).map((name) => knownForm(name) ?? name)
      const changes = userChanges(tx, objects[0] ?? '', asked.body)
      return () => ({ objects, changes })
    },
    pathName,
  ),
  'DELETE /api/users/:name': named('users.delete', 'user', (asked) =>
    pathName(asked).map((name) => knownForm(name) ?? name),
  ),

  'POST /api/workers/join': row<{ worker: string }>(
    'workers.join',
    'worker',
    (_, { body }) =>
      () => ({ objects: [body.worker] }),
    workerIn,
  ),
  'POST /api/workers/jointoken': named('workers.join_token', 'server', nothing),
  'DELETE /api/workers/jointoken': named('workers.revoke_join_token', 'server', nothing),
  'DELETE /api/workers/credentials': workers('revoke'),
}

function textIn(body: unknown, key: string): string[] {
  if (typeof body !== 'object' || body === null || !(key in body)) return []
  const value: unknown = Reflect.get(body, key)
  return typeof value === 'string' ? [value] : []
}

/** As who somebody wanted to sign in: whoever asks for this looks first whether that is a user, and not a password that was typed there. */
function nameIn({ body }: Asked): string[] {
  return textIn(body, 'name')
}

function workerIn({ body }: Asked): string[] {
  return textIn(body, 'worker')
}

/** What a change is called whose route is not known yet: who is refused at the port comes no further. */
const PATTERNS = Object.entries(AUDITED).map(([call, audited]) => {
  const [method = '', path = ''] = call.split(' ')
  return { method, pattern: new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}/?$`), audited }
})
export const auditedAt = (method: string, pathname: string): Audited | undefined =>
  PATTERNS.find((each) => each.method === method && each.pattern.test(pathname))?.audited
