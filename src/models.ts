/**
 * What HTTP, OpenAPI, the command line and the workers agree on. Columns come from the tables (drizzle-typebox), so a
 * field is written down once; where the wire differs from the row (`affinity`, `dependencies`), it says so here.
 */
import { type Static, type TProperties, type TSchema, Type } from '@sinclair/typebox'
import { createSelectSchema } from 'drizzle-typebox'
import { events, JOB_STATES, jobs, workers } from './db/schema.ts'

export const MAX_ID = Number.MAX_SAFE_INTEGER
/** Text that a person types; longer is refused so that one job cannot fill the memory of a list. */
const TEXT_LIMIT = 4096
/** Commands and environments can be generated, and are long sometimes. */
const SCRIPT_LIMIT = 256 * 1024
/** How many things one call may name. */
export const LIST_LIMIT = 100_000

/** Says in the document what a column means. */
const noted = <T extends TProperties>(
  properties: T,
  notes: { [K in keyof T]?: readonly [description: string, example?: unknown] },
): T =>
  Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const [description, example] = notes[name] ?? []
      return [
        name,
        { ...schema, ...(description && { description }), ...(example !== undefined && { examples: [example] }) },
      ]
    }),
  ) as T

export const Id = Type.Integer({ minimum: 1, maximum: MAX_ID, description: 'Id of a job', examples: [1] })
export const WorkerName = Type.String({
  minLength: 1,
  maxLength: 255,
  // The length again: as a key of a map, the pattern is all that is checked.
  pattern: '^[^\\u0000-\\u001f\\u007f]{1,255}$',
  description: 'Name of a worker: no control characters',
  examples: ['worker-1'],
})

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
  frames: ['The frames it renders, as 1-5 or 1-9x2; of a group as they were submitted', '1-5'],
  progress_pattern: ['A regular expression with %percent (0-100) or %one (0-1); empty: PROGRESS:%percent', '#%percent'],
})

const state = Type.Union(
  JOB_STATES.map((name) => Type.Literal(name)),
  { description: 'State of a job' },
)
const affinity = Type.String({ maxLength: TEXT_LIMIT, description: 'Names separated by commas', examples: ['LINUX'] })

const {
  needs_id: _n,
  ready: _r,
  unfinished: _u,
  waits_for: _f,
  run: _c,
  deadline: _d,
  working_since: _w,
  reset: _s,
  waited: _a,
  ...jobColumns
} = jobRow

/** A job as every call answers it (`rest_api.rst`; `paused` and `dependencies` are from `behaviour.md`). */
export const Job = Type.Object(
  { ...jobColumns, state, affinity, dependencies: Type.Array(Id, { description: 'Ids of the jobs it waits for' }) },
  { $id: 'Job' },
)
export type Job = Static<typeof Job>

const flag = Type.Union([Type.Literal(0), Type.Literal(1), Type.Boolean()], { description: '1 or true: paused' })
const text = (maxLength: number, schema: TSchema) => Type.String({ ...schema, maxLength })
const columns = jobRow

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
  user: text(TEXT_LIMIT, columns.user),
  url: text(TEXT_LIMIT, columns.url),
  progress_pattern: text(TEXT_LIMIT, columns.progress_pattern),
  dependencies: Type.Array(Id, { maxItems: LIST_LIMIT, description: 'Ids of the jobs it waits for', examples: [[]] }),
}

/** Clients of Coalition hand back whole jobs: what the server keeps itself is let through, and ignored. */
const kept = Object.fromEntries(
  Object.keys(Job.properties)
    .filter((name) => !(name in settable))
    .map((name) => [name, Type.Unknown({ description: 'Kept by the server: ignored', readOnly: true })]),
) as Record<Exclude<keyof Job, keyof typeof settable>, TSchema>

const optional = <T extends TProperties>(properties: T) => Type.Partial(Type.Object(properties)).properties

