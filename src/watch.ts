/** The stream at /api/stream: what a page says it looks at, and what it is told. */
import { type Static, Type } from '@sinclair/typebox'
import type { Health } from './answers.ts'
import { Id, type Job, type Event as JobEvent, MAX_ID, type Worker, WorkerName } from './models.ts'

/** Rows one page can look at; a screen shows a hundred. */
const MOST_WATCHED = 2000

const parent = Type.Integer({ minimum: 0, maximum: MAX_ID })
const list = <T extends typeof parent | typeof Id | typeof WorkerName>(items: T, description: string) =>
  Type.Optional(Type.Array(items, { maxItems: MOST_WATCHED, description }))

/**
 * All that a connection looks at from now on, instead of what it looked at until now. What is new in it is told as it is;
 * after that, each change.
 */
export const Watch = Type.Object(
  {
    jobs: list(Id, 'Jobs whose rows are on the screen'),
    parents: list(parent, 'Groups that are open, 0: the root: said when a child comes, goes or changes'),
    workers: Type.Optional(Type.Boolean({ description: 'Every worker, when its state or what it does changes' })),
    vitals: list(WorkerName, 'Workers whose signs of life are on the screen'),
    events: Type.Optional(
      Type.Object(
        { job: Type.Optional(Id), worker: Type.Optional(WorkerName), within: Type.Optional(Id) },
        {
          additionalProperties: false,
          description: 'Runs that begin or end: all, or those of a job, of a worker, or of all within a group',
        },
      ),
    ),
    frames: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_ID, description: 'A group: of each leaf below it, the state' }),
    ),
    farm: Type.Optional(Type.Boolean({ description: 'The counts of GET /api/health' })),
    audit: Type.Optional(Type.Boolean({ description: 'Whether something is new in the audit' })),
    logs: Type.Optional(
      Type.Array(
        Type.Object(
          { job: Id, offset: Type.Integer({ minimum: 0, maximum: MAX_ID }) },
          { additionalProperties: false },
        ),
        { maxItems: 8, description: 'Logs that are followed, from a byte on' },
      ),
    ),
    resume: Type.Optional(
      Type.Object(
        { epoch: Type.String({ maxLength: 64 }), seq: Type.Integer({ minimum: 0, maximum: MAX_ID }) },
        { additionalProperties: false, description: 'Of the last frame before a break' },
      ),
    ),
  },
  { additionalProperties: false },
)
export type Watch = Static<typeof Watch>

/** Said instead by a page that has heard nothing for a while: it is answered, if with an empty frame. */
export type Here = 'here?'

export interface LogPiece {
  job: number
  offset: number
  next: number
  text: string
}

/** What is told at once, ten times a second at most. Rows are as the API answers them. */
export interface Frame {
  /** The server's own life: numbers of another one mean nothing. */
  epoch: string
  /** Counts up with the commits: what is told is as of this one, or later. */
  seq: number
  /** The server's time, seconds since the epoch. */
  now: number
  /** What was missed is not known any more, or too much: ask for the lists again. */
  anew?: true
  jobs?: Job[]
  /** Jobs that were deleted. */
  gone?: number[]
  /** Open groups that a child came to, or left. */
  members?: number[]
  /** Open groups with a child that changed. */
  touched?: number[]
  workers?: Worker[]
  /** These are all the workers that there are. */
  allWorkers?: true
  goneWorkers?: string[]
  events?: JobEvent[]
  /** Runs began and ended faster than a page reads: ask for the list again. */
  eventsMissed?: true
  /** Leaves below the group of `frames`: id, state and duration, as GET /api/jobs/{id}/frames writes them. */
  frames?: [id: number, state: string, duration: number][]
  /** Leaves came or went, or too many changed: ask for them again. */
  framesAnew?: true
  farm?: Health
  /** Something is new in the audit: ask for it, and for the users, again. */
  recorded?: true
  logs?: LogPiece[]
}
