import { swagger } from '@elysiajs/swagger'
import { Elysia } from 'elysia'
import favicon from 'swagger-ui-dist/favicon-32x32.png' with { type: 'file' }
import css from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' }
import bundle from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' }
import { WEB_FRONTEND } from '../doors/access.ts'
import { VERSION } from '../version.ts'
import { SECURE } from './headers.ts'
import { json } from './json.ts'

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
/** Swagger UI writes styles, and pictures, into the page as it goes. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
const START = `SwaggerUIBundle({ url: '/docs/json', dom_id: '#swagger-ui', deepLinking: true, tryItOutEnabled: true, displayRequestDuration: true, validatorUrl: null })
`
const DESCRIPTION = `The REST API of Coalition, a job manager for render farms.

Answers are JSON, numbers too. Success is 200. A client's mistake is 4xx with a problem (RFC 9457) that names the field; 500 is the server's own fault.
Operations on many jobs or workers are done wholly or not at all. Times are seconds since the epoch, durations seconds.

Before any call it is asked who calls: 401 for who is not known, 403 for who may not, 421 for a name that is not the server's, 429 with Retry-After for strangers who ask too often.`

const file = (path: string, type: string) => () =>
  new Response(Bun.file(path), { headers: { ...SECURE, 'content-type': type, 'cache-control': 'max-age=3600' } })

/** Swagger UI at /docs, the document at /docs/json. */
export const docs = () =>
  new Elysia()
    .onAfterHandle(({ path, responseValue }) =>
      path === '/docs/json' ? json(asOpenApi31(responseValue as Json)) : undefined,
    )
    .use(
      swagger({
        path: '/docs',
        exclude: new RegExp(`^${WEB_FRONTEND}/`),
        documentation: {
          info: { title: 'Coalition', version: VERSION, description: DESCRIPTION },
          components: {
            securitySchemes: {
              token: {
                type: 'http',
                scheme: 'bearer',
                description:
                  'A token of a user; not needed from where nothing is asked, nor when signed in on the page',
              },
            },
          },
          security: [{}, { token: [] }],
          tags: [
            { name: 'Jobs', description: 'Jobs and groups' },
            { name: 'Workers', description: 'Workers as users see and change them' },
            { name: 'Events', description: 'The history of runs' },
            { name: 'Affinities', description: 'The numbered names, 1 to 63' },
            { name: 'Limits', description: 'What the whole farm has only so many of' },
            { name: 'Farm', description: 'What the farm did, and what needs a look' },
            { name: 'People', description: 'Users, signing in, tokens' },
            { name: 'Runs', description: "The workers' own protocol" },
            { name: 'Server', description: 'The server itself' },
            { name: 'Coalition 4', description: 'The wire of existing workers and submitters' },
          ],
        },
      }),
    )
    .get(
      '/docs',
      () =>
        new Response(PAGE, {
          headers: { ...SECURE, 'content-security-policy': POLICY, 'content-type': 'text/html; charset=utf-8' },
        }),
      {
        detail: { hide: true },
      },
    )
    .get('/docs/start.js', () => new Response(START, { headers: { ...SECURE, 'content-type': 'text/javascript' } }), {
      detail: { hide: true },
    })
    .get('/docs/swagger-ui-bundle.js', file(bundle, 'text/javascript'), { detail: { hide: true } })
    .get('/docs/swagger-ui.css', file(css, 'text/css'), { detail: { hide: true } })
    .get('/docs/favicon.png', file(favicon, 'image/png'), { detail: { hide: true } })

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/**
 * The plugin writes TypeBox's schemas into a 3.0 document as they are. They are JSON Schema, which is what OpenAPI 3.1
 * takes; what is left to do: bodies name their models and carry an example, references point into the document, and what
 * only the server's own checks need goes.
 */
export function asOpenApi31(document: Json): Json {
  const clean = tidy(document) as { [key: string]: Json }
  return { ...clean, openapi: '3.1.0' }
}

type Item = { [key: string]: Json }

const OURS = ['$id', 'noValidate', 'wanted', 'confidential']

function tidy(value: Json, key = ''): Json {
  if (Array.isArray(value)) return value.map((item) => tidy(key === 'parameters' ? parameter(item as Item) : item))
  if (value === null || typeof value !== 'object') return value
  if (key === 'requestBody') return tidy(bodyOf(value))
  const { $ref, items, additionalItems, ...rest } = value
  if (typeof $ref === 'string' && !$ref.startsWith('#')) return { ...value, $ref: modelPath($ref) }
  // TypeBox writes a tuple as JSON Schema had it before 2020, which OpenAPI 3.1 takes for no schema at all.
  if (Array.isArray(items) && additionalItems === false) return tidy({ ...rest, prefixItems: items, items: false }, key)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !OURS.includes(name))
      .map(([name, item]) => [name, tidy(item, name)]),
  )
}

const ref = (name: Json | undefined) => ({ $ref: modelPath(String(name)) })
const modelPath = (name: string) => `#/components/schemas/${name}`

/** One content type, and the model by its name: the plugin offers three, with the model written out in each. */
function bodyOf(body: Item): Item {
  const content = body.content as { [type: string]: { schema: Item } }
  const json = content['application/json']
  if (!json) return body
  const { $id, examples, orElse } = json.schema
  const [example] = Array.isArray(examples) ? examples : []
  return {
    ...body,
    content: {
      'application/json': {
        schema:
          typeof orElse === 'string'
            ? { anyOf: [ref($id), ref(orElse)] }
            : typeof $id === 'string'
              ? ref($id)
              : json.schema,
        ...(example !== undefined && { example }),
      },
    },
  }
}

/**
 * Swagger UI fills in the `example` of a parameter: right for the id in a path, wrong for a filter, which would be sent
 * without being asked for. So those of filters stay in their schemas.
 */
function parameter({ examples, ...item }: Item): Item {
  if (!Array.isArray(examples)) return item
  const [example] = examples
  if (item.required && example !== undefined) return { ...item, example }
  return { ...item, schema: { ...(item.schema as Item), examples } }
}
