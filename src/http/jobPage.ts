import { Elysia, t } from 'elysia'
import type { Farm } from '../farm.ts'
import { documented, listOf, ref } from './documented.ts'
import { fileOf, json } from './json.ts'
import { idParam, integer, limitParam, optionalText } from './params.ts'

/** Runs answered when nobody says how many. */
const RUNS = 500
/** Steps from the job. */
const STEPS = 2
/** The server's own lines, by which runs are told apart. */
const OWN = '[coalition] '

/** What the page of one job shows beside the job. */
export const jobPageRoutes = (farm: Farm) =>
  new Elysia({ prefix: '/api' })
    .get('/jobs/:id/frames', async ({ params }) => json(await farm.listFrames(params.id)), {
      params: idParam,
      ...documented({
        tag: 'Jobs',
        summary: 'The leaves below a group, as states and durations',
        description:
          'All of them in one compact answer, group by group: to draw 100,000 frames at a look. A leaf is its own only one.',
        answer: ref('GroupFrames'),
        example: { ids: [[124, 3]], states: 'ffe', durations: [12, 11, 2] },
        problems: [404, 422],
      }),
    })
    .get('/jobs/:id/graph', ({ params, query }) => json(farm.neighbours(params.id, query.steps ?? STEPS)), {
      params: idParam,
      query: t.Object({ steps: integer(`Steps from the job each way; default ${STEPS}`, STEPS, 1) }),
      ...documented({
        tag: 'Jobs',
        summary: 'The jobs that a job waits for, and those that wait for it',
        description: 'Some steps each way, with who waits for whom, and how.',
        answer: ref('JobGraph'),
        problems: [404, 422],
      }),
    })
    .get('/jobs/:id/events', async ({ params, query }) => json(await farm.runsBelow(params.id, query.limit ?? RUNS)), {
      params: idParam,
      query: t.Object({ limit: limitParam }),
      ...documented({
        tag: 'Events',
        summary: 'The events of a job and of all below it',
        description: `The newest first; without limit, ${RUNS} of them.`,
        answer: listOf('Event'),
        problems: [404, 422],
      }),
    })
    .get(
      '/jobs/:id/log/file',
      ({ params, query }) => {
        const { offset, next, size, bytes } = farm.readLogBytes(params.id, query)
        return fileOf(bytes, `job-${params.id}.log`, {
          'x-log-offset': String(offset),
          'x-log-next': String(next),
          'x-log-size': String(size),
        })
      },
      {
        params: idParam,
        query: t.Object({
          offset: integer('Bytes from the beginning', 0, 0),
          limit: integer('Bytes at most', 65536, 1),
        }),
        ...documented({
          tag: 'Jobs',
          summary: 'The log of a job as a file',
          description:
            'The bytes as its runs wrote them, all or a part. The headers X-Log-Offset and X-Log-Next say which part, X-Log-Size how large the log is.',
          answer: { type: 'string' },
          example: 'Job 123 done',
          contentType: 'text/plain',
          problems: [404, 422],
        }),
      },
    )
    .get(
      '/jobs/:id/log/matches',
      async ({ params, query }) => json(await farm.searchLog(params.id, query.text ?? OWN, query.offset ?? 0)),
      {
        params: idParam,
        query: t.Object({
          text: optionalText(
            `Looked for, whatever the case of A to Z; default: ${OWN}, the server's own lines`,
            'error',
          ),
          offset: integer('Bytes from the beginning', 0, 0),
        }),
        ...documented({
          tag: 'Jobs',
          summary: 'Where in the log of a job a text is',
          description:
            'In bytes from the beginning. A long log is searched a part at a time: ask again with offset=next until that is size.',
          answer: ref('LogMatches'),
          example: { offsets: [1203], next: 52000, size: 52000 },
          problems: [404, 422],
        }),
      },
    )
