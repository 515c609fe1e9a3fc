import { type ErrorKind, FarmError } from '../errors.ts'
import type { Problem } from '../models.ts'

/** The one table from kind of error to HTTP status. */
const STATUS: Record<ErrorKind, number> = {
  malformed: 400,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  invalid: 422,
  unavailable: 503,
}

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** RFC 9457. */
export function problem(status: number, detail: string, field?: string): Response {
  const body: Problem = {
    type: 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    detail,
    ...(field !== undefined && { field }),
  }
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/problem+json' } })
}

/** What Elysia hands to `onError`; only what is used here. */
interface Failure {
  code: unknown
  error: unknown
  request: Request
}

/** Every failure becomes a problem; what nobody foresaw is a 500 that is logged and tells the client nothing. */
export function onFailure({ code, error, request }: Failure): Response {
  // Elysia wraps what a body parser throws.
  const reason = code === 'PARSE' ? (error as Error).cause : error
  if (reason instanceof FarmError) return problem(STATUS[reason.kind], reason.message, reason.field)
  if (code === 'VALIDATION') return validationProblem(error as Validation)
  if (code === 'NOT_FOUND')
    return problem(404, `There is no ${request.method} ${new URL(request.url).pathname}: /docs lists every call.`)
  if (code === 'PARSE') return problem(400, 'The body cannot be read.', 'body')
  console.error(`${request.method} ${new URL(request.url).pathname} failed:`, error)
  return problem(500, 'The server failed to do this. It is written down in its log.')
}

interface Validation {
  type: string
  all: readonly {
    path?: string
    message?: string
    value?: unknown
    summary?: string
    schema?: { description?: string }
  }[]
}

const LONGEST_VALUE = 80

/** The first thing that does not fit: where, what it was, and what belongs there. */
function validationProblem({ type, all }: Validation): Response {
  const [first] = all
  const path = (first?.path ?? '')
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const field = path.join('.') || type
  const value = JSON.stringify(first?.value)
  const shown =
    value === undefined ? 'nothing' : value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value
  const wanted =
    first?.message === 'Unexpected property'
      ? 'there is no such property; /docs lists them'
      : (first?.summary ?? first?.message)
  return problem(422, `${field}: ${wanted}, and it is ${shown}.`, field)
}
