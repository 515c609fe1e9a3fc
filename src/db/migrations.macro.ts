import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Runs while bundling (a Bun macro): the executable has no `drizzle/` folder beside it, so the SQL goes inside.
 * Answers each migration as its list of statements, in order.
 */
export function migrations(): string[][] {
  const folder = join(import.meta.dir, '../../drizzle')
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8').split('--> statement-breakpoint'))
}
