/** What the audit says of a start: the settings that say who may come in and what runs, and what they were the last time. */
import { and, desc, eq, sql } from 'drizzle-orm'
import { audit } from '../db/schema.ts'
import { type Change, type Entry, short } from '../domain/audit.ts'
import type { Tx } from '../domain/core.ts'
import { VERSION } from '../version.ts'

/** Those that hold no secret. */
const TOLD = [
  'host', 'port', 'trust', 'loopback', 'hosts', 'origins', 'trusted_proxies', 'workers_trust', 'commands_allow',
  'commands_users', 'ldap_url', 'ldap_login', 'ldap_filters', 'oidc_issuer', 'oidc_client_id', 'oidc_groups', 'tls_cert', 'tls_key', 'keep_audit', 'keep_audit_rows',
] as const // biome-ignore format: a list of names

type Settings = { readonly [K in (typeof TOLD)[number]]?: unknown }

const ACTION = 'server.start'

/** Settings are read at a start and at no other time: this is when they change. */
export function noteStart(tx: Tx, settings: Settings): void {
  const last = tx.db
    .select({ changes: audit.changes })
    .from(audit)
    .where(and(sql`object <> ''`, eq(audit.object, 'server'), eq(audit.action, ACTION)))
    .orderBy(desc(audit.id))
    .limit(1)
    .get()
  const said = last?.changes ? (JSON.parse(last.changes) as Change[]) : []
  const before = new Map(said.flatMap(([, name, , is]) => (is === null ? [] : [[name, is]])))
  const told = new Map<string, string>([['version', VERSION]])
  for (const name of TOLD) {
    const value = settings[name]
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value ?? '')
    if (text !== '' && text !== '[]' && text !== '{}') told.set(name, short(text))
  }
  const names = new Set([...told.keys(), ...before.keys()])
  const changes = [...names].map((name): Change => ['', name, before.get(name) ?? null, told.get(name) ?? null])
  tx.audit.add(tx.now, { ...ITSELF, changes })
}

const ITSELF: Entry = {
  who: '',
  actor: 'server',
  by: '',
  address: '',
  action: ACTION,
  kind: 'server',
  // By which the one before is found.
  objects: ['server'],
}
