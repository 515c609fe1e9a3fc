import { sql } from 'drizzle-orm'
import { hot, prepared } from '../db/hot.ts'
import type { Db } from '../db/open.ts'
import {
  affinities,
  blocklist,
  type DependencyKind,
  dependencies,
  events,
  type JobRow,
  jobs,
  type WorkerRow,
  workers,
} from '../db/schema.ts'
import { notFound } from '../errors.ts'
import { asSeen } from './seen.ts'
import type { Tree } from './tree.ts'

const $ = sql.placeholder
const is = (column: unknown, name: string) => sql`${column} = ${$(name)}`

/** What changes of a leaf while it waits, runs and ends; the rest is what its user said. */
export const VOLATILE = [
  'state',
  'paused',
  'worker',
  'start_time',
  'duration',
  'ping_time',
  'run_done',
  'progress',
  'ready',
  'unfinished',
  'run',
  'deadline',
  'reset',
] as const
/** What changes of a leaf when a run failed, or time lets it go; apart, for most changes leave it, and it has indexes. */
export const HOLDS = ['needs_id', 'retry_at', 'wake_at'] as const
/** What a user sets of a job. */
export const SETTINGS = [
  'parent',
  'title',
  'command',
  'dir',
  'environment',
  'retry',
  'timeout',
  'priority',
  'user',
  'url',
  'progress_pattern',
  'needs_id',
  'deadline',
  'frames',
  'reset',
  'memory',
  'cores',
  'gpus',
  'max_workers',
  'error_limit',
  'start_after',
  'retry_delay',
  'retry_growth',
  'min_run_time',
  'idle_timeout',
  'fatal',
  'success',
] as const
/** What is given of a new job. */
const ADDED = [...SETTINGS, 'state', 'paused', 'ready', 'wake_at'] as const
/** In which the frames of one group differ. */
const OF_FRAMES: readonly string[] = ['title', 'command', 'frames']
const SHARED = ADDED.filter((name) => !OF_FRAMES.includes(name))
/** What only a group has. */
const NO_COUNTERS = {
  finished: 0,
  errors: 0,
  working: 0,
  total: 0,
  total_finished: 0,
  total_errors: 0,
  total_working: 0,
  working_since: 0,
} as const
const holds = Object.fromEntries(HOLDS.map((name) => [name, $(name)]))
const volatile = Object.fromEntries(VOLATILE.map((name) => [name, $(name)]))

