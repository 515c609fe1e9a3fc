/** The thread of checkpointer.ts: takes the path of a database, answers '' or what went wrong. */
import { Database } from 'bun:sqlite'
import { reason } from './startError.ts'

declare const self: Worker

self.onmessage = ({ data }: MessageEvent<string>) => self.postMessage(checkpoint(data))

function checkpoint(path: string): string {
  try {
    const sqlite = new Database(path, { readwrite: true, create: false })
    try {
      // Passive: what a reader or the writer is at is left for the next time, and nobody waits.
      sqlite.run('PRAGMA wal_checkpoint(PASSIVE)')
    } finally {
      sqlite.close()
    }
    return ''
  } catch (error) {
    return reason(error)
  }
}
