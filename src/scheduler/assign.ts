import type { Core, Tx } from '../domain/core.ts'
import type { Vitals } from '../domain/live.ts'
import type { NeedSets } from '../domain/needs.ts'
import { jobRow, saveWorker } from '../domain/rows.ts'
import { startRun } from '../domain/runs.ts'
import { greet, takeRunAway } from '../domain/workers.ts'
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
export function assign(tx: Tx, name: string, vitals: Vitals): Assignment | null {
  const before = greet(tx, name, vitals)
  takeRunAway(tx, before, 'LOST')
  const worker = before.current_event > 0 ? greet(tx, name, {}) : before
  const id = worker.active ? pick(tx, cachedLines(tx, worker.affinity)) : undefined
  if (id === undefined) {
    if (worker.state !== 'WAITING') saveWorker(tx, worker, { state: 'WAITING' })
    return null
  }
  const { run, job } = startRun(tx, jobRow(tx, id), worker)
  const { title, command, dir, user, environment, timeout } = job
  return { run, job: { id, title, command, dir, user, environment, timeout } }
}

/**
 * Whether an idle worker's question can be answered with nothing at once, without a transaction: it is known, idle already,
 * and there is nothing for it. 10,000 idle workers ask 5,000 times a second.
 */
export function nothingFor(core: Core, name: string): boolean {
  // On a busy farm there mostly is something: then the row need not be read twice. The transaction reads it anyway.
  const hint = core.live.workers.get(name)?.affinity
  if (hint !== undefined && hasWork(core, cachedLines(core, hint))) return false
  const worker = core.rows.worker.get({ name })
  if (worker?.state !== 'WAITING' || worker.current_event > 0) return false
  return !worker.active || !hasWork(core, cachedLines(core, worker.affinity))
}
