/** Signing in at the studio's provider of OpenID Connect: authorization code with PKCE. */
import * as oidc from 'openid-client'
import { FarmError } from '../errors.ts'
import type { Flow } from './flows.ts'
import type { Found } from './found.ts'
import { type ClaimRules, type Claims, foundIn, nameIn, saysAll } from './oidcClaims.ts'
import { oidcFailure, unavailable } from './oidcFailure.ts'

export interface OidcRules extends ClaimRules {
  issuer: string
  clientId: string
  /** Empty: a public client. */
  clientSecret: string
  scopes: string
  label: string
  /** Empty: the address at which the browser asked. */
  redirectBase: string
  /** PEM; empty: the authorities that the system knows. */
  ca: string
  insecure: boolean
}

/** Who signed in there. */
export interface Told {
  name: string
  /** Who says it, and what they call that person for ever. */
  subject: string
  found: Found
}

export interface Provider {
  readonly label: string
  readonly redirectBase: string
  /** Where the browser has to go. `redirect`: where it comes back. */
  begin(flow: Flow, redirect: string): Promise<string>
  /** `answer`: the query with which it came back. */
  finish(flow: Flow, redirect: string, answer: string): Promise<Told>
}

const TIMEOUT_SECONDS = 10
/** What the two clocks may be apart. */
const CLOCK_TOLERANCE_SECONDS = 60
/** What the provider says of itself is asked anew after so long: it can move, and change what it can do. */
const METADATA_MS = 3_600_000
/** Some kB are usual; with a person's groups some tens of them. */
const MOST_BYTES = 1024 * 1024

const isHttps = (url: string): boolean => URL.parse(url)?.protocol === 'https:'

/** Why these rules cannot be, in words; undefined: they can. */
export function oidcProblem({ issuer, clientId, insecure, redirectBase }: OidcRules): string | undefined {
  const protocol = URL.parse(issuer)?.protocol
  if (protocol !== 'https:' && protocol !== 'http:')
    return `oidc.issuer: '${issuer}' is no address of a provider: write one like https://login.studio.lan/realms/studio.`
  if (clientId === '') return 'oidc.client_id is missing: write what the provider calls this farm.'
  if (!isHttps(issuer) && !insecure)
    return `oidc.issuer: whoever is on the way to ${issuer} could say who somebody is: write https://; oidc.insecure = true if it has to be.`
  const base = redirectBase === '' ? undefined : URL.parse(redirectBase)
  const plain =
    base && /^https?:$/.test(base.protocol) && base.search === '' && base.hash === '' && base.username === ''
  if (redirectBase !== '' && !plain)
    return `oidc.redirect_base: '${redirectBase}' is no address of this server: write one like https://farm.studio.lan.`
  return undefined
}

export function oidcProvider(rules: OidcRules): Provider {
  const { issuer, clientId, clientSecret, scopes, label, redirectBase, insecure } = rules
  let asked: { configuration: Promise<oidc.Configuration>; until: number } | undefined

  const discover = () =>
    oidc.discovery(
      new URL(issuer),
      clientId,
      { [oidc.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
      // Known before the provider has said which ways it takes: chosen when it is used.
      (as, client, body, headers) => authentication(clientSecret, as)(as, client, body, headers),
      {
        [oidc.customFetch]: bounded(rules.ca),
        timeout: TIMEOUT_SECONDS,
        // The signature too, although TLS says already whose answer it is: it costs a look at a key that is kept.
        execute: [oidc.enableNonRepudiationChecks, ...(insecure ? [oidc.allowInsecureRequests] : [])],
      },
    )

  /** Asked when somebody signs in, and not at the start: the farm does not wait for it. */
  function configuration(): Promise<oidc.Configuration> {
    if (asked && asked.until > performance.now()) return asked.configuration
    const mine = { configuration: discover(), until: performance.now() + METADATA_MS }
    asked = mine
    mine.configuration.catch(() => {
      if (asked === mine) asked = undefined
    })
    return mine.configuration
  }

  async function attempt<T>(work: (configuration: oidc.Configuration) => Promise<T>): Promise<T> {
    const known = await configuration().catch((error) => {
      throw unavailable(error, issuer)
    })
    try {
      return await work(known)
    } catch (error) {
      throw oidcFailure(error, issuer)
    }
  }

  return {
    label,
    redirectBase: redirectBase.replace(/\/+$/, ''),

    begin: ({ state, nonce, verifier }, redirect) =>
      attempt(async (known) => {
        const url = oidc.buildAuthorizationUrl(known, {
          redirect_uri: redirect,
          scope: scopes,
          state,
          nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        })
        if (url.protocol !== 'https:' && !(insecure && url.protocol === 'http:'))
          throw new FarmError('unavailable', `The provider names ${url.origin} to sign in at, which is without TLS.`)
        return url.href
      }),

    finish: ({ state, nonce, verifier }, redirect, answer) =>
      attempt(async (known) => {
        const came = new URL(redirect)
        came.search = answer
        const tokens = await oidc.authorizationCodeGrant(known, came, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        })
        const token = tokens.claims()
        if (!token) throw new FarmError('unavailable', 'The provider did not say who signed in.')
        let claims: Claims = token
        if (!saysAll(claims, rules) && known.serverMetadata().userinfo_endpoint !== undefined)
          claims = { ...(await oidc.fetchUserInfo(known, tokens.access_token, token.sub)), ...token }
        const name = nameIn(claims, rules.userClaim)
        return { name, subject: `${token.iss} ${token.sub}`, found: await foundIn(claims, name, rules) }
      }),
  }
}

/** As the provider takes it; where it does not say, in a header, which every one has to take (RFC 6749, 2.3.1). */
function authentication(secret: string, as: oidc.ServerMetadata): oidc.ClientAuth {
  if (secret === '') return oidc.None()
  const ways = as.token_endpoint_auth_methods_supported
  const posted = ways?.includes('client_secret_post') && !ways.includes('client_secret_basic')
  return posted ? oidc.ClientSecretPost(secret) : oidc.ClientSecretBasic(secret)
}

/** `ca` for these calls alone. An answer without end is none. */
const bounded =
  (ca: string): oidc.CustomFetch =>
  async (url, options) => {
    const response = await fetch(url, {
      method: options.method,
      headers: options.headers,
      redirect: options.redirect,
      // A form or nothing, as the protocol has it.
      ...(options.body instanceof URLSearchParams && { body: options.body }),
      ...(options.signal && { signal: options.signal }),
      ...(ca !== '' && { tls: { ca } }),
    })
    const parts: Uint8Array[] = []
    const reader = response.body?.getReader()
    for (let size = 0; ; ) {
      const { value } = (await reader?.read()) ?? {}
      if (!value) break
      size += value.length
      if (size > MOST_BYTES) {
        await reader?.cancel()
        throw new Error(`${new URL(url).host} answered more than ${MOST_BYTES / 1024} kB`)
      }
      parts.push(value)
    }
    const { status, headers } = response
    // These have no body, and Response takes none for them.
    return new Response([101, 204, 205, 304].includes(status) ? null : Buffer.concat(parts), { status, headers })
  }
