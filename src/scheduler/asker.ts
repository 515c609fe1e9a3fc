/** A worker as the pick sees it: what it can take, and of which jobs it gets nothing. */
import type { WorkerRow } from '../db/schema.ts'
import type { Core } from '../domain/core.ts'
import { type NeedSets, NOTHING, namesOf } from '../domain/needs.ts'
import type { Kind } from '../domain/roster.ts'
import { fitsIn, hostOf, type Place } from '../domain/usage.ts'

/** One line of a worker's affinity: whether it covers all that a job needs. */
export type Line = (needs: number) => boolean

/** The worker's lines in their order, with the place of the jobs that need nothing. */
export function linesOf(affinity: string, needs: NeedSets): Line[] {
  // Who has no affinity has no line before that place.
  const lines = affinity
    .split('\n')
    .map(namesOf)
    .filter((names) => names.length > 0)
  const ordered = lines.map((names) => coverOf(new Set(names), needs))
  return lines.some((names) => names.includes(ANYTHING)) ? ordered : [...ordered, (set) => needsNoName(needs, set)]
}

const ANYTHING = '*'
const needsNoName = (needs: NeedSets, set: number) => set === NOTHING || needs.names(set).length === 0

/** Sets are interned and never change, so what a line says of one is remembered. */
function coverOf(names: ReadonlySet<string>, needs: NeedSets): Line {
  const known: (boolean | undefined)[] = []
  return (set) => {
    const covers = known[set] ?? covered(names, needs.names(set))
    known[set] = covers
    return covers
  }
}

/** What needs no name is for a line with `*`, and for it alone. */
const covered = (names: ReadonlySet<string>, needed: readonly string[]) =>
  needed.length === 0 ? names.has(ANYTHING) : needed.every((name) => names.has(name))

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

export interface Asker {
  lines: readonly Line[]
  /** Root jobs of which it gets nothing. */
  blocked: ReadonlySet<number>
  /** Whether limits, its host and other workers let it run something that needs this, in the root job of this id. */
  may(needs: number, root: number): boolean
  /** Whether `may` says the same in every root job. */
  isSure(needs: number): boolean
}

export function askerOf(
  core: Core,
  worker: Pick<WorkerRow, 'name' | 'affinity' | 'host' | 'memory' | 'cores' | 'gpus'>,
): Asker {
  const { needs, usage, blocklist } = core
  const { name, memory, cores, gpus } = worker
  const place: Place = { host: hostOf(worker), memory, cores, gpus }
  const isAvoided = needs.avoided.has(name)
  return {
    lines: cachedLines(core, worker.affinity),
    blocked: blocklist.of(name),
    isSure: (set) => !isAvoided || needs.at(set).avoid !== name,
    may(set, root) {
      if (set === NOTHING) return true
      const need = needs.at(set)
      return usage.allows(need, place) && (need.avoid !== name || !othersFit(core, set, place.host, root))
    },
  }
}

/** A worker that is active and heard of, by what is in memory of it. */
export function askerOfPresent(core: Core, name: string): Asker | undefined {
  const kind = core.roster.kindOf(name)
  return kind && askerOf(core, { ...kind, name, host: core.roster.hostOf(name) ?? '' })
}

/**
 * Whether a worker on another host than the one where a job failed could take it: active, heard of, fit for it, and not
 * blocked there. Another slot of the same machine would only fail again.
 */
export function othersFit(core: Core, set: number, host: string, root: number): boolean {
  const { roster, blocklist } = core
  for (const kind of roster.kinds) {
    if (!kindFits(core, kind, set)) continue
    for (const other of kind.members) if (roster.hostOf(other) !== host && !blocklist.of(other).has(root)) return true
  }
  return false
}

/** Whether workers of a kind can take what needs this set, when their hosts are free. */
export const kindFits = (core: Core, kind: Kind, set: number): boolean =>
  fitsIn(core.needs.at(set), kind) && namesFit(core, kind, set)

/** Whether one of the kind's affinity lines has all names that the set asks for. */
export const namesFit = (core: Core, kind: Pick<Kind, 'affinity'>, set: number): boolean =>
  cachedLines(core, kind.affinity).some((line) => line(set))
