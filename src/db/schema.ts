import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** `behaviour.md`, "States". A leaf stores its state; a group's follows from its counters (`domain/states.ts`). */
export const JOB_STATES = ['WAITING', 'PENDING', 'PAUSED', 'WORKING', 'FINISHED', 'ERROR'] as const
export type JobState = (typeof JOB_STATES)[number]

/** STARTING and TERMINATED are for workers that the server itself starts (`behaviour.md`, "Worker"). */
export const WORKER_STATES = ['WAITING', 'WORKING', 'TIMEOUT', 'STARTING', 'TERMINATED'] as const
export type WorkerState = (typeof WORKER_STATES)[number]

/** How a run stands: FINISHED and ERROR count as ends; STOPPED (a user took it away) and LOST (its worker fell silent) do not. */
export const RUN_STATES = ['WORKING', 'FINISHED', 'ERROR', 'STOPPED', 'LOST'] as const
export type RunState = (typeof RUN_STATES)[number]

const count = (name: string) => integer(name).notNull().default(0)

/**
 * Groups (empty command) and leaves in one table, as the API shows them. All times are seconds since the epoch,
 * all durations seconds. `finished` to `total_working`, and `state`, `start_time`, `duration` of a group, move by
 * deltas in the transaction that changes a leaf (`domain/tree.ts` holds them in memory and writes them at each commit).
 */
export const jobs = sqliteTable(
  'jobs',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    parent: count('parent'),
    title: text('title').notNull().default(''),
    command: text('command').notNull().default(''),
    dir: text('dir').notNull().default('.'),
    environment: text('environment').notNull().default(''),
    state: text('state', { enum: JOB_STATES }).notNull().default('WAITING'),
    paused: count('paused'),
    worker: text('worker').notNull().default(''),
    start_time: count('start_time'),
    duration: count('duration'),
    ping_time: count('ping_time'),
    run_done: count('run_done'),
    retry: count('retry'),
    timeout: count('timeout'),
    priority: integer('priority').notNull().default(1000),
    user: text('user').notNull().default(''),
    finished: count('finished'),
    errors: count('errors'),
    working: count('working'),
    total: count('total'),
    total_finished: count('total_finished'),
    total_errors: count('total_errors'),
    total_working: count('total_working'),
    url: text('url').notNull().default(''),
    progress: real('progress').notNull().default(0),
    progress_pattern: text('progress_pattern').notNull().default(''),
    /** The frames it renders, as `1-5` or `1-9x2`; of a group as they were submitted. Empty: it is not about frames. */
    frames: text('frames').notNull().default(''),
    /** The set of names that the job itself needs; what it needs in all is this and its ancestors'. */
    needs_id: count('needs_id'),
    /** 1: a leaf that may be picked as far as it alone can tell (WAITING; its ancestors may still hold it back). */
    ready: count('ready'),
    /** How many of its own dependencies are not FINISHED. */
    unfinished: count('unfinished'),
    /** How many dependencies it has, FINISHED or not. */
    waits_for: count('waits_for'),
    /** The run that holds the job (events.id), 0: none. */
    run: count('run'),
    /** When the current run is killed by `timeout`; 0: never, or not running. */
    deadline: count('deadline'),
    /** Of a group: the sum of `start_time` over its working leaves, so that `duration` can be told at any moment. */
    working_since: count('working_since'),
    /** The last reset that the row shows: while that of its group is a later one, it reads as reset (domain/seen.ts). */
    reset: count('reset'),
    /** 1: something depends on it, or did once. Where it is 0, nobody has to be looked for. */
    waited: count('waited'),
  },
  (t) => [
    index('jobs_by_parent').on(t.parent, t.id),
    index('jobs_by_parent_state').on(t.parent, t.state, t.id),
    index('jobs_ready').on(t.parent, t.needs_id, sql`${t.priority} desc`, t.id).where(sql`ready = 1`),
    index('jobs_by_deadline').on(t.deadline).where(sql`deadline > 0`),
    index('jobs_working').on(t.id).where(sql`run > 0`),
    index('jobs_waiting').on(t.parent, t.id).where(sql`waits_for > 0`),
    index('jobs_waited').on(t.parent, t.id).where(sql`waited = 1`),
    // The distinct values that Coalition 4's page offers as filters are read by skipping from one to the next; the parent
    // says whether a job is there for everybody, or is being made or deleted.
    index('jobs_by_user').on(t.user, t.parent),
    index('jobs_by_priority').on(t.priority, t.parent),
    index('jobs_by_needs').on(t.needs_id, t.parent),
    index('jobs_held').on(t.state, t.parent).where(sql`state in ('PENDING', 'PAUSED') and command <> ''`),
    index('groups_by_title').on(t.parent, t.title).where(sql`command = ''`),
    index('jobs_groups').on(t.id).where(sql`command = ''`),
  ],
)

