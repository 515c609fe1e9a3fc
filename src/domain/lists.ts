/** Reading: jobs as the API answers them, one page at a time. */
import type { SQLQueryBindings } from 'bun:sqlite'
import { and, asc, desc, eq, getTableColumns, gte, inArray, lte, type SQL, sql } from 'drizzle-orm'
import type { AnySQLiteColumn } from 'drizzle-orm/sqlite-core'
import { type DependencyKind, dependencies, type JobRow, type JobState, jobs } from '../db/schema.ts'
import { invalid } from '../errors.ts'
import type { Job } from '../models.ts'
import type { Core } from './core.ts'
import { isGroup, jobAt, jobRow } from './rows.ts'
import { jobsAsSeen } from './seen.ts'

/** Rows that are read, mapped and sent at a time: a list of a million is a thousand pages, not one value in memory. */
export const PAGE = 1000

export const SORT_FIELDS = [
  'id', 'title', 'state', 'user', 'worker', 'priority', 'start_time', 'duration', 'progress', 'total', 'errors', 'run_done',
] as const // biome-ignore format: a list of names
export type SortField = (typeof SORT_FIELDS)[number]

export interface JobFilter {
  state?: readonly JobState[]
  /** Any of these; so with workers and affinities. */
  user?: readonly string[]
  /** Contained in the title, whatever the case. */
  title?: string
  /** What the title begins with, whatever the case. */
  starts?: string
  worker?: readonly string[]
  /** Names of which the job itself needs one. */
  affinity?: readonly string[]
  priority?: number
  min_priority?: number
  max_priority?: number
  /** Last start, seconds since the epoch. */
  since?: number
  until?: number
}

export interface Paging<F extends string> {
  sort?: F
  descending?: boolean
  limit?: number
  /** The id of the last one of the page before. */
  after?: number
}

/** The children of a group (0: the root), a page at a time. */
export function* listChildren(
  core: Core,
  now: number,
  parent: number,
  filter: JobFilter,
  paging: Paging<SortField>,
): Generator<Job[]> {
  if (parent !== 0) jobRow(core, parent)
  const conditions = jobConditions(core, filter)
  const sort = jobs[paging.sort ?? 'id']
  const seen = jobsAsSeen(core.tree, parent)
  for (const rows of pages<JobRow>(
    paging,
    sort,
    jobs.id,
    (where, order, limit) =>
      rowsOf<JobRow>(
        core.db,
        core.db
          .select(getTableColumns(jobs))
          .from(seen)
          .where(and(eq(jobs.parent, parent), ...conditions, where))
          .orderBy(...order)
          .limit(limit),
      ),
    (id) => jobAt(core, id),
  ))
    yield toJobs(core, now, rows)
}

/** Whole rows as SQLite gives them: for Drizzle to map 1,000 of them by 37 columns took longer than to read them. */
function rowsOf<Row>({ sqlite }: Core['db'], query: { toSQL(): { sql: string; params: unknown[] } }): Row[] {
  const { sql, params } = query.toSQL()
  return sqlite.query<Row, SQLQueryBindings[]>(sql).all(...(params as SQLQueryBindings[]))
}

export function getJob(core: Core, now: number, id: number): Job {
  return toJobs(core, now, [jobRow(core, id)])[0] as Job
}

/** Those of the jobs that are there. */
export function getJobs(core: Core, now: number, ids: Iterable<number>): Job[] {
  const rows: JobRow[] = []
  for (const id of ids) {
    const row = jobAt(core, id)
    if (row) rows.push(row)
  }
  return toJobs(core, now, rows)
}

/** The jobs that a job waits for. */
export function listDependencies(core: Core, now: number, id: number): Job[] {
  jobRow(core, id)
  const rows = core.rows.dependenciesOf.all({ job_id: id }).flatMap(({ dependency }) => jobAt(core, dependency) ?? [])
  return toJobs(core, now, rows)
}

/** Who waits for whom among the children of a job (`behaviour.md`, "Other calls of Coalition 4"). */
export function childrenDependencies(core: Core, id: number): { id: number; dependency: number }[] {
  if (id !== 0) jobRow(core, id)
  return core.rows.waitingChildren
    .all({ parent: id })
    .flatMap((child) =>
      core.rows.dependenciesOf.all({ job_id: child.id }).map(({ dependency }) => ({ id: child.id, dependency })),
    )
}

