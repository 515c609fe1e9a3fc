import type { ValueError } from '@sinclair/typebox/errors'
import type { Problem } from '../answers.ts'
import { type ErrorKind, FarmError, TooOften } from '../errors.ts'
import { SECURE } from './headers.ts'
import { misfit } from './words.ts'

/** The one table from kind of error to HTTP status. */
const STATUS: Record<ErrorKind, number> = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  invalid: 422,
  too_often: 429,
  unavailable: 503,
  no_room: 507,
}

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  507: 'Insufficient Storage',
}

/** RFC 9457. */
export function problem(
  status: number,
  detail: string,
  field?: string,
  headers: Record<string, string> = {},
): Response {
  const body: Problem = {
    type: 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    detail: shortened(detail),
    ...(field !== undefined && { field: field.slice(0, MOST_OF_FIELD) }),
  }
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...SECURE, 'content-type': 'application/problem+json', ...headers },
  })
}

/** A message names the value that was wrong, which may be 256 kB of frames: its middle is left out, and the remedy stays. */
const MOST_WORDS = 2000
const MOST_OF_FIELD = 1000

function shortened(words: string): string {
  if (words.length <= MOST_WORDS) return words
  const half = MOST_WORDS / 2
  return `${words.slice(0, half).toWellFormed()} … ${words.slice(-half).toWellFormed()}`
}

/** Thrown by the guard: what a hook returns goes through those that come after the handler, as an answer. */
export class Refusal extends Error {
  constructor(readonly response: Response) {
    super(`refused with ${response.status}`)
  }
}

/** What Elysia hands to `onError`; only what is used here. */
interface Failure {
  code: unknown
  error: unknown
  request: Request
}

/** A route as the app lists it: `path` with `:name` where anything can stand. */
export interface Route {
  method: string
  path: string
}

/** Every failure becomes a problem; what nobody foresaw is a 500 that is logged and tells the client nothing. */
export const onFailure =
  (routes: readonly Route[]) =>
  ({ code, error, request }: Failure): Response => {
    // Elysia wraps what a body parser throws.
    const reason = code === 'PARSE' ? (error as Error).cause : error
    if (reason instanceof Refusal) return reason.response
    if (reason instanceof TooOften)
      return problem(STATUS.too_often, reason.message, undefined, { 'retry-after': String(reason.seconds) })
    if (reason instanceof FarmError) return problem(STATUS[reason.kind], reason.message, reason.field)
    if (code === 'VALIDATION') {
      const { type, valueError, value } = error as Validation
      const { message, field } = misfit(valueError, value, type)
      return problem(STATUS.invalid, message, field)
    }
    const { pathname } = new URL(request.url)
    if (code === 'NOT_FOUND') return nowhere(request.method, pathname, routes)
    console.error(`${request.method} ${pathname} failed:`, reason)
    return problem(500, 'The server failed to do this. It is written down in its log.')
  }

/** What Elysia's own check of the path and the query says: both are short, and text. */
interface Validation {
  type: string
  valueError?: ValueError
  value: unknown
}

function nowhere(method: string, pathname: string, routes: readonly Route[]): Response {
  const methods = methodsOf(pathname, routes)
  if (methods.length === 0) return problem(404, `There is no ${method} ${pathname}: /docs lists every call.`)
  const allow = methods.join(', ')
  return problem(405, `${pathname} takes no ${method}: it takes ${allow}. /docs lists every call.`, undefined, {
    allow,
  })
}

/** Elysia answers a HEAD by way of the GET. Here that takes a job, ends one or makes one, and whoever sends a HEAD only looks. */
export function refuseHead({ request: { method, url } }: { request: Request }): void {
  if (method !== 'HEAD') return
  const allow = 'GET, POST'
  const detail = `${new URL(url).pathname} takes no HEAD: it takes ${allow}. /docs lists every call.`
  throw new Refusal(problem(405, detail, undefined, { allow }))
}

/** What a path can be asked by, whoever asked: the reason why it was not found may be the method. */
export function methodsOf(pathname: string, routes: readonly Route[]): string[] {
  const asked = pathname.replace(/\/$/, '').split('/')
  const fits = ({ path }: Route) => {
    const parts = path.replace(/\/$/, '').split('/')
    return parts.length === asked.length && parts.every((part, i) => part.startsWith(':') || part === asked[i])
  }
  return [...new Set(routes.filter(fits).map(({ method }) => method))].sort()
}

/** An escape that is none would name a job or a worker that nobody meant. Old workers are taken as they are. */
export function refuseBrokenEscapes({ request }: { request: Request }): void {
  if (!request.url.includes('%')) return
  const { pathname, search } = new URL(request.url)
  if (!pathname.startsWith('/api/')) return
  for (const [field, text] of [
    ['path', pathname],
    ['query', search],
  ] as const)
    try {
      decodeURIComponent(text)
    } catch {
      throw new FarmError(
        'malformed',
        `The ${field} ${text} has a % that is no escape of UTF-8: write %25 for a percent sign.`,
        field,
      )
    }
}
