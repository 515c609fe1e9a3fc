/** A real provider of OpenID Connect for one test file, on loopback, with and without TLS; its own pages ask for the name. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { join } from 'node:path'
import Provider from 'oidc-provider'
import { certify, freePort } from './slapd.ts'

export const CLIENT = { id: 'coalition', secret: 'the secret of the farm, which is in no log' }

export interface Account {
  groups?: string[]
  email?: string
  verified?: boolean
  /** What they are called; default: as they sign in. */
  name?: string
}

/** `accounts` by what is typed into the page of the provider; any password will do. `redirects`: where browsers come back. */
export async function startProvider(
  redirects: string[],
  accounts: Record<string, Account>,
  { tlsFolder }: { tlsFolder?: string } = {},
) {
  const port = freePort()
  const issuer = `${tlsFolder === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  const provider = new Provider(issuer, {
    clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: redirects }],
    claims: {
      openid: ['sub'],
      profile: ['preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    scopes: ['openid', 'profile', 'email', 'groups'],
    pkce: { required: () => true },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
    cookies: { keys: ['of a test'] },
    findAccount: (_, sub) => {
      const { name = sub, groups, email, verified } = accounts[sub] ?? {}
      return {
        accountId: sub,
        claims: () => ({ sub, preferred_username: name, groups, email, email_verified: verified }),
      }
    },
  })
  if (tlsFolder !== undefined) certify(tlsFolder)
  const server =
    tlsFolder === undefined
      ? createServer(provider.callback())
      : createTlsServer(
          { key: readFileSync(join(tlsFolder, 'key.pem')), cert: readFileSync(join(tlsFolder, 'cert.pem')) },
          provider.callback(),
        )
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    issuer,
    ca: tlsFolder === undefined ? '' : join(tlsFolder, 'cert.pem'),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A browser without a window: goes through the provider's pages as `login`, and answers the query it is sent back with. */
export async function walk(from: string, login: string, back: string, ca = ''): Promise<string> {
  const jar = new Map<string, string>()
  const ask = async (url: string, form?: Record<string, string>): Promise<{ to: string | null; text: string }> => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '), accept: 'text/html' },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
      ...(ca !== '' && { tls: { ca: readFileSync(ca, 'utf8') } }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    const to = response.headers.get('location')
    return { to: to === null ? null : new URL(to, url).href, text: await response.text() }
  }
  let url = from
  for (let steps = 0; steps < 12; steps++) {
    const { to, text } = await ask(url)
    if (to !== null) url = to
    else {
      const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1]
      if (prompt === undefined) throw new Error(`no page of the provider: ${text.slice(0, 500)}`)
      const next = await ask(url, { prompt, login, password: 'x' })
      url = next.to ?? ''
    }
    if (url.startsWith(back)) return new URL(url).search
  }
  throw new Error(`the provider sent the browser in circles, last to ${url}`)
}
