/** A farm of Coalition 4 becomes a data folder of ours: rows first, then what follows from them, then the logs. */
import type { Db } from '../db/open.ts'
import { NeedSets } from '../domain/needs.ts'
import { AffinityNames } from './affinities.ts'
import { dropCircles } from './circles.ts'
import { convertEvent, convertJob, convertWorker, integer, text, usableId } from './convert.ts'
import { countAnew, countDependencies, countersOf, createOldCounters } from './counters.ts'
import { type Finding, Findings } from './findings.ts'
import { mendHierarchy } from './hierarchy.ts'
import { checkLogs, copyLogs, countLogs } from './logs.ts'
import { prepareInserts } from './rows.ts'
import type { OldRow, OldTable, Source } from './source.ts'
import { createTarget } from './target.ts'

export interface ImportOptions {
  source: Source
  /** The data folder to make; it holds no farm yet. */
  data: string
  /** The old server's folder of logs. */
  logs?: string | undefined
  onProgress?: ((progress: Progress) => void) | undefined
  /** Ends the import, which leaves nothing behind. */
  signal?: AbortSignal | undefined
}

export const STAGES = ['affinities', 'workers', 'jobs', 'dependencies', 'events', 'counters', 'logs'] as const
export interface Progress {
  stage: (typeof STAGES)[number]
  done: number
  /** Of this stage; 1 for what is done in one go, 0 for a table without rows. */
  total: number
}

export interface ImportReport {
  /** How many arrived; `groups` are among the jobs. */
  counts: Record<'jobs' | 'groups' | 'dependencies' | 'workers' | 'events' | 'affinities' | 'logs', number>
  /** What could not be taken over as it was. */
  findings: Finding[]
  /** The highest priority of an imported job: new ones have 1000 where nothing else is said. */
  highestPriority: number
}

/** Reads the whole source; throws `ImportError` for what its caller can mend, and leaves nothing behind then. */
export async function importFarm({ source, data, logs, onProgress, signal }: ImportOptions): Promise<ImportReport> {
  if (logs !== undefined) checkLogs(logs)
  const target = createTarget(data)
  try {
    const report = await fill(target.db, target.logs, { source, logs, onProgress, signal })
    signal?.throwIfAborted()
    await target.publish()
    return report
  } catch (error) {
    target.discard()
    throw error
  }
}

type Values = Record<string, string | number>

async function fill(
  db: Db,
  newLogs: string,
  { source, logs, onProgress, signal }: Pick<ImportOptions, 'source' | 'logs' | 'onProgress' | 'signal'>,
): Promise<ImportReport> {
  const { sqlite } = db
  const findings = new Findings()
  const needs = new NeedSets(db)
  const names = new AffinityNames(findings)
  const old = createOldCounters(db)
  const add = prepareInserts(db)
  const tell = (stage: Progress['stage'], done: number, total: number) => {
    signal?.throwIfAborted()
    onProgress?.({ stage, done, total })
  }

  /** Each page is one transaction; nobody else looks at the database before all of them are there. */
  async function each<T extends OldTable>(stage: Progress['stage'], table: T, row: (row: OldRow<T>) => void) {
    const total = await source.count(table)
    let done = 0
    tell(stage, done, total)
    for await (const page of source.pages(table)) {
      sqlite.transaction(() => {
        for (const each of page) row(each)
      })()
      done += page.length
      tell(stage, Math.min(done, total), total)
    }
  }

  await each('affinities', 'Affinities', (row) => names.add(row))
  for (const [id, name] of names.names) add.affinity.run({ id, name })

  await each('workers', 'WorkerAffinities', (row) => names.addLine(row))
  await each('workers', 'Workers', (row) => {
    const worker = convertWorker(row, names.linesOf(row), findings)
    if (worker) add.worker.run({ ...worker })
  })

  await each('jobs', 'Jobs', (row) => {
    const id = usableId(row.id, 'job', findings)
    if (id === undefined) return
    const job = convertJob(id, row, findings)
    const needs_id = needs.intern({ affinity: names.of(row.affinity_bits, row.affinity) })
    add.job.run({ ...job, id, needs_id } satisfies Values)
    const counters = countersOf(row)
    if (job.command === '' || Object.values(counters).some((count) => count !== 0))
      old.counted(id, text(row.state), counters)
    if (job.command !== '' && text(row.state) === 'WORKING') old.worked(id)
  })
  needs.save()
  needs.saved()

  await each('dependencies', 'Dependencies', (row) => {
    add.dependency.run({ job_id: integer(row.job_id), dependency: integer(row.dependency) })
  })
  await each('events', 'Events', (row) => {
    const id = usableId(row.id, 'event', findings)
    if (id !== undefined) add.event.run({ ...convertEvent(id, row, findings) })
  })

  tell('counters', 0, 1)
  const lastJob = Math.max(await source.lastId('Jobs'), ...LAST_JOBS.map((query) => single(db, query)))
  const lastEvent = Math.max(await source.lastId('Events'), single(db, 'select max(id) from events'))
  const groups = sqlite.transaction(() => {
    dropGone(db, findings)
    const groups = mendHierarchy(db, lastJob + 1, findings)
    countDependencies(db)
    dropCircles(db, groups, findings)
    countAnew(db, groups, findings)
    sqlite.run(`
      update workers set ping_time = max(ping_time,
        (select coalesce(max(start + duration), 0) from events where worker = name))`)
    continueIds(db, 'jobs', Math.max(lastJob, single(db, 'select max(id) from jobs')))
    continueIds(db, 'events', lastEvent)
    return groups
  })()
  tell('counters', 1, 1)

  let copied = 0
  if (logs !== undefined) {
    const total = await countLogs(logs)
    const isJob = sqlite.query('select 1 from jobs where id = ?')
    let done = 0
    tell('logs', done, total)
    copied = await copyLogs(logs, newLogs, {
      isJob: (id) => isJob.get(id) !== null,
      findings,
      onFile: () => tell('logs', ++done, total),
    })
  }
  const count = (table: string) => single(db, `select count(*) from ${table}`)
  return {
    counts: {
      jobs: count('jobs'),
      groups: groups.length,
      dependencies: count('dependencies'),
      workers: count('workers'),
      events: count('events'),
      affinities: count('affinities'),
      logs: copied,
    },
    findings: findings.list(),
    highestPriority: single(db, 'select max(priority) from jobs'),
  }
}

/** An id that was named anywhere is not given again: the events of a job that is gone would be the new one's. */
const LAST_JOBS = [
  'select max(id) from jobs',
  'select max(job_id) from events',
  'select max(last_job) from workers',
  'select max(max(job_id), max(dependency)) from dependencies',
]

function dropGone({ sqlite }: Db, findings: Findings): void {
  const gone = `not exists (select 1 from jobs where id = job_id) or not exists (select 1 from jobs where id = dependency)`
  for (const { job_id, dependency } of sqlite
    .query<{ job_id: number; dependency: number }, []>(
      `select job_id, dependency from dependencies where ${gone} order by 1, 2`,
    )
    .iterate())
    findings.note('gone', `job ${job_id} waited for job ${dependency}`)
  if (findings.has('gone')) sqlite.run(`delete from dependencies where ${gone}`)
}

function continueIds({ sqlite }: Db, table: 'jobs' | 'events', last: number): void {
  sqlite.run('delete from sqlite_sequence where name = ?', [table])
  sqlite.run('insert into sqlite_sequence (name, seq) values (?, ?)', [table, last])
}

/** The one number that a query answers; 0 for NULL. */
const single = ({ sqlite }: Db, query: string): number => Number(sqlite.query(query).values()[0]?.[0] ?? 0)
