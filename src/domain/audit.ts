/**
 * Who changed what: a record is written by the transaction of the change, so there is none without the other. Whoever lets
 * a request in says its cause; `recorded` hangs that to the first operation that the request has done.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { sql } from 'drizzle-orm'
import { hot, prepared } from '../db/hot.ts'
import type { Db } from '../db/open.ts'
import { type AuditRow, audit, auditObjects } from '../db/schema.ts'
import type { Changes } from './changes.ts'
import type { Tx } from './core.ts'

/** [object, field, before, after]; before is null for what is new. */
export type Change = readonly [object: string, field: string, before: string | null, after: string | null]

/** What a change was about. */
export interface Subject {
  objects: readonly (string | number)[]
  /** Default: as many as there are objects. */
  count?: number
  changes?: readonly Change[]
}

/** Who asked, from where. */
export type Author = Pick<AuditRow, 'who' | 'actor' | 'by' | 'address'>
export type AuditKind = AuditRow['kind']

export interface Cause extends Author {
  action: string
  kind: AuditKind
  /** In the transaction, before the change; what it answers is asked after it, with what the operation answered. Undefined:
   * nothing was changed. */
  begin(tx: Tx): (result: unknown) => (Subject & Partial<Pick<Author, 'who' | 'actor'>>) | undefined
}

/** What a request may do once. */
export interface Scope {
  cause?: Cause | undefined
  /** It was refused, though its answer does not say so by its status. */
  refused?: true
}
/** Carried past every await of a request, so that no operation has to hand it on. */
export const scopes = new AsyncLocalStorage<Scope>()

/** Objects that a record is found by, changes that it tells, and characters of each. */
const MOST_OBJECTS = 20
const MOST_CHANGES = 20
const LONGEST = 200

/** `unfinished`: of an operation in several steps, whether there are more to come. */
export function recorded<T>(operation: (tx: Tx) => T, unfinished?: (result: T) => boolean): (tx: Tx) => T {
  const scope = scopes.getStore()
  const cause = scope?.cause
  if (!cause) return operation
  // The rest that this request does, as ending the session that was before, is part of the same.
  if (!unfinished) scope.cause = undefined
  return (tx) => {
    const said = cause.begin(tx)
    const result = operation(tx)
    if (unfinished?.(result)) return result
    const subject = said(result)
    if (subject) tx.audit.add(tx.now, { ...cause, ...subject })
    tx.after(() => {
      scope.cause = undefined
    })
    return result
  }
}

/** What goes on behind a change is nobody's request. */
export const apart = (act: () => void): void => {
  if (scopes.getStore()) scopes.run({}, act)
  else act()
}

export type Entry = Author &
  Subject & { action: string; kind: AuditKind } & Partial<Pick<AuditRow, 'outcome' | 'times'>>

const $ = sql.placeholder
const COLUMNS = [
  'time', 'who', 'actor', 'by', 'address', 'action', 'kind', 'object', 'count', 'outcome', 'times', 'changes',
] as const // biome-ignore format: a list of names

/** Refusals that are kept: who is refused without end must not push out what was done. */
const MOST_REFUSED = 100_000

/** How long records stay; 0: for ever. */
export interface KeepAudit {
  days: number
  rows: number
}

export class Audit {
  readonly #statements
  /** Asked once: afterwards it is counted along. */
  #refused: number

  constructor(
    db: Db,
    private readonly changes: Changes,
  ) {
    this.#statements = prepareAudit(db)
    this.#refused = this.#statements.countRefused.get()?.n ?? 0
  }

  /** Within a transaction. */
  add(time: number, entry: Entry): void {
    const { objects, count = objects.length, changes = [], outcome = 'done', times = 1 } = entry
    const { who, actor, by, address, action, kind } = entry
    const { lastInsertRowid } = this.#statements.add.run({
      ...{ time, who, actor, by, address, action, kind, count, outcome, times },
      object: objects.length > 0 ? short(String(objects[0])) : '',
      changes: changes.length > 0 ? JSON.stringify(changes.slice(0, MOST_CHANGES).map(shortened)) : '',
    })
    for (let i = 1; i < objects.length && i < MOST_OBJECTS; i++)
      this.#statements.addObject.run({ kind, object: short(String(objects[i])), id: Number(lastInsertRowid) })
    if (outcome === 'refused') this.#refused++
    this.changes.recorded()
  }

  /** Whether there is something to sweep, asked without a transaction. */
  due(now: number, keep: KeepAudit): boolean {
    const [first] = this.#statements.oldest.all({ most: 1 })
    return this.#refused > MOST_REFUSED || (first !== undefined && this.#isOver(first, now, keep))
  }

  /** Ids count up, so that they tell how many rows there are at most. */
  #isOver({ id, time }: Pick<AuditRow, 'id' | 'time'>, now: number, { days, rows }: KeepAudit): boolean {
    if (days > 0 && time < now - days * DAY) return true
    return rows > 0 && id <= (this.#statements.ends.get()?.last ?? 0) - rows
  }

  /** Within a transaction: takes away some of what is too old or too much; answers whether there may be more. */
  sweep(now: number, keep: KeepAudit): boolean {
    const { oldest, removeUpTo, removeObjectsUpTo, oldestRefused, remove, removeObjects } = this.#statements
    if (this.#refused > MOST_REFUSED) {
      for (const { id } of oldestRefused.all({ most: Math.min(SWEPT, this.#refused - MOST_REFUSED) })) {
        remove.run({ id })
        removeObjects.run({ id })
        this.#refused--
      }
      return true
    }
    const page = oldest.all({ most: SWEPT })
    const kept = page.findIndex((row) => !this.#isOver(row, now, keep))
    const gone = kept < 0 ? page : page.slice(0, kept)
    const last = gone.at(-1)
    if (!last) return false
    removeObjectsUpTo.run({ id: last.id })
    removeUpTo.run({ id: last.id })
    this.#refused -= gone.filter(({ outcome }) => outcome === 'refused').length
    return gone.length === SWEPT
  }
}

const DAY = 86_400
/** Rows taken away at a time. */
const SWEPT = 500

const prepareAudit = (db: Db) => {
  const id = (text: string) => hot(db, { toSQL: () => ({ sql: text, params: [$('id')] }) })
  const page = (text: string) =>
    hot<Pick<AuditRow, 'id' | 'time' | 'outcome'>>(db, { toSQL: () => ({ sql: text, params: [$('most')] }) })
  return {
    add: hot(db, db.insert(audit).values(Object.fromEntries(COLUMNS.map((name) => [name, $(name)])) as never)),
    addObject: hot(
      db,
      db
        .insert(auditObjects)
        .values({ kind: $('kind'), object: $('object'), audit_id: $('id') } as never)
        .onConflictDoNothing(),
    ),
    countRefused: prepared<{ n: number }>(db, "select count(*) as n from audit where outcome = 'refused'"),
    ends: prepared<{ last: number | null }>(db, 'select max(id) as last from audit'),
    oldest: page('select id, time, outcome from audit order by id limit ?'),
    oldestRefused: page("select id, time, outcome from audit where outcome = 'refused' order by id limit ?"),
    remove: id('delete from audit where id = ?'),
    removeObjects: id('delete from audit_objects where audit_id = ?'),
    removeUpTo: id('delete from audit where id <= ?'),
    removeObjectsUpTo: id('delete from audit_objects where audit_id <= ?'),
  }
}

const shortened = ([object, field, before, after]: Change): Change => [
  short(object),
  field,
  before === null ? null : short(before),
  after === null ? null : short(after),
]

export const short = (text: string): string =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1).toWellFormed()}…`
