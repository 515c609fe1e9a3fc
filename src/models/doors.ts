/** How workers join. */
import { type Static, Type } from '@sinclair/typebox'
import { WorkerName } from './common.ts'

export const JoinRequest = Type.Object(
  {
    token: Type.String({ minLength: 1, maxLength: 4096, description: 'The join token' }),
    worker: WorkerName,
  },
  { $id: 'JoinRequest', additionalProperties: false, examples: [{ token: 'coj_...', worker: 'node-7' }] },
)
export type JoinRequest = Static<typeof JoinRequest>

export const JoinAnswer = Type.Object(
  { credential: Type.String({ description: 'To be sent with each call of this worker, as Authorization: Bearer' }) },
  { $id: 'JoinAnswer' },
)
export type JoinAnswer = Static<typeof JoinAnswer>

export const JoinToken = Type.Object(
  { token: Type.String({ description: 'The join token, which is told this once' }) },
  { $id: 'JoinToken' },
)
export type JoinToken = Static<typeof JoinToken>

export const WorkerCredential = Type.Object(
  {
    worker: WorkerName,
    created: Type.Integer({ description: 'When it joined, seconds since the epoch' }),
    address: Type.String({ description: 'From where' }),
  },
  { $id: 'WorkerCredential' },
)
export type WorkerCredential = Static<typeof WorkerCredential>
