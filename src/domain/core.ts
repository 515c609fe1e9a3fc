import { Commits } from '../db/commit.ts'
import type { Db } from '../db/open.ts'
import { Changes } from './changes.ts'
import { tellDependents } from './dependents.ts'
import { Live } from './live.ts'
import { Logs } from './logs.ts'
import { NeedSets } from './needs.ts'
import { prepareRows, type Rows } from './rows.ts'
import { Signs } from './signs.ts'
import { discardAll } from './submission.ts'
import { Tree } from './tree.ts'

/** What every operation works on. */
export interface Core {
  db: Db
  rows: Rows
  needs: NeedSets
  tree: Tree
  live: Live
  logs: Logs
  changes: Changes
  signs: Signs
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

export function createCore(db: Db, logs: string): Core {
  const needs = new NeedSets(db)
  const rows = prepareRows(db)
  discardAll({ db, rows })
  const changes = new Changes()
  const signs = new Signs()
  return {
    db,
    rows,
    needs,
    tree: new Tree(db, needs, changes),
    live: new Live(signs, changes),
    logs: new Logs(logs, (job) => signs.log(job)),
    changes,
    signs,
  }
}

/** Answers the one way to change the farm: an operation of its own in the next commit. */
export function createWriter(core: Core, clock: Clock) {
  const commits = new Commits(core.db.sqlite, core.tree)
  return async function write<T>(operation: (tx: Tx) => T): Promise<T> {
    const acts: (() => void)[] = []
    const result = await commits.write(() => {
      // A batch can be done again: only what its last turn said counts.
      acts.length = 0
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
