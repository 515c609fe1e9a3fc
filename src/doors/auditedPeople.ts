/** What the audit says of users, tokens, workers and limits. */
import { eq } from 'drizzle-orm'
import { type LimitRow, users } from '../db/schema.ts'
import type { Change } from '../domain/audit.ts'
import type { Tx } from '../domain/core.ts'
import type { LimitEdits, NewToken, NewUser, UserEdit, WorkerEdit } from '../models.ts'
import { FIRST } from './auditedJobs.ts'

/** Of a new user, what was given; of another, what is other than it was. A password only has been changed. */
export function userChanges(tx: Tx, name: string, edit: Partial<NewUser> & Partial<UserEdit>): Change[] {
  const before = 'name' in edit ? undefined : tx.db.select().from(users).where(eq(users.name, name)).get()
  const { role, rights, disabled, password } = edit
  const told: [field: string, before: string | null, after: string | null | undefined][] = [
    ['role', before?.role ?? null, role],
    [
      'rights',
      before && before.rights !== '' ? (JSON.parse(before.rights) as string[]).join(' ') : null,
      rights === undefined ? undefined : (rights?.join(' ') ?? null),
    ],
    [
      'disabled',
      before ? String(before.disabled) : null,
      disabled === undefined ? undefined : String(Number(disabled)),
    ],
    ['password', null, password === undefined ? undefined : '(changed)'],
  ]
  return told.flatMap(([field, was, is]) => (is === undefined || was === is ? [] : [[name, field, was, is] as const]))
}

export function tokenChanges(id: number, user: string, { name, days, scopes }: NewToken): Change[] {
  const of = String(id)
  return [
    [of, 'user', null, user],
    [of, 'name', null, name],
    [of, 'scopes', null, scopes?.join(' ') ?? 'all'],
    [of, 'days', null, days ? String(days) : 'for ever'],
  ]
}

export function workerChanges(tx: Tx, edits: Record<string, WorkerEdit>): Change[] {
  const changes: Change[] = []
  for (const [name, { affinity, active }] of Object.entries(edits).slice(0, FIRST)) {
    const row = tx.rows.worker.get({ name })
    if (!row) continue
    if (affinity !== undefined && affinity !== row.affinity) changes.push([name, 'affinity', row.affinity, affinity])
    if (active !== undefined && Number(active) !== row.active)
      changes.push([name, 'active', String(row.active), String(Number(active))])
  }
  return changes
}

export function limitText(
  limit: LimitEdits[string] | Omit<LimitRow, 'name'>,
  before: LimitRow['per'] = 'run',
): string | null {
  if (limit === null) return null
  return typeof limit === 'number' ? `${limit} per ${before}` : `${limit.max} per ${limit.per ?? 'run'}`
}
