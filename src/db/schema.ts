import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export * from './auditTables.ts'

/** `behaviour.md`, "States". A leaf stores its state; a group's follows from its counters (`domain/states.ts`). */
export const JOB_STATES = ['WAITING', 'PENDING', 'PAUSED', 'WORKING', 'FINISHED', 'ERROR'] as const
export type JobState = (typeof JOB_STATES)[number]

/** STARTING and TERMINATED are for workers that the server itself starts (`behaviour.md`, "Worker"). */
export const WORKER_STATES = ['WAITING', 'WORKING', 'TIMEOUT', 'STARTING', 'TERMINATED'] as const
export type WorkerState = (typeof WORKER_STATES)[number]

/** How a run stands: FINISHED and ERROR count as ends; STOPPED (a user took it away) and LOST (its worker fell silent) do not. */
export const RUN_STATES = ['WORKING', 'FINISHED', 'ERROR', 'STOPPED', 'LOST'] as const
export type RunState = (typeof RUN_STATES)[number]

/** What a dependency waits for: all of the other job, any leaf of it, or, between groups of frames, the frames that are its own. */
export const DEPENDENCY_KINDS = ['all', 'any', 'frame'] as const
export type DependencyKind = (typeof DEPENDENCY_KINDS)[number]

/** What a limit counts: runs, or the distinct hosts on which they are. */
export const LIMIT_PERS = ['run', 'host'] as const
export type LimitPer = (typeof LIMIT_PERS)[number]

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
    /** What a run takes of its host: memory in MB. */
    memory: count('memory'),
    cores: count('cores'),
    gpus: count('gpus'),
    /** Of a group: how many leaves below it run at once, 0: as many as like. */
    max_workers: count('max_workers'),
    /** Of a group: so many leaves below it in ERROR hold the rest, 0: never. */
    error_limit: count('error_limit'),
    /** Not before this time. */
    start_after: count('start_after'),
    /** Seconds between a failed run and the next try, and by how much they grow from one to the next. */
    retry_delay: count('retry_delay'),
    retry_growth: real('retry_growth').notNull().default(1),
    /** A run that ends well in fewer seconds has failed. */
    min_run_time: count('min_run_time'),
    /** A run that prints nothing for so many seconds has failed. */
    idle_timeout: count('idle_timeout'),
    /** Regular expressions on the output that overrule the exit code (`domain/verdict.ts`). */
    fatal: text('fatal').notNull().default(''),
    success: text('success').notNull().default(''),
    /** The set of what the job itself needs (`domain/needs.ts`); what it needs in all is this and its ancestors'. */
    needs_id: count('needs_id'),
    /** 1: a leaf that may be picked as far as it alone can tell (WAITING, not held by time; its ancestors may still hold it). */
    ready: count('ready'),
    /** A failed leaf is tried again then, 0: at once. */
    retry_at: count('retry_at'),
    /** The later of `start_after` and `retry_at` while that is to come, 0: no time holds it. */
    wake_at: count('wake_at'),
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
    // Moved by each pick and each end. Without it they were not faster by what could be measured; a list of what failed among
    // a million that did not would read them all.
    index('jobs_by_parent_state').on(t.parent, t.state, t.id),
    index('jobs_ready').on(t.parent, t.needs_id, sql`${t.priority} desc`, t.id).where(sql`ready = 1`),
    // Only for order = "fair": the leaves at the root, user by user.
    index('jobs_ready_by_user')
      .on(t.needs_id, sql`${t.priority} desc`, t.user, t.id)
      .where(sql`ready = 1 and parent = 0`),
    index('jobs_by_wake').on(t.wake_at).where(sql`wake_at > 0`),
    index('jobs_by_deadline').on(t.deadline).where(sql`deadline > 0`),
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

/**
 * Job `job_id` waits for `dependency`. `frame` between two groups holds nothing by itself: it stands for the rows of that
 * kind between their leaves.
 */
export const dependencies = sqliteTable(
  'dependencies',
  {
    job_id: integer('job_id').notNull(),
    dependency: integer('dependency').notNull(),
    kind: text('kind', { enum: DEPENDENCY_KINDS }).notNull().default('all'),
    /** 1: `job_id` has been told that it is there: its `unfinished` counts the rows that have 0. */
    met: count('met'),
  },
  (t) => [
    primaryKey({ columns: [t.job_id, t.dependency] }),
    index('dependencies_by_dependency').on(t.dependency, t.met, t.kind),
  ],
)

/** What became FINISHED, or is no more, and has not told all of those that wait for it (domain/telling.ts). */
export const tellings = sqliteTable('tellings', { dependency: integer('dependency').primaryKey() })

/** Groups of frames of which the links between their leaves are being made, or taken away (domain/frameLinks.ts). */
export const frameLinks = sqliteTable(
  'frame_links',
  {
    job_id: integer('job_id').notNull(),
    dependency: integer('dependency').notNull(),
    /** 1: made, 0: taken away. */
    make: count('make'),
    /** Leaves of `job_id` up to this id are done. */
    done: count('done'),
  },
  (t) => [primaryKey({ columns: [t.job_id, t.dependency] })],
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
 * Interned sets of what jobs need: a farm has dozens, not millions. Id 0 is the empty set and has no row. After a
 * renaming two rows can be equal.
 */
export const needs = sqliteTable('needs', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  affinity: text('affinity').notNull().default(''),
  limits: text('limits').notNull().default(''),
  memory: count('memory'),
  cores: count('cores'),
  gpus: count('gpus'),
  /** The worker on which the job failed last: another one is tried first. */
  avoid: text('avoid').notNull().default(''),
})

