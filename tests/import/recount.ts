/** Counts an imported farm again, job by job, with nothing but the rows of its leaves and `behaviour.md`. */
import { expect } from 'bun:test'
import type { Db } from '../../src/db/open.ts'
import type { JobRow } from '../../src/db/schema.ts'

interface Sums {
  total: number
  finished: number
  errors: number
  duration: number
  start: number
}

export function expectCounted(db: Db): void {
  const rows = db.sqlite.query<JobRow, []>('select * from jobs').all()
  const byId = new Map(rows.map((row) => [row.id, row]))
  const below = Map.groupBy(rows, (row) => row.parent)
  const needed = Map.groupBy(
    db.sqlite.query<{ job_id: number; dependency: number }, []>('select * from dependencies').all(),
    (row) => row.job_id,
  )
  const waited = new Set([...needed.values()].flat().map((link) => link.dependency))
  const isGroup = (row: JobRow) => row.command === ''

  const sums = new Map<number, Sums>()
  const sumOf = (row: JobRow): Sums => {
    const known = sums.get(row.id)
    if (known) return known
    const sum: Sums = { total: 0, finished: 0, errors: 0, duration: 0, start: 0 }
    for (const child of below.get(row.id) ?? []) {
      const its = isGroup(child)
        ? sumOf(child)
        : {
            total: 1,
            finished: Number(child.state === 'FINISHED'),
            errors: Number(child.state === 'ERROR'),
            duration: child.duration,
            start: child.start_time,
          }
      sum.total += its.total
      sum.finished += its.finished
      sum.errors += its.errors
      sum.duration += its.duration
      sum.start = Math.max(sum.start, its.start)
    }
    sums.set(row.id, sum)
    return sum
  }
  const isFinished = (row: JobRow) => {
    if (!isGroup(row)) return row.state === 'FINISHED'
    const { total, finished } = sumOf(row)
    return row.paused === 0 && total > 0 && finished === total
  }

  for (const row of rows) {
    const dependencies = (needed.get(row.id) ?? []).map(({ dependency }) => byId.get(dependency) as JobRow)
    const unfinished = dependencies.filter((each) => !isFinished(each)).length
    const held = unfinished > 0 ? 'PENDING' : 'WAITING'
    const common = {
      unfinished,
      waits_for: dependencies.length,
      waited: Number(waited.has(row.id)),
      run: 0,
      deadline: 0,
      working: 0,
      total_working: 0,
      working_since: 0,
    }
    if (isGroup(row)) {
      const { total, finished, errors, duration, start } = sumOf(row)
      const children = (below.get(row.id) ?? []).filter((child) => !isGroup(child))
      expect(row).toMatchObject({
        ...common,
        state: row.paused ? 'PAUSED' : errors > 0 ? 'ERROR' : isFinished(row) ? 'FINISHED' : held,
        ready: 0,
        total,
        total_finished: finished,
        total_errors: errors,
        duration,
        start_time: start,
        finished: children.filter(({ state }) => state === 'FINISHED').length,
        errors: children.filter(({ state }) => state === 'ERROR').length,
      })
    } else {
      const ended = row.state === 'FINISHED' || row.state === 'ERROR'
      expect(row).toMatchObject({
        ...common,
        state: row.paused ? 'PAUSED' : ended ? row.state : held,
        ready: Number(row.state === 'WAITING'),
        total: 0,
      })
    }
  }
}

/** Every job is reached from the root, so the server shows and counts it. */
export function expectOneTree(db: Db): void {
  const reached = db.sqlite
    .query<{ id: number }, []>(`
      with recursive tree(id) as (select id from jobs where parent = 0
        union select jobs.id from jobs join tree on jobs.parent = tree.id)
      select id from tree order by id`)
    .all()
  expect(reached).toEqual(db.sqlite.query<{ id: number }, []>('select id from jobs order by id').all())
  expect(
    db.sqlite
      .query(`select 1 from jobs join jobs above on above.id = jobs.parent where above.command <> '' limit 1`)
      .get(),
  ).toBeNull()
}
