import { getTableColumns, type Placeholder, sql } from 'drizzle-orm'
import { hot } from '../db/hot.ts'
import type { Db } from '../db/open.ts'
import { affinities, dependencies, type EventRow, events, jobs, type WorkerRow, workers } from '../db/schema.ts'
import { JOB_COLUMNS } from './convert.ts'

/** What the import writes. An old table without a unique index can have a row twice: the first one counts. */
export const prepareInserts = (db: Db) => ({
  job: hot(db, db.insert(jobs).values(named(JOB_COLUMNS)).onConflictDoNothing()),
  dependency: hot(db, db.insert(dependencies).values(PAIR).onConflictDoNothing()),
  worker: hot(db, db.insert(workers).values(named(WORKER_COLUMNS)).onConflictDoNothing()),
  event: hot(db, db.insert(events).values(named(EVENT_COLUMNS)).onConflictDoNothing()),
  affinity: hot(db, db.insert(affinities).values(NUMBERED).onConflictDoNothing()),
})

const $ = sql.placeholder
const PAIR = { job_id: $('job_id'), dependency: $('dependency') }
const NUMBERED = { id: $('id'), name: $('name') }
const WORKER_COLUMNS = Object.keys(getTableColumns(workers)) as (keyof WorkerRow)[]
const EVENT_COLUMNS = Object.keys(getTableColumns(events)) as (keyof EventRow)[]

const named = <N extends string>(names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, $(name)])) as Record<N, Placeholder<N>>
