/** The document at /docs/json: complete, valid, and what the server does. And the page that shows it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { tmpdir } from 'node:os'
import { Validator } from '@seriousme/openapi-schema-validator'
import { openDatabase } from '../../src/db/open.ts'
import { createFarm } from '../../src/farm.ts'
import { createApp } from '../../src/http/app.ts'
import { type Answer, Raw, type TestServer, testServer } from '../support/server.ts'
import { misfits, resolve, type Schema } from './jsonSchema.ts'

interface Parameter {
  name: string
  in: string
  required: boolean
  description?: string
  example?: unknown
  schema: Schema
}
interface Content {
  schema: Schema
  example?: unknown
}
interface Operation {
  operationId: string
  summary?: string
  description?: string
  tags?: string[]
  parameters?: Parameter[]
  requestBody?: { content: Record<string, Content> }
  responses: Record<string, { description?: string; content?: Record<string, Content> }>
}
type Document = Schema & {
  openapi: string
  tags: { name: string }[]
  paths: Record<string, Record<string, Operation>>
}

const JSON_TYPE = 'application/json'
const FORM = 'application/x-www-form-urlencoded'

let server: TestServer
let document: Document
let operations: { method: string; path: string; operation: Operation }[]

beforeAll(async () => {
  server = await testServer()
  const answer = await server.get<Document>('/docs/json')
  expect(answer).toMatchObject({ status: 200, type: JSON_TYPE })
  document = answer.body
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
})
afterAll(() => server.stop())

/** A farm in which every example of the document means something: job 1 runs on worker-1 as run 1. */
async function exampleFarm({ operation, path }: (typeof operations)[number]): Promise<TestServer> {
  const farm = await testServer()
  await farm.add({ title: 'Job 1', command: 'echo test' })
  await farm.pick('worker-1')
  if (path.startsWith('/api/workers/credentials')) {
    const { body } = await farm.post<{ token: string }>('/api/workers/jointoken', undefined)
    for (const worker of ['worker-1', 'worker-2']) await farm.post('/api/workers/join', { token: body.token, worker })
  }
  if (operation.tags?.includes('People')) {
    await farm.post('/api/users', { name: 'ann', password: 'correct horse battery' })
    await farm.post('/api/tokens', { name: 'script', user: 'ann' })
  }
  return farm
}

/** Of what only the server itself knows, or a session, an example can say nothing that works. */
const NEEDS_A_SECRET = [
  'POST /api/firstadmin',
  'POST /api/me/password',
  'POST /api/workers/join',
  'POST /api/signin/provider',
  'POST /api/signin/provider/answer',
]

