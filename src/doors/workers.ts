/** Who a worker's own credential belongs to. */
import type { Actor } from './actor.ts'

export interface WorkerCredentials {
  identify(token: string): Extract<Actor, { kind: 'worker' }> | undefined
}
