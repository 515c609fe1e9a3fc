import { Refused } from '../../client.ts'

/**
 * The server's words, at the field of a form that they name; those that name none of `fields` are the whole form's. A field
 * is named with its place in what was sent: `12.priority` of job 12, `rights.0`.
 */
export function errorsOf(refused: Error | null | undefined, fields: readonly string[]) {
  const path = refused instanceof Refused ? refused.field : undefined
  const field = path?.replace(/^\d+\./, '').split('.')[0]
  return {
    at: (name: string) => (name === field ? refused?.message : undefined),
    other: field !== undefined && fields.includes(field) ? undefined : refused?.message,
  }
}
