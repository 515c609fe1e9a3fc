import type { JobRow } from '../db/schema.ts'
import type { Core, Tx } from '../domain/core.ts'
import type { Vitals } from '../domain/live.ts'
import type { NeedSets } from '../domain/needs.ts'
import { note } from '../domain/notes.ts'
import { jobRow, saveWorker } from '../domain/rows.ts'
import { leafHeldBy, startRun } from '../domain/runs.ts'
import { keepSession, questionOf, type Speaker } from '../domain/sessions.ts'
import { greet, loseRun } from '../domain/workers.ts'
import type { Assignment } from '../protocol.ts'
import { hasWork, type Line, linesOf, pick } from './pick.ts'

const CACHED_LINES = 10_000
interface LinesCache {
  generation: number
  byText: Map<string, Line[]>
}
const caches = new WeakMap<NeedSets, LinesCache>()

/** Workers are many, their affinities few: the lines of each text are made once, and again when names are changed. */
export function cachedLines({ needs }: Pick<Core, 'needs'>, affinity: string): Line[] {
  let cache = caches.get(needs)
  if (cache?.generation !== needs.generation || cache.byText.size >= CACHED_LINES) {
    cache = { generation: needs.generation, byText: new Map() }
    caches.set(needs, cache)
  }
  const lines = cache.byText.get(affinity) ?? linesOf(affinity, needs)
  cache.byText.set(affinity, lines)
  return lines
}

/**
 * A worker asks for a job. One that asks while it is thought to be working has crashed: its job goes back to WAITING first.
 * Answers null when there is nothing for it.
 */
export function assign(tx: Tx, name: string, vitals: Vitals, speaker: Speaker = {}): Assignment | null {
  const question = questionOf(tx, name, speaker)
  if (question === 'stale') return null
  const before = greet(tx, name, vitals)
  const given = question === 'again' ? (tx.live.sessions.get(name)?.run ?? 0) : 0
  if (given > 0) {
    const leaf = leafHeldBy(tx, given)
    // The answer to the first was lost, or this is an echo of it: the same answer, if it is still true.
    return leaf ? assignment(given, leaf) : null
  }
  keepSession(tx, name, speaker, 0)
  const lost = loseRun(tx, before, 'asked for a job while it held this one')
  // At once: what it gets now may be the same job, whose log then goes on with the output of that run.
  if (lost) note(tx, lost.job, lost.text, tx.now)
  const worker = before.current_event > 0 ? greet(tx, name, {}) : before
  const id = worker.active ? pick(tx, cachedLines(tx, worker.affinity)) : undefined
  if (id === undefined) {
    if (worker.state !== 'WAITING') saveWorker(tx, worker, { state: 'WAITING' })
    return null
  }
  const { run, job } = startRun(tx, jobRow(tx, id), worker)
  keepSession(tx, name, speaker, run)
  return assignment(run, job)
}

function assignment(run: number, { id, title, command, dir, user, environment, timeout }: JobRow): Assignment {
  return { run, job: { id, title, command, dir, user, environment, timeout } }
}

/**
 * Whether an idle worker's question can be answered with nothing at once, without a transaction: it is known, idle already,
 * and there is nothing for it. 10,000 idle workers ask 5,000 times a second.
 */
export function nothingFor(core: Core, name: string, { session }: Speaker = {}): boolean {
  // A session that is new, or another's, has to be kept first.
  if (core.live.sessions.get(name)?.id !== session) return false
  const worker = core.rows.worker.get({ name })
  if (worker?.state !== 'WAITING' || worker.current_event > 0) return false
  return !worker.active || !hasWork(core, cachedLines(core, worker.affinity))
}
