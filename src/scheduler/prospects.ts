import type { Core } from '../domain/core.ts'
import { fitsIn } from '../domain/usage.ts'
import { cachedLines } from './asker.ts'
import { wouldGetSomething } from './assign.ts'
import type { Prospect, Prospects } from './waiters.ts'

/** What the farm has for workers that wait: for a kind of them by a look at a few sets, for one of them by the pick itself. */
export function prospectsOf(core: Core): Prospects {
  return {
    ofKind(key) {
      const kind = core.roster.kind(key)
      if (!kind) return undefined
      const { needs, usage, tree } = core
      const lines = cachedLines(core, kind.affinity)
      // Of a limit of hosts, those that are in it may have more.
      const isUsedUp = (name: string) => usage.limits.get(name)?.per === 'run' && usage.isFull(name, '')
      let best: Prospect | undefined
      for (const [set, count] of tree.root.ready) {
        const need = needs.at(set)
        const line = lines.findIndex((each) => each(set))
        if (line < 0 || (best && line > best.line) || !fitsIn(need, kind)) continue
        if (need.limits.some(isUsedUp)) continue
        best = { line, count: count + (best?.line === line ? best.count : 0) }
      }
      return best
    },
    of: (name) => wouldGetSomething(core, name),
    isSpecial(name) {
      if (core.needs.avoided.has(name) || core.blocklist.of(name).size > 0) return true
      const host = core.roster.hostOf(name)
      return host !== undefined && core.usage.isInUse(host)
    },
  }
}
