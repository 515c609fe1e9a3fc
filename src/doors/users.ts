import { eq } from 'drizzle-orm'
import { type UserRow, users } from '../db/schema.ts'
import { FarmError, notFound } from '../errors.ts'
import type { NewUser, User, UserEdit } from '../models.ts'
import { rightsOf } from './credentials.ts'
import { knownForm, newName } from './names.ts'
import { hashPassword, isPassword, refuseWeak } from './passwords.ts'
import { hashOf } from './secrets.ts'
import { change, type Shared } from './shared.ts'

export const shownUser = (row: UserRow): User => ({
  name: row.name,
  role: row.role,
  rights: rightsOf(row),
  own_rights: row.rights !== '',
  source: row.source,
  disabled: row.disabled,
  created: row.created,
  signed_in: row.signed_in,
})

const listText = (rights: readonly string[] | null): string => (rights === null ? '' : JSON.stringify(rights))

export function usersOf(shared: Shared) {
  const { farm, rows } = shared
  const { db } = farm.core

  function named(typed: string): UserRow {
    const row = rows.user.get({ name: knownForm(typed) ?? '' })
    if (!row) throw notFound(`There is no user ${typed.slice(0, 80)}: GET /api/users lists them.`, 'name')
    return row
  }

  /** Without an admin nobody but who sits at the server could let anybody in: the last one stays, unless all go. */
  function refuseLast({ name, role, disabled }: UserRow, field?: string): void {
    if (role !== 'admin' || disabled || rows.otherAdmin.get({ name })) return
    throw new FarmError('conflict', `${name} is the last admin who is not disabled: make another one first.`, field)
  }

  return {
    list: (): User[] => rows.users.all().map(shownUser),
    get: (name: string): User => shownUser(named(name)),

    /** Without a password they can only sign in elsewhere, or by tokens. `onlyFirst`: unless there is somebody by then. */
    async add(input: NewUser, { onlyFirst = false } = {}): Promise<User> {
      const name = newName(input.name)
      const { password, role = 'artist', rights = null } = input
      if (password !== undefined) refuseWeak(password)
      const hash = password === undefined ? '' : await hashPassword(password)
      await change(shared, (now) => {
        if (onlyFirst && rows.anyUser.get())
          throw new FarmError('conflict', 'There is a user already: an admin makes the others.')
        if (rows.user.get({ name }))
          throw new FarmError('conflict', `There is a user ${name} already: choose another name, or edit it.`, 'name')
        db.insert(users)
          .values({ name, role, rights: listText(rights), password: hash, created: now })
          .run()
      })
      return shownUser(named(name))
    },

    /** A new password and `disabled` end the user's sessions; a disabled user's tokens are of no use either. */
    async edit(typed: string, edit: UserEdit): Promise<User> {
      const { name } = named(typed)
      const { password, role, rights, disabled } = edit
      if (password !== undefined) refuseWeak(password)
      const hash = password === undefined ? undefined : await hashPassword(password)
      await change(shared, () => {
        const row = named(name)
        if (disabled) refuseLast(row, 'disabled')
        if (role !== undefined && role !== 'admin') refuseLast(row, 'role')
        db.update(users)
          .set({
            ...(role !== undefined && { role }),
            ...(rights !== undefined && { rights: listText(rights) }),
            ...(disabled !== undefined && { disabled: Number(disabled) }),
            // Who has a password here is known here.
            ...(hash !== undefined && { password: hash, source: 'local' as const, subject: '' }),
            name,
          })
          .where(eq(users.name, name))
          .run()
        if (disabled || hash !== undefined) rows.deleteSessionsOf.run({ user: name })
      })
      return shownUser(named(name))
    },

    /** One's own password: the old one is asked for, as an open browser is not its owner. Other sessions end. */
    async changePassword(name: string, old: string, password: string, session: string | undefined): Promise<void> {
      const row = named(name)
      if (row.source !== 'local')
        throw new FarmError('forbidden', `The password of ${name} is not kept here: change it where you sign in.`)
      if (!(await isPassword(old, row.password)))
        throw new FarmError('forbidden', 'The old password is not right: nothing was changed.', 'old')
      refuseWeak(password)
      const hash = await hashPassword(password)
      await change(shared, () => {
        db.update(users).set({ password: hash }).where(eq(users.name, name)).run()
        rows.deleteOtherSessions.run({ user: name, hash: session === undefined ? '' : hashOf(session) })
      })
    },

    /** With all that signs in for them. Their jobs stay. */
    remove: (typed: string): Promise<void> =>
      change(shared, () => {
        const row = named(typed)
        const { name } = row
        if (rows.otherUser.get({ name })) refuseLast(row)
        rows.deleteSessionsOf.run({ user: name })
        rows.deleteTokensOf.run({ user: name })
        db.delete(users).where(eq(users.name, name)).run()
      }),
  }
}
