export interface Listening {
  requestIP(request: Request): { address: string } | null
}

/** The address a worker speaks from; unknown where no socket is, as in a test of the app alone. */
export const addressOf = (server: Listening | null, request: Request): string | undefined =>
  server?.requestIP(request)?.address
