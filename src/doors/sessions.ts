import { sql } from 'drizzle-orm'
import { type UserRow, users } from '../db/schema.ts'
import { FarmError, TooOften } from '../errors.ts'
import type { Attempts } from './attempts.ts'
import type { Found } from './found.ts'
import { knownForm } from './names.ts'
import { isPassword } from './passwords.ts'
import { hashOf, isSession, newSession } from './secrets.ts'
import { change, type Shared } from './shared.ts'

const DAY = 86_400
/** Long enough for a production; ended by signing out, a new password, `disabled`. */
export const SESSION_SECONDS = 14 * DAY
/** Who signs in elsewhere is asked again each day, so that what the directory says of them counts. */
const ELSEWHERE_SESSION_SECONDS = DAY
/** Browsers of one user; the oldest ends. */
const MOST_SESSIONS = 50

/** The studio's directory. Undefined: that is not the name and the password of anybody who may use the farm. */
export interface Directory {
  signIn(name: string, password: string): Promise<Found | undefined>
}

/** A browser that is signed in. */
export interface Opened {
  name: string
  secret: string
  seconds: number
}

export type Sessions = ReturnType<typeof sessionsOf>

const WRONG = 'That is not the name and the password of a user: try again, or ask an admin.'

export function sessionsOf(shared: Shared, attempts: Attempts, directory: Directory | undefined) {
  const { farm, rows } = shared
  const { db } = farm.core

  function begin(row: UserRow, now: number): Opened {
    const { name, source } = row
    const seconds = source === 'local' ? SESSION_SECONDS : ELSEWHERE_SESSION_SECONDS
    const secret = newSession()
    rows.expireSessions.run({ now })
    rows.addSession.run({ hash: hashOf(secret), user: name, expires: now + seconds })
    for (const { hash } of rows.sessionsBeyond.all({ user: name, kept: MOST_SESSIONS }))
      rows.deleteSession.run({ hash })
    db.update(users).set({ signed_in: now }).where(sql`${users.name} = ${name}`).run()
    return { name, secret, seconds }
  }

  /** For a user who is known to be who they say. */
  const open = (name: string): Promise<Opened> =>
    change(shared, (now) => {
      const row = rows.user.get({ name })
      if (!row || row.disabled) throw new FarmError('unauthenticated', WRONG)
      return begin(row, now)
    })

  /**
   * Makes the user at the first sign-in, and keeps what is said of them. One who has a password here is not taken over.
   * `subject`: what the one who says it calls them for ever, where a name can pass from one person to another.
   */
  const openFound = (
    name: string,
    source: 'ldap' | 'oidc',
    { role, rights, forNew }: Found,
    { subject = '', refusal = WRONG } = {},
  ): Promise<Opened> =>
    change(shared, (now) => {
      const before = rows.user.get({ name })
      if (before && (before.disabled || before.source !== source || before.subject !== subject))
        throw new FarmError('unauthenticated', refusal)
      const said = { role, rights: rights === null ? '' : JSON.stringify(rights) }
      if (!before)
        db.insert(users)
          .values({ name, ...said, source, subject, created: now })
          .run()
      else if (!forNew) db.update(users).set(said).where(sql`${users.name} = ${name}`).run()
      return begin(rows.user.get({ name }) as UserRow, now)
    })

  async function check(name: string, password: string): Promise<Opened> {
    const row = rows.user.get({ name })
    if (directory && password !== '' && (!row || row.source === 'ldap')) {
      const found = row?.disabled ? undefined : await directory.signIn(name, password)
      if (found) return openFound(name, 'ldap', found)
      throw new FarmError('unauthenticated', WRONG)
    }
    // Looked at in any case: a name that nobody has takes as long as one that somebody has.
    const right = await isPassword(password, row && !row.disabled ? row.password : '')
    if (!right || !row) throw new FarmError('unauthenticated', WRONG)
    return open(name)
  }

  return {
    open,
    openFound,

    async signIn(typed: string, password: string, address: string | undefined): Promise<Opened> {
      const name = knownForm(typed) ?? ''
      const wait = attempts.begin(name, address, farm.now())
      if (wait > 0) throw new TooOften(`Too many attempts that failed: try again in ${wait} s.`, wait)
      const opened = await check(name, password)
      attempts.succeeded(name, address)
      return opened
    },

    async signOut(session: string): Promise<void> {
      if (isSession(session)) await change(shared, () => rows.deleteSession.run({ hash: hashOf(session) }))
    },
  }
}
