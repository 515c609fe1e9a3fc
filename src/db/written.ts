import type { Database } from 'bun:sqlite'

/** Asks how many rows a connection has written since it was opened. */
export function rowsWritten(sqlite: Database): () => number {
  const changes = sqlite.prepare<{ changes: number }, []>('SELECT total_changes() AS changes')
  return () => changes.get()?.changes ?? 0
}
