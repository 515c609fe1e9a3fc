/** What the workers of this machine have joined with, by server and name, in a file that only their user can read. */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createClient } from '../client.ts'
import type { JoinAnswer, JoinRequest } from '../models.ts'

type Kept = Record<string, Record<string, string>>

function read(file: string): Kept {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof kept === 'object' && kept !== null ? (kept as Kept) : {}
  } catch {
    return {}
  }
}

/** Undefined: none, or a file that cannot be read. */
export function keptCredential(file: string, server: string, worker: string): string | undefined {
  const credential: unknown = read(file)[server]?.[worker]
  return typeof credential === 'string' ? credential : undefined
}

function keep(file: string, server: string, worker: string, credential: string): void {
  const kept = read(file)
  const changed = { ...kept, [server]: { ...kept[server], [worker]: credential } }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // Written beside and renamed: an agent that is killed meanwhile must not lose what the others have.
  const beside = `${file}.${process.pid}`
  writeFileSync(beside, JSON.stringify(changed), { mode: 0o600 })
  chmodSync(beside, 0o600)
  renameSync(beside, file)
}

export interface Joining {
  server: string
  worker: string
  file: string
  /** Empty: what is in the file is all there is. */
  joinToken: string
  ca: string | undefined
  log: (line: string) => void
}

/** Exchanges the join token; undefined without one. Throws what the client throws. */
export async function join({ server, worker, file, joinToken, ca, log }: Joining): Promise<string | undefined> {
  if (joinToken === '') return undefined
  const request: JoinRequest = { token: joinToken, worker }
  const { credential } = await createClient(server, { ca }).call<JoinAnswer>('POST', '/api/workers/join', request)
  try {
    keep(file, server, worker, credential)
  } catch (error) {
    log(`joined, but that cannot be kept for the next start: ${error instanceof Error ? error.message : String(error)}`)
  }
  log(`${worker} joined ${server}`)
  return credential
}
