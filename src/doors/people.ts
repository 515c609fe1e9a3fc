/** The people of the farm: who they are, how they sign in, what they sign in with. */
import { FarmError } from '../errors.ts'
import type { Farm } from '../farm.ts'
import { Attempts } from './attempts.ts'
import { Credentials } from './credentials.ts'
import { providerSignIn } from './elsewhere.ts'
import { type FirstAdmin, firstAdmin } from './firstAdmin.ts'
import { knownForm } from './names.ts'
import type { Provider } from './oidc.ts'
import { preparePeople } from './peopleRows.ts'
import { type Directory, sessionsOf } from './sessions.ts'
import { tokensOf } from './tokens.ts'
import { usersOf } from './users.ts'

export interface Elsewhere {
  /** The directory of the studio, where there is one. */
  directory?: Directory | undefined
  /** And its provider of OpenID Connect. */
  provider?: Provider | undefined
}

export type Crowd = ReturnType<typeof createPeople>

export function createPeople(farm: Farm, { directory, provider }: Elsewhere = {}) {
  const rows = preparePeople(farm.core.db)
  const noteUse = (id: number, now: number) => {
    // Nobody waits for it, and a full disk has its own line.
    farm
      .write(() => rows.used.run({ id, now }))
      .catch((error) => {
        if (!(error instanceof FarmError)) console.error('the use of a token could not be noted:', error)
      })
  }
  const credentials = new Credentials(rows, noteUse)
  const shared = { farm, rows, credentials }
  const users = usersOf(shared)
  const attempts = new Attempts()
  const sessions = sessionsOf(shared, attempts, directory)
  const first: FirstAdmin = firstAdmin(shared, users.add, sessions.open)
  return {
    identify: credentials.identify.bind(credentials),
    now: farm.now,
    users,
    tokens: tokensOf(shared),
    sessions,
    first,
    provider: provider && providerSignIn(provider, attempts, sessions.openFound, farm.now),
    /** Whether anybody could sign in with a password. */
    passwords: () => directory !== undefined || rows.anyPassword.get() !== undefined,
    /** Whether there is somebody of that name, as it was typed. */
    isUser: (typed: string): boolean => rows.user.get({ name: knownForm(typed) ?? '' }) !== undefined,
    /** Whether anybody could sign in at all. */
    anybody: () => directory !== undefined || provider !== undefined || rows.anyUser.get() !== undefined,
  }
}
