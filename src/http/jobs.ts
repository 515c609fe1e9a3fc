import { Elysia, t } from 'elysia'
import { JOB_STATES, type JobState } from '../db/schema.ts'
import type { Distinct } from '../domain/distinct.ts'
import { PAGE, SORT_FIELDS, type SortField } from '../domain/lists.ts'
import { ORDER_FIELDS, type OrderField } from '../domain/orderKeys.ts'
import type { Veil } from '../doors/veil.ts'
import { invalid, notFound } from '../errors.ts'
import type { Farm } from '../farm.ts'
import { Dependencies, FewIds, Ids, type Job, JobEdits, JobInput, NewJob, NewJobs } from '../models.ts'
import { takes } from './body.ts'
import { documented, listOf, ONE, ref } from './documented.ts'
import type { Guard } from './guard.ts'
import { done, json, jsonList, jsonText } from './json.ts'
import { mendEdits, mendNewJobs, mendPage } from './oldInput.ts'
import { groupParam, idParam, integer, limitParam, oneOf, optionalText } from './params.ts'

const listQuery = t.Object({
  state: optionalText('States, separated by commas', 'WAITING,WORKING'),
  user: optionalText('Users, separated by commas: any of them', 'render,ann'),
  title: optionalText('Contained in the title, whatever the case', 'job'),
  starts: optionalText('What the title begins with, whatever the case', 'frame 0'),
  worker: optionalText('Last taken by one of these workers, separated by commas', 'worker-1,worker-2'),
  affinity: optionalText('Names of which the job itself needs one, separated by commas', 'LINUX,GPU'),
  priority: integer('Just this priority', 1000),
  min_priority: integer('This priority or a higher one', 1000),
  max_priority: integer('This priority or a lower one', 1000),
  since: integer('Last started at this time or later, seconds since the epoch', 1763900000),
  until: integer('Last started at this time or earlier', 1763900000),
  sort: optionalText(
    `One of ${SORT_FIELDS.join(', ')}; a minus before it turns the order round. Default: id`,
    '-priority',
  ),
  limit: limitParam,
  after: integer('Go on after the job of this id, the last of the page before', 1, 1),
})

const { sort: _sort, limit: _limit, after: _after, ...filterQuery } = listQuery.properties
const orderQuery = t.Object({
  ...filterQuery,
  sort: optionalText(`One of ${ORDER_FIELDS.join(', ')}; a minus before it turns the order round`, '-priority'),
  deep: integer('1: all that is below, flat, and not just the children', 1, 0),
  tree: integer('1: all that is below, with the groups that lead there, each before what is in it', 1, 0),
})

/** A user or a worker of Coalition 4 may be called `Smith, Ann`: what has a comma counts as a whole too. The guard says names. */
function namesIn(list: string | readonly string[] | undefined): readonly string[] | undefined {
  if (typeof list !== 'string') return list
  return list.includes(',') ? [list, ...list.split(',').map((name) => name.trim())] : [list]
}

/** From the query to a filter and a page; a state or a field that does not exist is refused by name. */
function listOptions({ state, user, worker, affinity, sort, limit, after, ...filter }: typeof listQuery.static) {
  const field = sort?.replace(/^-/, '')
  return {
    filter: {
      ...filter,
      user: namesIn(user),
      worker: namesIn(worker),
      affinity: namesIn(affinity),
      state: state === undefined ? undefined : oneOf<JobState>('state', state.split(','), JOB_STATES),
    },
    paging: {
      limit,
      after,
      descending: sort?.startsWith('-'),
      sort: field === undefined ? undefined : oneOf<SortField>('sort', [field], SORT_FIELDS)[0],
    },
  }
}

const logQuery = t.Object({
  offset: integer('Bytes from the beginning', 0, 0),
  tail: integer('Only the last so many lines', 100, 0),
  limit: integer('Bytes at most', 65536, 1),
})

function* veiled(pages: Generator<Job[]>, veil: Veil): Generator<Job[]> {
  for (const jobs of pages) yield jobs.map(veil)
}

const many = (summary: string, description: string, mend?: (body: unknown) => void) =>
  ({
    ...takes(Ids, { mend }),
    ...documented({ tag: 'Jobs', summary, description, answer: ONE, example: 1, problems: [400, 404, 422] }),
  }) as const

const distinct = (what: string, field: Distinct, example: string | number) =>
  documented({
    tag: 'Jobs',
    summary: `The ${what} of all jobs`,
    description: `The distinct ${what}, to offer as filters. Works with and without a slash at the end.`,
    answer: {
      type: 'array',
      items: {
        type: 'object',
        properties: { [field]: { type: typeof example === 'number' ? 'integer' : 'string' } },
        required: [field],
      },
    },
    example: [{ [field]: example }],
  })

