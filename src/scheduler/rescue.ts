/** What time does to the farm: runs past their time-out, workers that fell silent, signs of life to be written. Each is one step. */
import { sql } from 'drizzle-orm'
import type { Core, Tx } from '../domain/core.ts'
import { noteLater } from '../domain/notes.ts'
import { saveWorker } from '../domain/rows.ts'
import { endRun } from '../domain/runs.ts'
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

/** Workers without a sign of life for `worker_timeout` seconds are in TIMEOUT, and their jobs wait again. */
export function rescueFromLostWorkers(tx: Tx, workerTimeout: number): number {
  let rescued = 0
  for (const live of tx.live.silentFor(workerTimeout)) {
    if (live.lost) continue
    if (++rescued > AT_ONCE) return rescued
    const row = tx.rows.worker.get({ name: live.name })
    if (row) {
      const lost = loseRun(tx, row, `was silent for ${workerTimeout} s`)
      if (lost) noteLater(tx, lost.job, lost.text)
      const free = tx.rows.worker.get({ name: live.name })
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
