/** Why a worker has nothing to do: the rules of the pick (pick.ts), asked from the worker's side. */
import type { Why, WhyReason } from '../answers.ts'
import type { WorkerRow } from '../db/schema.ts'
import type { Core } from '../domain/core.ts'
import { add } from '../domain/group.ts'
import { jobAt } from '../domain/rows.ts'
import { hostOf } from '../domain/usage.ts'
import { notFound } from '../errors.ts'
import { type Asker, askerOf } from './asker.ts'
import { pick } from './pick.ts'
import { asked, list, MOST_NAMED, why } from './words.ts'

/** Why a worker has nothing to do; with `next`, the job that it gets when it asks. */
export function whyWorker(core: Core, name: string): Why {
  const row = core.roster.row(name)
  if (!row) throw notFound(`There is no worker '${name}'.`, 'name')
  const { state, active, current_event: run, last_job: job } = row
  if (run > 0) return why(state, [{ kind: 'running', text: `It runs job ${job}.`, run, job }])
  const reasons: WhyReason[] = []
  if (active === 0) reasons.push({ kind: 'inactive', text: 'It is stopped: start it.' })
  if (state === 'TIMEOUT' || state === 'TERMINATED')
    reasons.push({
      kind: 'silent',
      text: 'It shows no sign of life.',
      since: core.live.workers.get(name)?.ping_time ?? row.ping_time,
    })
  const asker = askerOf(core, row)
  const next = pick(core, asker)
  if (next === undefined) reasons.push(...nothingFits(core, row, asker))
  const answer = why(state, reasons)
  if (next === undefined) return answer
  return { ...answer, next, text: reasons.length === 0 ? `It gets job ${next} as soon as it asks.` : answer.text }
}

/** What keeps it from all that is ready: names, the machine, limits, its failures. */
function nothingFits(core: Core, row: WorkerRow, asker: Asker): WhyReason[] {
  const { tree, needs, usage } = core
  const { ready } = tree.root
  if (ready.size === 0) return [nothingReady(core)]
  const sets = [...ready]
    .map(([set, count]) => ({ set, needs: [...needs.names(set)], count }))
    .sort((a, b) => b.count - a.count)
  const named = sets.slice(0, MOST_NAMED).map(({ needs, count }) => ({ needs, count }))
  const host = hostOf(row)
  const shut = readyInBlocked(core, asker.blocked)
  const [limits, counts] = [new Set<string>(), { affinity: 0, resources: 0, limit: 0, avoided: 0, blocklist: 0 }]
  for (const { set, count } of sets) {
    const need = needs.at(set)
    const full = need.limits.filter((name) => usage.isFull(name, host))
    for (const name of full) limits.add(name)
    if (!asker.lines.some((line) => line(set))) counts.affinity += count
    else if (!usage.hasRoom(need, { ...row, host })) counts.resources += count
    else if (full.length > 0) counts.limit += count
    else {
      const blocked = need.avoid === row.name ? (shut.counts.get(set) ?? 0) : count
      counts.blocklist += blocked
      counts.avoided += count - blocked
    }
  }
  const reasons: WhyReason[] = []
  if (counts.resources > 0) reasons.push({ kind: 'resources', text: noRoom(core, row), ready: named })
  if (counts.limit > 0) {
    const text = `${readyJobs(counts.limit)} held by ${limits.size === 1 ? 'the limit' : 'the limits'} ${list([...limits])}.`
    reasons.push({ kind: 'limit', text, ready: named })
  }
  if (counts.avoided > 0) {
    const text = `${readyJobs(counts.avoided)} left to others for up to a minute, after a failure here.`
    reasons.push({ kind: 'avoided', text })
  }
  if (counts.blocklist > 0) {
    const roots = shut.roots.slice(0, MOST_NAMED)
    const text = `${readyJobs(counts.blocklist)} in ${list(roots.map((root) => `job ${root}`))}, for which it is blocked: it failed there too often.`
    reasons.push({ kind: 'blocklist', text, jobs: roots })
  }
  if (counts.affinity > 0) {
    const lacking = sets.find(({ set }) => !asker.lines.some((line) => line(set)))
    const lines = row.affinity === '' ? 'it has no affinity' : `its lines are ${row.affinity.split('\n').join(' | ')}`
    const text = `${reasons.length === 0 ? 'Ready' : 'Other ready'} jobs need what it has not: ${lacking?.count} ${lacking?.count === 1 ? 'needs' : 'need'} ${list(lacking?.needs ?? []) ?? 'nothing'}, and ${lines}.`
    reasons.push({ kind: 'affinity', text, ready: named })
  }
  return reasons
}

const readyJobs = (count: number) => (count === 1 ? '1 ready job is' : `${count} ready jobs are`)

/** The root jobs for which a worker is blocked that have something ready, and how much that is by what it needs. */
function readyInBlocked(core: Core, blocked: ReadonlySet<number>) {
  const { tree, needs } = core
  const roots: number[] = []
  const counts = new Map<number, number>()
  for (const root of blocked) {
    const group = tree.get(root)
    if (group?.held) continue
    const leaf = group ? undefined : jobAt(core, root)
    const sets: [number, number][] = group
      ? [...group.ready].map(([set, count]) => [needs.union(group.needs, set), count])
      : leaf?.ready === 1
        ? [[leaf.needs_id, 1]]
        : []
    if (sets.length > 0) roots.push(root)
    for (const [set, count] of sets) add(counts, set, count)
  }
  return { roots, counts }
}

/** Nothing is ready on the whole farm; but there may be much that waits. */
function nothingReady({ tree }: Core): WhyReason {
  const { total, total_finished, total_errors, total_working } = tree.root
  const held = total - total_finished - total_errors - total_working
  const back = `${held} ${held === 1 ? 'is' : 'are'} held back, by a pause, by what they wait for, by a time, or by max_workers or error_limit of a group.`
  return { kind: 'nothing_ready', text: `No job is ready to run${held > 0 ? `: ${back}` : '.'}`, count: held }
}

function noRoom({ usage }: Core, row: WorkerRow): string {
  if (row.memory + row.cores + row.gpus === 0)
    return 'Ready jobs of its affinity ask for memory, cores or GPUs, and it declares none.'
  const { memory, cores, gpus } = usage.taken(hostOf(row))
  const taken = asked({ memory, cores, gpus })
  return `Ready jobs of its affinity take more than its host has left: it has ${asked(row)}, of which ${taken} is taken.`
}
