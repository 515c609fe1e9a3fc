/** Databases as Coalition 4 left them: its tables, by its columns, with rows in which a test says only what matters. */
import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Value = string | number | bigint | null
export type OldRows = {
  [table in 'Jobs' | 'Dependencies' | 'Workers' | 'WorkerAffinities' | 'Events' | 'Affinities']?: Record<
    string,
    Value
  >[]
}

const NUMBER = 'INT DEFAULT 0'
const MASK = 'BIGINT DEFAULT 0'
const FLAG = 'BOOLEAN DEFAULT 0'

/** SQLite has defaults for texts; MySQL of that time could have none, and leaves NULL. */
export function oldSchema(dialect: 'sqlite' | 'mysql', name: (table: string) => string = (table) => table): string[] {
  const id = dialect === 'sqlite' ? 'INTEGER PRIMARY KEY AUTOINCREMENT' : 'INTEGER PRIMARY KEY AUTO_INCREMENT'
  const text = (value: string) => (dialect === 'sqlite' ? `TEXT DEFAULT '${value}'` : 'TEXT')
  const label = dialect === 'sqlite' ? 'TEXT' : 'VARCHAR(255)'
  const unsigned = dialect === 'sqlite' ? 'UNSIGNED INT DEFAULT 8' : 'INT UNSIGNED DEFAULT 8'
  const big = dialect === 'sqlite' ? 'UNSIGNED BIGINT DEFAULT 0' : 'BIGINT UNSIGNED DEFAULT 0'
  const tables: Record<string, string[]> = {
    WorkerAffinities: [`id ${id}`, `worker_name ${label}`, `affinity ${MASK}`, `ordering ${NUMBER}`],
    Jobs: [
      ...[`id ${id}`, `parent ${NUMBER}`, `title ${text('')}`, `command ${text('')}`, `dir ${text('.')}`],
      ...[`environment ${text('')}`, `state ${text('WAITING')}`, `paused ${FLAG}`, `worker ${text('')}`],
      ...[`start_time ${NUMBER}`, `duration ${NUMBER}`, `run_done ${NUMBER}`, `timeout ${NUMBER}`],
      ...[`priority ${unsigned}`, `affinity ${text('')}`, `affinity_bits ${MASK}`, `user ${text('')}`],
      ...['finished', 'errors', 'working', 'total'].map((counter) => `${counter} ${NUMBER}`),
      ...['total_finished', 'total_errors', 'total_working'].map((counter) => `${counter} ${NUMBER}`),
      ...[`url ${text('')}`, 'progress FLOAT', `progress_pattern ${text('')}`],
      ...[`h_affinity ${MASK}`, `h_priority ${big}`, `h_paused ${FLAG}`, `h_depth ${NUMBER}`],
    ],
    Dependencies: ['job_id INT', 'dependency INT'],
    Workers: [
      ...[`name ${label}`, 'start_time TIMESTAMP DEFAULT CURRENT_TIMESTAMP', 'ip TEXT', `affinity ${text('')}`],
      ...['state TEXT', 'finished INT', 'error INT', 'last_job INT', 'current_event INT', 'cpu TEXT'],
      ...['free_memory INT', 'total_memory INT', 'active BOOLEAN'],
    ],
    Events: [`id ${id}`, `worker ${label}`, 'job_id INT', 'job_title TEXT', 'state TEXT', 'start INT', 'duration INT'],
    Affinities: ['id INTEGER', 'name TEXT'],
    Migrations: ['database_version INT'],
  }
  return [
    ...Object.entries(tables).map(([table, columns]) => `CREATE TABLE ${name(table)}(${columns.join(', ')})`),
    `CREATE UNIQUE INDEX name_index ON ${name('Workers')}(name)`,
    `CREATE INDEX parent_index ON ${name('Jobs')}(parent)`,
    `CREATE INDEX job_id_index ON ${name('Dependencies')}(job_id)`,
    `INSERT INTO ${name('Migrations')} (database_version) VALUES (1)`,
  ]
}

export function* inserts(rows: OldRows): Generator<{ table: string; columns: string[]; values: Value[] }> {
  for (const [table, list] of Object.entries(rows))
    for (const row of list) yield { table, columns: Object.keys(row), values: Object.values(row) }
}

