/** Jobs on the wire. Columns come from the table; where the wire differs from the row, it says so here. */
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { createSelectSchema } from 'drizzle-typebox'
import { DEPENDENCY_KINDS, type DependencyKind, JOB_STATES, jobs } from '../db/schema.ts'
import { Id, LIST_LIMIT, MAX_ID, noted, optional, SCRIPT_LIMIT, TEXT_LIMIT } from './common.ts'

const jobRow = noted(createSelectSchema(jobs).properties, {
  id: ['Chosen by the server, never used again', 123],
  parent: ['Id of the group it is in; 0: the root', 0],
  title: ['Free text', 'Job 123'],
  command: ['Shell command; empty: the job is a group, which runs nothing and holds children', 'echo test'],
  dir: ['Working directory on the worker', '.'],
  environment: ['KEY=value pairs, separated by the two characters \\ n, or by newlines', 'SHOT=010'],
  paused: ['1: the job itself is paused; its state reads PAUSED', 0],
  worker: ['The last worker that took it', 'worker-1'],
  start_time: ['Last start, seconds since the epoch; 0: never', 1763900000],
  duration: ['Seconds of the last run, or of the run so far; of a group the sum over its children', 12],
  ping_time: ['Last sign of life from its worker, seconds since the epoch; 0: never', 1763900010],
  run_done: ['Runs ended, well or badly, since the job was made or reset', 1],
  retry: ['Runs that may be tried again after an ERROR', 10],
  timeout: ['Seconds a run may last; 0: no limit', 10000],
  priority: ['Higher goes first, compared level by level from the root', 1000],
  user: ['Free text; a mail address gets notices', 'render'],
  finished: ["A group's direct leaf children that are FINISHED", 0],
  errors: ["A group's direct leaf children that are in ERROR", 0],
  working: ["A group's direct leaf children that are WORKING", 0],
  total: ["A group's leaf descendants; 0 for a leaf", 0],
  total_finished: ["A group's leaf descendants that are FINISHED", 0],
  total_errors: ["A group's leaf descendants that are in ERROR", 0],
  total_working: ["A group's leaf descendants that are WORKING", 0],
  url: ['A link to the result', 'http://localhost/image.png'],
  progress: ['0 to 1', 0.5],
  memory: ['MB that a run takes of its host; 0: not counted', 8000],
  cores: ['Cores that a run takes of its host; 0: not counted', 4],
  gpus: ['GPUs that a run takes of its host', 1],
  max_workers: ['Of a group: how many of its leaves run at once; 0: any number', 10],
  error_limit: ['Of a group: so many leaves in ERROR hold the rest; 0: never', 5],
  start_after: ['Not started before this time, seconds since the epoch', 1763900000],
  retry_delay: ['Seconds between a failed run and the next try', 60],
  retry_growth: ['What the delay is multiplied by from one try to the next; 1: it stays', 2],
  min_run_time: ['A run that ends well in fewer seconds has failed', 5],
  idle_timeout: ['A run that prints nothing for so many seconds has failed; 0: no limit', 600],
  fatal: ['A regular expression: a line of output that it matches fails the run', 'Out of memory'],
  success: ['A regular expression: with a line of output that it matches, a bad exit code is a good one', 'Saved: .*'],
  frames: ['The frames it renders, as 1-5 or 1-9x2; of a group as they were submitted', '1-5'],
  progress_pattern: ['A regular expression with %percent (0-100) or %one (0-1); empty: PROGRESS:%percent', '#%percent'],
})

const state = Type.Union(
  JOB_STATES.map((name) => Type.Literal(name)),
  { description: 'State of a job' },
)
const affinity = Type.String({ maxLength: TEXT_LIMIT, description: 'Names separated by commas', examples: ['LINUX'] })
const limits = Type.String({
  maxLength: TEXT_LIMIT,
  description: 'Names of limits that its runs count in, separated by commas; inherited like affinities',
  examples: ['nuke'],
})
const dependencyKinds = Type.Record(
  Type.String({ pattern: '^[1-9][0-9]*$' }),
  Type.Union(DEPENDENCY_KINDS.map((kind) => Type.Literal(kind))),
  { description: 'By id, the dependencies that are not on all of a job: any, or frame', examples: [{}] },
)

