/** Who looks at this page. */
import { createClient, Refused } from '../../client.ts'
import type { MadeToken, Me, NewToken, ProviderAddress, Token } from '../../models.ts'
import { Store } from './store.ts'
import { stream } from './stream.ts'

const { call } = createClient(location.origin)

export const me = new Store<Me | undefined>(undefined)

const RETRY_MS = 2000

/** At the start, and when the server does not know the page any more: a session that has ended. */
export async function askWhoIAm(): Promise<void> {
  try {
    me.set(await call<Me>('GET', '/api/me'))
  } catch {
    // The server is away; the page is of no use without it.
    if (me.get() === undefined) setTimeout(askWhoIAm, RETRY_MS)
  }
}

export function hearRefusal(error: unknown): void {
  if (error instanceof Refused && error.status === 401) void askWhoIAm()
}

// A stream that is refused only closes: the reason is asked for.
stream.connection.subscribe(() => {
  if (stream.connection.get() === 'lost') void askWhoIAm()
})

/** As somebody else all of the page is another: it begins anew. */
const anew = () => location.assign('/')

export async function signIn(name: string, password: string): Promise<void> {
  await call<Me>('POST', '/api/signin', { name, password })
  location.reload()
}
/** Where the page was: kept in this tab, as what stands in an address could send its reader anywhere. */
const PLACE = 'coalition-place'

export async function signInAtProvider(): Promise<void> {
  const { url } = await call<ProviderAddress>('POST', '/api/signin/provider')
  sessionStorage.setItem(PLACE, location.pathname + location.search)
  location.assign(url)
}
export async function finishAtProvider(answer: string): Promise<void> {
  if (answer !== '') await call<Me>('POST', '/api/signin/provider/answer', { answer })
  const place = sessionStorage.getItem(PLACE) ?? '/'
  sessionStorage.removeItem(PLACE)
  location.replace(new URL(place, location.origin).origin === location.origin ? place : '/')
}
export async function signOut(): Promise<void> {
  await call<1>('POST', '/api/signout')
  anew()
}
export async function makeFirstAdmin(secret: string, name: string, password: string): Promise<void> {
  await call<Me>('POST', '/api/firstadmin', { secret, name, password })
  anew()
}

export const changePassword = (old: string, password: string) => call<1>('POST', '/api/me/password', { old, password })
export const listTokens = (user: string, signal: AbortSignal) =>
  call<Token[]>('GET', `/api/tokens?${new URLSearchParams({ user })}`, undefined, { signal })
export const makeToken = (token: NewToken) => call<MadeToken>('POST', '/api/tokens', token)
export const revokeToken = (id: number) => call<1>('DELETE', `/api/tokens/${id}`)
