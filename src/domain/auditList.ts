/** Reading the audit: the newest first, a page at a time. */
import { and, desc, eq, gte, inArray, lte, type SQL, sql } from 'drizzle-orm'
import { AUDIT_KINDS, type AuditRow, audit, auditObjects } from '../db/schema.ts'
import type { AuditRecord } from '../models.ts'
import type { Change } from './audit.ts'
import type { Core } from './core.ts'

export interface AuditFilter {
  who?: string
  /** As `jobs.edit`, or only `jobs`. */
  action?: string
  kind?: AuditRow['kind']
  object?: string
  address?: string
  outcome?: AuditRow['outcome']
  /** In any of what is shown, whatever the case. */
  text?: string
  /** Seconds since the epoch. */
  since?: number
  until?: number
}

export interface AuditPage {
  limit: number
  /** The id of the last one of the page before. */
  after?: number
}

/** Rows looked at before others have their turn: no index helps who searches for a text, 10 ms in a million of them. */
const WINDOW = 20_000

export async function listAudit(core: Core, filter: AuditFilter, { limit, after }: AuditPage): Promise<AuditRecord[]> {
  const { db } = core
  const conditions = conditionsOf(filter)
  const found: AuditRow[] = []
  const newest = newestOf(core)
  const lowest = filter.since === undefined ? oldest(core) : firstSince(core, filter.since, newest)
  const last = filter.until === undefined ? newest : firstSince(core, filter.until + 1, newest) - 1
  for (let high = Math.min(last, (after ?? Number.POSITIVE_INFINITY) - 1); high >= lowest; high -= WINDOW) {
    const low = Math.max(lowest, high - WINDOW + 1)
    found.push(
      ...db
        .select()
        .from(audit)
        .where(and(gte(audit.id, low), lte(audit.id, high), ofObject(filter, low, high), ...conditions))
        .orderBy(desc(audit.id))
        .limit(limit - found.length)
        .all(),
    )
    if (found.length >= limit) break
    await new Promise(setImmediate)
  }
  return withObjects(core, found)
}

const oldest = ({ db }: Core) => db.select({ id: audit.id }).from(audit).orderBy(audit.id).limit(1).get()?.id ?? 1
const newestOf = ({ db }: Core) =>
  db.select({ id: audit.id }).from(audit).orderBy(desc(audit.id)).limit(1).get()?.id ?? 0

/**
 * The first id whose record is of this time or later; ids count up with time, so it is found by halving. Where a clock was
 * set back, records of that hour may be left out.
 */
function firstSince({ db }: Core, time: number, newest: number): number {
  let [low, high] = [0, newest + 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const row = db
      .select({ id: audit.id, time: audit.time })
      .from(audit)
      .where(gte(audit.id, middle))
      .orderBy(audit.id)
      .limit(1)
      .get()
    if (!row || row.time >= time) high = middle
    else low = row.id + 1
  }
  return low
}

function conditionsOf({ who, action, kind, address, outcome, text, since, until }: AuditFilter): (SQL | undefined)[] {
  return [
    // As the index has it.
    who === undefined ? undefined : who === '' ? eq(audit.who, '') : sql`(${audit.who} = ${who} and who <> '')`,
    action === undefined
      ? undefined
      : sql`(${audit.action} = ${action} or substr(${audit.action}, 1, ${action.length + 1}) = ${`${action}.`})`,
    kind && eq(audit.kind, kind),
    address === undefined ? undefined : eq(audit.address, address),
    outcome && eq(audit.outcome, outcome),
    since === undefined ? undefined : gte(audit.time, since),
    until === undefined ? undefined : lte(audit.time, until),
    text
      ? sql`instr(lower(${audit.who} || ' ' || ${audit.address} || ' ' || ${audit.action} || ' ' || ${audit.object} || ' ' || ${audit.changes}), lower(${text})) > 0`
      : undefined,
  ]
}

/** The first of a record is in its row, the next ones are beside it. */
function ofObject({ kind, object }: AuditFilter, low: number, high: number): SQL | undefined {
  if (object === undefined) return undefined
  const kinds = kind ? [kind] : [...AUDIT_KINDS]
  if (object === '') return eq(audit.object, '')
  return sql`${audit.id} in (
    select id from audit where ${inArray(sql`kind`, kinds)} and object = ${object} and object <> '' and id between ${low} and ${high}
    union all
    select audit_id from audit_objects
      where ${inArray(sql`kind`, kinds)} and object = ${object} and audit_id between ${low} and ${high})`
}

function withObjects({ db }: Core, rows: readonly AuditRow[]): AuditRecord[] {
  const several = rows.filter(({ count }) => count > 1).map(({ id }) => id)
  const objects = new Map<number, string[]>()
  if (several.length > 0)
    for (const { id, object } of db
      .select({ id: auditObjects.audit_id, object: auditObjects.object })
      .from(auditObjects)
      .where(sql`${auditObjects.audit_id} in (select value from json_each(${JSON.stringify(several)}))`)
      .orderBy(sql`rowid`)
      .all()) {
      const list = objects.get(id) ?? []
      objects.set(id, list)
      list.push(object)
    }
  return rows.map(({ object, changes, ...row }) => ({
    ...row,
    objects: object === '' ? [] : [object, ...(objects.get(row.id) ?? [])],
    changes: changes === '' ? [] : (JSON.parse(changes) as Change[]).map(toChange),
  }))
}

const toChange = ([object, field, before, after]: Change) => ({ object, field, before, after })
