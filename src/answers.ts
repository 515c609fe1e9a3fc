/** What the server says of itself: how it is, why something does not run, and what was wrong with a request. */
import { type Static, Type } from '@sinclair/typebox'
import { DEPENDENCY_KINDS, JOB_STATES, WORKER_STATES } from './db/schema.ts'

export const Health = Type.Object(
  {
    status: Type.Literal('ok'),
    version: Type.String(),
    uptime: Type.Integer({ description: 'Seconds' }),
    jobs: Type.Object({
      total: Type.Integer({ description: 'Leaves: jobs with a command' }),
      working: Type.Integer(),
      finished: Type.Integer(),
      errors: Type.Integer(),
      ready: Type.Integer({ description: 'Leaves that nothing holds back' }),
    }),
    workers: Type.Object({ total: Type.Integer(), working: Type.Integer(), timeout: Type.Integer() }),
    backup: Type.Optional(
      Type.Object(
        {
          last: Type.Integer({ description: 'When the newest was made, in seconds since the epoch; 0: there is none' }),
          problem: Type.Optional(Type.String({ description: 'Why the last attempt failed; it is tried again' })),
        },
        { description: 'Of the scheduled backups; absent when there is no schedule' },
      ),
    ),
  },
  { $id: 'Health' },
)
export type Health = Static<typeof Health>

/** Sums over the leaves of a list, those below its groups included. */
export const JobTotals = Type.Object(
  {
    jobs: Type.Integer({ description: 'Leaves: jobs with a command' }),
    finished: Type.Integer(),
    errors: Type.Integer(),
    working: Type.Integer(),
    duration: Type.Integer({ description: 'Seconds' }),
  },
  { $id: 'JobTotals' },
)
export type JobTotals = Static<typeof JobTotals>

export const JobOrder = Type.Object(
  {
    ids: Type.Array(Type.Integer(), { description: 'Ids of jobs, in order' }),
    parents: Type.Optional(
      Type.Array(Type.Integer(), { description: 'As a tree: of each of the ids, the group that it is in' }),
    ),
    through: Type.Optional(
      Type.Array(Type.Integer(), { description: 'As a tree: groups that only lead to what passes the filter' }),
    ),
    totals: JobTotals,
  },
  { $id: 'JobOrder' },
)
export type JobOrder = Static<typeof JobOrder>

/** All leaves below a group, compactly: 100,000 frames are 300 kB. */
export const GroupFrames = Type.Object(
  {
    ids: Type.Array(Type.Tuple([Type.Integer(), Type.Integer()]), {
      description: 'The ids as ranges: the first of each, and how many follow each other from there on',
    }),
    states: Type.String({
      description: 'A letter for each: w WAITING, p PENDING, h PAUSED, r WORKING, f FINISHED, e ERROR',
    }),
    durations: Type.Array(Type.Integer(), { description: 'Seconds of the last run of each; 0 while one runs' }),
  },
  { $id: 'GroupFrames' },
)
export type GroupFrames = Static<typeof GroupFrames>

/** A job among those it waits for and those that wait for it. */
export const JobGraph = Type.Object(
  {
    jobs: Type.Array(
      Type.Object({
        id: Type.Integer(),
        title: Type.String(),
        parent: Type.Integer(),
        group: Type.Boolean(),
        state: Type.Union(JOB_STATES.map((name) => Type.Literal(name))),
      }),
      { description: '200 at most, the nearest first; the first is the job itself' },
    ),
    edges: Type.Array(
      Type.Object(
        {
          job: Type.Integer(),
          dependency: Type.Integer(),
          kind: Type.Union(DEPENDENCY_KINDS.map((kind) => Type.Literal(kind))),
        },
        { description: 'A job, and one that it waits for' },
      ),
    ),
    left: Type.Integer({ description: 'Jobs that are connected with these, and not among them' }),
  },
  { $id: 'JobGraph' },
)
export type JobGraph = Static<typeof JobGraph>

/** Where in a log a text is. */
export const LogMatches = Type.Object(
  {
    offsets: Type.Array(Type.Integer(), { description: 'Bytes from the beginning, 1,000 at most' }),
    next: Type.Integer({ description: 'Where to go on; size: the log is searched' }),
    size: Type.Integer({ description: 'Bytes in the log' }),
  },
  { $id: 'LogMatches' },
)
export type LogMatches = Static<typeof LogMatches>

