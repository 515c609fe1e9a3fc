/** What holds of every database that no server is writing to, whatever happened before. */
import type { Database } from 'bun:sqlite'
import type { EventRow, JobRow, WorkerRow } from '../../src/db/schema.ts'
import { groupState } from '../../src/domain/states.ts'

type Counted = Pick<
  JobRow,
  'finished' | 'errors' | 'working' | 'total' | 'total_finished' | 'total_errors' | 'total_working' | 'duration'
> & { working_since: number }

const none = (): Counted => ({
  finished: 0,
  errors: 0,
  working: 0,
  total: 0,
  total_finished: 0,
  total_errors: 0,
  total_working: 0,
  duration: 0,
  working_since: 0,
})

/** Sentences about what is wrong; empty: nothing is. */
export function violations(db: Database): string[] {
  const wrong: string[] = []
  const check = (holds: boolean, sentence: string) => {
    if (!holds) wrong.push(sentence)
  }
  const integrity = db.query<{ integrity_check: string }, []>('pragma integrity_check').all()
  check(integrity.length === 1 && integrity[0]?.integrity_check === 'ok', `SQLite says ${JSON.stringify(integrity)}`)

  const rows = db.query<JobRow, []>('select * from jobs order by id').all()
  const jobs = new Map(rows.map((row) => [row.id, row]))
  const open = db.query<EventRow, []>("select * from events where state = 'WORKING'").all()
  const holders = db.query<WorkerRow, []>('select * from workers where current_event > 0').all()
  const byRun = new Map(open.map((event) => [event.id, event]))
  const byEvent = Map.groupBy(holders, ({ current_event }) => current_event)

  const counted = new Map<number, Counted>()
  for (const row of rows) if (row.command === '') counted.set(row.id, none())
  for (const row of rows) {
    const parent = jobs.get(row.parent)
    check(row.parent === 0 || parent?.command === '', `job ${row.id} is in ${row.parent}, which is no group`)
    if (row.command === '') continue
    const direct = counted.get(row.parent)
    if (direct) {
      direct.finished += Number(row.state === 'FINISHED')
      direct.errors += Number(row.state === 'ERROR')
      direct.working += Number(row.state === 'WORKING')
    }
    const seen = new Set<number>()
    for (let at = row.parent; at !== 0 && !seen.has(at); at = jobs.get(at)?.parent ?? 0) {
      seen.add(at)
      const group = counted.get(at)
      if (!group) break
      group.total += 1
      group.total_finished += Number(row.state === 'FINISHED')
      group.total_errors += Number(row.state === 'ERROR')
      group.total_working += Number(row.state === 'WORKING')
      group.duration += row.state === 'WORKING' ? 0 : row.duration
      group.working_since += row.state === 'WORKING' ? row.start_time : 0
    }
  }
  for (const [id, counts] of counted) {
    const row = jobs.get(id) as JobRow
    for (const name of Object.keys(counts) as (keyof Counted)[])
      check(row[name] === counts[name], `group ${id} has ${name} ${row[name]}, its leaves ${counts[name]}`)
    const state = groupState(counts, row.paused === 1, row.unfinished)
    check(row.state === state, `group ${id} reads ${row.state}, its leaves say ${state}`)
  }

  const needed = Map.groupBy(
    db.query<{ job_id: number; dependency: number }, []>('select * from dependencies').all(),
    ({ job_id }) => job_id,
  )
  for (const id of needed.keys()) check(jobs.has(id), `dependencies are left of job ${id}, which is gone`)
  for (const row of rows) {
    const all = needed.get(row.id) ?? []
    const unfinished = all.filter(({ dependency }) => jobs.get(dependency)?.state !== 'FINISHED').length
    check(row.waits_for === all.length, `job ${row.id} waits for ${row.waits_for}, and has ${all.length} dependencies`)
    check(row.unfinished === unfinished, `job ${row.id} has unfinished ${row.unfinished}, they are ${unfinished}`)
    for (const { dependency } of all)
      check(jobs.has(dependency), `job ${row.id} waits for ${dependency}, which is gone`)
    if (row.command === '') continue
    const working = row.state === 'WORKING'
    check(row.ready === Number(row.state === 'WAITING'), `job ${row.id} is ${row.state} with ready ${row.ready}`)
    check(row.paused === Number(row.state === 'PAUSED'), `job ${row.id} is ${row.state} with paused ${row.paused}`)
    if (row.state === 'WAITING' || row.state === 'PENDING')
      check(unfinished > 0 === (row.state === 'PENDING'), `job ${row.id} is ${row.state}, ${unfinished} unfinished`)
    check(row.run > 0 === working, `job ${row.id} is ${row.state} with run ${row.run}`)
    check(working || row.deadline === 0, `job ${row.id} is ${row.state} with a deadline`)
    if (!working) continue
    const event = byRun.get(row.run)
    check(event?.job_id === row.id && event.worker === row.worker, `run ${row.run} of job ${row.id} has no open event`)
    const held = byEvent.get(row.run) ?? []
    check(
      held.length === 1 && held[0]?.name === row.worker && held[0].state === 'WORKING',
      `run ${row.run} of job ${row.id} is with ${JSON.stringify(held.map(({ name, state }) => [name, state]))}`,
    )
  }
  for (const event of open)
    check(jobs.get(event.job_id)?.run === event.id, `event ${event.id} is open, job ${event.job_id} is not in that run`)
  for (const worker of holders)
    check(byRun.has(worker.current_event), `worker ${worker.name} holds run ${worker.current_event}, which is over`)
  return wrong
}
