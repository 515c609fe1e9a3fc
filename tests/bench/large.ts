/** A farm of a million jobs: what one call to it takes, and what others wait meanwhile. */
import { Database } from 'bun:sqlite'
import { join } from 'node:path'
import { copyOfFarm, MILLION } from './farms.ts'
import { count, median, megabytes, ms } from './figures.ts'
import { client, memory, type Running, server } from './processes.ts'
import type { Row } from './report.ts'
import type { Options } from './run.ts'

const CALL_SECONDS = 300
/** Workers that go on while something large happens; they rest, so that they do not run out of jobs. */
const BYSTANDERS = { kind: 'cycles', workers: 8, restMs: 20, seconds: CALL_SECONDS } as const
/** What they do: more than they can. */
const CHORES = { title: 'chores', command: 'chore {frame}', frames: '1-50000', priority: 9000 }
/** How often it is asked whether what is done in the background is done. */
const LOOK_MS = 250

/** Calls the server; answers how long it took. */
async function call<T>({ port }: Running, method: string, path: string, body?: unknown): Promise<[T, number]> {
  const began = performance.now()
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(CALL_SECONDS * 1000),
  })
  const value = await response.json()
  const took = performance.now() - began
  if (response.status !== 200) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`)
  return [value as T, took]
}

/**
 * The longest that a worker waits for an answer while `act` goes on. Of all its calls: a pick waits as long as any other,
 * but when all workers happened to be at the end of a run, none was picking.
 */
async function meanwhile<T>({ port, data }: Running & { data: string }, act: () => Promise<T>) {
  const bystanders = client({ ...BYSTANDERS, port })
  await Bun.sleep(1000)
  const began = performance.now()
  const result = await act()
  while (isWorking(data)) await Bun.sleep(LOOK_MS)
  const took = performance.now() - began
  const { longest } = await bystanders.end()
  return { result, longest, took }
}

/** Whether the server has something left to do behind its answers: it says so in its database only. */
function isWorking(data: string): boolean {
  using db = new Database(join(data, 'coalition.db'), { readonly: true })
  return db.query('select 1 from jobs where parent < 0 union all select 1 from reset_groups limit 1').get() !== null
}

const FRAMES = 100_000

export async function frames({ rounds, profile }: Options): Promise<Row[]> {
  await using ours = await server({ profile })
  await call(ours, 'PUT', '/api/jobs', CHORES)
  const times: number[] = []
  const waits: number[] = []
  for (let round = 0; round < rounds; round++) {
    const job = { title: 'shot', command: 'render -s {start} -e {end}', frames: `1-${FRAMES}` }
    const { result, longest } = await meanwhile(ours, () => call<number>(ours, 'PUT', '/api/jobs', job))
    times.push(result[1])
    waits.push(longest)
  }
  const [time, wait] = [median(times), median(waits)]
  return [
    {
      what: `one submission of ${count(FRAMES)} frames`,
      wanted: '≤ 1 s, others wait ≤ 100 ms',
      measured: `${ms(time)}, others waited ${ms(wait)} at most`,
      met: time <= 1000 && wait <= 100,
      figures: { time, wait },
    },
  ]
}

export async function start({ rounds }: Options): Promise<Row[]> {
  const data = await copyOfFarm(MILLION)
  const times: number[] = []
  const memories: number[] = []
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    const ours = await server({ data, keep: round < rounds - 1 })
    await call(ours, 'GET', '/api/health')
    times.push(performance.now() - began)
    memories.push(memory(ours.pid) ?? Number.NaN)
    await ours[Symbol.asyncDispose]()
  }
  const [time, held] = [median(times), median(memories)]
  return [
    {
      what: 'start-up with 1,000,000 jobs, to the first answer; memory then',
      wanted: '≤ 1 s; ≤ 300 MB',
      measured: `${ms(time)}; ${Number.isNaN(held) ? 'memory unknown here' : megabytes(held)}`,
      met: time <= 1000 && !(held > 300),
      figures: { time, megabytes: held },
    },
  ]
}

const LISTS = 20

export async function lists({ profile }: Options): Promise<Row[]> {
  await using ours = await server({ data: await copyOfFarm(MILLION), profile })
  const [roots] = await call<{ id: number }[]>(ours, 'GET', '/api/jobs')
  const [groups] = await call<{ id: number }[]>(ours, 'GET', `/api/jobs/${roots[0]?.id}/children`)
  const median_ = async (path: string) => {
    const times: number[] = []
    for (let i = 0; i < LISTS; i++) times.push((await call(ours, 'GET', path))[1])
    return median(times)
  }
  const time = await median_('/api/jobs')
  const page = await median_(`/api/jobs/${groups[0]?.id}/children?limit=100`)
  return [
    {
      what: `list of roots (${count(roots.length)} of 1,000,000 jobs), one page of 100 children`,
      wanted: '≤ 10 ms',
      measured: `${ms(time)}, ${ms(page)}`,
      met: time <= 10 && page <= 10,
      figures: { time, page },
    },
  ]
}

export async function groups(options: Options): Promise<Row[]> {
  return [...(await changes(options)), ...(await resetAndDelete(options))]
}

/** Puts all the root jobs into one group. */
async function gathered(ours: Running): Promise<number> {
  const [roots] = await call<{ id: number }[]>(ours, 'GET', '/api/jobs')
  const [top] = await call<number>(ours, 'PUT', '/api/jobs', { title: 'top' })
  await call(ours, 'POST', '/api/jobs', Object.fromEntries(roots.map(({ id }) => [id, { parent: top }])))
  return top
}

async function changes({ rounds, profile }: Options): Promise<Row[]> {
  await using ours = await server({ data: await copyOfFarm(MILLION), profile })
  const top = await gathered(ours)
  const changes: Record<string, (i: number) => [string, string, unknown]> = {
    pause: () => ['POST', '/api/pausejobs', [top]],
    start: () => ['POST', '/api/startjobs', [top]],
    priority: (i) => ['POST', '/api/jobs', { [top]: { priority: 2000 + i } }],
    affinity: (i) => ['POST', '/api/jobs', { [top]: { affinity: `place-${i}` } }],
  }
  const figures: Record<string, number> = {}
  for (const [name, change] of Object.entries(changes)) {
    const times: number[] = []
    for (let i = 0; i < rounds + 2; i++) times.push((await call(ours, ...change(i)))[1])
    figures[name] = median(times)
  }
  return [
    {
      what: `${Object.keys(changes).join(', ')} of a group with 1,000,000 descendants`,
      wanted: '≤ 50 ms',
      measured: Object.values(figures).map(ms).join(', '),
      met: Object.values(figures).every((time) => time <= 50),
      figures,
    },
  ]
}

/** As if all of it had run: a reset then has every row to rewrite. */
function finish(data: string): string {
  using db = new Database(join(data, 'coalition.db'))
  db.run('pragma synchronous = off')
  db.run(`update jobs set state = 'FINISHED', ready = 0, progress = 1, run_done = 1, duration = 10, start_time = 1
    where command <> ''`)
  db.run(`update jobs set state = iif(paused, 'PAUSED', 'FINISHED'), start_time = 1, duration = 10 * total,
      total_finished = total, finished = (select count(*) from jobs leaf where leaf.parent = jobs.id and leaf.command <> '')
    where command = ''`)
  db.run('pragma wal_checkpoint(truncate)')
  return data
}

async function resetAndDelete({ profile }: Options): Promise<Row[]> {
  await using ours = await server({ data: finish(await copyOfFarm(MILLION)), profile })
  const top = await gathered(ours)
  const rows: Row[] = []
  await call(ours, 'PUT', '/api/jobs', CHORES)
  const calls = [
    ['reset', 'POST', '/api/resetjobs'],
    ['delete', 'DELETE', '/api/jobs'],
  ] as const
  for (const [name, method, path] of calls) {
    const { result, longest, took } = await meanwhile(ours, () => call(ours, method, path, [top]))
    rows.push({
      what: `${name} the same${name === 'reset' ? ', all of it FINISHED' : ''}`,
      wanted: 'answered ≤ 200 ms, delays no pick by over 50 ms',
      measured: `answered in ${ms(result[1])}, a worker waited ${ms(longest)} at most; all done after ${(took / 1000).toFixed(1)} s`,
      met: result[1] <= 200 && longest <= 50,
      figures: { time: result[1], longest, took },
    })
  }
  return rows
}
