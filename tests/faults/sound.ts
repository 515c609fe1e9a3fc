import type { Database } from 'bun:sqlite'
import { checkFarm } from '../../src/domain/check.ts'

/** What does not hold of a database that no server is writing to, in words; empty: nothing. SQLite's own check comes first. */
export function breaches(sqlite: Database): string[] {
  const file = sqlite.query<{ integrity_check: string }, []>('pragma integrity_check').all()
  const damage = file.map((row) => row.integrity_check).filter((line) => line !== 'ok')
  return [
    ...damage,
    ...checkFarm(sqlite).map(({ text, count, examples }) => `${text}: ${count}, ${examples.join('; ')}`),
  ]
}
