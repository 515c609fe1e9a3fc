/**
 * Which site a browser asks for. A form or an image on any page reaches every server that its visitor reaches, without a
 * preflight; what browsers add to such a request is all that tells it from one of our own page, or of a script.
 */
interface Sent {
  get(name: string): string | null
}

/** Whether this page's site was listed as `origins`. */
export type Listed = (origin: string) => boolean

/**
 * The words of a refusal, or undefined. `host`: what the server was asked as. `form`: a call that changes something by GET,
 * where browsers send no Origin, and to a server without TLS not even Sec-Fetch-Site: there a browser is told by its name,
 * which no page can change.
 */
export function foreignSite(
  headers: Sent,
  host: string | null,
  listed: Listed,
  { byGet = false, overTls = () => false }: { byGet?: boolean; overTls?: () => boolean } = {},
): string | undefined {
  const origin = headers.get('origin')
  const site = headers.get('sec-fetch-site')
  if (site === null && origin === null) {
    if (byGet && headers.get('user-agent')?.startsWith('Mozilla/'))
      return 'A browser asked for a change by GET, and does not say for which page: send it by POST.'
    return undefined
  }
  if (origin !== null && listed(origin)) return undefined
  if (site !== null ? site === 'same-origin' || site === 'none' : isOwn(origin, host, overTls)) return undefined
  const page = origin === null || origin === 'null' ? 'another site' : origin
  return `A page of ${page} asked for this: only pages of this server may. If that one is yours, list it as origins in coalition.toml.`
}

/** A page that came in clear is not one of a server with TLS, whatever its name: anybody on the way could have written it. */
function isOwn(origin: string | null, host: string | null, overTls: () => boolean): boolean {
  const page = URL.parse(origin ?? '')
  return page?.host === host && (page?.protocol === 'https:' || !overTls())
}
