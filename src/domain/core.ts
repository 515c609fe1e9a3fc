import { Commits } from '../db/commit.ts'
import { Disk } from '../db/disk.ts'
import type { Db } from '../db/open.ts'
import { Audit } from './audit.ts'
import { type Avoided, forgiveAll } from './avoided.ts'
import type { Steps } from './background.ts'
import { Blocklist } from './blocklist.ts'
import { Changes } from './changes.ts'
import { lowerPriorities } from './failing.ts'
import { Failures } from './failures.ts'
import type { Others } from './frameLinks.ts'
import { History } from './history.ts'
import { type Links, prepareLinks } from './links.ts'
import { Live } from './live.ts'
import { Logs } from './logs.ts'
import { NeedSets } from './needs.ts'
import { buryUnborn, prepareRemoval } from './removal.ts'
import { prepareResets } from './reset.ts'
import { Roster } from './roster.ts'
import { prepareRows, type Rows } from './rows.ts'
import { type Order, Shares } from './shares.ts'
import { Signs } from './signs.ts'
import { tellDependents } from './telling.ts'
import { Tree } from './tree.ts'
import { Usage } from './usage.ts'

/** What every operation works on. */
export interface Core {
  db: Db
  rows: Rows
  links: Links
  resets: ReturnType<typeof prepareResets>
  removal: ReturnType<typeof prepareRemoval>
  steps: Steps
  /** Of what is done behind the answers: something has been noted; what is remembered from one step to the next. */
  work: { noted: boolean; others?: Others }
  needs: NeedSets
  tree: Tree
  live: Live
  logs: Logs
  roster: Roster
  usage: Usage
  blocklist: Blocklist
  avoided: Avoided
  policy: Policy
  changes: Changes
  signs: Signs
  disk: Disk
  history: History
  failures: Failures
  audit: Audit
}

/** What a studio decides for its whole farm. */
export interface Policy {
  order: Order
  /** What users weigh against each other with order = "fair"; 1 for those who are not named. */
  weights: ReadonlyMap<string, number>
  /** Failed runs of a worker in a root job after which it gets no more of it; 0: never. */
  blocklistAfter: number
  /** Children of a group in ERROR that lower its priority by one; 0: never. */
  decreasePriorityAfter: number
}

export const DEFAULT_POLICY: Policy = { order: 'fifo', weights: new Map(), blocklistAfter: 3, decreasePriorityAfter: 0 }

/** One operation inside a transaction. The clock is read once. */
export interface Tx extends Core {
  /** Seconds since the epoch. */
  readonly now: number
  /** Runs when the change is made for good, before any other is: what is in memory only, and other people's news. */
  after(act: () => void): void
}

/** Seconds since the epoch. */
export type Clock = () => number

export interface CoreOptions {
  /** Folder of the jobs' logs, and how much of a run's output is kept (domain/logs.ts). */
  logs: string
  logLimit: number
  awake: Clock
  policy: Policy
  steps: Steps
}

export function createCore(db: Db, { logs, logLimit, awake, policy, steps }: CoreOptions): Core {
  const needs = new NeedSets(db)
  const rows = prepareRows(db)
  forgiveAll(needs, rows)
  const removal = prepareRemoval(db)
  buryUnborn({ removal })
  const shares = new Shares(policy.order, policy.weights)
  const changes = new Changes()
  const signs = new Signs()
  const disk = new Disk()
  return {
    db,
    rows,
    links: prepareLinks(db),
    resets: prepareResets(db),
    removal,
    steps,
    work: { noted: true },
    needs,
    tree: new Tree(db, needs, changes, shares),
    live: new Live(awake, signs, changes),
    logs: new Logs(logs, { limit: logLimit, disk, grown: (job) => signs.log(job) }),
    roster: new Roster(db),
    usage: new Usage(db, needs),
    blocklist: new Blocklist(db, policy.blocklistAfter),
    avoided: new Map(),
    policy,
    changes,
    signs,
    disk,
    history: new History(),
    failures: new Failures(),
    audit: new Audit(db, changes),
  }
}

/** Answers the one way to change the farm: an operation of its own in the next commit. */
export function createWriter(core: Core, clock: Clock) {
  const refusal = (error: unknown) => core.disk.refusal(error)
  const commits = new Commits(core.db.sqlite, core.tree, { flush: core.db.flush, refusal })
  // One object for all operations, which never overlap: to copy the core for each was 2 % of a cycle.
  let acts: (() => void)[] = []
  const tx = { ...core, now: 0, after: (act: () => void) => void acts.push(act) }
  /** `after`: when it is done for good, and before it is answered. */
  return function write<T>(operation: (tx: Tx) => T, { once = false, after = () => {} } = {}): Promise<T> {
    let done: (() => void)[] = []
    const operate = () => {
      // A batch can be done again: only what its last turn said counts.
      acts = []
      done = acts
      tx.now = clock()
      const result = operation(tx)
      tellDependents(tx)
      lowerPriorities(tx)
      return result
    }
    const committed = () => {
      core.disk.wrote()
      for (const act of done) act()
      after()
    }
    return commits.write(operate, { once, committed })
  }
}
export type Write = ReturnType<typeof createWriter>