const send = (farm: TestServer, { method, path, operation }: (typeof operations)[number]): Promise<Answer> => {
  let target = path
  for (const { name, in: place, example } of operation.parameters ?? [])
    if (place === 'path') target = target.replace(`{${name}}`, encodeURIComponent(String(example)))
  const [type, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? []
  if (!type || !content) return farm.call(method, target)
  const form = () => new URLSearchParams(content.example as Record<string, string>).toString()
  return farm.call(method, target, type === FORM ? new Raw(form()) : content.example, { type })
}

describe('the document', () => {
  test('is OpenAPI 3.1', async () => {
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true })
    expect(document.openapi).toStartWith('3.1.')
  })

  test('has every route of the server, and no other', () => {
    const db = openDatabase(':memory:')
    const { routes } = createApp(createFarm(db, { logs: tmpdir() }))
    db.sqlite.close()
    const hidden = [
      // Pages for people.
      /^GET \/$/,
      /^GET \/(jobs?|farm|activity|people|audit|firstadmin|oidc)\b/,
      /^GET \/page\//,
      /^GET \/docs/,
      // A WebSocket, which no OpenAPI describes.
      /^WS \/api\/stream$/,
      // The same calls as below /api.
      /^[A-Z]+ \/api\/webfrontend\//,
      // A call of Coalition 4 that is gone, and says so.
      /^GET \/api\/jobs\/where$/,
      // The same calls as by POST, with the fields in the query.
      /^GET \/(workers\/(pickjob|heartbeat|endjob)|(xmlrpc|json)\/addjob)$/,
    ]
    const served = routes
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
      .filter((route) => !hidden.some((pattern) => pattern.test(route)))
    expect(operations.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(
      [...new Set(served)].toSorted(),
    )
  })

  test('says how to sign in by a token, and that nobody has to everywhere', () => {
    expect(document.security).toEqual([{}, { token: [] }])
    expect(resolve('#/components/securitySchemes/token', document)).toMatchObject({ type: 'http', scheme: 'bearer' })
  })

  test('names, describes and tags every call, and says what it answers and how it fails', () => {
    const tags = document.tags.map(({ name }) => name)
    for (const { method, path, operation } of operations) {
      const where = `${method} ${path}`
      const { summary, description, responses } = operation
      expect([where, Boolean(summary), Boolean(description)]).toEqual([where, true, true])
      expect([where, operation.tags?.length, tags.includes(operation.tags?.[0] ?? '')]).toEqual([where, 1, true])
      expect([where, Object.keys(responses['200']?.content ?? {}).length]).toEqual([where, 1])
      const failures = Object.entries(responses).filter(([status]) => status !== '200')
      expect([where, failures.some(([status]) => status === '500')]).toEqual([where, true])
      for (const [, { description: reason, content }] of failures) {
        expect([where, Boolean(reason)]).toEqual([where, true])
        expect(content).toEqual({ 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } })
      }
      if (operation.requestBody?.content[JSON_TYPE]) expect(Object.keys(responses)).toContain('400')
      if (path.includes('{id}')) expect(Object.keys(responses)).toContain('404')
    }
    for (const tag of tags) expect(operations.some(({ operation }) => operation.tags?.includes(tag))).toBe(true)
  })

  test('gives each call an id of its own', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(ids).toEqual([...new Set(ids)])
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z]\w+$/)
  })

  test('describes every parameter, with an example: filled in where one is needed, and only there', () => {
    for (const { method, path, operation } of operations)
      for (const { name, in: place, required, description, example, schema } of operation.parameters ?? []) {
        const where = `${method} ${path} ${name}`
        expect([where, Boolean(description), required]).toEqual([where, true, place === 'path'])
        const [inSchema] = (schema.examples ?? []) as unknown[]
        expect([where, example === undefined, inSchema === undefined]).toEqual([where, !required, required])
        expect(misfits(schema, example ?? inSchema, document, where)).toEqual([])
      }
  })

  test('has an example of every body, which fits its own schema and needs no field that is ignored', () => {
    for (const { method, path, operation } of operations)
      for (const [type, { schema, example }] of Object.entries(operation.requestBody?.content ?? {})) {
        const where = `${method} ${path}`
        // One model by its name, or a choice of them: one job, or a list.
        const named = (schema.anyOf ?? [schema]) as Schema[]
        if (type === JSON_TYPE)
          for (const model of named) expect([where, Object.keys(model)]).toEqual([where, ['$ref']])
        expect([where, misfits(schema, example, document)]).toEqual([where, []])
        if (named[0]?.$ref !== '#/components/schemas/NewJob') continue
        const { properties } = resolve(String(named[0].$ref), document) as { properties: Record<string, Schema> }
        for (const name of Object.keys(example as object))
          expect([name, properties[name]?.readOnly]).toEqual([name, undefined])
      }
  })

  test('names only models that are there', () => {
    const references = JSON.stringify(document).match(/"\$ref":"[^"]+"/g) ?? []
    expect(references.length).toBeGreaterThan(30)
    for (const reference of references) resolve(JSON.parse(`{${reference}}`).$ref, document)
  })

  test('says item by item what a list of fixed length holds, as the JSON Schema of OpenAPI 3.1 does', () => {
    const { ids } = resolve('#/components/schemas/GroupFrames', document).properties as Record<string, Schema>
    const integer = { type: 'integer' }
    const pair = { type: 'array', prefixItems: [integer, integer], items: false, minItems: 2, maxItems: 2 }
    expect(ids?.items).toEqual(pair)
    expect(JSON.stringify(document)).not.toMatch(/"items":\[|"additionalItems":/)
    expect(misfits(pair, [1, 2], document)).toEqual([])
    for (const wrong of [[1], [1, 'two'], [1, 2, 3]]) expect(misfits(pair, wrong, document)).not.toEqual([])
  })

  test('holds nothing of the validators', () => {
    expect(JSON.stringify(document)).not.toMatch(/"(\$id|noValidate|elysiaMeta|~\w+)":/)
  })
})

describe('the examples', () => {
  test('work when sent as they are', async () => {
    for (const each of operations.filter(({ method, path }) => !NEEDS_A_SECRET.includes(`${method} ${path}`))) {
      const farm = await exampleFarm(each)
      const answer = await send(farm, each)
      const { status, text } = answer
      expect([each.method, each.path, status, status === 200 ? '' : text]).toEqual([each.method, each.path, 200, ''])
      const [type = '', content] = Object.entries(each.operation.responses['200']?.content ?? {})[0] ?? []
      expect(answer.type.split(';')[0]).toBe(type)
      expect([each.path, misfits(content?.schema ?? {}, answer.body, document)]).toEqual([each.path, []])
      await farm.stop()
    }
  }, 60_000)
})

