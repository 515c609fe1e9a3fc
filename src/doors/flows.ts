/**
 * A sign-in that is under way at the provider. The browser that began it has a secret in a cookie; what the provider is
 * sent follows from it and from a key of this process. So nothing is kept here that a flood of beginnings could fill or push
 * out, no other browser can finish it (a link with somebody else's answer would sign its reader in as them), and a restart
 * only means to begin again.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { newSession } from './secrets.ts'

/** Time for a password and a second factor; then the secret is of no use. */
export const FLOW_SECONDS = 600
const COOKIE = /^(\d{1,12})\.[A-Za-z0-9_-]{43}$/

export interface Flow {
  state: string
  nonce: string
  /** Of PKCE (RFC 7636): who catches the answer on the way cannot use it. */
  verifier: string
}

export class Flows {
  readonly #key = randomBytes(32)

  /** Of one browser: a second tab goes on with the secret of the first, or one would be lost. */
  begin(before: string | undefined, now: number): { cookie: string; flow: Flow } {
    const cookie = before !== undefined && this.find(before, now) ? before : `${now}.${newSession()}`
    return { cookie, flow: this.#of(cookie) }
  }

  find(cookie: string, now: number): Flow | undefined {
    const began = Number(COOKIE.exec(cookie)?.[1] ?? Number.NaN)
    // A time that was made up is not in what the provider was sent. A clock that was set back ends nothing.
    return began + FLOW_SECONDS > now ? this.#of(cookie) : undefined
  }

  #of(cookie: string): Flow {
    const made = (what: string) => createHmac('sha256', this.#key).update(`${what} ${cookie}`).digest('base64url')
    return { state: made('state'), nonce: made('nonce'), verifier: made('verifier') }
  }
}
