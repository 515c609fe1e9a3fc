/** What a commit changed, by id: collected while an operation runs, published when it is on disk. */
export interface Batch {
  readonly seq: number
  /** Jobs whose row changed, or that came: by id, with the group they are in. */
  readonly jobs: Map<number, number>
  /** Groups (0: the root) that a job came to or left. */
  readonly members: Set<number>
  readonly gone: Set<number>
  /** Leaves were changed by the statement, not one by one: any leaf may be another now. */
  swept: boolean
  /** Something is new in the audit. */
  recorded: boolean
  readonly workers: Set<string>
  readonly goneWorkers: Set<string>
  /** Runs by id, with what a follower of one job or worker looks for. */
  readonly events: Map<number, { job: number; worker: string }>
  size: number
}

type Change =
  | { job: number; parent: number }
  | { members: number }
  | { gone: number }
  | { swept: true }
  | { recorded: true }
  | { worker: string }
  | { goneWorker: string }
  | { event: number; by: { job: number; worker: string } }

/** Ids remembered for those who come back after a break, or are slow: some minutes of a busy farm, a few MB. */
const KEPT_IDS = 50_000
/** Commits remembered. */
const KEPT_BATCHES = 20_000
/** An operation, or a commit, that changes more than this is not told by id. */
const MOST_IDS = 20_000
/** How long changes are still collected after the last listener left: a page that is reloaded misses nothing. */
const LINGER_MS = 60_000

/**
 * The news of the farm: ids of what changed, in the order of the commits, numbered. Rows are read by whoever tells them
 * further, as they are then. Nothing is collected while nobody listens; one ring of ids serves every listener, so a slow
 * one costs no memory: it falls off the ring, and begins anew.
 */
export class Changes {
  seq = 0
  #on = false
  #listeners = new Set<() => void>()
  #linger: ReturnType<typeof setTimeout> | undefined
  /** Of the commit that is being made. */
  #pending: Change[] = []
  #mark = 0
  #tooMany = false
  #ring: Batch[] = []
  #kept = 0
  /** The last number that is not in the ring any more: who knows just that can go on. */
  #forgotten = 0

  /** Calls `wake` after each commit that changed something; answers how to leave. */
  listen(wake: () => void): () => void {
    clearTimeout(this.#linger)
    if (!this.#on) {
      this.#on = true
      this.#forget(++this.seq)
    }
    this.#listeners.add(wake)
    return () => {
      this.#listeners.delete(wake)
      if (this.#listeners.size > 0) return
      this.#linger = setTimeout(() => this.#stop(), LINGER_MS)
      this.#linger.unref()
    }
  }

  /** What was committed after `seq`, the oldest first; undefined: that is no longer known. */
  since(seq: number): readonly Batch[] | undefined {
    if (seq < this.#forgotten || seq > this.seq) return undefined
    const first = this.#ring.findLastIndex((batch) => batch.seq <= seq) + 1
    return this.#ring.slice(first)
  }

  // Within an operation.

  job(id: number, parent: number): void {
    this.#add({ job: id, parent })
  }

  /** A job came to a group, or left it. */
  members(parent: number): void {
    this.#add({ members: parent })
  }

  gone(id: number): void {
    this.#add({ gone: id })
  }

  /** Leaves were changed, or deleted, by the statement. */
  swept(): void {
    this.#add({ swept: true })
  }

  recorded(): void {
    this.#add({ recorded: true })
  }

  worker(name: string): void {
    this.#add({ worker: name })
  }

  goneWorker(name: string): void {
    this.#add({ goneWorker: name })
  }

  event(id: number, job: number, worker: string): void {
    this.#add({ event: id, by: { job, worker } })
  }

  /** Something that every row may show, as the name of an affinity. */
  everything(): void {
    this.#tooMany = this.#on
  }

  /** A change that no operation makes: a worker that was thought lost spoke. */
  spoke(name: string): void {
    if (this.#on) this.#publish([{ worker: name }])
  }

  // Companion of the commit, through the tree.

  mark(): void {
    this.#mark = this.#pending.length
  }

  undo(all: boolean): void {
    this.#pending.length = all ? 0 : this.#mark
    // Not known whether it was this operation that overflowed: to begin anew once too often is no harm.
    if (all) this.#tooMany = false
  }

  committed(): void {
    if (this.#tooMany) {
      this.#tooMany = false
      this.#pending.length = 0
      this.#forget(++this.seq)
      this.#wake()
    } else if (this.#pending.length > 0) this.#publish(this.#pending.splice(0))
  }

  #add(change: Change): void {
    if (!this.#on || this.#tooMany) return
    this.#pending.push(change)
    // An operation of a million rows says so with one word, not with a million.
    if (this.#pending.length > 10 * MOST_IDS) this.#tooMany = true
  }

  #publish(changes: readonly Change[]): void {
    const batch = fold(++this.seq, changes)
    if (batch.size > MOST_IDS) this.#forget(this.seq)
    else {
      this.#ring.push(batch)
      this.#kept += batch.size
      let drop = 0
      while (this.#kept > KEPT_IDS || this.#ring.length - drop > KEPT_BATCHES) {
        const oldest = this.#ring[drop++] as Batch
        this.#kept -= oldest.size
        this.#forgotten = oldest.seq
      }
      if (drop > 0) this.#ring.splice(0, drop)
    }
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#listeners) wake()
  }

  #forget(upTo: number): void {
    this.#ring.length = 0
    this.#kept = 0
    this.#forgotten = upTo
  }

  #stop(): void {
    this.#on = false
    this.#pending.length = 0
    this.#tooMany = false
    this.#forget(this.seq)
  }
}

/** What came later stands: a job that was made and deleted in one commit is gone. */
function fold(seq: number, changes: readonly Change[]): Batch {
  const batch: Batch = {
    seq,
    jobs: new Map(),
    members: new Set(),
    gone: new Set(),
    swept: false,
    recorded: false,
    workers: new Set(),
    goneWorkers: new Set(),
    events: new Map(),
    size: 0,
  }
  for (const change of changes) {
    if ('job' in change) batch.jobs.set(change.job, change.parent)
    else if ('members' in change) batch.members.add(change.members)
    else if ('gone' in change) {
      batch.jobs.delete(change.gone)
      batch.gone.add(change.gone)
    } else if ('swept' in change) batch.swept = true
    else if ('recorded' in change) batch.recorded = true
    else if ('worker' in change) batch.workers.add(change.worker)
    else if ('goneWorker' in change) {
      batch.workers.delete(change.goneWorker)
      batch.goneWorkers.add(change.goneWorker)
    } else batch.events.set(change.event, change.by)
  }
  const { jobs, members, gone, workers, goneWorkers, events } = batch
  batch.size = 1 + jobs.size + members.size + gone.size + workers.size + goneWorkers.size + events.size
  return batch
}
