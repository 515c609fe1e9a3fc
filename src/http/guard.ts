/** Stands before every route: asks who it is, from which page, and whether that one may (doors/). */
import { Elysia } from 'elysia'
import { ACCESS, callName, isOpen, type Need, WORKER } from '../doors/access.ts'
import type { User } from '../doors/actor.ts'
import { AUDITED, type Asked as AuditAsked, type Audited } from '../doors/audited.ts'
import { type Doors, UNKNOWN } from '../doors/doors.ts'
import { refuseOthers } from '../doors/ownership.ts'
import type { Visitor } from '../doors/peers.ts'
import { isStill, judge } from '../doors/rights.ts'
import { foreignSite } from '../doors/site.ts'
import { type Veil, veilFor } from '../doors/veil.ts'
import { FarmError } from '../errors.ts'
import type { Farm } from '../farm.ts'
import type { JobInput } from '../models.ts'
import { addressOf, type Listening } from './address.ts'
import { claim, claimEdits } from './claims.ts'
import { SECURE } from './headers.ts'
import { problem, Refusal } from './problems.ts'
import { begin } from './recording.ts'
import { forbidden, loginWords, misdirected, tooMany, unknownCredential } from './refusals.ts'

/** What nobody may send: a name and a password, a join token. Whoever else may send more is known by name. */
const MOST_OF_NOBODY = 64 * 1024

const SAFE = ['GET', 'HEAD', 'OPTIONS']
const NO_NEED: Need = { by: 'admin' }

export type Guard = ReturnType<typeof createGuard>

export function createGuard(farm: Farm, doors: Doors) {
  /** By request, for the length of one: who was let in. */
  const visitors = new WeakMap<Request, Visitor>()
  /** From where somebody came who was refused before it was known who he is. */
  const strangers = new WeakMap<Request, string>()
  /** The same of those that change something, once their route is known: what they ask for. */
  const calls = new WeakMap<Request, AuditedCall>()

  /** Who asks. */
  function visitorOf(request: Request): Visitor {
    const visitor = visitors.get(request)
    if (!visitor) throw new Error('a request came past the guard')
    return visitor
  }

  /** A refusal for where the request comes from, as far as that can be told before its route. */
  function misled(request: Request, address: () => string | undefined, changes: boolean): Response | undefined {
    const host = doors.hostOf(request.headers, address)
    if (!doors.hosts.has(host)) return misdirected(host ?? '', doors.hosts.names)
    if (!changes) return undefined
    const words = foreignSite(request.headers, host, doors.lists, {
      byGet: SAFE.includes(request.method),
      overTls: () => doors.overTls(request.headers, request.url, address),
    })
    return words === undefined ? undefined : problem(403, words)
  }

  /** Of somebody who is not known, past what such may ask. Where old workers are let in, their calls are not counted. */
  function slowed(peer: Visitor, request: Request): Response | undefined {
    if (peer.actor.kind !== 'nobody' || isLetInAsWorker(peer, request)) return undefined
    const seconds = doors.rates.take(peer.address)
    return seconds > 0 ? tooMany(peer.address, seconds) : undefined
  }

  function arrive(request: Request, server: Listening | null): Response | undefined {
    const address = () => addressOf(server, request)
    const refuse = (refusal: Response): Response => {
      strangers.set(request, doors.peerOf(request.headers, address).address)
      return refusal
    }
    const refusal = misled(request, address, !SAFE.includes(request.method))
    if (refusal) return refuse(refusal)
    const visitor = doors.visitor(request.headers, address, farm.now(), { cookies: true })
    if (visitor === UNKNOWN)
      return refuse(slowed(doors.peerOf(request.headers, address), request) ?? unknownCredential())
    visitors.set(request, visitor)
    if (visitor.actor.kind !== 'nobody' || isLetInAsWorker(visitor, request)) return undefined
    const wait = slowed(visitor, request)
    if (wait) return wait
    if (!isOpen(request.method, new URL(request.url).pathname)) return loginWords(visitor)
    const length = request.headers.get('content-length')
    const body = request.headers.has('transfer-encoding') || Number(length ?? 0) > MOST_OF_NOBODY
    return body
      ? problem(413, `A body of more than ${MOST_OF_NOBODY / 1024} kB is taken only from who is known: sign in first.`)
      : undefined
  }

  /** Whether it may do this; throws for what its own right does not reach. */
  function enter(visitor: Visitor, need: Need, { params, query, body }: Asked): Response | undefined {
    const verdict = judge(visitor, need)
    const { actor } = visitor
    if (verdict === 'no') return actor.kind === 'nobody' ? loginWords(visitor) : forbidden(actor, need)
    if (actor.kind === 'worker' && need.by === 'worker') refuseOtherWorker(actor.name, params?.name ?? workerIn(body))
    if (actor.kind === 'user' && verdict === 'own') restrict(farm, actor, need, { params, query, body })
    // What is a text is a form, which only its route can read (submit.ts).
    if (need.jobs === 'new' && typeof body === 'object' && body !== null) claim(visitor, doors.commands, body)
    if (need.by === 'edit' && need.jobs === 'keys')
      claimEdits(farm, visitor, doors.commands, body as Record<string, JobInput>)
    return undefined
  }

  return {
    doors,
    visitorOf,

    /** What whoever asks does not see of jobs; undefined: nothing. */
    veilOf: (request: Request): Veil | undefined => veilFor(farm.core, visitorOf(request)),

    /** Asks whether who came in may still do what he might; undefined: no credential was needed, so none can end. */
    staysOf(request: Request): (() => boolean) | undefined {
      const { actor, again } = visitorOf(request)
      return again && (() => isStill(actor, again(farm.now())))
    },

    /** What the audit is told of a request; nothing is known of who is refused before he is looked at. */
    heard: (request: Request) => ({
      visitor: visitors.get(request),
      call: calls.get(request),
      address: strangers.get(request) ?? '',
    }),

    /** For every route of the app that is registered after it. */
    hooks: () =>
      new Elysia({ name: 'guard' })
        .onRequest(({ request, server, set }) => {
          const origin = doors.hasOrigins ? request.headers.get('origin') : null
          if (origin !== null && doors.lists(origin)) {
            if (request.method === 'OPTIONS') return preflight(origin)
            Object.assign(set.headers, { ...SHARED, 'access-control-allow-origin': origin })
          }
          return arrive(request, server)
        })
        .onBeforeHandle({ as: 'global' }, ({ request, route, params, query, body, server }) => {
          const name = callName(route === STREAM ? 'WS' : request.method, route)
          const need = ACCESS[name] ?? NO_NEED
          const audited = AUDITED[name]
          if (audited) calls.set(request, { audited, asked: { params, body } as Asked })
          if (need.changes && SAFE.includes(request.method)) {
            const refusal = misled(request, () => addressOf(server, request), true)
            if (refusal) throw new Refusal(refusal)
          }
          const visitor = visitorOf(request)
          const refusal = enter(visitor, need, { params, query, body } as Asked)
          if (refusal) throw new Refusal(refusal)
          if (audited) begin(visitor, audited, { params, body } as Asked)
        }),

    /** The same for the calls that Bun's own router takes: those of old workers. */
    worker(request: Request, server: Listening): Visitor | Response {
      const address = () => addressOf(server, request)
      const refusal = misled(request, address, true)
      if (refusal) return refusal
      const visitor = doors.visitor(request.headers, address, 0, { cookies: false })
      if (visitor === UNKNOWN) return slowed(doors.peerOf(request.headers, address), request) ?? unknownCredential()
      return slowed(visitor, request) ?? enter(visitor, WORKER, NOTHING) ?? visitor
    },
  }
}

