/** Many workers: alive, idle, and woken. */
import { count, median, ms, percent } from './figures.ts'
import { ceiling, client, cpuSeconds, type Running, server } from './processes.ts'
import type { Row } from './report.ts'
import type { Options } from './run.ts'

const WORKERS = 10_000
const BEAT_MS = 2000
const CONNECTIONS = 64

async function submit({ port }: Running, job: object): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/api/jobs`, { method: 'PUT', body: JSON.stringify(job) })
  if (response.status !== 200) throw new Error(await response.text())
  return (await response.json()) as number
}

/** The share of a core that the server uses until `end`. */
async function coresUntil(pid: number, end: Promise<unknown>): Promise<number> {
  const before = cpuSeconds(pid)
  const began = performance.now()
  await end
  return ((cpuSeconds(pid) ?? Number.NaN) - (before ?? Number.NaN)) / ((performance.now() - began) / 1000)
}
const cores = (share: number) => (Number.isNaN(share) ? 'CPU unknown here' : `${percent(share)} of a core`)

/** What the heartbeats cost a server: its share of a core, and what the workers saw. */
async function beat({ port, pid }: Running, seconds: number) {
  const clients = { kind: 'heartbeats', workers: WORKERS, connections: CONNECTIONS, everyMs: BEAT_MS } as const
  const beating = client({ ...clients, port, seconds })
  await beating.begun
  const share = await coresUntil(pid, beating.loaded)
  return { share, ...(await beating.loaded) }
}

export async function heartbeats({ rounds, seconds, profile }: Options): Promise<Row[]> {
  await using top = await ceiling()
  await using ours = await server({ profile })
  await submit(ours, { title: 'shot', command: 'render {frame}', frames: `1-${WORKERS}` })
  const seen: Awaited<ReturnType<typeof beat>>[] = []
  const least: number[] = []
  for (let round = 0; round < Math.min(3, rounds); round++) {
    // A worker that asks while it holds a job has crashed: each round begins with that, and all have a job again.
    least.push((await beat(top, seconds * 2)).share)
    seen.push(await beat(ours, Math.max(6, seconds * 3)))
  }
  const of = (name: 'share' | 'requests' | 'seconds' | 'p50' | 'p99' | 'empty') => median(seen.map((one) => one[name]))
  if (of('empty') > 0) throw new Error(`${of('empty')} workers got no job`)
  const [share, p50, p99] = [of('share'), of('p50'), of('p99')]
  const rate = of('requests') / of('seconds')
  const keepsUp = rate >= ((WORKERS / BEAT_MS) * 1000) / 1.02
  return [
    {
      what: `${count(WORKERS)} workers' heartbeats every 2 s, a tenth with 1 KB of log`,
      wanted: 'kept up with at ≤ 50 % of a core',
      measured: `${keepsUp ? 'kept up' : 'fell behind'}, ${count(rate)}/s at ${cores(share)} (ceiling ${cores(median(least))}); answered ${ms(p50)} after they were due, p99 ${ms(p99)}`,
      met: keepsUp && !(share > 0.5),
      figures: { rate, cores: share, ceiling: median(least), p50, p99 },
    },
  ]
}

const SAMPLES = 100

export async function idle({ seconds, profile }: Options): Promise<Row[]> {
  await using ours = await server({ profile })
  const alone = await wakeTimes(ours, SAMPLES)
  const idlers = client({ kind: 'idle', port: ours.port, workers: WORKERS, seconds: 50 })
  await idlers.begun
  const share = await coresUntil(ours.pid, Bun.sleep(Math.max(5, seconds * 3) * 1000))
  const among = await wakeTimes(ours, SAMPLES / 2)
  await idlers.end()
  return [
    {
      what: `${count(WORKERS)} idle workers on long polls`,
      wanted: 'no CPU to speak of',
      measured: cores(share),
      met: Number.isNaN(share) ? undefined : share <= 0.05,
      figures: { cores: share },
    },
    {
      what: 'from a submission to the start on an idle worker',
      wanted: '≤ 20 ms',
      measured: `${ms(median(alone))}, with ${count(WORKERS)} idle others ${ms(median(among))}`,
      met: median(alone) <= 20 && median(among) <= 20,
      figures: { alone: median(alone), among: median(among) },
    },
  ]
}

/** Milliseconds until a worker that waits has the job that is submitted. It alone can take it. */
async function wakeTimes(ours: Running, samples: number): Promise<number[]> {
  const base = `http://127.0.0.1:${ours.port}`
  const post = async (path: string, body: object) => {
    const response = await fetch(base + path, { method: 'POST', body: JSON.stringify(body) })
    if (response.status !== 200) throw new Error(await response.text())
    return response.json()
  }
  await post('/api/workers/woken/pick', {})
  await post('/api/workers', { woken: { affinity: 'here' } })
  const times: number[] = []
  for (let i = 0; i < samples; i++) {
    const poll = post('/api/workers/woken/pick', { wait: 30 }).then((run) => ({ run, at: performance.now() }))
    // Until it waits: its question has been answered with nothing, which no call shows.
    await Bun.sleep(10)
    const began = performance.now()
    await submit(ours, { title: 'woken', command: 'true', affinity: 'here' })
    const { run, at } = await poll
    times.push(at - began)
    await post(`/api/runs/${(run as { run: number }).run}/end`, { worker: 'woken', exit_code: 0 })
  }
  return times
}
