/** Workers have credentials of their own: the join token is exchanged for one, once for each name. */

import { eq, inArray } from 'drizzle-orm'
import { joinTokens, workerCredentials } from '../db/schema.ts'
import { FarmError } from '../errors.ts'
import type { Farm } from '../farm.ts'
import type { WorkerCredential } from '../models.ts'
import type { Actor } from './actor.ts'
import { hashOf, newSession } from './secrets.ts'

type WorkerActor = Extract<Actor, { kind: 'worker' }>

/** As with tokens of users: whoever finds one knows what it is. */
const CREDENTIAL = 'cow_'
const JOIN_TOKEN = 'coj_'

export type WorkerCredentials = ReturnType<typeof createWorkerCredentials>

/** `configured`: a join token that stands in the configuration, beside the one that is kept as a hash. */
export function createWorkerCredentials(farm: Pick<Farm, 'core' | 'write'>, { configured = '' } = {}) {
  const { db } = farm.core
  // All of them: each call of a worker asks, and a farm has thousands, not millions.
  const known = new Map<string, WorkerActor>()
  for (const { hash, worker } of db.select().from(workerCredentials).all())
    known.set(hash, { kind: 'worker', name: worker })
  const configuredHash = configured === '' ? undefined : hashOf(configured)
  const isGood = (hash: string): boolean =>
    hash === configuredHash || db.select().from(joinTokens).where(eq(joinTokens.hash, hash)).get() !== undefined

  return {
    identify: (token: string): WorkerActor | undefined =>
      token.startsWith(CREDENTIAL) ? known.get(hashOf(token)) : undefined,

    /** Whether a worker that is new could join at all. */
    canJoin: (): boolean => configuredHash !== undefined || db.select().from(joinTokens).get() !== undefined,

    /** Hashes are compared, by an index: how long that takes tells nothing of the token. */
    async join(token: string, worker: string, address: string): Promise<string> {
      const credential = CREDENTIAL + newSession()
      const hash = hashOf(credential)
      return farm.write((tx) => {
        if (!isGood(hashOf(token)))
          throw new FarmError(
            'forbidden',
            'This is not the join token, or not any more: `coalition workers join-token` makes a new one.',
            'token',
          )
        if (db.select().from(workerCredentials).where(eq(workerCredentials.worker, worker)).get())
          throw new FarmError(
            'conflict',
            `A worker '${worker}' has joined already, and its name is its own: if this one is to take its place, \`coalition workers revoke ${worker}\` first.`,
            'worker',
          )
        db.insert(workerCredentials).values({ worker, hash, created: tx.now, address }).run()
        tx.after(() => known.set(hash, { kind: 'worker', name: worker }))
        return credential
      })
    },

    /** A new one; the one before is good no more. Who has joined stays. */
    async renewJoinToken(): Promise<string> {
      const token = JOIN_TOKEN + newSession()
      await farm.write((tx) => {
        db.delete(joinTokens).run()
        db.insert(joinTokens)
          .values({ hash: hashOf(token), created: tx.now })
          .run()
      })
      return token
    },

    async revokeJoinToken(): Promise<void> {
      await farm.write(() => db.delete(joinTokens).run())
    },

    list: (): WorkerCredential[] =>
      db
        .select({
          worker: workerCredentials.worker,
          created: workerCredentials.created,
          address: workerCredentials.address,
        })
        .from(workerCredentials)
        .orderBy(workerCredentials.worker)
        .all(),

    /** They are heard no more; their names are free to join anew. */
    async revoke(names: readonly string[]): Promise<void> {
      await farm.write((tx) => {
        const found = db
          .select()
          .from(workerCredentials)
          .where(inArray(workerCredentials.worker, [...names]))
          .all()
        for (const [i, name] of names.entries())
          if (!found.some(({ worker }) => worker === name))
            throw new FarmError(
              'not_found',
              `No worker '${name}' has joined: \`coalition workers credentials\` lists them.`,
              String(i),
            )
        db.delete(workerCredentials)
          .where(inArray(workerCredentials.worker, [...names]))
          .run()
        tx.after(() => {
          for (const { hash } of found) known.delete(hash)
        })
      })
    },
  }
}
