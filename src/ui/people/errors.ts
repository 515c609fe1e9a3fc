import { Refused } from '../../client.ts'

/** The server's words, at the field that they name, as `rights.0`; those that name none of the form's are the form's. */
export function errorsOf(refused: Error | undefined, fields: readonly string[]) {
  const field = refused instanceof Refused ? refused.field?.split('.')[0] : undefined
  return {
    at: (name: string) => (name === field ? refused?.message : undefined),
    other: field !== undefined && fields.includes(field) ? undefined : refused?.message,
  }
}