/** Job `job_id` waits for `dependency` to be FINISHED. */
export const dependencies = sqliteTable(
  'dependencies',
  {
    job_id: integer('job_id').notNull(),
    dependency: integer('dependency').notNull(),
  },
  (t) => [primaryKey({ columns: [t.job_id, t.dependency] }), index('dependencies_by_dependency').on(t.dependency)],
)

/** Resets that are not worked off yet. Their ids are their numbers, and are never used again: rows remember them. */
export const resets = sqliteTable('resets', { id: integer('id').primaryKey({ autoIncrement: true }) })

/** Groups whose leaves read as reset, while their rows are rewritten step by step (domain/reset.ts). */
export const resetGroups = sqliteTable('reset_groups', {
  job_id: integer('job_id').primaryKey(),
  /** The last reset of all its leaves, 0: none. */
  every: count('every'),
  /** The last reset of its leaves in ERROR, 0: none. */
  errors: count('errors'),
  /** Leaves up to this id have been rewritten. */
  done: count('done'),
})

/**
 * Interned sets of names that jobs need: a farm has dozens, not millions. Id 0 is the empty set and has no row. After a
 * renaming two rows can be equal.
 */
export const needs = sqliteTable('needs', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  affinity: text('affinity').notNull(),
})

/** `affinity` is the list of lines, separated by newlines, most preferred first. Memory in MB, `cpu` a JSON list in percent. */
export const workers = sqliteTable('workers', {
  name: text('name').primaryKey(),
  ip: text('ip').notNull().default(''),
  affinity: text('affinity').notNull().default(''),
  state: text('state', { enum: WORKER_STATES }).notNull().default('WAITING'),
  start_time: count('start_time'),
  ping_time: count('ping_time'),
  finished: count('finished'),
  error: count('error'),
  last_job: count('last_job'),
  /** The run it holds (events.id), 0: none. */
  current_event: count('current_event'),
  cpu: text('cpu').notNull().default('[]'),
  free_memory: count('free_memory'),
  total_memory: count('total_memory'),
  active: integer('active').notNull().default(1),
})

/** One row for each run: its id is the id of the run. Rows outlive their job and worker: they are the history. */
export const events = sqliteTable(
  'events',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    worker: text('worker').notNull(),
    job_id: integer('job_id').notNull(),
    job_title: text('job_title').notNull(),
    state: text('state', { enum: RUN_STATES }).notNull(),
    start: integer('start').notNull(),
    duration: count('duration'),
    /** Where in the job's log the output of this run begins, in bytes. */
    log_start: count('log_start'),
  },
  (t) => [
    index('events_by_job').on(t.job_id, t.id),
    index('events_by_worker').on(t.worker, t.id),
    index('events_by_start').on(t.start, t.id),
  ],
)

/** The numbered table of affinities, 1 to 63. A number that is not here has no name. */
export const affinities = sqliteTable('affinities', {
  id: integer('id').primaryKey(),
  name: text('name').notNull().unique(),
})

export type JobRow = typeof jobs.$inferSelect
export type ResetGroupRow = typeof resetGroups.$inferSelect
export type WorkerRow = typeof workers.$inferSelect
export type EventRow = typeof events.$inferSelect
