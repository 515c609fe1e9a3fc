export interface Listening {
  requestIP(request: Request): { address: string } | null
}

/** The address a worker speaks from; unknown where no socket is, as in a test of the app alone. */
export const addressOf = (server: Listening | null, request: Request): string | undefined =>
  server?.requestIP(request)?.address

/** Elysia looks for the path from here on, which is past its beginning where the host is `nas` and the port the usual one. */
const PATH_AT = 11

/**
 * A request whose address both URL and Elysia read: of one of HTTP/1.0 that names no host Bun gives the path alone, and a
 * short host has Elysia answer another path than was asked. A `#` that a script did not escape is a sign as any other: no
 * request has a fragment, and what was cut off as one was the command of a job. Whom it was asked as stands in the headers
 * all the same.
 */
export function readable(request: Request): Request {
  const { url } = request
  const at = url.startsWith('/') ? 0 : url.indexOf('/', 'https://'.length)
  if (at >= PATH_AT && !url.includes('#')) return request
  const scheme = url.startsWith('https:') ? 'https' : 'http'
  // The same object, not a new one: by it Bun knows who asks.
  const path = url.slice(at).replaceAll('#', '%23')
  return Object.defineProperty(request, 'url', { value: `${scheme}://localhost${path}` })
}
