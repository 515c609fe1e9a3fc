/** A provider that says what it is told to say: all that a real one never would. */
export type Payload = Record<string, unknown>

export interface Lies {
  /** Of the ID token; what is undefined is left out. */
  claims?: Payload
  header?: Payload
  /** Signed by a key that the provider never published. */
  forged?: boolean
  /** Instead of the tokens. */
  token?: () => Response
  /** What it says of itself. */
  metadata?: Payload
  userinfo?: Payload
}

const b64 = (value: Payload): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export async function startLiar(clientId: string) {
  const generate = () =>
    crypto.subtle.generateKey(
      { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
      true,
      ['sign', 'verify'],
    )
  const [own, other] = [await generate(), await generate()]
  const jwk = { ...(await crypto.subtle.exportKey('jwk', own.publicKey)), kid: 'own', use: 'sig', alg: 'RS256' }
  let lies: Lies = {}
  /** What it was asked for tokens with. */
  const asked: { form: URLSearchParams; authorization: string | null }[] = []
  let nonce: string | undefined

  async function token(): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: url(), aud: clientId, sub: 'sub-of-lily', iat: now, exp: now + 300, nonce, ...lies.claims }
    const head = `${b64({ alg: 'RS256', kid: 'own', ...lies.header })}.${b64({ preferred_username: 'lily', ...claims })}`
    const key = (lies.forged ? other : own).privateKey
    const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key, new TextEncoder().encode(head))
    return `${head}.${lies.header?.alg === 'none' ? '' : Buffer.from(signature).toString('base64url')}`
  }

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    routes: {
      '/.well-known/openid-configuration': () =>
        Response.json({
          issuer: url(),
          authorization_endpoint: `${url()}/auth`,
          token_endpoint: `${url()}/token`,
          jwks_uri: `${url()}/jwks`,
          userinfo_endpoint: `${url()}/userinfo`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
          ...lies.metadata,
        }),
      '/jwks': () => Response.json({ keys: [jwk] }),
      '/userinfo': () => Response.json({ sub: 'sub-of-lily', ...lies.userinfo }),
      '/token': async (request) => {
        asked.push({
          form: new URLSearchParams(await request.text()),
          authorization: request.headers.get('authorization'),
        })
        if (lies.token) return lies.token()
        return Response.json({ access_token: 'access', token_type: 'bearer', id_token: await token() })
      },
    },
  })
  function url(): string {
    return `http://127.0.0.1:${server.port}`
  }
  return {
    url: url(),
    asked,
    /** From now on; what it does not say is as it should be. */
    tell(more: Lies) {
      lies = more
    },
    /** As the browser was sent there, with this nonce. */
    heard(address: string) {
      nonce = new URL(address).searchParams.get('nonce') ?? undefined
    },
    stop: () => server.stop(true),
  }
}
