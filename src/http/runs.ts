import { Elysia, t } from 'elysia'
import type { Report } from '../domain/runs.ts'
import { invalid } from '../errors.ts'
import type { Farm } from '../farm.ts'
import { WorkerName } from '../models.ts'
import {
  type HeartbeatRequest as Beat,
  EndRequest,
  type EndRequest as EndRequestType,
  HeartbeatRequest,
  LeaveRequest,
  PickRequest,
  ReleaseRequest,
} from '../protocol.ts'
import { addressOf } from './address.ts'
import { takes } from './body.ts'
import { documented, ref } from './documented.ts'
import { json } from './json.ts'
import { runParam } from './params.ts'

function reportOf(body: Beat | EndRequestType, ip: string | undefined): Report {
  const { worker, session, pick, log, log_offset, cpu, free_memory, total_memory } = body
  return {
    worker,
    speaker: { session, pick },
    vitals: { ip, cpu, free_memory, total_memory },
    output: log === undefined ? undefined : { bytes: decoded(log), offset: log_offset },
    progress: 'progress' in body ? body.progress : undefined,
  }
}

function decoded(base64: string): Uint8Array {
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64))
    throw invalid(
      'log',
      'log is not whole base64: encode the bytes of the output, with = at the end where it needs them.',
    )
  return Buffer.from(base64, 'base64')
}

/**
 * The workers' own protocol. A worker picks (waiting for a job if it likes), says every two seconds or so that it is alive
 * and what its run printed, and ends the run. Only the run that holds the job, from the worker that took it, is heard.
 */
export const runRoutes = (farm: Farm) =>
  new Elysia({ prefix: '/api' })
    .post(
      '/workers/:name/pick',
      async ({ params, body, request, server }) =>
        json(await farm.pick(params.name, { ...body, ip: addressOf(server, request) }, request.signal)),
      {
        params: t.Object({ name: WorkerName }),
        ...takes(PickRequest),
        ...documented({
          tag: 'Runs',
          summary: 'Take a job',
          description:
            'A run begins; null: there is nothing for this worker. With wait the call is answered as soon as there is something, or with null when the time is over. A worker that asks while it holds a run has crashed: that job waits again. A name that is not known is made a worker.',
          answer: { anyOf: [ref('Assignment'), { type: 'null' }] },
          problems: [400, 409, 422],
        }),
      },
    )
    .post(
      '/workers/:name/leave',
      async ({ params, body }) => {
        await farm.leave(params.name, body.session)
        return json(null)
      },
      {
        params: t.Object({ name: WorkerName }),
        ...takes(LeaveRequest),
        ...documented({
          tag: 'Runs',
          summary: 'Go away',
          description:
            'The last call of a worker that picks with a session: a run that it may have been given meanwhile is given back, and its name is free at once.',
          answer: { type: 'null' },
          problems: [400, 422],
        }),
      },
    )
    .post(
      '/runs/:run/heartbeat',
      ({ params, body, request, server }) =>
        json(farm.heartbeat(params.run, reportOf(body, addressOf(server, request)))),
      {
        params: runParam,
        ...takes(HeartbeatRequest),
        ...documented({
          tag: 'Runs',
          summary: 'Report on a run',
          description: 'Alive, with what was printed since. go_on false: kill the process, the job is no longer yours.',
          answer: ref('HeartbeatAnswer'),
          problems: [400, 404, 422],
        }),
      },
    )
    .post(
      '/runs/:run/end',
      async ({ params, body, request, server }) =>
        json(await farm.endRun(params.run, body.exit_code, reportOf(body, addressOf(server, request)))),
      {
        params: runParam,
        ...takes(EndRequest),
        ...documented({
          tag: 'Runs',
          summary: 'End a run',
          description: 'Counts once, however often it is sent, and only from the worker that holds the run.',
          answer: ref('RunAnswer'),
          problems: [400, 404, 422],
        }),
      },
    )
    .post(
      '/runs/:run/release',
      async ({ params, body }) => json(await farm.releaseRun(params.run, body.worker, body.session)),
      {
        params: runParam,
        ...takes(ReleaseRequest),
        ...documented({
          tag: 'Runs',
          summary: 'Give a job back',
          description: 'The job waits again, and the run does not count: for a worker that is being shut down.',
          answer: ref('RunAnswer'),
          problems: [400, 404, 422],
        }),
      },
    )
