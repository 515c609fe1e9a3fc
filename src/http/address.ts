export interface Listening {
  requestIP(request: Request): { address: string } | null
}

/** The address a worker speaks from; unknown where no socket is, as in a test of the app alone. */
export const addressOf = (server: Listening | null, request: Request): string | undefined =>
  server?.requestIP(request)?.address

/** Of a request of HTTP/1.0 that names no host Bun knows the path and the query alone. */
export const urlOf = ({ url }: { url: string }): URL => new URL(url.startsWith('/') ? `http://localhost${url}` : url)
