/** The way in for the first one: a link that the server prints once, and that is good once. */
import { timingSafeEqual } from 'node:crypto'
import { FarmError } from '../errors.ts'
import type { User } from '../models.ts'
import { hashOf, newSession } from './secrets.ts'
import type { Opened } from './sessions.ts'
import type { Shared } from './shared.ts'
import type { usersOf } from './users.ts'

/** A start that nobody looked at must not leave a door open for ever: the next one prints another link. */
const GOOD_FOR_SECONDS = 24 * 3600

export interface FirstAdmin {
  /** A secret for a link; undefined: there is somebody who can let others in. In memory only. */
  offer(): string | undefined
  take(secret: string, name: string, password: string): Promise<{ user: User; opened: Opened }>
}

const same = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(hashOf(a)), Buffer.from(hashOf(b)))

export function firstAdmin(
  { farm, rows }: Shared,
  add: ReturnType<typeof usersOf>['add'],
  open: (name: string) => Promise<Opened>,
): FirstAdmin {
  let offered: { secret: string; until: number } | undefined
  return {
    offer() {
      if (rows.anyUser.get()) return undefined
      offered = { secret: newSession(), until: farm.now() + GOOD_FOR_SECONDS }
      return offered.secret
    },
    async take(secret, name, password) {
      if (!offered || offered.until <= farm.now() || !same(secret, offered.secret))
        throw new FarmError(
          'forbidden',
          'This link is not good, or not any more: the server prints one at its start while it has no user.',
          'secret',
        )
      const user = await add({ name, password, role: 'admin' }, { onlyFirst: true })
      offered = undefined
      return { user, opened: await open(user.name) }
    },
  }
}
