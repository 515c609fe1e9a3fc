/** A server whose doors are shut: each request says by X-Forwarded-For where it comes from, and the server believes loopback. */
import { type Actor, type People, ROLES, type Role } from '../../src/doors/actor.ts'
import { type DoorRules, Doors } from '../../src/doors/doors.ts'
import { createApp } from '../../src/http/app.ts'
import { TestFarm } from '../support/farm.ts'

export const FROM = { nowhere: '203.0.113.9', trusted: '10.1.2.3', workers: '10.2.0.7' } as const
export const RULES: DoorRules = {
  trust: ['10.1.0.0/16'],
  workersTrust: ['10.2.0.0/16'],
  trustedProxies: ['127.0.0.0/8'],
  hosts: ['farm.example'],
}

type User = Extract<Actor, { kind: 'user' }>
export const user = (name: string, role: Role, more: Partial<User> = {}): User => ({
  kind: 'user',
  name,
  role,
  rights: new Set(ROLES[role]),
  by: 'token',
  ...more,
})

/** What each token stands for. */
export const USERS: Record<string, User> = {
  coa_ann: user('ann', 'artist'),
  coa_wim: user('wim', 'wrangler'),
  coa_ada: user('ada', 'admin'),
  coa_shy: user('shy', 'artist', { rights: new Set(['create', 'view', 'edit', 'delete'] as const) }),
  coa_reader: user('ada', 'admin', { scopes: ['view', 'view_all'] }),
}
const PEOPLE: People = { identify: ({ token, session }) => USERS[token ?? session ?? ''] }

export interface Asked {
  from?: string
  token?: string
  body?: unknown
  headers?: Record<string, string>
}

export class Shut implements AsyncDisposable {
  readonly t = new TestFarm({})
  readonly app
  readonly url: string

  constructor(rules: DoorRules = RULES, people: People | undefined = PEOPLE) {
    this.app = createApp(this.t.farm, undefined, new Doors(rules, people))
    this.app.listen({ hostname: '127.0.0.1', port: 0 })
    this.url = `http://127.0.0.1:${this.app.server?.port}`
  }

  async ask(method: string, path: string, { from = FROM.nowhere, token, body, headers = {} }: Asked = {}) {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(from !== '' && { 'x-forwarded-for': from }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      redirect: 'manual',
    })
    const text = await response.text()
    return { status: response.status, text, headers: response.headers }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.server?.stop(true)
    await this.t[Symbol.asyncDispose]()
  }
}