/** The prepared statements of everything that happens often. Each is one seek in an index, or a walk along a part of one. */
export function prepareRows(db: Db) {
  return {
    job: hot<JobRow>(db, db.select().from(jobs).where(is(jobs.id, 'id'))),
    saveLeaf: hot(db, db.update(jobs).set(volatile).where(is(jobs.id, 'id'))),
    /** All jobs of one set need another one from now on. */
    moveNeeds: hot(
      db,
      db
        .update(jobs)
        .set({ needs_id: $('to') as never })
        .where(is(jobs.needs_id, 'from')),
    ),
    saveHolds: hot(db, db.update(jobs).set(holds).where(is(jobs.id, 'id'))),
    addJob: hot(db, db.insert(jobs).values(Object.fromEntries(ADDED.map((name) => [name, $(name)])))),
    /** Many frames by one statement: `list` is JSON, a list of [title, command, frames]. By one each it took twice as long. */
    addFrames: hot(db, {
      toSQL: () => ({
        sql: `insert into jobs (${[...SHARED, ...OF_FRAMES].join(', ')}) select ${SHARED.map(() => '?').join(', ')}, ${OF_FRAMES.map((_, i) => `value ->> ${i}`).join(', ')} from json_each(?)`,
        params: [...SHARED, 'list'].map($),
      }),
    }),
    saveSettings: hot(
      db,
      db
        .update(jobs)
        .set(Object.fromEntries(SETTINGS.map((name) => [name, $(name)])))
        .where(is(jobs.id, 'id')),
    ),
    setReady: hot(
      db,
      db
        .update(jobs)
        .set({ ready: $('ready') as never })
        .where(is(jobs.id, 'id')),
    ),
    setParent: hot(
      db,
      db
        .update(jobs)
        .set({ parent: $('parent') as never, reset: $('reset') as never })
        .where(is(jobs.id, 'id')),
    ),
    groupIn: hot<{ id: number }>(
      db,
      db
        .select({ id: jobs.id })
        .from(jobs)
        .where(sql`${jobs.parent} = ${$('parent')} and ${jobs.command} = ''`)
        .limit(1),
    ),
    clearCounters: hot(db, db.update(jobs).set(NO_COUNTERS).where(is(jobs.id, 'id'))),
    childOf: hot<{ id: number }>(db, db.select({ id: jobs.id }).from(jobs).where(is(jobs.parent, 'parent')).limit(1)),
    /** The leaf that a worker gets in a group, among those that need one set (scheduler/pick.ts). */
    firstReady: hot<{ id: number; priority: number }>(
      db,
      db
        .select({ id: jobs.id, priority: jobs.priority })
        .from(jobs)
        .where(sql`${jobs.parent} = ${$('parent')} and ${jobs.needs_id} = ${$('needs_id')} and ready = 1`)
        .orderBy(sql`${jobs.priority} desc`, jobs.id)
        .limit(1),
    ),
    workingIn: hot<JobRow>(
      db,
      db
        .select()
        .from(jobs)
        .where(sql`${jobs.parent} = ${$('parent')} and ${jobs.state} = 'WORKING' and ${jobs.command} <> ''`),
    ),
    /** Jobs whose time has come. */
    waking: hot<JobRow>(
      db,
      db
        .select()
        .from(jobs)
        .where(sql`wake_at > 0 and ${jobs.wake_at} <= ${$('now')}`)
        .orderBy(jobs.wake_at)
        .limit(500),
    ),
    overdue: hot<JobRow>(
      db,
      db
        .select()
        .from(jobs)
        .where(sql`deadline > 0 and ${jobs.deadline} <= ${$('now')}`)
        .orderBy(jobs.deadline)
        .limit(100),
    ),
    dependents: hot<{ job_id: number; kind: DependencyKind }>(
      db,
      db
        .select({ job_id: dependencies.job_id, kind: dependencies.kind })
        .from(dependencies)
        .where(is(dependencies.dependency, 'dependency')),
    ),
    dependenciesOf: hot<{ dependency: number; kind: DependencyKind; met: number }>(
      db,
      db
        .select({ dependency: dependencies.dependency, kind: dependencies.kind, met: dependencies.met })
        .from(dependencies)
        .where(is(dependencies.job_id, 'job_id')),
    ),
    removeDependency: hot(
      db,
      db
        .delete(dependencies)
        .where(sql`${dependencies.job_id} = ${$('job_id')} and ${dependencies.dependency} = ${$('dependency')}`),
    ),
    saveWaitsFor: hot(
      db,
      db
        .update(jobs)
        .set({ waits_for: $('waits_for') as never })
        .where(is(jobs.id, 'id')),
    ),
    /** For order = "fair": the leaf at the root, ready in a set and of a priority, that comes next by user. */
    nextOfUsers: hot<{ id: number; user: string }>(
      db,
      db
        .select({ id: jobs.id, user: jobs.user })
        .from(jobs)
        .where(
          sql`ready = 1 and parent = 0 and ${jobs.needs_id} = ${$('needs_id')} and ${jobs.priority} = ${$('priority')} and (${jobs.user}, ${jobs.id}) > (${$('user')}, ${$('id')})`,
        )
        .orderBy(jobs.user, jobs.id)
        .limit(1),
    ),
    /** The leaf at the root that comes after another one in a set: for workers to whom that one is closed. */
    nextReady: hot<{ id: number; priority: number }>(
      db,
      db
        .select({ id: jobs.id, priority: jobs.priority })
        .from(jobs)
        .where(
          sql`${jobs.parent} = 0 and ready = 1 and ${jobs.needs_id} = ${$('needs_id')} and ${jobs.priority} <= ${$('priority')} and (${jobs.priority} < ${$('priority')} or ${jobs.id} > ${$('id')})`,
        )
        .orderBy(sql`${jobs.priority} desc`, jobs.id)
        .limit(1),
    ),
    waitingChildren: hot<{ id: number }>(
      db,
      db
        .select({ id: jobs.id })
        .from(jobs)
        .where(sql`${jobs.parent} = ${$('parent')} and waits_for > 0`)
        .orderBy(jobs.id),
    ),
    groupByTitle: hot<{ id: number }>(
      db,
      db
        .select({ id: jobs.id })
        .from(jobs)
        .where(sql`${jobs.parent} = ${$('parent')} and ${jobs.title} = ${$('title')} and ${jobs.command} = ''`)
        .orderBy(jobs.id)
        .limit(1),
    ),
    affinityByName: hot<{ id: number }>(
      db,
      db.select({ id: affinities.id }).from(affinities).where(is(affinities.name, 'name')),
    ),
    affinityByNumber: hot<{ name: string }>(
      db,
      db.select({ name: affinities.name }).from(affinities).where(is(affinities.id, 'id')),
    ),
    addAffinity: hot(db, db.insert(affinities).values({ id: $('id'), name: $('name') })),
    /** The first of the 63 numbers that has no name. */
    freeNumber: prepared<{ id: number }>(
      db,
      'with recursive numbers(id) as (values (1) union all select id + 1 from numbers where id < 63) select id from numbers where id not in (select id from affinities) limit 1',
    ),
    worker: hot<WorkerRow>(db, db.select().from(workers).where(is(workers.name, 'name'))),
    /** Counts a failed run; answers how many there are now. */
    countFailure: hot<{ failures: number }>(
      db,
      db
        .insert(blocklist)
        .values({ root: $('root'), worker: $('worker'), failures: 1, since: $('now') })
        .onConflictDoUpdate({
          target: [blocklist.root, blocklist.worker],
          set: { failures: sql`failures + 1`, since: sql`excluded.since` },
        })
        .returning({ failures: blocklist.failures }),
    ),
    failuresIn: hot<typeof blocklist.$inferSelect>(db, db.select().from(blocklist).where(is(blocklist.root, 'root'))),
    setPriority: hot(
      db,
      db
        .update(jobs)
        .set({ priority: $('priority') as never })
        .where(is(jobs.id, 'id')),
    ),
    addWorker: hot(db, db.insert(workers).values({ name: $('name'), start_time: $('now'), ping_time: $('now') })),
    saveWorker: hot(
      db,
      db
        .update(workers)
        .set({
          state: $('state') as never,
          last_job: $('last_job') as never,
          current_event: $('current_event') as never,
          finished: $('finished') as never,
          error: $('error') as never,
          active: $('active') as never,
          affinity: $('affinity') as never,
        })
        .where(is(workers.name, 'name')),
    ),
    /** What a worker declares of its machine. */
    saveMachine: hot(
      db,
      db
        .update(workers)
        .set(Object.fromEntries(['host', 'memory', 'cores', 'gpus'].map((name) => [name, $(name)])))
        .where(is(workers.name, 'name')),
    ),
    /** Signs of life, thousands at a time: a query built for each of them was a tenth of all the server did. */
    saveWorkerSigns: hot(
      db,
      db
        .update(workers)
        .set(
          Object.fromEntries(['ip', 'ping_time', 'cpu', 'free_memory', 'total_memory'].map((name) => [name, $(name)])),
        )
        .where(is(workers.name, 'name')),
    ),
    saveRunSigns: hot(
      db,
      db
        .update(jobs)
        .set(Object.fromEntries(['ping_time', 'progress'].map((name) => [name, $(name)])))
        .where(sql`${jobs.id} = ${$('job')} and ${jobs.run} = ${$('run')}`),
    ),
    event: hot<typeof events.$inferSelect>(db, db.select().from(events).where(is(events.id, 'id'))),
    addEvent: hot(
      db,
      db.insert(events).values({
        worker: $('worker'),
        job_id: $('job_id'),
        job_title: $('job_title'),
        state: 'WORKING',
        start: $('start'),
        log_start: $('log_start'),
        needs_id: $('needs_id'),
      }),
    ),
    lostRun: hot<{ id: number }>(
      db,
      db
        .select({ id: events.id })
        .from(events)
        .where(sql`${events.job_id} = ${$('job')} and ${events.worker} = ${$('worker')} and ${events.state} = 'LOST'`)
        .orderBy(sql`${events.id} desc`)
        .limit(1),
    ),
    endEvent: hot(
      db,
      db
        .update(events)
        .set({ state: $('state') as never, duration: $('duration') as never })
        .where(sql`${events.id} = ${$('id')} and ${events.state} = 'WORKING'`),
    ),
  }
}
export type Rows = ReturnType<typeof prepareRows>

/** The row of a job as everybody sees it; undefined also while it is being made, or deleted. */
export function jobAt({ rows, tree }: { rows: Rows; tree: Tree }, id: number): JobRow | undefined {
  const row = rows.job.get({ id })
  return row && asSeen(tree, row)
}

/** The row of a job that must be there; `field` is where the caller named it. */
export function jobRow(core: { rows: Rows; tree: Tree }, id: number, field?: string): JobRow {
  const row = jobAt(core, id)
  if (!row) throw notFound(`There is no job ${id}: it was deleted, or never was.`, field)
  return row
}

/** A job with an empty command is a group. */
export const isGroup = (row: Pick<JobRow, 'command'>): boolean => row.command === ''