/** The jobs of `rest_api.rst`, with filters, sorting and pages where lists can be long. */
export const jobRoutes = (farm: Farm, prefix: string, guard: Guard, { fromPage = false } = {}) => {
  /** As whoever asks may see them. */
  const seen = (request: Request, jobs: Job[]): Job[] => {
    const veil = guard.veilOf(request)
    return veil ? jobs.map(veil) : jobs
  }
  const list = (request: Request, pages: Generator<Job[]>): Response => {
    const veil = guard.veilOf(request)
    return jsonList(veil ? veiled(pages, veil) : pages, PAGE)
  }
  const mended = (mend?: (body: unknown) => void) => (body: unknown) => {
    if (fromPage) mendPage(body)
    mend?.(body)
  }
  return new Elysia({ prefix })
    .get(
      '/jobs',
      ({ query, request }) => {
        const { filter, paging } = listOptions(query)
        return list(request, farm.listChildren(0, filter, paging))
      },
      {
        query: listQuery,
        ...documented({
          tag: 'Jobs',
          summary: 'The root jobs',
          description: 'The root jobs (with parent=0).',
          answer: listOf('Job'),
          problems: [422],
        }),
      },
    )
    .put('/jobs', async ({ body }) => json(await (Array.isArray(body) ? farm.addJobs(body) : farm.addJob(body))), {
      ...takes(NewJob, { mend: mended(mendNewJobs), orElse: NewJobs }),
      ...documented({
        tag: 'Jobs',
        summary: 'Create a job, or several',
        description:
          'Answers the new id; of a list, the list of the ids of its items. Without a command the job is a group, and may have children. With frames it becomes a group with a child for each chunk of them. All of it is made, or nothing.',
        answer: {
          anyOf: [
            { type: 'integer', minimum: 1 },
            { type: 'array', items: { type: 'integer', minimum: 1 } },
          ],
        },
        example: 123,
        problems: [400, 422],
      }),
    })
    .post(
      '/jobs',
      async ({ body }) => {
        await farm.editJobs(body)
        return done()
      },
      {
        ...takes(JobEdits, { references: [JobInput], mend: mended(mendEdits) }),
        ...documented({
          tag: 'Jobs',
          summary: 'Modify jobs',
          description: 'Properties by id. All the changes are made, or none.',
          answer: ONE,
          example: 1,
          problems: [400, 404, 422],
        }),
      },
    )
    .delete(
      '/jobs',
      async ({ body }) => {
        await farm.deleteJobs(body)
        return done()
      },
      many(
        'Delete jobs',
        'The jobs, all below them, their dependencies and logs. What runs is stopped; events stay. Of many jobs the rows and logs go after the answer, and are seen by nobody meanwhile.',
        mended(),
      ),
    )
    .get(
      '/jobs/where',
      () => {
        throw notFound(
          '/api/jobs/where took SQL from its caller and is gone: use the filters of GET /api/jobs, as ?state=ERROR&user=ann.',
        )
      },
      { detail: { hide: true } },
    )
    .get('/jobs/users', () => json(farm.distinctValues('user')), distinct('users', 'user', 'render'))
    .get('/jobs/states', () => json(farm.distinctValues('state')), distinct('states', 'state', 'WAITING'))
    .get('/jobs/workers', () => json(farm.distinctValues('worker')), distinct('workers', 'worker', 'worker-1'))
    .get('/jobs/priorities', () => json(farm.distinctValues('priority')), distinct('priorities', 'priority', 1000))
    .get('/jobs/affinities', () => json(farm.distinctValues('affinity')), distinct('affinities', 'affinity', 'LINUX'))
    .get('/jobs/:id/childrendependencies', ({ params }) => json(farm.childrenDependencies(params.id)), {
      params: groupParam,
      ...documented({
        tag: 'Jobs',
        summary: 'Who waits for whom among the children of a job',
        answer: {
          type: 'array',
          items: {
            type: 'object',
            properties: { id: { type: 'integer' }, dependency: { type: 'integer' } },
            required: ['id', 'dependency'],
          },
        },
        example: [{ id: 124, dependency: 125 }],
        problems: [404, 422],
      }),
    })
    .post('/getjobs', ({ body, request }) => json(seen(request, farm.getJobs(body))), {
      ...takes(FewIds, { mend: mended() }),
      ...documented({
        tag: 'Jobs',
        summary: 'Several jobs',
        description:
          'Those of the jobs that are there, in the order of the ids: for whoever has ids and needs the rows.',
        answer: listOf('Job'),
        problems: [400, 422],
      }),
    })
    .get('/jobs/:id', ({ params, request }) => json(seen(request, [farm.getJob(params.id)])[0]), {
      params: idParam,
      ...documented({ tag: 'Jobs', summary: 'A job', answer: ref('Job'), problems: [404, 422] }),
    })
    .get(
      '/jobs/:id/children',
      ({ params, query, request }) => {
        const { filter, paging } = listOptions(query)
        return list(request, farm.listChildren(params.id, filter, paging))
      },
      {
        params: groupParam,
        query: listQuery,
        ...documented({ tag: 'Jobs', summary: 'The children of a job', answer: listOf('Job'), problems: [404, 422] }),
      },
    )
    .get(
      '/jobs/:id/order',
      async ({ params, query: { sort, deep, tree, ...query } }) => {
        const [field] = sort === undefined ? [] : oneOf<OrderField>('sort', [sort.replace(/^-/, '')], ORDER_FIELDS)
        const order = { sort: field, descending: sort?.startsWith('-'), deep: deep === 1, tree: tree === 1 }
        return json(await farm.orderJobs(params.id, listOptions(query).filter, order))
      },
      {
        params: groupParam,
        query: orderQuery,
        ...documented({
          tag: 'Jobs',
          summary: 'The ids of the children of a job, in order, and their sums',
          description:
            'For a list that scrolls anywhere in 100,000 jobs: all the ids at once, the rows as they are looked at. Filters as in the list itself; equals come oldest first.',
          answer: ref('JobOrder'),
          problems: [404, 422],
        }),
      },
    )
    .get('/jobs/:id/dependencies', ({ params, request }) => json(seen(request, farm.listDependencies(params.id))), {
      params: idParam,
      ...documented({
        tag: 'Jobs',
        summary: 'The jobs on which a job depends',
        answer: listOf('Job'),
        problems: [404, 422],
      }),
    })
    .post(
      '/jobs/:id/dependencies',
      async ({ params, body }) => {
        await farm.setDependencies(params.id, body)
        return done()
      },
      {
        params: idParam,
        ...takes(Dependencies, { mend: mended(), empty: [], example: [] }),
        ...documented({
          tag: 'Jobs',
          summary: 'Set the dependencies of a job',
          description:
            'All that it waits for, instead of what it waited for until now: ids, or {"job": 12, "kind": "any"} for any leaf of a group, "frame" for frame by frame. A circle is refused, and more than 10,000 of them: depend on a group that holds them. Large groups are linked frame by frame behind the answer, and wait until that is done.',
          answer: ONE,
          example: 1,
          problems: [400, 404, 422],
        }),
      },
    )
    .get(
      '/jobs/:id/log',
      ({ params, query }) => {
        if (query.offset !== undefined && query.tail !== undefined)
          throw invalid('tail', 'offset and tail exclude each other: give the one or the other.')
        const { offset, next, text } = farm.readLog(params.id, query)
        return jsonText(text, { 'x-log-offset': String(offset), 'x-log-next': String(next) })
      },
      {
        params: idParam,
        query: logQuery,
        ...documented({
          tag: 'Jobs',
          summary: 'The log of a job',
          description:
            'The output of its runs, one after the other, as a JSON string. The header X-Log-Offset says at which byte the answer begins, X-Log-Next where to go on: ask again with offset=X-Log-Next to follow a job that runs.',
          answer: { type: 'string' },
          example: 'Job 123 done',
          problems: [404, 422],
        }),
      },
    )
    .post(
      '/resetjobs',
      async ({ body }) => {
        await farm.resetJobs(body)
        return done()
      },
      many(
        'Reset jobs',
        'The jobs and all below them: WAITING (or PENDING), all counters 0. What runs is stopped. Many jobs read so at once, and are picked one after the other as the server gets to them.',
        mended(),
      ),
    )
    .post(
      '/reseterrorjobs',
      async ({ body }) => {
        await farm.resetErrorJobs(body)
        return done()
      },
      many(
        'Reset jobs in ERROR',
        'As reset, for those of the jobs, and of all below them, that are in ERROR.',
        mended(),
      ),
    )
    .post(
      '/startjobs',
      async ({ body }) => {
        await farm.startJobs(body)
        return done()
      },
      many(
        'Start jobs',
        'They are paused no more: WAITING (or PENDING), whatever they were. The children of a group keep their states.',
        mended(),
      ),
    )
    .post(
      '/pausejobs',
      async ({ body }) => {
        await farm.pauseJobs(body)
        return done()
      },
      many('Pause jobs', 'They read PAUSED. What runs, of a group all that runs below it, is stopped.', mended()),
    )
}
