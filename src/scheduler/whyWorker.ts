/** Why a worker has nothing to do: the rules of the pick (pick.ts), asked from the worker's side. */
import type { Why, WhyReason } from '../answers.ts'
import type { WorkerRow } from '../db/schema.ts'
import type { Core } from '../domain/core.ts'
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
  if (next === undefined) reasons.push(nothingFits(core, row, asker))
  const answer = why(state, reasons)
  if (next === undefined) return answer
  return { ...answer, next, text: reasons.length === 0 ? `It gets job ${next} as soon as it asks.` : answer.text }
}

/** The first thing that keeps it from all that is ready: names, then the machine and the limits, then its failures. */
function nothingFits(core: Core, row: WorkerRow, asker: Asker): WhyReason {
  const { tree, needs } = core
  const { ready } = tree.root
  if (ready.size === 0) return { kind: 'nothing_ready', text: 'No job is ready to run.' }
  const sets = [...ready]
    .map(([set, count]) => ({ set, needs: [...needs.names(set)], count }))
    .sort((a, b) => b.count - a.count)
  const named = sets.slice(0, MOST_NAMED).map(({ needs, count }) => ({ needs, count }))
  const covered = sets.filter(({ set }) => asker.lines.some((line) => line(set)))
  if (covered.length === 0) {
    const lines = row.affinity === '' ? 'it has no affinity' : `its lines are ${row.affinity.split('\n').join(' | ')}`
    const first = list(sets[0]?.needs ?? []) ?? 'nothing'
    const text = `Ready jobs need what it has not: ${sets[0]?.count} need ${first}, and ${lines}.`
    return { kind: 'affinity', text, ready: named }
  }
  const host = hostOf(row)
  const full = new Set(
    covered.flatMap(({ set }) => needs.at(set).limits.filter((name) => core.usage.isFull(name, host))),
  )
  const roomy = covered.filter(({ set }) => core.usage.hasRoom(needs.at(set), { ...row, host }))
  if (roomy.length === 0) {
    const { memory, cores, gpus } = core.usage.taken(host)
    const text = `Ready jobs of its affinity take more than its host has left: it has ${asked(row)}, of which ${asked({ memory, cores, gpus })} is taken.`
    return { kind: 'resources', text, ready: named }
  }
  if (roomy.every(({ set }) => needs.at(set).limits.some((name) => full.has(name)))) {
    const names = [...full]
    return {
      kind: 'limit',
      text: `What it could take is held by ${names.length === 1 ? 'the limit' : 'the limits'} ${list(names)}.`,
      ready: named,
    }
  }
  const text = asker.blocked.size
    ? `What it could take is of jobs for which it is blocked, having failed there too often, or is left to others after it failed.`
    : 'What it could take failed on it last, and is left to others.'
  return { kind: asker.blocked.size ? 'blocklist' : 'avoided', text, jobs: [...asker.blocked].slice(0, MOST_NAMED) }
}
