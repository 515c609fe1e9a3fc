/** The audit on the wire. */
import { type Static, Type } from '@sinclair/typebox'
import { AUDIT_ACTORS, AUDIT_KINDS, AUDIT_OUTCOMES } from '../db/schema.ts'
import { MAX_ID } from './common.ts'

const oneOf = <const T extends readonly string[]>(names: T, description: string) =>
  Type.Union(
    names.map((name: T[number]) => Type.Literal(name)),
    { description },
  )
const value = (description: string, example: string) =>
  Type.Union([Type.String(), Type.Null()], { description, examples: [example] })

export const AuditRecord = Type.Object(
  {
    id: Type.Integer({ minimum: 1, maximum: MAX_ID, description: 'Counts up with time', examples: [1] }),
    time: Type.Integer({ minimum: 0, description: 'Seconds since the epoch', examples: [1763900000] }),
    who: Type.String({ description: 'Name of the user or the worker; empty: none is known', examples: ['ann'] }),
    actor: oneOf(
      AUDIT_ACTORS,
      'user; local: from the machine of the server; trusted: from a network that is; worker; nobody; server: itself',
    ),
    by: Type.String({ description: 'What was shown: session, token 12; empty: nothing', examples: ['session'] }),
    address: Type.String({ description: 'From where', examples: ['10.1.2.3'] }),
    action: Type.String({ description: 'What was done', examples: ['jobs.edit'] }),
    kind: oneOf(AUDIT_KINDS, 'To what'),
    objects: Type.Array(Type.String(), { description: 'Ids or names, the first 20 of them', examples: [['12']] }),
    count: Type.Integer({ minimum: 0, description: 'How many there were', examples: [1] }),
    outcome: oneOf(AUDIT_OUTCOMES, 'done; refused: nothing was changed'),
    times: Type.Integer({ minimum: 1, description: 'How often: refusals of ten seconds are one record' }),
    changes: Type.Array(
      Type.Object({
        object: Type.String({ examples: ['12'] }),
        field: Type.String({ examples: ['priority'] }),
        before: value('null: it was not there', '1000'),
        after: value('null: it is gone', '2000'),
      }),
      { description: 'Fields, the first 20 of them, shortened; secrets read (hidden)' },
    ),
  },
  { $id: 'AuditRecord' },
)
export type AuditRecord = Static<typeof AuditRecord>