const {
  needs_id: _n,
  ready: _r,
  retry_at: _a,
  wake_at: _k,
  unfinished: _u,
  waits_for: _f,
  run: _c,
  deadline: _d,
  working_since: _w,
  reset: _s,
  waited: _i,
  ...jobColumns
} = jobRow

/** A job as every call answers it (`rest_api.rst`; `paused` and `dependencies` are from `behaviour.md`). */
export const Job = Type.Object(
  {
    ...jobColumns,
    state,
    affinity,
    limits,
    dependencies: Type.Array(Id, { description: 'Ids of the jobs it waits for' }),
    dependency_kinds: dependencyKinds,
  },
  { $id: 'Job' },
)
export type Job = Static<typeof Job>

const DEPENDENCIES =
  'Jobs it waits for: ids, or, for what is not all of a job, {"job": 12, "kind": "any"} (any leaf of it) or "frame" (between groups of frames: each waits for those there that are its own)'
const dependencyOn = <T extends TSchema>(job: T) =>
  Type.Object(
    { job, kind: Type.Union(DEPENDENCY_KINDS.map((kind) => Type.Literal(kind))) },
    { additionalProperties: false, examples: [{ job: 12, kind: 'frame' }] },
  )
const flag = Type.Union([Type.Literal(0), Type.Literal(1), Type.Boolean()], { description: '1 or true: paused' })
const text = (maxLength: number, schema: TSchema) => Type.String({ ...schema, maxLength })
const columns = jobRow
const whole = (maximum: number, schema: TSchema) =>
  Type.Integer({ minimum: 0, maximum, description: schema.description, examples: schema.examples })
/** A year, and a bit: no run and no delay is longer. */
const LONGEST = 10 ** 9

/** What a client may set. */
const settable = {
  parent: Type.Integer({ minimum: 0, maximum: MAX_ID, description: columns.parent.description, examples: [0] }),
  title: text(TEXT_LIMIT, columns.title),
  command: text(SCRIPT_LIMIT, columns.command),
  dir: text(TEXT_LIMIT, columns.dir),
  environment: text(SCRIPT_LIMIT, columns.environment),
  state: Type.Union(
    JOB_STATES.map((name) => Type.Literal(name)),
    {
      description:
        "PAUSED pauses the job, WAITING lets it go. The other states are the server's and are not taken from a client.",
    },
  ),
  paused: flag,
  retry: Type.Integer({ minimum: 0, maximum: 1_000_000, description: columns.retry.description, examples: [10] }),
  timeout: Type.Integer({ minimum: 0, maximum: 10 ** 9, description: columns.timeout.description, examples: [10000] }),
  priority: Type.Integer({
    minimum: -MAX_ID,
    maximum: MAX_ID,
    description: columns.priority.description,
    examples: [1000],
  }),
  affinity,
  limits,
  memory: whole(10 ** 9, columns.memory),
  cores: whole(100_000, columns.cores),
  gpus: whole(10_000, columns.gpus),
  max_workers: whole(10 ** 9, columns.max_workers),
  error_limit: whole(10 ** 9, columns.error_limit),
  start_after: whole(MAX_ID, columns.start_after),
  retry_delay: whole(24 * 3600, columns.retry_delay),
  retry_growth: Type.Number({ ...columns.retry_growth, minimum: 1, maximum: 100 }),
  min_run_time: whole(LONGEST, columns.min_run_time),
  idle_timeout: whole(LONGEST, columns.idle_timeout),
  fatal: text(TEXT_LIMIT, columns.fatal),
  success: text(TEXT_LIMIT, columns.success),
  user: text(TEXT_LIMIT, columns.user),
  url: text(TEXT_LIMIT, columns.url),
  progress_pattern: text(TEXT_LIMIT, columns.progress_pattern),
  dependencies: Type.Array(Type.Union([Id, dependencyOn(Id)]), {
    maxItems: LIST_LIMIT,
    description: DEPENDENCIES,
    examples: [[]],
  }),
}

/** Clients of Coalition hand back whole jobs: what the server keeps itself is let through, and ignored. */
const kept = Object.fromEntries(
  Object.keys(Job.properties)
    .filter((name) => !(name in settable))
    .map((name) => [name, Type.Unknown({ description: 'Kept by the server: ignored', readOnly: true })]),
) as Record<Exclude<keyof Job, keyof typeof settable>, TSchema>

