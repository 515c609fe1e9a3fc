/** Requests by second, in rounds: the ceiling and ours in turn, so that a busy minute of the machine meets both. */
import { copyOfFarm, MILLION, THOUSAND, WORKERS } from './farms.ts'
import { count, median, ms, percent } from './figures.ts'
import type { Loaded } from './load.ts'
import { ceiling, floor, run, server } from './processes.ts'
import type { Row } from './report.ts'
import type { Options } from './run.ts'

const rate = ({ requests, seconds }: Loaded) => requests / seconds
const middle = (all: readonly Loaded[], of: (one: Loaded) => number) => median(all.map(of))

/** Leaves that the small farm has done before they are reset: it never runs dry, and never has more than 1,000 waiting. */
const REFILL = 900

export async function cycles({ rounds, seconds, profile }: Options): Promise<Row[]> {
  await using top = await ceiling()
  await using small = await server({ data: await copyOfFarm(THOUSAND) })
  await using large = await server({ data: await copyOfFarm(MILLION), profile })
  const roots = (await (await fetch(`http://127.0.0.1:${small.port}/api/jobs`)).json()) as {
    id: number
    paused: number
  }[]
  const jobs = roots.filter(({ paused }) => !paused).map(({ id }) => id)
  const work = { kind: 'cycles', workers: WORKERS, seconds } as const
  const seen: Record<'top' | 'few' | 'many', Loaded[]> = { top: [], few: [], many: [] }
  // The first of each only warms up.
  for (let round = 0; round <= rounds; round++) {
    const top_ = await run({ ...work, port: top.port })
    const few = await run({ ...work, port: small.port, refill: { every: REFILL, jobs } })
    const many = await run({ ...work, port: large.port })
    for (const { empty, requests } of [few, many])
      if (empty > requests / 100) throw new Error(`${empty} picks found nothing: that is not what is to be measured`)
    if (round === 0) continue
    seen.top.push(top_)
    seen.few.push(few)
    seen.many.push(many)
  }
  const [ceilingRate, few, many] = [middle(seen.top, rate), middle(seen.few, rate), middle(seen.many, rate)]
  const p = (all: Loaded[]) => ({ p50: middle(all, (one) => one.p50), p99: middle(all, (one) => one.p99) })
  const [fewPicks, manyPicks] = [p(seen.few), p(seen.many)]
  // Bursts of the small farm begin and end with idle workers: medians of ratios by round say what the machine did not.
  const ofCeiling = median(seen.few.map((one, i) => rate(one) / rate(seen.top[i] ?? one)))
  const ofFew = median(seen.many.map((one, i) => rate(one) / rate(seen.few[i] ?? one)))
  const slower = manyPicks.p99 / fewPicks.p99
  return [
    {
      what: `ceiling: the same three POSTs, ${WORKERS} connections`,
      wanted: '',
      measured: `${count(ceilingRate)} requests/s (client ${percent(middle(seen.top, (one) => one.clientCores))} of a core)`,
      figures: { rate: ceilingRate, p50: middle(seen.top, (one) => one.p50) },
    },
    {
      what: `pick → heartbeat → end, ${WORKERS} workers, 1,000 waiting`,
      wanted: '≥ 50 % of the ceiling',
      measured: `${percent(ofCeiling)}: ${count(few)} requests/s, ${count(few / 3)} cycles/s; pick p50 ${ms(fewPicks.p50)}, p99 ${ms(fewPicks.p99)}`,
      met: ofCeiling >= 0.5,
      figures: { ratio: ofCeiling, rate: few, ...fewPicks },
    },
    {
      what: 'the same, 1,000,000 waiting in 1,000 roots, 20 affinity sets, half of the roots paused',
      wanted: '≥ 80 % of that with 1,000; pick p99 ≤ 3 ×',
      measured: `${percent(ofFew)}: ${count(many)} requests/s, ${count(many / 3)} cycles/s; pick p50 ${ms(manyPicks.p50)}, p99 ${ms(manyPicks.p99)}, ${slower.toFixed(1)} ×`,
      met: ofFew >= 0.8 && slower <= 3,
      figures: { ratio: ofFew, rate: many, ...manyPicks, slower, empty: middle(seen.many, (one) => one.empty) },
    },
  ]
}

/** What durable rows alone, without any rule, reach of the ceiling (floor.ts). */
export async function floors({ rounds, seconds }: Options): Promise<Row[]> {
  await using top = await ceiling()
  await using bare = await floor()
  const works = {
    'a run: five rows written, four indexes; 64 workers': { kind: 'cycles', workers: WORKERS, seconds },
    'a submission: one row, no index; 16 connections': { kind: 'submissions', connections: SUBMITTERS, seconds },
  } as const
  const rows: Row[] = []
  for (const [what, work] of Object.entries(works)) {
    const ratios: number[] = []
    const rates: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const top_ = rate(await run({ ...work, port: top.port }))
      const bare_ = rate(await run({ ...work, port: bare.port }))
      if (round === 0) continue
      ratios.push(bare_ / top_)
      rates.push(bare_)
    }
    const ratio = median(ratios)
    const measured = `${percent(ratio)} of the ceiling: ${count(median(rates))} requests/s`
    rows.push({
      what: `SQLite alone, no rules: ${what}`,
      wanted: '',
      measured,
      figures: { ratio, rate: median(rates) },
    })
  }
  return rows
}

const SUBMITTERS = 16

export async function submissions({ rounds, seconds, profile }: Options): Promise<Row[]> {
  await using top = await ceiling()
  await using ours = await server({ profile })
  const work = { kind: 'submissions', connections: SUBMITTERS, seconds } as const
  const seen: { top: Loaded[]; ours: Loaded[] } = { top: [], ours: [] }
  for (let round = 0; round <= rounds; round++) {
    const top_ = await run({ ...work, port: top.port })
    const ours_ = await run({ ...work, port: ours.port })
    if (round === 0) continue
    seen.top.push(top_)
    seen.ours.push(ours_)
  }
  const ratio = median(seen.ours.map((one, i) => rate(one) / rate(seen.top[i] ?? one)))
  const [ceilingRate, ourRate] = [middle(seen.top, rate), middle(seen.ours, rate)]
  return [
    {
      what: `single submissions, ${SUBMITTERS} connections`,
      wanted: '≥ 30 % of the ceiling',
      measured: `${percent(ratio)}: ${count(ourRate)}/s, ceiling ${count(ceilingRate)}/s`,
      met: ratio >= 0.3,
      figures: { ratio, rate: ourRate, ceiling: ceilingRate },
    },
  ]
}