describe('what the server answers is what the document says', () => {
  test('for jobs, workers and events in every state', async () => {
    const farm = await testServer()
    const group = await farm.add({ title: 'group', affinity: 'b, a', priority: -5 })
    for (const state of ['WAITING', 'PAUSED'] as const)
      await farm.add({ title: state, command: 'x', parent: group, state })
    const [done, failed, running] = [
      await farm.add({ command: 'x', priority: 9 }),
      await farm.add({ command: 'x', priority: 8 }),
      await farm.add({ command: 'x', priority: 7 }),
    ]
    await farm.add({ command: 'x', dependencies: [failed] })
    for (const code of [0, 1]) {
      const assignment = await farm.pick('worker-1')
      await farm.post(`/api/runs/${assignment?.run}/end`, { worker: 'worker-1', exit_code: code, log: 'YQ==' })
    }
    const assignment = await farm.pick('worker-1')
    await farm.post(`/api/runs/${assignment?.run}/heartbeat`, { worker: 'worker-1', progress: 1 / 3, cpu: [0.5] })
    await farm.post('/api/affinities', { '1': 'a' })
    await farm.post('/api/limits', { nuke: 5 })
    await farm.post('/api/stopworkers', ['worker-1'])
    const join = await farm.post<{ token: string }>('/api/workers/jointoken', undefined)
    await farm.post('/api/workers/join', { token: join.body.token, worker: 'worker-1' })
    await farm.post('/api/users', { name: 'ann' })
    await farm.post('/api/tokens', { name: 'script', user: 'ann' })
    const paths: Record<string, string> = {
      '/api/jobs': '/api/jobs',
      '/api/jobs/{id}': `/api/jobs/${done}`,
      '/api/jobs/{id}/children': `/api/jobs/${group}/children`,
      '/api/jobs/{id}/order': `/api/jobs/${group}/order`,
      '/api/jobs/{id}/dependencies': `/api/jobs/${running + 1}/dependencies`,
      '/api/jobs/{id}/childrendependencies': '/api/jobs/0/childrendependencies',
      '/api/jobs/{id}/log': `/api/jobs/${done}/log`,
      '/api/jobs/{id}/why': `/api/jobs/${running + 1}/why`,
      '/api/jobs/{id}/frames': `/api/jobs/${group}/frames`,
      '/api/jobs/{id}/graph': `/api/jobs/${running + 1}/graph`,
      '/api/jobs/{id}/events': `/api/jobs/${failed}/events`,
      '/api/jobs/{id}/log/file': `/api/jobs/${done}/log/file`,
      '/api/jobs/{id}/log/matches': `/api/jobs/${done}/log/matches?text=a`,
      '/api/jobs/{id}/blocklist': `/api/jobs/${failed}/blocklist`,
      '/api/workers/{name}/why': '/api/workers/worker-1/why',
      '/api/users/{name}': '/api/users/ann',
    }
    for (const { path, operation } of operations.filter(({ method }) => method === 'GET')) {
      const { status, body } = await farm.get(paths[path] ?? path)
      const schema = operation.responses['200']?.content?.[JSON_TYPE]?.schema ?? {}
      expect([path, status, misfits(schema, body, document)]).toEqual([path, 200, []])
      if (Array.isArray(body) && !path.endsWith('affinities')) expect([path, body.length > 0]).toEqual([path, true])
    }
    await farm.stop()
  })
})

describe('the page at /docs', () => {
  const PAGE = '/docs'

  test('and all that it loads come from this server', async () => {
    const page = await server.get<string>(PAGE)
    expect(page).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' })
    const start = await server.get<string>('/docs/start.js')
    for (const { text } of [page, start]) expect(text).not.toMatch(/https?:|\/\//i)
    // Swagger UI shows a badge of a validator in the internet unless it is told not to.
    expect(start.text).toContain('validatorUrl: null')
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '')
    expect(links.length).toBeGreaterThan(3)
    const types = ['text/javascript', 'text/css', 'image/png']
    for (const link of links) {
      const answer = await server.get<string>(link)
      expect([link, answer.status, types.includes(answer.type.split(';')[0] ?? '')]).toEqual([link, 200, true])
      expect(answer.text.length).toBeGreaterThan(50)
    }
    expect((await server.get<string>('/docs/swagger-ui.css')).text).not.toMatch(/@import|url\(["']?(https?:)?\/\//)
  })

  test('needs no script or style of its own, so that a strict content security policy lets it be', async () => {
    const { text } = await server.get<string>(PAGE)
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)/)
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/)
  })
})