export const Dependencies = Type.Array(Type.Union([Id, dependencyOn(Id)]), {
  $id: 'Dependencies',
  maxItems: LIST_LIMIT,
  description: DEPENDENCIES,
  examples: [[1]],
})

export const JobInput = Type.Object(
  {
    ...optional(settable),
    ...optional(kept),
    frames: Type.Optional(
      Type.String({
        maxLength: SCRIPT_LIMIT,
        description: 'As they are: frames are divided when a job is submitted, and do not change',
      }),
    ),
  },
  {
    $id: 'JobInput',
    additionalProperties: false,
    examples: [
      {
        parent: 0,
        title: 'Job 1',
        command: 'echo test',
        dir: '.',
        environment: '',
        state: 'WAITING',
        retry: 10,
        timeout: 10000,
        priority: 1000,
        affinity: 'LINUX',
        user: 'render',
        url: 'http://localhost/image.png',
        progress_pattern: '#%percent',
        dependencies: [],
      },
    ],
  },
)
/** Properties of a new job; what is left out has its default. */
export type JobInput = Omit<Static<ReturnType<typeof settableObject>>, 'dependencies'> & {
  dependencies?: Dependency[]
  /** Of a job that is handed back as it was; of a new one, what NewJob says. */
  frames?: string
}
const settableObject = () => Type.Partial(Type.Object(settable))

const JobName = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '[^0-9]',
  description: 'A name within this request, for dependencies of other jobs in it; not a number',
  wanted: 'a name of 1 to 255 characters that is not a number',
})

/** A new job: a single one, a group of frames, or a tree. */
export const NewJob = Type.Recursive(
  (This) =>
    Type.Object(
      {
        ...optional(settable),
        ...optional(kept),
        dependencies: Type.Optional(
          Type.Array(Type.Union([Id, JobName, dependencyOn(Type.Union([Id, JobName]))]), {
            maxItems: LIST_LIMIT,
            description: `${DEPENDENCIES}; names of jobs in the same request go for ids`,
            examples: [[]],
          }),
        ),
        name: Type.Optional(JobName),
        children: Type.Optional(Type.Array(This, { maxItems: LIST_LIMIT, description: 'Jobs in this group' })),
        frames: Type.Optional(
          Type.String({
            maxLength: SCRIPT_LIMIT,
            description:
              'Frames as 1-100, 1-100x2, 1,5,10-20, -5-5 or 100-1: the job becomes a group with a child for each chunk, and {frame}, {frame:04}, {start}, {end} and {step} in its command stand for numbers ({{ and }} for braces)',
          }),
        ),
        chunk: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Frames a child renders; default 1' }),
        ),
        frame_order: Type.Optional(
          Type.String({
            maxLength: 20,
            description:
              'The order of the children: given (default), reversed, ends-first (first, last, middle, then halving) or every:N (every Nth first)',
          }),
        ),
      },
      { additionalProperties: false, examples: JobInput.examples },
    ),
  { $id: 'NewJob' },
)
/** What a job waits for: all of another one, or as the kind says. */
export type Dependency<Job = number> = Job | { job: Job; kind: DependencyKind }
export type NewJob = Omit<JobInput, 'dependencies'> & {
  dependencies?: Dependency<number | string>[]
  name?: string
  children?: NewJob[]
  chunk?: number
  frame_order?: string
}

export const NewJobs = Type.Array(NewJob, { $id: 'NewJobs', minItems: 1, maxItems: LIST_LIMIT })

export const JobEdits = Type.Record(Type.String({ pattern: '^[1-9][0-9]{0,15}$' }), Type.Ref(JobInput), {
  $id: 'JobEdits',
  additionalProperties: false,
  propertyNames: { description: 'ids of jobs, in digits without a zero before them' },
  description: 'Changes by id of the job',
  examples: [{ '1': { title: 'Job renamed 1', command: 'echo renamed' } }],
})

export const Ids = Type.Array(Id, { $id: 'Ids', maxItems: LIST_LIMIT, examples: [[1]] })

/** For answers that are rows: a thousand are a megabyte. */
export const FewIds = Type.Array(Id, { $id: 'FewIds', maxItems: 1000, examples: [[1]] })