export const WhyReason = Type.Object(
  {
    kind: Type.String({
      description:
        'Of a job: running, finished, error, paused, paused_group, dependencies, group_dependencies, start_after, retry_delay, max_workers, error_limit, limit, resetting, group, empty, no_worker, affinity, resources, blocklist, queue, busy, avoided, room. Of a worker: running, inactive, silent, nothing_ready, affinity, resources, limit, blocklist, avoided.',
    }),
    text: Type.String({ description: 'The reason in words' }),
    job: Type.Optional(Type.Integer({ description: 'The job it is about, itself or a group it is in' })),
    jobs: Type.Optional(Type.Array(Type.Integer(), { description: 'Jobs that are waited for, 20 at most' })),
    count: Type.Optional(Type.Integer({ description: 'How many: dependencies, jobs that go first, workers that fit' })),
    needs: Type.Optional(Type.Array(Type.String(), { description: 'Names that the job and its groups need' })),
    ready: Type.Optional(
      Type.Array(Type.Object({ needs: Type.Array(Type.String()), count: Type.Integer() }), {
        description: 'What is ready on the farm, by what it needs',
      }),
    ),
    limit: Type.Optional(Type.String({ description: 'The name of a limit' })),
    worker: Type.Optional(Type.String()),
    workers: Type.Optional(Type.Array(Type.String(), { description: 'Workers, 20 at most' })),
    run: Type.Optional(Type.Integer()),
    run_done: Type.Optional(Type.Integer()),
    retry: Type.Optional(Type.Integer()),
    since: Type.Optional(Type.Integer({ description: 'Seconds since the epoch: since when, or until when' })),
    waiting: Type.Optional(Type.Integer({ description: 'Leaves of a group that are ready' })),
    total: Type.Optional(Type.Integer()),
    working: Type.Optional(Type.Integer()),
    finished: Type.Optional(Type.Integer()),
    errors: Type.Optional(Type.Integer()),
  },
  { $id: 'WhyReason' },
)
export type WhyReason = Static<typeof WhyReason>

/** Why a job does not run, or a worker has nothing to do. */
export const Why = Type.Object(
  {
    state: Type.Union(
      [...JOB_STATES, ...WORKER_STATES]
        .filter((name, i, all) => all.indexOf(name) === i)
        .map((name) => Type.Literal(name)),
    ),
    text: Type.String({ description: 'All the reasons in words' }),
    reasons: Type.Array(WhyReason, { description: 'None: a worker takes the job as soon as it asks' }),
    next: Type.Optional(Type.Integer({ description: 'Of a worker: the job that it gets when it asks' })),
  },
  { $id: 'Why' },
)
export type Why = Static<typeof Why>

const perPoint = (description: string) => Type.Array(Type.Integer(), { description })
const average = (description: string) =>
  Type.Array(Type.Union([Type.Number(), Type.Null()]), { description: `${description}; null: not known` })

export const FarmHistory = Type.Object(
  {
    step: Type.Integer({ description: 'Seconds of a point', examples: [60] }),
    times: perPoint('When each point begins, seconds since the epoch; the last one is not over yet'),
    finished: perPoint('Runs that ended well'),
    errors: perPoint('Runs that ended badly'),
    lost: perPoint('Runs whose worker fell silent'),
    busy: average('Workers that ran something, on average'),
    active: average('Workers that were active and heard of, on average, since the server started'),
  },
  { $id: 'FarmHistory' },
)
export type FarmHistory = Static<typeof FarmHistory>

export const ATTENTION_KINDS = ['worker_errors', 'worker_silent', 'job_errors', 'run_slow'] as const
export const AttentionItem = Type.Object(
  {
    kind: Type.Union(
      ATTENTION_KINDS.map((kind) => Type.Literal(kind)),
      {
        description:
          'worker_errors: all its last runs failed; worker_silent: no sign of life; job_errors: jobs that failed in the last hour and are still in ERROR, by their group; run_slow: a run that takes much longer than its siblings took',
      },
    ),
    text: Type.String({ description: 'In words' }),
    since: Type.Integer({ description: 'Seconds since the epoch' }),
    worker: Type.Optional(Type.String()),
    job: Type.Optional(Type.Integer({ description: 'The job, or the group of the jobs' })),
    run: Type.Optional(Type.Integer()),
    count: Type.Optional(Type.Integer({ description: 'How many runs, or jobs' })),
  },
  { $id: 'AttentionItem' },
)
export type AttentionItem = Static<typeof AttentionItem>

export const Attention = Type.Object(
  {
    items: Type.Array(AttentionItem, { description: 'The worst of each kind first, 50 of each at most' }),
    totals: Type.Object(
      {
        worker_errors: Type.Integer(),
        worker_silent: Type.Integer(),
        job_errors: Type.Integer(),
        run_slow: Type.Integer(),
      },
      { description: 'How many there are of each kind' },
    ),
  },
  { $id: 'Attention' },
)
export type Attention = Static<typeof Attention>

/** RFC 9457, answered as application/problem+json. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'about:blank: `title` says what the status says' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What was wrong, with which value, and what to do' }),
    field: Type.Optional(Type.String({ description: 'The place in the request at fault' })),
  },
  {
    $id: 'Problem',
    examples: [
      {
        type: 'about:blank',
        title: 'Unprocessable Content',
        status: 422,
        detail: "priority is 'high': write an integer.",
        field: 'priority',
      },
    ],
  },
)
export type Problem = Static<typeof Problem>