/** Named limits of the whole farm: so many runs, or hosts, at once of jobs that name it. */
export const limits = sqliteTable('limits', {
  name: text('name').primaryKey(),
  max: integer('max').notNull(),
  per: text('per', { enum: LIMIT_PERS }).notNull().default('run'),
})

/** Failed runs of a worker in a root job; from `blocklist_after` on it gets nothing more of it. `since`: the last of them. */
export const blocklist = sqliteTable(
  'blocklist',
  {
    root: integer('root').notNull(),
    worker: text('worker').notNull(),
    failures: count('failures'),
    since: count('since'),
  },
  (t) => [primaryKey({ columns: [t.root, t.worker] }), index('blocklist_by_worker').on(t.worker)],
)

/**
 * `affinity` is the list of lines, separated by newlines, most preferred first. Memory in MB, `cpu` a JSON list in percent.
 * `host`, `memory`, `cores` and `gpus` are what the worker declares: workers of one host share what it has.
 */
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
  /** Empty: the worker is a host of its own. */
  host: text('host').notNull().default(''),
  memory: count('memory'),
  cores: count('cores'),
  gpus: count('gpus'),
})

/** Seconds. Runs that took longer are few: what ran at a time is found among them, and among those that began shortly before. */
export const LONG_RUN = 3600

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
    /** All that the job needed when it began, with its groups: what the run holds of limits and of its host. */
    needs_id: count('needs_id'),
  },
  (t) => [
    // What runs: a dozen thousand rows of millions, from which the use of limits and hosts is built at the start.
    index('events_open').on(t.worker).where(sql`state = 'WORKING'`),
    index('events_long')
      .on(sql`start + duration`)
      .where(sql`duration >= ${sql.raw(String(LONG_RUN))}`),
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

/** What a user may do when nothing else is said (`doors/actor.ts`). */
export const USER_ROLES = ['artist', 'wrangler', 'admin'] as const
/** The eight rights of Coalition, each for one's own jobs or for all. */
export const USER_RIGHTS = [
  'create',
  'create_all',
  'view',
  'view_all',
  'edit',
  'edit_all',
  'delete',
  'delete_all',
] as const
/** Who knows the password: this server, the directory of the studio, or its provider of OpenID Connect. */
export const USER_SOURCES = ['local', 'ldap', 'oidc'] as const

export const users = sqliteTable('users', {
  /** As `doors/names.ts` writes it: one person has one name, whatever case it was typed in. */
  name: text('name').primaryKey(),
  role: text('role', { enum: USER_ROLES }).notNull().default('artist'),
  /** A JSON list of rights instead of those of the role; empty: those of the role. */
  rights: text('rights').notNull().default(''),
  /** argon2id, as a PHC string; empty: nobody signs in with one here. */
  password: text('password').notNull().default(''),
  source: text('source', { enum: USER_SOURCES }).notNull().default('local'),
  /** What the provider calls them, which is nobody else's ever: a name can be given to another. Empty: it says no such thing. */
  subject: text('subject').notNull().default(''),
  disabled: count('disabled'),
  created: count('created'),
  /** The last time they signed in, 0: never. */
  signed_in: count('signed_in'),
})

/** What scripts and the command line show instead of a password. Only hashes (`doors/secrets.ts`). */
export const tokens = sqliteTable(
  'tokens',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    user: text('user').notNull(),
    name: text('name').notNull(),
    /** A JSON list of what it may do of what its user may; empty: all of it. */
    scopes: text('scopes').notNull().default(''),
    hash: text('hash').notNull().unique(),
    created: count('created'),
    /** 0: never. */
    expires: count('expires'),
    last_used: count('last_used'),
    /** When it was taken back, 0: it was not. */
    revoked: count('revoked'),
  },
  (t) => [index('tokens_by_user').on(t.user, t.id)],
)

/** Browsers that somebody signed in with. */
export const sessions = sqliteTable(
  'sessions',
  {
    hash: text('hash').primaryKey(),
    user: text('user').notNull(),
    expires: integer('expires').notNull(),
  },
  (t) => [index('sessions_by_user').on(t.user, t.expires), index('sessions_by_expiry').on(t.expires)],
)

/** What workers got for the join token; each speaks for its own name. */
export const workerCredentials = sqliteTable('worker_credentials', {
  worker: text('worker').primaryKey(),
  hash: text('hash').notNull().unique(),
  created: count('created'),
  /** From where it joined. */
  address: text('address').notNull().default(''),
})

/** The token that workers join with: one row at most. */
export const joinTokens = sqliteTable('join_tokens', { hash: text('hash').primaryKey(), created: count('created') })

export type UserRow = typeof users.$inferSelect
export type TokenRow = typeof tokens.$inferSelect
export type JobRow = typeof jobs.$inferSelect
export type ResetGroupRow = typeof resetGroups.$inferSelect
export type WorkerRow = typeof workers.$inferSelect
export type LimitRow = typeof limits.$inferSelect
export type EventRow = typeof events.$inferSelect
