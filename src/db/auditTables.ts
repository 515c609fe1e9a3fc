/** The tables of the audit: who changed what. A part of `schema.ts`. */
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Who a record of the audit speaks of: `server` is this program itself. */
export const AUDIT_ACTORS = ['user', 'local', 'trusted', 'worker', 'nobody', 'server'] as const
/** `refused`: nothing was changed, and somebody was told so. */
export const AUDIT_OUTCOMES = ['done', 'refused'] as const
/** What can be changed. */
export const AUDIT_KINDS = ['job', 'worker', 'user', 'token', 'limit', 'affinity', 'server'] as const

/**
 * Who changed what, one row for a call (domain/audit.ts). Append-only but for its retention, and written by the
 * transaction of the change. Ids count up with time, so that time needs no
 * index of its own; the others end in the id, by which pages go on.
 */
export const audit = sqliteTable(
  'audit',
  {
    /** The newest row is the last to go, so no number comes twice; to keep the last one apart costs a write more. */
    id: integer('id').primaryKey(),
    time: integer('time').notNull(),
    /** Name of the user or the worker; empty: none is known. */
    who: text('who').notNull(),
    actor: text('actor', { enum: AUDIT_ACTORS }).notNull(),
    /** What they showed: `session`, `token 12`; empty: nothing. */
    by: text('by').notNull(),
    address: text('address').notNull(),
    /** As `jobs.edit` (doors/audited.ts). */
    action: text('action').notNull(),
    kind: text('kind', { enum: AUDIT_KINDS }).notNull(),
    /** Id or name of the first; the next ones are in `audit_objects`. Empty: none is named. */
    object: text('object').notNull(),
    /** Of how many the call was. */
    count: integer('count').notNull(),
    outcome: text('outcome', { enum: AUDIT_OUTCOMES }).notNull(),
    /** How often: what is refused again and again is one row. */
    times: integer('times').notNull(),
    /** A JSON list of [object, field, before, after]; empty: none. */
    changes: text('changes').notNull(),
  },
  (t) => [
    index('audit_by_who').on(t.who, t.id).where(sql`who <> ''`),
    index('audit_by_object').on(t.object, t.id).where(sql`object <> ''`),
    index('audit_refused').on(t.id).where(sql`outcome = 'refused'`),
  ],
)

/** The second to the twentieth of those that a record is about: a million jobs of one call are found by the first twenty. */
export const auditObjects = sqliteTable(
  'audit_objects',
  {
    kind: text('kind', { enum: AUDIT_KINDS }).notNull(),
    object: text('object').notNull(),
    audit_id: integer('audit_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.kind, t.object, t.audit_id] }), index('audit_objects_by_audit').on(t.audit_id)],
)

export type AuditRow = typeof audit.$inferSelect
