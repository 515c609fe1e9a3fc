import { Elysia, t } from 'elysia'
import type { PageFiles } from '../bundle.ts'
import { notFound } from '../errors.ts'
import { SECURE } from './headers.ts'

/** In an executable, put there by src/build.ts; from source, the page is bundled when it is first asked for. */
declare const PAGE_FILES: PageFiles

/** The addresses that a person can see, reload and send; what they show is the page's own business. */
const ADDRESSES = [
  '/',
  '/jobs',
  '/jobs/:id',
  '/job/:id',
  '/farm/overview',
  '/farm/workers',
  '/farm/affinities',
  '/activity',
  '/audit',
  '/firstadmin',
  '/oidc/callback',
]

/**
 * Nothing runs, loads or is sent but what comes from this server, and nobody shows it in a frame of theirs. A job's title
 * that says <script> is text anyhow; this is the second lock.
 */
const SECURITY = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ...SECURE,
  'referrer-policy': 'same-origin',
}

interface Served {
  type: string
  plain: Uint8Array<ArrayBuffer>
  packed: Uint8Array<ArrayBuffer>
  etag: string
}

const encoder = new TextEncoder()

async function load(): Promise<Map<string, Served>> {
  const files = typeof PAGE_FILES === 'undefined' ? await (await import('../bundle.ts')).bundlePage() : PAGE_FILES
  return new Map(
    Object.entries(files).map(([name, { type, text }]) => {
      const plain = encoder.encode(text)
      const etag = `"${Bun.hash(text).toString(36)}"`
      return [name, { type, plain, packed: Bun.gzipSync(plain), etag }] as const
    }),
  )
}

function serve({ type, plain, packed, etag }: Served, request: Request, caching: string): Response {
  const headers = { ...SECURITY, 'content-type': type, 'cache-control': caching, etag, vary: 'accept-encoding' }
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers })
  const gzip = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')
  return gzip
    ? new Response(packed, { headers: { ...headers, 'content-encoding': 'gzip' } })
    : new Response(plain, { headers })
}

/** The dashboard. */
export const pageRoutes = () => {
  let files: Promise<Map<string, Served>> | undefined
  const file = async (name: string) => {
    files ??= load()
    const found = (await files).get(name)
    if (!found) throw notFound(`There is no file ${name} of the page: reload it, the server is another version now.`)
    return found
  }
  const app = new Elysia().get(
    '/page/:file',
    async ({ params, request }) => serve(await file(params.file), request, 'max-age=31536000, immutable'),
    { params: t.Object({ file: t.String() }), detail: { hide: true } },
  )
  for (const address of ADDRESSES)
    app.get(address, async ({ request }) => serve(await file('index.html'), request, 'no-cache'), {
      detail: { hide: true },
    })
  return app
}
