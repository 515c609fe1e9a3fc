/** What is of the whole farm on the wire: limits, blocklists, numbered affinities, events. */
import { type Static, Type } from '@sinclair/typebox'
import { createSelectSchema } from 'drizzle-typebox'
import { events, LIMIT_PERS } from '../db/schema.ts'
import { AnyKey, noted, TEXT_LIMIT, WorkerName } from './common.ts'

const LimitMax = Type.Integer({ minimum: 0, maximum: 10 ** 9, description: 'How many at once', examples: [10] })
const LimitPerSchema = Type.Union(
  LIMIT_PERS.map((per) => Type.Literal(per)),
  { description: 'What is counted: runs, or the distinct hosts on which they are' },
)
/** Limits by name, as they are answered. */
export const Limits = Type.Record(
  AnyKey,
  Type.Object({
    max: LimitMax,
    per: LimitPerSchema,
    used: Type.Integer({ description: 'Runs, or hosts, that count in it now', examples: [3] }),
  }),
  { $id: 'Limits', examples: [{ nuke: { max: 10, per: 'run', used: 3 } }] },
)
export type Limits = Static<typeof Limits>
/** Limits to set: a number, or what is answered; null takes one away. */
export const LimitEdits = Type.Record(
  AnyKey,
  Type.Union([
    LimitMax,
    Type.Object(
      {
        max: LimitMax,
        per: Type.Optional(LimitPerSchema),
        used: Type.Optional(Type.Unknown({ description: 'Kept by the server: ignored', readOnly: true })),
      },
      { additionalProperties: false, examples: [{ max: 10, per: 'host' }] },
    ),
    Type.Null({ description: 'null to take it away', wanted: 'null' }),
  ]),
  {
    $id: 'LimitEdits',
    description: 'Limits by name; null takes one away',
    examples: [{ nuke: 10, houdini: { max: 5, per: 'host' } }],
  },
)
export type LimitEdits = Static<typeof LimitEdits>

/** A worker that failed in a root job. */
export const Blocked = Type.Object(
  {
    worker: WorkerName,
    failures: Type.Integer({ description: 'Its failed runs in this job', examples: [3] }),
    since: Type.Integer({ description: 'The last of them, seconds since the epoch', examples: [1763900000] }),
    blocked: Type.Boolean({ description: 'It gets no more of this job, until that is cleared' }),
  },
  { $id: 'Blocked' },
)
export type Blocked = Static<typeof Blocked>

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

const {
  log_start: _l,
  needs_id: _s,
  ...eventColumns
} = noted(createSelectSchema(events).properties, {
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
