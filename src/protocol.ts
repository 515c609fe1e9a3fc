/** The workers' JSON protocol. Runs are named by their id, which is also the id of their event. */
import { type Static, Type } from '@sinclair/typebox'
import { RUN_STATES } from './db/schema.ts'
import { MAX_ID, WorkerName } from './models.ts'

const vitals = {
  cpu: Type.Optional(
    Type.Array(Type.Number({ minimum: 0, maximum: 100_000, examples: [12.5] }), {
      maxItems: 4096,
      description: 'Load in percent for each core',
    }),
  ),
  free_memory: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_ID, description: 'MB' })),
  total_memory: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_ID, description: 'MB' })),
}

const speaker = {
  session: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description:
        'Made up by a worker when it starts, sent with every call: two workers of one name are told apart by it, and the second is refused.',
      examples: ['0f8fad5b'],
    }),
  ),
  pick: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_ID,
      description:
        'Counts the picks of a session, from 1. One that is sent again has the same number and gets the same answer; a report carries the number of the pick that gave it its run.',
    }),
  ),
}

/** How long a pick may wait for a job. */
export const MAX_WAIT_SECONDS = 60

export const PickRequest = Type.Object(
  {
    ...vitals,
    ...speaker,
    host: Type.Optional(
      Type.String({
        maxLength: 255,
        description: 'The host that this worker shares with others; without it, it is one of its own',
        examples: ['node-7'],
      }),
    ),
    memory: Type.Optional(
      Type.Integer({ minimum: 0, maximum: MAX_ID, description: 'MB that jobs may take; default: total_memory' }),
    ),
    cores: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_000_000,
        description: 'Cores that jobs may take; default: as many as in cpu',
      }),
    ),
    gpus: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'GPUs that jobs may take' })),
    wait: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: MAX_WAIT_SECONDS,
        description: 'Seconds to wait for a job when there is none now',
        examples: [0],
      }),
    ),
  },
  {
    $id: 'PickRequest',
    additionalProperties: false,
    examples: [{ cpu: [12.5, 3], free_memory: 12000, total_memory: 16000, wait: 0 }],
  },
)
export type PickRequest = Static<typeof PickRequest>

export const Assignment = Type.Object(
  {
    run: Type.Integer({ description: 'Id of the run; every report on it carries this' }),
    job: Type.Object({
      id: Type.Integer(),
      title: Type.String(),
      command: Type.String(),
      dir: Type.String(),
      user: Type.String(),
      environment: Type.String(),
      timeout: Type.Integer({ description: 'Seconds; the server ends the run when it is over, 0: no limit' }),
      memory: Type.Integer({ description: 'MB of the host that it may take; 0: not counted' }),
      cores: Type.Integer({ description: 'Cores that it may take; 0: not counted' }),
      gpus: Type.Integer({ description: 'GPUs that it may take' }),
    }),
  },
  { $id: 'Assignment' },
)
export type Assignment = Static<typeof Assignment>

const MAX_CHUNK = 4 * 1024 * 1024
/** A report on a run: `log` is the base64 of the output's bytes from `log_offset` on. */
const report = {
  worker: WorkerName,
  ...speaker,
  ...vitals,
  log: Type.Optional(
    Type.String({ maxLength: MAX_CHUNK, description: 'base64 of output of this run', examples: [''] }),
  ),
  log_offset: Type.Optional(
    Type.Integer({
      minimum: 0,
      description:
        'Where in the output of this run `log` begins, in bytes. What the server has already is skipped, so a chunk may be sent again.',
    }),
  ),
}
export const HeartbeatRequest = Type.Object(
  {
    ...report,
    progress: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: '0 to 1; without it the server reads the log' }),
    ),
  },
  {
    $id: 'HeartbeatRequest',
    additionalProperties: false,
    examples: [{ worker: 'worker-1', log: 'aGVsbG8K', log_offset: 0, progress: 0.5 }],
  },
)
export type HeartbeatRequest = Static<typeof HeartbeatRequest>

export const HeartbeatAnswer = Type.Object(
  {
    go_on: Type.Boolean({ description: 'false: kill the process, the job is no longer yours' }),
    log_size: Type.Integer({
      description: 'Bytes of output of this run that the server has: the next chunk begins here',
    }),
  },
  { $id: 'HeartbeatAnswer' },
)
export type HeartbeatAnswer = Static<typeof HeartbeatAnswer>

export const EndRequest = Type.Object(
  { ...report, exit_code: Type.Integer({ description: '0: FINISHED, anything else: ERROR', examples: [0] }) },
  { $id: 'EndRequest', additionalProperties: false, examples: [{ worker: 'worker-1', exit_code: 0 }] },
)
export type EndRequest = Static<typeof EndRequest>

export const ReleaseRequest = Type.Object(
  { worker: WorkerName, session: speaker.session },
  { $id: 'ReleaseRequest', additionalProperties: false, examples: [{ worker: 'worker-1' }] },
)
export type ReleaseRequest = Static<typeof ReleaseRequest>

export const LeaveRequest = Type.Object(
  { session: Type.String({ minLength: 1, maxLength: 64, description: 'Its own, as in its picks' }) },
  { $id: 'LeaveRequest', additionalProperties: false, examples: [{ session: '0f8fad5b' }] },
)
export type LeaveRequest = Static<typeof LeaveRequest>

export const RunAnswer = Type.Object(
  {
    state: Type.Union(
      RUN_STATES.map((name) => Type.Literal(name)),
      { description: 'How the run stands. An end counts once: sent again, it is answered the same.' },
    ),
    log_size: Type.Integer({ description: 'Bytes of output of this run that the server has' }),
  },
  { $id: 'RunAnswer' },
)
export type RunAnswer = Static<typeof RunAnswer>
