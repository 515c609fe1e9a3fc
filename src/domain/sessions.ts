/**
 * Which agent speaks under a worker's name. An agent makes up a session when it starts and sends it with every call, and
 * numbers its picks, so that two machines of one name are told apart, and a pick that the network brings twice, or hours
 * late, is not taken for a worker that crashed. Workers that send no session are heard as they always were.
 *
 * In memory only: after a restart of the server, whoever speaks first has the name. A row for each would be written with
 * every pick, to tell apart what a person has to put right anyway.
 */
import { FarmError } from '../errors.ts'
import type { Core, Tx } from './core.ts'

export interface Session {
  id: string
  /** The number of its last pick. */
  pick: number
  /** What that pick was given, 0: nothing. */
  run: number
  /** It said that it goes: what still comes of it was late. */
  left?: boolean
}

/** What an agent says of itself. */
export interface Speaker {
  session?: string
  pick?: number
}

/**
 * So long after its last word an agent keeps its name against another. Its signs come every 2 s; one that was killed, and
 * comes back without its memory (a container), waits so long for its name.
 */
const KEPT_SECONDS = 10

/** `again`: the same question as the last. `stale`: one that it asked before; nobody waits for the answer. */
export type Question = 'new' | 'again' | 'stale'

/** Throws for an agent that is not the one who has the name. */
export function questionOf(core: Core, name: string, { session, pick }: Speaker): Question {
  if (session === undefined) return 'new'
  const held = core.live.sessions.get(name)
  if (held && held.id !== session && !held.left) {
    const worker = core.live.workers.get(name)
    if (worker && !worker.lost && core.live.awake() - worker.heard < KEPT_SECONDS)
      throw new FarmError(
        'conflict',
        `Another worker${worker.ip ? ` at ${worker.ip}` : ''} is called '${name}': stop it, or give this one another name (--name).`,
        'session',
      )
  }
  if (held?.id === session && held.left) return 'stale'
  if (held?.id !== session || pick === undefined || pick > held.pick) return 'new'
  return pick < held.pick ? 'stale' : 'again'
}

/** The session has the name from now on. `run`: what its pick was given. */
export function keepSession(tx: Tx, name: string, { session, pick }: Speaker, run: number): void {
  const { live, tree } = tx
  const before = live.sessions.get(name)
  tree.onUndo(() => {
    if (before) live.sessions.set(name, before)
    else live.sessions.delete(name)
  })
  if (session !== undefined) live.sessions.set(name, { id: session, pick: pick ?? 0, run })
  else live.sessions.delete(name)
}

/** Whether a report comes from the agent that has the name; the first to speak after a restart of the server has it. */
export function isSpeaker({ live }: Core, name: string, { session, pick }: Speaker, run: number): boolean {
  if (session === undefined) return true
  const held = live.sessions.get(name)
  if (!held && live.workers.has(name)) live.sessions.set(name, { id: session, pick: pick ?? 0, run })
  return !held || (held.id === session && !held.left)
}
