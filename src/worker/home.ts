/**
 * The folder of an agent, in the system's place for temporary files: outputs that wait for the server, a lock that tells
 * whether the agent lives, and who it is. What is found there of an agent that died is its successor's to clear away.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readAuthority } from '../authority.ts'
import { createClient } from '../client.ts'
import { FarmError } from '../errors.ts'
import { type Lock, takeLock } from '../lock.ts'
import { keptCredential } from './credentials.ts'
import { killTree } from './processes.ts'

/** Who an agent is, for those who come after it. */
export interface Identity {
  server: string
  /** Of its slots. */
  workers: string[]
  /** Made up at its start. */
  session: string
  /** The file of the credentials of its slots. */
  credentials: string
  /** The file of the authority of the server's certificate; empty: the system's. */
  ca: string
}

export interface Home extends Identity {
  folder: string
  /** The folder is gone with it. */
  close(): void
}

const PREFIX = 'coalition-worker-'
const IDENTITY = 'agent.json'
const LOCK = 'lock'

/** Throws when an agent of the same name is at work for the same server on this machine. */
export async function openHome(
  parent: string,
  server: string,
  workers: string[],
  graceSeconds: number,
  { credentials = '', ca = '' } = {},
): Promise<Home> {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue
    const folder = join(parent, name)
    const found = readIdentity(folder)
    // Another user's, or one that is just being made.
    if (!found) continue
    const lock = takeLock(join(folder, LOCK))
    const ours = found.server === server && found.workers.some((worker) => workers.includes(worker))
    if (lock) await clearAway(folder, lock, ours ? found : undefined, graceSeconds)
    else if (ours)
      throw new FarmError(
        'conflict',
        `A worker '${found.workers[0]}' for ${server} runs on this machine already: stop it, or give this one another name (--name).`,
        'name',
      )
  }
  const folder = mkdtempSync(join(parent, PREFIX))
  const session = crypto.randomUUID()
  const lock = takeLock(join(folder, LOCK))
  writeFileSync(join(folder, IDENTITY), JSON.stringify({ server, workers, session, credentials, ca }), { mode: 0o600 })
  return {
    folder,
    server,
    workers,
    session,
    credentials,
    ca,
    close() {
      lock?.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What a predecessor ran is ended; a stranger's folder only goes: who has its name next, or had it, looks after the rest. */
async function clearAway(folder: string, lock: Lock, predecessor: Identity | undefined, graceSeconds: number) {
  try {
    const left = predecessor?.workers.map((worker) => ({ marks: marksOf(predecessor.server, worker) })) ?? []
    if (predecessor) await bury(predecessor, left, graceSeconds)
  } finally {
    lock.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function readIdentity(folder: string): Identity | undefined {
  try {
    // In a folder that everybody may write to, whoever likes could leave one.
    if (statSync(folder).uid !== (process.getuid?.() ?? 0)) return undefined
    const {
      server,
      workers,
      session,
      credentials = '',
      ca = '',
    } = JSON.parse(readFileSync(join(folder, IDENTITY), 'utf8')) as Partial<Identity>
    if (typeof server !== 'string' || typeof session !== 'string' || !Array.isArray(workers)) return undefined
    return { server, workers, session, credentials, ca }
  } catch {
    return undefined
  }
}

const marksOf = (server: string, worker: string) => [`COALITION_SERVER=${server}`, `COALITION_WORKER=${worker}`]

/** What an agent that died has left running. */
export interface Leftover {
  /** The leader of its process group, as far as that is known. */
  pid?: number
  marks: string[]
}

/** For the last word to a server that may be gone as well. */
const LEAVE_SECONDS = 3

/** Ends what a dead agent left running, then gives its jobs back: nobody else starts one before its processes are gone. */
export async function bury(
  { server, workers, session, credentials, ca: file }: Identity,
  left: Leftover[],
  graceSeconds: number,
): Promise<void> {
  await Promise.all(left.map(({ pid, marks }) => killTree(pid ?? NOBODY, graceSeconds, marks)))
  const ca = readAuthority(file)
  await Promise.allSettled(
    workers.map((worker) =>
      createClient(server, { token: keptCredential(credentials, server, worker), ca }).call(
        'POST',
        `/api/workers/${encodeURIComponent(worker)}/leave`,
        { session },
        { timeoutSeconds: LEAVE_SECONDS },
      ),
    ),
  )
}

/** No process has it, and no group. */
const NOBODY = -1
