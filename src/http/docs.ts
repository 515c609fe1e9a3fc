import { swagger } from '@elysiajs/swagger'
import { Elysia } from 'elysia'
import favicon from 'swagger-ui-dist/favicon-32x32.png' with { type: 'file' }
import css from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' }
import bundle from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' }
import { VERSION } from '../version.ts'

/** The plugin's own page comes from a CDN, and a farm has no internet: this one is served from inside the executable. */
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Coalition API</title>
<link rel="icon" href="/docs/favicon.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`
const START = `SwaggerUIBundle({ url: '/docs/json', dom_id: '#swagger-ui', deepLinking: true, tryItOutEnabled: true, displayRequestDuration: true })
`
const DESCRIPTION = `The REST API of Coalition, a job manager for render farms.

Answers are JSON, numbers too. Success is 200. A client's mistake is 4xx with a problem (RFC 9457) that names the field; 500 is the server's own fault.
Operations on many jobs or workers are done wholly or not at all. Times are seconds since the epoch, durations seconds.`

const file = (path: string, type: string) => () =>
  new Response(Bun.file(path), { headers: { 'content-type': type, 'cache-control': 'max-age=3600' } })

/** Swagger UI at /docs, the document at /docs/json. */
export const docs = () =>
  new Elysia()
    .onAfterHandle(({ path, responseValue }) =>
      path === '/docs/json' ? Response.json(asOpenApi31(responseValue as Json)) : undefined,
    )
    .use(
      swagger({
        path: '/docs',
        documentation: {
          info: { title: 'Coalition', version: VERSION, description: DESCRIPTION },
          tags: [
            { name: 'Jobs', description: 'Jobs and groups' },
            { name: 'Workers', description: 'Workers as users see and change them' },
            { name: 'Events', description: 'The history of runs' },
            { name: 'Runs', description: "The workers' own protocol" },
            { name: 'Server', description: 'The server itself' },
            { name: 'Coalition 4', description: 'The wire of existing workers and submitters' },
          ],
        },
      }),
    )
    .get('/docs', () => new Response(PAGE, { headers: { 'content-type': 'text/html; charset=utf-8' } }), {
      detail: { hide: true },
    })
    .get('/docs/start.js', () => new Response(START, { headers: { 'content-type': 'text/javascript' } }), {
      detail: { hide: true },
    })
    .get('/docs/swagger-ui-bundle.js', file(bundle, 'text/javascript'), { detail: { hide: true } })
    .get('/docs/swagger-ui.css', file(css, 'text/css'), { detail: { hide: true } })
    .get('/docs/favicon.png', file(favicon, 'image/png'), { detail: { hide: true } })

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/**
 * The plugin writes TypeBox's schemas into a 3.0 document as they are. They are JSON Schema, which is what OpenAPI 3.1
 * takes; what is left to do: identifiers that are no schema's own, numbers that Elysia reads from text, the content types
 * that it would take and this API does not need.
 */
export function asOpenApi31(document: Json): Json {
  const clean = tidy(document) as { [key: string]: Json }
  return { ...clean, openapi: '3.1.0' }
}

const FORM = 'application/x-www-form-urlencoded'

function tidy(value: Json, key = ''): Json {
  if (Array.isArray(value)) return value.map((item) => tidy(item))
  if (value === null || typeof value !== 'object') return value
  const number = numberReadFromText(value)
  if (number) return tidy(number)
  if (key === 'requestBody') return tidy(onlyOneContentType(value))
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== '$id')
      .map(([name, item]) => [name, tidy(item, name)]),
  )
}

function numberReadFromText({ anyOf }: { [key: string]: Json }): Json | undefined {
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return undefined
  const [text, number] = anyOf as { [key: string]: Json }[]
  return text?.format === 'integer' || text?.format === 'numeric' ? number : undefined
}

function onlyOneContentType(body: { [key: string]: Json }): { [key: string]: Json } {
  const content = body.content as { [key: string]: Json }
  const type = FORM in content ? FORM : 'application/json'
  return { ...body, content: { [type]: content[type] ?? {} } }
}
