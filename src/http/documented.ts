/** How calls are described in the OpenAPI document. Answers are documented by hand, not validated at run time: a list of 100,000 jobs is checked by the tests, not on each request. */
type Schema = Record<string, unknown>

export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })
export const listOf = (name: string): Schema => ({ type: 'array', items: ref(name) })
export const ONE: Schema = { type: 'integer', const: 1, description: 'Done' }

const PROBLEMS: Record<number, string> = {
  400: 'The body is not JSON',
  401: 'Nobody is signed in, or not as that',
  403: 'Not allowed; nothing was changed',
  404: 'Something that was named is not there; nothing was changed',
  409: 'Another has what was asked for; nothing was changed',
  413: 'The body is too large',
  422: 'A value is not right; nothing was changed',
  429: 'Too often: try again after as many seconds as Retry-After says',
  500: "The server's own fault",
  503: 'Somebody else has to be asked for this, and does not answer: send it again later',
  507: 'The disk of the server is full, or cannot be written; nothing was changed: send it again later',
}

interface Call {
  tag: 'Jobs' | 'Workers' | 'Events' | 'Affinities' | 'Limits' | 'Farm' | 'People' | 'Runs' | 'Server' | 'Coalition 4'
  summary: string
  description?: string
  answer: Schema
  example?: unknown
  problems?: readonly (400 | 401 | 403 | 404 | 409 | 422 | 429 | 503)[]
  /** Fields of a form body, with an example each: the old calls take forms, which no model checks. */
  form?: Record<string, string | number>
  /** Of the answer; default application/json. */
  contentType?: string
}

export function documented({
  tag,
  summary,
  description,
  answer,
  example,
  problems = [],
  form,
  contentType = 'application/json',
}: Call) {
  const responses: Record<string, unknown> = {
    200: {
      description: 'Done',
      content: { [contentType]: { schema: answer, ...(example !== undefined && { example }) } },
    },
  }
  for (const status of [...problems, ...(problems.includes(400) ? [413, 507] : []), 500])
    responses[status] = {
      description: PROBLEMS[status],
      content: { 'application/problem+json': { schema: ref('Problem') } },
    }
  const requestBody = form && {
    content: {
      'application/x-www-form-urlencoded': { schema: { type: 'object', properties: fieldsOf(form) }, example: form },
    },
  }
  const detail = {
    tags: [tag],
    summary,
    description: description ?? summary,
    responses,
    ...(requestBody && { requestBody }),
  }
  return { detail } as { detail: { tags: string[]; summary: string; description: string; responses: never } }
}

/** An example with each field: Swagger UI fills a form with `string` otherwise, whatever the body's own example says. */
const fieldsOf = (form: Record<string, string | number>): Schema =>
  Object.fromEntries(
    Object.entries(form).map(([name, value]) => [
      name,
      { type: typeof value === 'number' ? 'integer' : 'string', examples: [value] },
    ]),
  )
