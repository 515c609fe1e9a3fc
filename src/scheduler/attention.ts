/** What a wrangler should look at. From what is in memory and rows by their key: it costs the same on a farm of any size. */
import type { Attention, AttentionItem } from '../answers.ts'
import type { JobRow } from '../db/schema.ts'
import type { Core } from '../domain/core.ts'
import type { Group } from '../domain/group.ts'
import { jobAt } from '../domain/rows.ts'

/** Of each kind; what is more is counted. */
const MOST_ITEMS = 50
/** Failed runs in a row that are no accident any more. */
const ERRORS_IN_ROW = 3
/** Failures that are this old are no news. */
const LATELY_SECONDS = 3600
/** Siblings that have to have ended before their average says something. */
const SIBLINGS = 5
/** Much slower: so many times the average, and longer than starting a program takes. */
const TIMES = 3
const SHORTEST_SECONDS = 60
/** Runs compared with their siblings: those that began first, 3 ms. */
const MOST_RUNS = 1000

type Kind = AttentionItem['kind']

export function attention(core: Core, now: number): Attention {
  const found: Record<Kind, AttentionItem[]> = {
    worker_errors: failingWorkers(core),
    worker_silent: silentWorkers(core),
    job_errors: failedJobs(core, now),
    run_slow: slowRuns(core, now),
  }
  const totals = Object.fromEntries(Object.entries(found).map(([kind, { length }]) => [kind, length]))
  return {
    items: Object.values(found).flatMap((items) => items.slice(0, MOST_ITEMS)),
    totals: totals as Attention['totals'],
  }
}

function failingWorkers({ failures, live }: Core): AttentionItem[] {
  const bad = [...failures.streaks].filter(([name, { count }]) => count >= ERRORS_IN_ROW && live.workers.has(name))
  return bad
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([worker, { count, since, job }]) => ({
      kind: 'worker_errors',
      text: `The last ${count} runs of ${worker} failed, the last of them of job ${job}.`,
      worker,
      job,
      count,
      since,
    }))
}

/** The longest silent first: that is the order of the signs of life. One that is stopped may be silent. */
function silentWorkers({ live, roster }: Core): AttentionItem[] {
  const items: AttentionItem[] = []
  for (const { name, lost, ping_time } of live.workers.values()) {
    if (!lost) continue
    if (roster.row(name)?.active === 0) continue
    items.push({ kind: 'worker_silent', text: `${name} shows no sign of life.`, worker: name, since: ping_time })
  }
  return items
}

/** By their group: a shot with a thousand failed frames is one thing to look at. */
function failedJobs(core: Core, now: number): AttentionItem[] {
  const { failures, tree } = core
  const places = new Map<number, { jobs: Set<number>; since: number; worker: string; title: string; leaf: boolean }>()
  for (const { job, at, worker } of failures.last()) {
    if (at < now - LATELY_SECONDS) continue
    const row = jobAt(core, job)
    if (row?.state !== 'ERROR') continue
    const leaf = !tree.get(row.parent) || row.parent === 0
    const key = leaf ? job : row.parent
    const known = places.get(key)
    if (known) {
      known.jobs.add(job)
      known.since = Math.min(known.since, at)
    } else {
      const title = (leaf ? row : jobAt(core, row.parent))?.title ?? ''
      places.set(key, { jobs: new Set([job]), since: at, worker, title, leaf })
    }
  }
  return [...places]
    .sort(([, a], [, b]) => b.jobs.size - a.jobs.size)
    .map(([job, { jobs, since, worker, title, leaf }]) => ({
      kind: 'job_errors',
      text: leaf
        ? `${begin(named(job, title))} failed on ${worker}.`
        : `${jobs.size === 1 ? '1 job' : `${jobs.size} jobs`} in group ${job}${title && ` '${title}'`} failed, the last on ${worker}.`,
      job,
      worker,
      count: jobs.size,
      since,
    }))
}

function slowRuns(core: Core, now: number): AttentionItem[] {
  const { live, tree } = core
  const slow: { item: AttentionItem; times: number }[] = []
  let looked = 0
  for (const { run, job, worker } of live.runs.values()) {
    if (++looked > MOST_RUNS) break
    const row = jobAt(core, job)
    const group = row && row.parent !== 0 ? tree.get(row.parent) : undefined
    if (!row || !group) continue
    const usual = usualDuration(group)
    const elapsed = now - row.start_time
    if (usual === undefined || elapsed < SHORTEST_SECONDS || elapsed < TIMES * usual) continue
    slow.push({ times: elapsed / Math.max(1, usual), item: slowItem(row, run, worker, elapsed, usual) })
  }
  return slow.sort((a, b) => b.times - a.times).map(({ item }) => item)
}

const slowItem = (row: JobRow, run: number, worker: string, elapsed: number, usual: number): AttentionItem => ({
  kind: 'run_slow',
  text: `${begin(named(row.id, row.title))} has run for ${spell(elapsed)} on ${worker}; its siblings took ${spell(usual)} on average.`,
  job: row.id,
  run,
  worker,
  since: row.start_time,
})

/** The average of the siblings that ended, from the sums of their group. */
function usualDuration({ total_finished, total_errors, duration }: Group): number | undefined {
  const ended = total_finished + total_errors
  return ended < SIBLINGS ? undefined : duration / ended
}

const named = (id: number, title: string) => (title === '' ? `job ${id}` : `job ${id} '${title}'`)

/** At the beginning of a sentence. */
const begin = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** 45 s, 12 min, 3.5 h. */
function spell(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1)} h`
}
