import { expect } from 'bun:test'
import { Value } from '@sinclair/typebox/value'
import { Problem } from '../../src/answers.ts'
import type { Answer, TestServer } from '../support/server.ts'

/** A refusal that a person can act on (RFC 9457): answers its words. */
export function expectProblem(answer: Answer, status: number, field?: string): string {
  const seen = `${answer.status} ${answer.type} ${answer.text}`
  if (answer.status !== status) throw new Error(`expected ${status}, got ${seen}`)
  if (answer.type !== 'application/problem+json' || !Value.Check(Problem, answer.body))
    throw new Error(`no problem: ${seen}`)
  const { type, title, detail } = answer.body
  expect(type).toBe('about:blank')
  expect(title).not.toBe('Error')
  expect(answer.body.status).toBe(status)
  if (field !== undefined) expect(answer.body.field).toBe(field)
  // A sentence of ours, short enough to be read: not the validator's, and not the whole value.
  expect(detail).toEndWith('.')
  expect(detail).not.toMatch(/Expected|undefined|\[object/)
  expect(detail.length).toBeLessThan(600)
  return detail
}

/** All that a client can see of the farm. */
export async function everything(server: TestServer): Promise<string> {
  const parts: string[] = []
  const below = async (group: number) => {
    const { body } = await server.get<{ id: number; command: string }[]>(`/api/jobs/${group}/children`)
    parts.push(JSON.stringify(body))
    for (const { id, command } of body) if (command === '') await below(id)
  }
  await below(0)
  for (const path of ['workers', 'events', 'affinities']) parts.push((await server.get(`/api/${path}`)).text)
  return parts.join('\n').replace(/"(ping_time|duration)":\d+/g, '')
}
