/** Named limits of the whole farm: licences of a program, seats of a file server. */
import { eq } from 'drizzle-orm'
import { limits } from '../db/schema.ts'
import { invalid } from '../errors.ts'
import type { LimitEdits, Limits } from '../models.ts'
import type { Core, Tx } from './core.ts'

const LONGEST_NAME = 255
/** Names that nothing uses any more are removed by hand; so many there can be. */
const MOST_LIMITS = 10_000

/** Every limit by name, with how much of it is in use. */
export function listLimits({ usage }: Pick<Core, 'usage'>): Limits {
  const names = [...usage.limits].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(names.map(([name, limit]) => [name, { ...limit, used: usage.used(name) }]))
}

/** Sets limits; null takes one away. One lowered below what runs lets the runs end. */
export function setLimits(tx: Tx, edits: LimitEdits): void {
  const { usage, tree } = tx
  for (const [name, edit] of Object.entries(edits)) {
    refuseName(name)
    const before = usage.limits.get(name)
    if (edit === null) {
      usage.limits.delete(name)
      tx.db.delete(limits).where(eq(limits.name, name)).run()
    } else {
      const limit = {
        max: typeof edit === 'number' ? edit : edit.max,
        per: (typeof edit === 'number' ? before?.per : edit.per) ?? 'run',
      }
      if (!before && usage.limits.size >= MOST_LIMITS)
        throw invalid(name, `There are ${MOST_LIMITS} limits already: remove those that nothing uses.`)
      usage.limits.set(name, limit)
      tx.db
        .insert(limits)
        .values({ name, ...limit })
        .onConflictDoUpdate({ target: limits.name, set: limit })
        .run()
    }
    tree.onUndo(() => {
      if (before) usage.limits.set(name, before)
      else usage.limits.delete(name)
    })
  }
}

function refuseName(name: string): void {
  if (name.trim() !== name || name === '' || name.length > LONGEST_NAME || /[,\p{Cc}\p{Zl}\p{Zp}]/u.test(name))
    throw invalid(
      name,
      `'${name.slice(0, 80)}' cannot be the name of a limit: write 1 to ${LONGEST_NAME} characters, without commas, control characters and spaces around.`,
    )
}
