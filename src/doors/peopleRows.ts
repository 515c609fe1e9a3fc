import { and, desc, eq, gt, lte, ne, sql } from 'drizzle-orm'
import { hot } from '../db/hot.ts'
import type { Db } from '../db/open.ts'
import { sessions, type TokenRow, tokens, type UserRow, users } from '../db/schema.ts'

const $ = sql.placeholder

/** Whose a credential is, with what it may do. */
export type Holder = Pick<UserRow, 'name' | 'role' | 'rights' | 'source' | 'disabled' | 'signed_in'>
const holder = {
  name: users.name,
  role: users.role,
  rights: users.rights,
  source: users.source,
  disabled: users.disabled,
  signed_in: users.signed_in,
}
export type TokenHolder = Holder & Pick<TokenRow, 'id' | 'scopes' | 'expires' | 'last_used'>
export type SessionHolder = Holder & { expires: number }

/** What is asked with each request that shows a credential, and what changes people: prepared once. */
export const preparePeople = (db: Db) => ({
  tokenHolder: hot<TokenHolder>(
    db,
    db
      .select({
        ...holder,
        id: tokens.id,
        scopes: tokens.scopes,
        expires: tokens.expires,
        last_used: tokens.last_used,
      })
      .from(tokens)
      .innerJoin(users, eq(users.name, tokens.user))
      .where(and(eq(tokens.hash, $('hash')), eq(tokens.revoked, 0))),
  ),
  sessionHolder: hot<SessionHolder>(
    db,
    db
      .select({ ...holder, expires: sessions.expires })
      .from(sessions)
      .innerJoin(users, eq(users.name, sessions.user))
      .where(eq(sessions.hash, $('hash'))),
  ),
  used: hot(
    db,
    db
      .update(tokens)
      .set({ last_used: sql`${$('now')}` })
      .where(eq(tokens.id, $('id'))),
  ),

  user: hot<UserRow>(
    db,
    db
      .select()
      .from(users)
      .where(eq(users.name, $('name'))),
  ),
  users: hot<UserRow>(db, db.select().from(users).orderBy(users.name)),
  anyPassword: hot<{ name: string }>(
    db,
    db
      .select({ name: users.name })
      .from(users)
      .where(and(ne(users.password, ''), eq(users.disabled, 0)))
      .limit(1),
  ),
  anyUser: hot<{ name: string }>(db, db.select({ name: users.name }).from(users).limit(1)),
  otherUser: hot<{ name: string }>(
    db,
    db
      .select({ name: users.name })
      .from(users)
      .where(ne(users.name, $('name')))
      .limit(1),
  ),
  otherAdmin: hot<{ name: string }>(
    db,
    db
      .select({ name: users.name })
      .from(users)
      .where(and(ne(users.name, $('name')), eq(users.role, 'admin'), eq(users.disabled, 0)))
      .limit(1),
  ),

  token: hot<TokenRow>(
    db,
    db
      .select()
      .from(tokens)
      .where(eq(tokens.id, $('id'))),
  ),
  tokens: hot<TokenRow>(db, db.select().from(tokens).orderBy(tokens.user, tokens.id)),
  tokensOf: hot<TokenRow>(
    db,
    db
      .select()
      .from(tokens)
      .where(eq(tokens.user, $('user')))
      .orderBy(tokens.id),
  ),
  revoke: hot(
    db,
    db
      .update(tokens)
      .set({ revoked: sql`${$('now')}` })
      .where(and(eq(tokens.id, $('id')), eq(tokens.revoked, 0))),
  ),
  /** What has been of no use for long is forgotten. */
  forgetTokens: hot(
    db,
    db
      .delete(tokens)
      .where(
        sql`(${tokens.revoked} > 0 and ${tokens.revoked} < ${$('before')}) or (${tokens.expires} > 0 and ${tokens.expires} < ${$('before')})`,
      ),
  ),
  deleteTokensOf: hot(db, db.delete(tokens).where(eq(tokens.user, $('user')))),

  addSession: hot(
    db,
    db.insert(sessions).values({ hash: sql`${$('hash')}`, user: sql`${$('user')}`, expires: sql`${$('expires')}` }),
  ),
  deleteSession: hot(db, db.delete(sessions).where(eq(sessions.hash, $('hash')))),
  deleteSessionsOf: hot(db, db.delete(sessions).where(eq(sessions.user, $('user')))),
  deleteOtherSessions: hot(
    db,
    db.delete(sessions).where(and(eq(sessions.user, $('user')), sql`${sessions.hash} <> ${$('hash')}`)),
  ),
  expireSessions: hot(db, db.delete(sessions).where(lte(sessions.expires, $('now')))),
  /** The oldest of somebody's sessions, past the newest so many. */
  sessionsBeyond: hot<{ hash: string }>(
    db,
    db
      .select({ hash: sessions.hash })
      .from(sessions)
      .where(and(eq(sessions.user, $('user')), gt(sessions.expires, 0)))
      .orderBy(desc(sessions.expires))
      .limit(1000)
      .offset($('kept')),
  ),
})
export type PeopleRows = ReturnType<typeof preparePeople>
