/** The server as its clients see it: the command line and the workers speak through this, and only this. */
import type { Problem } from './answers.ts'

/** The server answered, and said no. `field` is the place in the request at fault, if any. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly field?: string,
  ) {
    super(message)
    this.name = 'Refused'
  }
}

/** No answer: the server is down, or the network is. The same call may be sent again. */
export class Unreachable extends Error {
  constructor(url: string, cause: unknown) {
    super(`no answer from ${url}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'Unreachable'
  }
}

/** `no answer from http://farm:19211 (ECONNREFUSED)`: what the system says further is no help to anybody. */
export function whyUnreachable({ message, cause }: Unreachable): string {
  const reason = cause instanceof Error && ('code' in cause && typeof cause.code === 'string' ? cause.code : cause.name)
  const words = reason && CERTIFICATES[reason]
  const [noAnswer = message] = message.split(': ')
  return reason ? `${noAnswer} (${words ? `${reason}: ${words}` : reason})` : noAnswer
}

const UNTRUSTED =
  'its certificate is of an authority that this machine does not know; name that one with --ca or COALITION_CA'
const CERTIFICATES: Record<string, string> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock of this machine right?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for other names; use one of those',
  EPROTO: 'there is no TLS; is it http:// there?',
}

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

export interface Client {
  readonly url: string
  /** Answers the parsed JSON body. Throws `Refused` or `Unreachable`. */
  call<T>(method: Method, path: string, body?: unknown, options?: CallOptions): Promise<T>
  /** The answer itself, for streams. Throws the same. */
  open(method: Method, path: string, body?: unknown, options?: CallOptions): Promise<Response>
}

export interface CallOptions {
  /** Gives up after so many seconds; default 30. */
  timeoutSeconds?: number
  signal?: AbortSignal
}

/** What a client shows of itself, when it does, and of whom it takes a certificate. */
export interface Shown {
  token?: string | undefined
  /** A session, as `name=value`: where no browser keeps it. */
  cookie?: string | undefined
  /** PEM: the authority that signed the server's certificate, and no other. */
  ca?: string | undefined
}

export function createClient(serverUrl: string, { token, cookie, ca }: Shown = {}): Client {
  const url = serverUrl.replace(/\/+$/, '')

  async function open(method: Method, path: string, body?: unknown, options: CallOptions = {}): Promise<Response> {
    const timeout = AbortSignal.timeout((options.timeoutSeconds ?? 30) * 1000)
    let response: Response
    try {
      response = await fetch(url + path, {
        method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(cookie !== undefined && { cookie }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
        ...(ca !== undefined && { tls: { ca } }),
      })
    } catch (error) {
      throw new Unreachable(url, error)
    }
    if (!response.ok) throw await refusal(response)
    return response
  }

  async function call<T>(method: Method, path: string, body?: unknown, options?: CallOptions): Promise<T> {
    const response = await open(method, path, body, options)
    try {
      return (await response.json()) as T
    } catch (error) {
      throw new Unreachable(url, error)
    }
  }

  return { url, call, open }
}

async function refusal(response: Response): Promise<Refused> {
  const text = await response.text().catch(() => '')
  try {
    const problem = JSON.parse(text) as Problem
    return new Refused(response.status, problem.detail ?? problem.title, problem.field)
  } catch {
    return new Refused(response.status, text || `${response.status} ${response.statusText}`)
  }
}