export interface AuditedCall {
  readonly audited: Audited
  readonly asked: AuditAsked
}

/** Of an answer to a page of a listed site. */
const SHARED = { 'cross-origin-resource-policy': 'cross-origin', vary: 'origin' }
/** Where workers speak: their network is let in no further, whatever it sends. */
const OF_WORKERS = /^(\/api)?\/(workers|runs)\//
const isLetInAsWorker = ({ anyWorker }: Visitor, { url }: Request): boolean =>
  anyWorker && OF_WORKERS.test(new URL(url).pathname)
const STREAM = '/api/stream'
const NOTHING: Asked = { params: {}, query: {}, body: undefined }

interface Asked {
  params: { readonly id?: unknown; readonly name?: unknown } | undefined
  query: Record<string, unknown>
  body: unknown
}

/** A worker's credential is for its own name. Old workers say theirs in a form (coalition.ts). */
export function refuseOtherWorker(own: string, named: unknown): void {
  if (named === undefined || named === own) return
  throw new FarmError('forbidden', `The credential of worker '${own}' does not speak for '${String(named)}'.`, 'worker')
}

const workerIn = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && 'worker' in body ? body.worker : undefined

/** Who has a right for his own jobs only. */
function restrict(farm: Farm, user: User, need: Need, { params, query, body }: Asked): void {
  const what = need.by
  const refuse = (ids: Iterable<readonly [number, string | undefined]>) => refuseOthers(farm.core, ids, user.name, what)
  switch (need.jobs) {
    case 'roots':
      query.user = user.name
      return
    case 'list':
    case 'path': {
      const id = Number(params?.id)
      if (id === 0 && need.jobs === 'list') query.user = user.name
      else refuse([[id, undefined]])
      return
    }
    case 'ids':
      refuse((Array.isArray(body) ? body : []).map((id, i) => [Number(id), String(i)] as const))
      return
    case 'keys':
      refuse(Object.keys(body ?? {}).map((id) => [Number(id), id] as const))
      return
    case 'all':
      throw new FarmError(
        'forbidden',
        `This shows all jobs, and ${user.name} may ${what} only those with user '${user.name}'.`,
      )
  }
}

const preflight = (origin: string) =>
  new Response(null, {
    status: 204,
    headers: {
      ...SECURE,
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, PUT, POST, DELETE',
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-max-age': '600',
      vary: 'origin',
    },
  })
