import { Commits } from '../db/commit.ts'
import type { Db } from '../db/open.ts'
import type { Steps } from './background.ts'
import { tellDependents } from './dependents.ts'
import { Live } from './live.ts'
import { Logs } from './logs.ts'
import { NeedSets } from './needs.ts'
import { buryUnborn, prepareRemoval } from './removal.ts'
import { prepareResets } from './reset.ts'
import { prepareRows, type Rows } from './rows.ts'
import { Tree } from './tree.ts'

/** What every operation works on. */
export interface Core {
  db: Db
  rows: Rows
  resets: ReturnType<typeof prepareResets>
  removal: ReturnType<typeof prepareRemoval>
  steps: Steps
  needs: NeedSets
  tree: Tree
  live: Live
  logs: Logs
}

/** One operation inside a transaction. The clock is read once. */
export interface Tx extends Core {
  /** Seconds since the epoch. */
  readonly now: number
  /** Runs when the change is on disk, before the caller is answered: what is in memory only, and other people's news. */
  after(act: () => void): void
}

/** Seconds since the epoch. */
export type Clock = () => number

export function createCore(db: Db, logs: string, steps: Steps): Core {
  const needs = new NeedSets(db)
  const removal = prepareRemoval(db)
  buryUnborn({ removal })
  return {
    db,
    rows: prepareRows(db),
    resets: prepareResets(db),
    removal,
    steps,
    needs,
    tree: new Tree(db, needs),
    live: new Live(),
    logs: new Logs(logs),
  }
}

/** Answers the one way to change the farm: an operation of its own in the next commit. */
export function createWriter(core: Core, clock: Clock) {
  const commits = new Commits(core.db.sqlite, core.tree)
  return async function write<T>(operation: (tx: Tx) => T): Promise<T> {
    const acts: (() => void)[] = []
    const result = await commits.write(() => {
      const tx: Tx = { ...core, now: clock(), after: (act) => acts.push(act) }
      const result = operation(tx)
      tellDependents(tx)
      return result
    })
    for (const act of acts) act()
    return result
  }
}
export type Write = ReturnType<typeof createWriter>