export function createOldSqlite(path: string, rows: OldRows): string {
  const db = new Database(path, { create: true, safeIntegers: true })
  db.transaction(() => {
    for (const statement of oldSchema('sqlite')) db.run(statement)
    for (const { table, columns, values } of inserts(rows))
      db.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`).run(
        ...values,
      )
  })()
  db.close()
  return path
}

/** A folder for one test file, and what is to be taken away with it. */
export function scratch(name: string) {
  const folder = mkdtempSync(join(tmpdir(), `coalition-${name}-`))
  let count = 0
  return {
    folder,
    fresh: (end = '') => join(folder, `${++count}${end}`),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
}

const RAN = { worker: 'r1', start_time: 1_700_000_000, duration: 60, run_done: 1 }
const group = (row: Record<string, Value>) => ({ command: '', ...row })
const deep = (total: number, finished: number, errors: number, working: number) => ({
  total,
  total_finished: finished,
  total_errors: errors,
  total_working: working,
})

/** A farm that a studio could have left: two shots of which one waits for the other, workers, runs, and old debris. */
// biome-ignore format: a row a line
export const STUDIO: OldRows = {
  Affinities: [
    { id: 1, name: 'linux' },
    { id: 2, name: 'windows' },
    ...Array.from({ length: 60 }, (_, i) => ({ id: i + 3, name: '' })),
    { id: 63, name: 'nuke license' },
  ],
  Jobs: [
    group({ id: 10, title: 'Shot 010', state: 'FINISHED', finished: 2, total: 2, total_finished: 2, affinity_bits: 1 }),
    { id: 11, parent: 10, title: 'Frame 1', command: 'render 1', state: 'FINISHED', ...RAN, progress: 0.98 },
    { id: 12, parent: 10, title: 'Frame 2', command: 'render 2', state: 'FINISHED', ...RAN },
    group({ id: 20, title: 'Shot 020', state: 'ERROR', priority: 200, errors: 1, working: 1, ...deep(5, 0, 1, 1) }),
    { id: 21, parent: 20, title: 'Frame 1', command: 'render 1', state: 'WORKING', worker: 'r1', start_time: 1_700_000_900 },
    { id: 22, parent: 20, title: 'Frame 2', command: 'render 2', state: 'ERROR', ...RAN, run_done: 3 },
    group({ id: 23, parent: 20, title: 'Comp', state: 'WAITING', total: 3 }),
    { id: 24, parent: 23, title: 'nuke', command: 'nuke', state: 'WAITING', affinity: 'nuke', affinity_bits: 2n ** 62n + 16n },
    { id: 25, parent: 23, title: 'join', command: "sh -c 'join'", state: 'PENDING', timeout: 600 },
    { id: 26, parent: 23, title: 'later', command: 'later', state: 'PAUSED', paused: 1, environment: 'A=1\\nB=2' },
    { id: 30, parent: 0, title: 'alone', command: 'echo', state: 'WAITING', environment: 'None', user: 'kim', dir: '/mnt' },
  ],
  Dependencies: [
    { job_id: 25, dependency: 24 },
    { job_id: 25, dependency: 10 },
    { job_id: 20, dependency: 10 },
    { job_id: 30, dependency: 7 },
  ],
  Workers: [
    {
      ...{ name: 'r1', start_time: '2023-11-14 22:13:20', ip: '10.0.0.1', state: 'WORKING', finished: 7, error: 2 },
      ...{ last_job: 21, current_event: 4, cpu: '[12.5, 3]', free_memory: 512, total_memory: 2048, active: 1 },
    },
    { name: 'r2', state: 'TIMEOUT', finished: 0, error: 0, last_job: -1, current_event: -1, cpu: '', active: 0 },
  ],
  WorkerAffinities: [
    { worker_name: 'r1', affinity: 1, ordering: 2 },
    { worker_name: 'r1', affinity: 2n ** 62n + 17n, ordering: 1 },
    { worker_name: 'r1', affinity: 0, ordering: 3 },
  ],
  Events: [
    { id: 1, worker: 'r1', job_id: 11, job_title: 'Frame 1', state: 'FINISHED', start: 1_700_000_000, duration: 60 },
    { id: 2, worker: 'gone', job_id: 900, job_title: 'deleted', state: 'ERROR', start: 1_700_000_100, duration: 5 },
    { id: 4, worker: 'r1', job_id: 21, job_title: 'Frame 1', state: 'WORKING', start: 1_700_000_900, duration: 0 },
  ],
}

/** Many jobs in groups of a hundred, half of them done, every tenth waiting for another; runs of those that are done. */
export function createBigOldSqlite(path: string, jobs: number): string {
  createOldSqlite(path, {})
  const db = new Database(path)
  const numbers = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${jobs})`
  db.run(`${numbers} insert into Jobs (id, parent, title, command, state, start_time, duration)
    select i, iif(i % 100 = 1, 0, i - (i - 1) % 100), 'job ' || i, iif(i % 100 = 1, '', 'render -f ' || i),
      iif(i % 100 between 2 and 51, 'FINISHED', 'WAITING'), iif(i % 100 between 2 and 51, 1700000000, 0), 5 from n`)
  db.run(`insert into Dependencies select id, id - 5 from Jobs where id % 10 = 0`)
  db.run(`insert into Events (worker, job_id, job_title, state, start, duration)
    select 'w', id, title, 'FINISHED', 1700000000, 5 from Jobs where state = 'FINISHED'`)
  db.close()
  return path
}
