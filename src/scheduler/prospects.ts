import type { Core } from '../domain/core.ts'
import { kindFits } from './asker.ts'
import { wouldGetSomething } from './assign.ts'
import type { Prospects } from './waiters.ts'

/** What the farm has for workers that wait: for a kind of them by a look at a few sets, for one of them by the pick itself. */
export function prospectsOf(core: Core): Prospects {
  return {
    ofKind(key) {
      const kind = core.roster.kind(key)
      return kind !== undefined && core.tree.root.ready.keys().some((set) => kindFits(core, kind, set))
    },
    of: (name) => wouldGetSomething(core, name),
    isSpecial(name) {
      if (core.needs.avoided.has(name) || core.blocklist.of(name).size > 0) return true
      const host = core.roster.hostOf(name)
      return host !== undefined && core.usage.isInUse(host)
    },
  }
}
