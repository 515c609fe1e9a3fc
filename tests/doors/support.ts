/** A server whose doors are shut: each request says by X-Forwarded-For where it comes from, and the server believes loopback. */
import type { Actor } from '../../src/doors/actor.ts'
import { type DoorRules, Doors } from '../../src/doors/doors.ts'
import { type Crowd, createPeople } from '../../src/doors/people.ts'
import type { Rates } from '../../src/doors/rates.ts'
import { createWorkerCredentials } from '../../src/doors/workers.ts'
import { type App, createApp } from '../../src/http/app.ts'
import { TestFarm } from '../support/farm.ts'

export const FROM = { nowhere: '203.0.113.9', trusted: '10.1.2.3', workers: '10.2.0.7' } as const
export const RULES: DoorRules = {
  trust: ['10.1.0.0/16'],
  workersTrust: ['10.2.0.0/16'],
  trustedProxies: ['127.0.0.0/8'],
  hosts: ['farm.example'],
}

/** Tokens of these, by what they are called here; `reader` is one of the admin, for looking only. */
async function populate(people: Crowd): Promise<Record<string, string>> {
  const { users, tokens } = people
  await users.add({ name: 'ann', role: 'artist' })
  await users.add({ name: 'wim', role: 'wrangler' })
  await users.add({ name: 'ada', role: 'admin' })
  await users.add({ name: 'shy', rights: ['create', 'view', 'edit', 'delete'] })
  const local: Actor = { kind: 'local', name: '' }
  const made: Record<string, string> = {}
  for (const user of ['ann', 'wim', 'ada', 'shy']) made[user] = (await tokens.add(local, { user, name: 'test' })).token
  made.reader = (await tokens.add(local, { user: 'ada', name: 'look', scopes: ['view', 'view_all'] })).token
  return made
}

export interface Asked {
  from?: string
  /** One of `populate`, or a text that is none of ours. */
  token?: string
  body?: unknown
  headers?: Record<string, string>
}

export class Shut implements AsyncDisposable {
  private constructor(
    readonly t: TestFarm,
    readonly people: Crowd,
    readonly tokens: Record<string, string>,
    readonly app: App,
  ) {}

  static async open(rules: DoorRules = RULES, rates?: Rates): Promise<Shut> {
    const t = new TestFarm({})
    const people = createPeople(t.farm)
    const workers = createWorkerCredentials(t.farm)
    const tokens = await populate(people)
    tokens.join = await workers.renewJoinToken()
    tokens.node = await workers.join(tokens.join, 'node-1', '')
    const app = createApp(t.farm, undefined, people, workers, new Doors(rules, people, workers, rates))
    app.listen({ hostname: '127.0.0.1', port: 0 })
    return new Shut(t, people, tokens, app)
  }

  get url(): string {
    return `http://127.0.0.1:${this.app.server?.port}`
  }

  async ask(method: string, path: string, { from = FROM.nowhere, token, body, headers = {} }: Asked = {}) {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(from !== '' && { 'x-forwarded-for': from }),
        ...(token !== undefined && { authorization: `Bearer ${this.tokens[token] ?? token}` }),
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
