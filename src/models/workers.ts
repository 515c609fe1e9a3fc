/** Workers on the wire. */
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { createSelectSchema } from 'drizzle-typebox'
import { workers } from '../db/schema.ts'
import { LIST_LIMIT, noted, optional, TEXT_LIMIT, WorkerName } from './common.ts'

/** A worker as every call answers it (`rest_api.rst`, and `start_time`). */
export const Worker = Type.Object(
  {
    ...noted(createSelectSchema(workers).properties, {
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
      host: ['The host that it shares with other workers; empty: it is one of its own', 'node-7'],
      memory: ['MB that jobs may take of its host', 128000],
      cores: ['Cores that jobs may take', 32],
      gpus: ['GPUs that jobs may take', 2],
    }),
    taken_memory: Type.Integer({ description: 'MB that runs take of its host now' }),
    taken_cores: Type.Integer({ description: 'Cores that runs take of its host now' }),
    taken_gpus: Type.Integer({ description: 'GPUs that runs take of its host now' }),
  },
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
