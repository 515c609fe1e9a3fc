/**
 * The least that durable rows cost: the calls of the ceiling, each of which writes what it cannot do without, by the commits and
 * flushes of the server, and follows no rule at all. A submission is one row in a table that has no index. A run is a row, with
 * the job's and the worker's; the indexes are those by which a job is found, listed by state, and history by job and worker.
 * What the server reaches is between nothing and this. A process of its own; takes the folder for its database.
 */
import { Database } from 'bun:sqlite'
import { join } from 'node:path'
import { Elysia, t } from 'elysia'
import { Commits } from '../../src/db/commit.ts'
import { Flusher } from '../../src/db/flush.ts'
import { JobInput } from '../../src/models.ts'

const path = join(process.argv[2] ?? '', 'floor.db')
const JOBS = 3000

const sqlite = new Database(path, { create: true, strict: true })
// As db/open.ts has them, where the flush is made beside.
for (const pragma of [
  'journal_mode = WAL',
  'synchronous = NORMAL',
  'cache_size = -65536',
  'wal_autocheckpoint = 16000',
])
  sqlite.run(`PRAGMA ${pragma}`)
const TEXTS = 'title text, command text, dir text, environment text, affinity text, user text, url text, pattern text'
sqlite.run(
  `create table submitted (id integer primary key, parent int, priority int, retry int, timeout int, ${TEXTS})`,
)
sqlite.run(
  'create table jobs (id integer primary key, parent int, title text, command text, user text, state text, worker text, start int, run int)',
)
sqlite.run('create table runs (id integer primary key, worker text, job int, title text, state text, start int)')
sqlite.run('create table workers (name text primary key, state text, job int, run int, finished int)')
sqlite.run("create index jobs_ready on jobs (parent, id) where state = 'WAITING'")
sqlite.run('create index jobs_by_state on jobs (parent, state, id)')
sqlite.run('create index runs_by_job on runs (job, id)')
sqlite.run('create index runs_by_worker on runs (worker, id)')
const addJob = sqlite.prepare("insert into jobs values (null, 0, 'Job 1', 'echo test', 'render', 'WAITING', '', 0, 0)")
sqlite.transaction(() => {
  for (let i = 0; i < JOBS; i++) addJob.run()
})()

const submit = sqlite.prepare(`insert into submitted values (null, ${Array(12).fill('+?').join(', ')})`)
const job = sqlite.prepare<{ title: string; command: string; user: string; run: number }, [number]>(
  'select * from jobs where id = +?',
)
const addRun = sqlite.prepare("insert into runs values (null, +?, +?, +?, 'WORKING', +?)")
const endRun = sqlite.prepare("update runs set state = 'FINISHED' where id = +?")
const saveJob = sqlite.prepare('update jobs set state = +?, worker = +?, start = +?, run = +? where id = +?')
const saveWorker = sqlite.prepare('insert or replace into workers values (+?, +?, +?, +?, 0)')

const flusher = new Flusher(`${path}-wal`)
const none = { mark: () => 0, undo: () => undefined, beforeCommit: () => undefined, committed: () => undefined }
const commits = new Commits(sqlite, none, { flush: (answer) => flusher.flush(answer) })

const free = Array.from({ length: JOBS }, (_, i) => i + 1)
const PLAIN = { headers: { 'content-type': 'text/plain; charset=utf-8' } }
type Call = (fields: URLSearchParams) => string | Promise<string>
/** By Bun's own router and its own reader of forms, as the server does. */
const route = (call: Call) => ({
  async POST(request: Request): Promise<Response> {
    return new Response(await call(new URLSearchParams(await request.text())), PLAIN)
  },
})

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  development: false,
  routes: {
    '/workers/pickjob': route((fields) =>
      commits.write(() => {
        const [worker, id, now] = [fields.get('hostname'), free.shift() ?? 0, Math.trunc(Date.now() / 1000)]
        const found = job.get(id)
        const run = Number(addRun.run(worker, id, found?.title ?? '', now).lastInsertRowid)
        saveJob.run('WORKING', worker, now, run, id)
        saveWorker.run(worker, 'WORKING', id, run)
        return `(${id}, '${found?.command}', '.', '${found?.user}', '')`
      }),
    ),
    '/workers/heartbeat': route((fields) => String(fields.has('hostname'))),
    '/workers/endjob': route((fields) =>
      commits.write(() => {
        const id = Number(fields.get('jobId'))
        endRun.run(job.get(id)?.run ?? 0)
        saveJob.run('WAITING', '', 0, 0, id)
        saveWorker.run(fields.get('hostname'), 'WAITING', 0, 0)
        free.push(id)
        return '1'
      }),
    ),
  },
  fetch: new Elysia().put('/api/jobs', ({ body }) => submission(body as JobInput), { body: t.Unsafe<object>(JobInput) })
    .fetch,
})
console.log(`floor listening on http://127.0.0.1:${server.port}`)

async function submission(input: JobInput): Promise<Response> {
  const { parent, priority, retry, timeout, title, command, dir, environment, affinity, user, url } = input
  const numbers = [parent, priority, retry, timeout].map((number) => number ?? 0)
  const texts = [title, command, dir, environment, affinity, user, url, input.progress_pattern].map(
    (text) => text ?? '',
  )
  const { lastInsertRowid } = await commits.write(() => submit.run(...numbers, ...texts))
  return new Response(String(lastInsertRowid), { headers: { 'content-type': 'application/json' } })
}