/** The group that a path of titles leads to, from the root down; of several with one title the oldest. */
export function findGroup({ rows }: Core, titles: readonly string[]): number {
  let parent = 0
  for (const title of titles) {
    const group = rows.groupByTitle.get({ parent, title })
    if (!group)
      throw invalid(
        'parent',
        `There is no group '${title}'${parent === 0 ? '' : ` in job ${parent}`}: name an id, or titles from the root down.`,
      )
    parent = group.id
  }
  return parent
}

export function jobConditions({ needs }: Core, filter: JobFilter): SQL[] {
  const { state, user, title, starts, worker, affinity, priority, min_priority, max_priority, since, until } = filter
  return [
    state && inArray(jobs.state, [...state]),
    user && anyOf(jobs.user, user),
    title ? sql`instr(lower(${jobs.title}), lower(${title})) > 0` : undefined,
    starts ? sql`instr(lower(${jobs.title}), lower(${starts})) = 1` : undefined,
    worker && anyOf(jobs.worker, worker),
    affinity && inArray(jobs.needs_id, needs.having(affinity)),
    priority === undefined ? undefined : eq(jobs.priority, priority),
    min_priority === undefined ? undefined : gte(jobs.priority, min_priority),
    max_priority === undefined ? undefined : lte(jobs.priority, max_priority),
    since === undefined ? undefined : gte(jobs.start_time, since),
    until === undefined ? undefined : lte(jobs.start_time, until),
  ].filter((condition) => condition !== undefined)
}

/** One is compared as one, so that the statement for it, and its plan, stay what they are. */
const anyOf = (column: AnySQLiteColumn, [first, ...more]: readonly string[]): SQL =>
  more.length === 0 ? eq(column, first) : inArray(column, [first, ...more])

/** Pages by key, not by offset: each costs a seek, and rows that come or go meanwhile shift nothing. */
export function* pages<Row extends { id: number }>(
  { descending = false, limit = Number.POSITIVE_INFINITY, after }: Paging<string>,
  sort: AnySQLiteColumn,
  id: AnySQLiteColumn,
  read: (where: SQL | undefined, order: SQL[], limit: number) => Row[],
  find: (id: number) => Row | undefined,
): Generator<Row[]> {
  const order = descending ? [desc(sort), desc(id)] : [asc(sort), asc(id)]
  const beyond = ({ id: last, [sort.name as 'id']: value }: Row) => {
    const than = descending ? sql`<` : sql`>`
    return sql`(${sort}, ${id}) ${than} (${value}, ${last})`
  }
  let from: Row | undefined
  if (after !== undefined) {
    from = find(after)
    if (!from) throw invalid('after', `There is no ${after} to go on from: it was deleted. Begin again without after.`)
  }
  for (let left = limit; left > 0; ) {
    const rows = read(from && beyond(from), order, Math.min(PAGE, left))
    if (rows.length > 0) yield rows
    if (rows.length < Math.min(PAGE, left)) return
    left -= rows.length
    from = rows.at(-1)
  }
}

/** From rows to what the wire shows: the one place where they differ. */
function toJobs({ db, needs, live }: Core, now: number, rows: readonly JobRow[]): Job[] {
  const waiting = rows.filter((row) => row.waits_for > 0).map((row) => row.id)
  const waitsFor = new Map<number, { ids: number[]; kinds: Record<string, DependencyKind> }>()
  if (waiting.length > 0)
    for (const { job_id, dependency, kind } of db
      .select()
      .from(dependencies)
      .where(sql`${dependencies.job_id} in (select value from json_each(${JSON.stringify(waiting)}))`)
      .all()) {
      const waits = waitsFor.get(job_id) ?? { ids: [], kinds: {} }
      waitsFor.set(job_id, waits)
      waits.ids.push(dependency)
      if (kind !== 'all') waits.kinds[dependency] = kind
    }
  return rows.map((row) => {
    const {
      needs_id, ready, unfinished, waits_for, run, deadline, working_since, retry_at, wake_at, reset, waited, ...job
    } = row // biome-ignore format: what is not shown
    const living = live.runs.get(run)
    if (living) {
      job.ping_time = living.ping_time
      job.progress = living.progress
    }
    if (isGroup(row)) {
      job.progress = job.total > 0 ? job.total_finished / job.total : 0
      job.duration += Math.max(0, job.total_working * now - working_since)
    } else if (job.state === 'WORKING') job.duration = Math.max(0, now - job.start_time)
    const { ids = [], kinds = {} } = waitsFor.get(job.id) ?? {}
    const { limits } = needs.at(needs_id)
    return {
      ...job,
      affinity: needs.text(needs_id),
      limits: limits.join(','),
      dependencies: ids,
      dependency_kinds: kinds,
    }
  })
}
