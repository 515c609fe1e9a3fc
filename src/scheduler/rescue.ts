/** What time does to the farm: runs past their time-out, workers that fell silent, signs of life to be written. Each is one step. */
import { sql } from 'drizzle-orm'
import type { Core, Tx } from '../domain/core.ts'
import { saveLeaf } from '../domain/leaves.ts'
import { noteLater } from '../domain/notes.ts'
import { saveWorker } from '../domain/roster.ts'
import { isGroup } from '../domain/rows.ts'
import { endRun, leafHeldBy } from '../domain/runs.ts'
import { asSeen } from '../domain/seen.ts'
import { loseRun } from '../domain/workers.ts'

/** Workers dealt with in one transaction, so that a farm that went dark at once delays nobody. */
const AT_ONCE = 200

/** Kills the runs that are past their job's `timeout`: they end in ERROR, and their workers are told at their next heartbeat. */
export function endOverdueRuns(tx: Tx): number {
  const overdue = tx.rows.overdue.all({ now: tx.now })
  for (const leaf of overdue) {
    noteLater(tx, leaf.id, `the run lasted longer than its time-out of ${leaf.timeout} s and was ended`)
    endRun(tx, leaf, 'ERROR')
  }
  return overdue.length
}

/** After the wall clock was set by `jump` seconds: a run may last as long as before. */
export function moveDeadlines({ db }: Tx, jump: number): void {
  db.run(sql`update jobs set deadline = max(1, deadline + ${jump}) where deadline > 0`)
}

/**
 * Ends the runs whose output has a fatal line, and those that have been silent for longer than their `idle_timeout`. A
 * worker that is away says nothing either, and is dealt with as lost: its run is not failed for that.
 */
export function endHopelessRuns(tx: Tx): number {
  let ended = 0
  for (const live of tx.live.judged) {
    const spoke = tx.live.workers.get(live.worker)?.heard ?? live.heard
    const silent = live.idle_timeout > 0 && spoke - live.heard >= live.idle_timeout
    const fatal = live.verdict?.fatalLine
    if (fatal === undefined && !silent) continue
    const leaf = leafHeldBy(tx, live.run)
    if (!leaf) continue
    if (++ended > AT_ONCE) return ended
    noteLater(
      tx,
      leaf.id,
      fatal === undefined
        ? `the run printed nothing for ${live.idle_timeout} s, its idle_timeout, and was ended`
        : `the output has a line that is fatal, and the run was ended: ${fatal.slice(0, 200)}`,
    )
    endRun(tx, leaf, 'ERROR')
  }
  return ended
}

/** Lets go what waited for its time: `start_after`, or the delay before another try. */
export function wakeJobs(tx: Tx): number {
  const waking = tx.rows.waking.all({ now: tx.now })
  for (const row of waking) {
    // What is being made, or deleted, nobody sees: it need not be looked for again.
    const seen = asSeen(tx.tree, row)
    if (seen && !isGroup(row)) {
      saveLeaf(tx, seen, { wake_at: 0 })
      continue
    }
    const group = tx.tree.get(row.id)
    // Written at the commit.
    if (group && group.wake_at > 0) tx.tree.change(group, { wake_at: 0 })
    else tx.rows.saveHolds.run({ id: row.id, needs_id: row.needs_id, retry_at: 0, wake_at: 0 })
  }
  return waking.length
}

/** Workers without a sign of life for `worker_timeout` seconds are in TIMEOUT, and their jobs wait again. */
export function rescueFromLostWorkers(tx: Tx, workerTimeout: number): number {
  let rescued = 0
  for (const live of tx.live.silentFor(workerTimeout)) {
    if (live.lost) continue
    if (++rescued > AT_ONCE) return rescued
    const row = tx.roster.row(live.name)
    if (row) {
      const lost = loseRun(tx, row, `was silent for ${workerTimeout} s`)
      if (lost) noteLater(tx, lost.job, lost.text)
      const free = tx.roster.row(live.name)
      if (free) saveWorker(tx, free, { state: 'TIMEOUT' })
    }
    tx.after(() => {
      live.lost = true
    })
  }
  return rescued
}

/** Writes signs of life that came since the last time. Answers whether there are more. */
export function saveSigns({ rows, live }: Core): boolean {
  const { runs, workers } = live.takeChanged(AT_ONCE * 5)
  for (const { name, ip, ping_time, cpu, free_memory, total_memory } of workers)
    rows.saveWorkerSigns.run({ name, ip, ping_time, cpu, free_memory, total_memory })
  for (const { job, run, ping_time, progress } of runs) rows.saveRunSigns.run({ job, run, ping_time, progress })
  return workers.length + runs.length > 0
}