export const JobInput = Type.Object(
  { ...optional(settable), ...optional(kept) },
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
export type JobInput = Static<ReturnType<typeof settableObject>>
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
          Type.Array(Type.Union([Id, JobName]), {
            maxItems: LIST_LIMIT,
            description: 'Jobs it waits for: ids, or names of jobs in the same request',
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
export type NewJob = Omit<JobInput, 'dependencies'> & {
  dependencies?: (number | string)[]
  name?: string
  children?: NewJob[]
  frames?: string
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

/** A worker as every call answers it (`rest_api.rst`, and `start_time`). */
export const Worker = Type.Object(
  noted(createSelectSchema(workers).properties, {
    name: ['Name of the worker', 'worker-1'],
    ip: ['Address it was last seen at', '127.0.0.1'],
    affinity: [
      'Lines in order of preference, separated by newlines; each line is names separated by commas',
      'LINUX,WINDOWS',
    ],
    state: [
      'WAITING, WORKING, TIMEOUT: no sign of life, or STARTING and TERMINATED for workers the server starts',
      'WAITING',
    ],
    start_time: ['When it first spoke, seconds since the epoch'],
    ping_time: ['Last sign of life, seconds since the epoch'],
    finished: ['Its runs that ended well', 123],
    error: ['Its runs that ended badly', 21],
    last_job: ['Id of the last job it took, 0: none', 1234],
    current_event: ['The run it holds, 0: none', 1234],
    cpu: ['A JSON list as text: a load in percent for each core', '[0,0,0,0]'],
    free_memory: ['MB', 123456],
    total_memory: ['MB', 1000000],
    active: ['0: it gets no job', 1],
  }),
  { $id: 'Worker' },
)
export type Worker = Static<typeof Worker>

const workerSettable = {
  affinity: Type.String({
    maxLength: TEXT_LIMIT,
    description: Worker.properties.affinity.description,
    examples: ['LINUX'],
  }),
  active: Type.Union([Type.Literal(0), Type.Literal(1), Type.Boolean()], {
    description: '0: it gets no job, and what it runs is stopped',
  }),
}
const workerKept = Object.fromEntries(
  Object.keys(Worker.properties)
    .filter((name) => !(name in workerSettable))
    .map((name) => [name, Type.Unknown({ description: 'Kept by the server: ignored', readOnly: true })]),
) as Record<Exclude<keyof Worker, keyof typeof workerSettable>, TSchema>

export const WorkerEdit = Type.Object(
  { ...optional(workerSettable), ...optional(workerKept) },
  { $id: 'WorkerEdit', additionalProperties: false, examples: [{ affinity: 'LINUX', active: 0 }] },
)
export type WorkerEdit = { affinity?: string; active?: 0 | 1 | boolean }
export const WorkerEdits = Type.Record(WorkerName, Type.Ref(WorkerEdit), {
  $id: 'WorkerEdits',
  additionalProperties: false,
  propertyNames: { description: 'names of workers: 1 to 255 characters, no control characters' },
  description: 'Changes by name of the worker',
  examples: [{ 'worker-1': { affinity: 'LINUX', active: 0 } }],
})
export const WorkerNames = Type.Array(WorkerName, {
  $id: 'WorkerNames',
  maxItems: LIST_LIMIT,
  examples: [['worker-1']],
})

/** The numbered names, by number as text. */
export const Affinities = Type.Record(
  Type.String({ pattern: '^([1-9]|[1-5][0-9]|6[0-3])$' }),
  Type.String({ maxLength: TEXT_LIMIT }),
  {
    $id: 'Affinities',
    additionalProperties: false,
    propertyNames: { description: 'numbers from 1 to 63' },
    description: 'Names of affinities by number, 1 to 63; empty: no name',
    examples: [{ '1': 'LINUX', '2': 'WINDOWS' }],
  },
)
export type Affinities = Record<string, string>

const { log_start: _l, ...eventColumns } = noted(createSelectSchema(events).properties, {
  id: ['Id of the run', 123],
  worker: ['Name of the worker', 'worker-1'],
  job_id: ['Id of the job', 123],
  job_title: ['Title of the job when the run began', 'Job 123'],
  state: ['WORKING, FINISHED, ERROR; STOPPED: a user took it away; LOST: its worker fell silent', 'ERROR'],
  start: ['Seconds since the epoch', 1763900000],
  duration: ['Seconds', 10],
})
/** One run of a job (`rest_api.rst`, "Events"). */
export const Event = Type.Object(eventColumns, { $id: 'Event' })
export type Event = Static<typeof Event>
