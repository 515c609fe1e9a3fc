import { Elysia, t } from 'elysia'
import { FILES, type PageFiles } from '../bundle.ts'
import { notFound } from '../errors.ts'
import type { Guard } from './guard.ts'
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
  '/people',
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

/** Views whose code is in a file of its own, named after them: it comes with the script that will ask for it. */
const VIEWS: Readonly<Record<string, string>> = {
  '/job/:id': 'JobView',
  '/farm/overview': 'FarmView',
  '/farm/workers': 'WorkersView',
  '/farm/affinities': 'AffinitiesView',
  '/activity': 'ActivityView',
  '/people': 'PeopleView',
  '/audit': 'AuditView',
}

/** What the script will ask for first of all comes while it is read: who looks, and the list of jobs. */
function ahead(address: string, request: Request, known: boolean, files: Iterable<string>): Record<string, string> {
  const { pathname, search } = new URL(request.url)
  const asked = ['/api/me']
  const list = /^\/(?:jobs(?:\/(\d{1,15}))?)?$/.exec(pathname)
  if (known && list && search === '') asked.push(`/api/jobs/${list[1] ?? 0}/order`)
  const view = VIEWS[address]
  const file = view && [...files].find((name) => name.startsWith(`${view}-`))
  return {
    link: [
      ...asked.map((path) => `<${path}>; rel=preload; as=fetch; crossorigin`),
      ...(file ? [`<${FILES}${file}>; rel=modulepreload`] : []),
    ].join(', '),
  }
}

/** Smallest first. Browsers take brotli where nobody between can harm it: over TLS, and from this machine. */
const PACKINGS = ['br', 'gzip'] as const

interface Served extends Record<(typeof PACKINGS)[number], Uint8Array<ArrayBuffer>> {
  type: string
  etag: string
}

async function load(): Promise<Map<string, Served>> {
  const files =
    typeof PAGE_FILES === 'undefined' ? await (await import('../bundle.ts')).bundlePage({ small: false }) : PAGE_FILES
  return new Map(
    Object.entries(files).map(([name, { type, gzip, br }]) => {
      const etag = `"${Bun.hash(gzip).toString(36)}"`
      return [
        name,
        {
          type,
          etag,
          gzip: new Uint8Array(Buffer.from(gzip, 'base64')),
          br: new Uint8Array(Buffer.from(br, 'base64')),
        },
      ] as const
    }),
  )
}

function serve(file: Served, request: Request, more: Record<string, string>): Response {
  const { type, etag } = file
  const headers = { ...SECURITY, ...more, 'content-type': type, etag, vary: 'accept-encoding' }
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers })
  const accepted = request.headers.get('accept-encoding') ?? ''
  const packing = PACKINGS.find((each) => new RegExp(`\\b${each}\\b(?!;q=0(\\.0*)?(,|$))`).test(accepted))
  return packing
    ? new Response(file[packing], { headers: { ...headers, 'content-encoding': packing } })
    : new Response(Bun.gunzipSync(file.gzip), { headers })
}

/** The dashboard. */
export const pageRoutes = (guard: Guard) => {
  let files: Promise<Map<string, Served>> | undefined
  const all = () => {
    files ??= load()
    return files
  }
  const file = async (name: string) => {
    const found = (await all()).get(name)
    if (!found) throw notFound(`There is no file ${name} of the page: reload it, the server is another version now.`)
    return found
  }
  const app = new Elysia().get(
    '/page/:file',
    async ({ params, request }) =>
      serve(await file(params.file), request, { 'cache-control': 'max-age=31536000, immutable' }),
    { params: t.Object({ file: t.String() }), detail: { hide: true } },
  )
  for (const address of ADDRESSES)
    app.get(
      address,
      async ({ request }) => {
        const more = ahead(address, request, guard.visitorOf(request).actor.kind !== 'nobody', (await all()).keys())
        return serve(await file('index.html'), request, { ...more, 'cache-control': 'no-cache' })
      },
      { detail: { hide: true } },
    )
  return app
}
