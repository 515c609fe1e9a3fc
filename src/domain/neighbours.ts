/** A job among those it waits for and those that wait for it, some steps each way: what a graph is drawn from. */
import type { JobGraph } from '../answers.ts'
import type { Core } from './core.ts'
import { isGroup, jobAt, jobRow } from './rows.ts'

/** More is no picture any more. */
const MOST_JOBS = 200

/** What is nearest comes first; `left` counts those that there was no room for, or that are a step further. */
export function neighbours(core: Core, id: number, steps: number): JobGraph {
  jobRow(core, id)
  const found = new Set([id])
  const left = new Set<number>()
  const edges = new Map<string, JobGraph['edges'][number]>()
  for (const next of [dependenciesOf, dependentsOf]) {
    let ring = [id]
    for (let step = 0; step <= steps && ring.length > 0; step++) {
      const further: number[] = []
      for (const job of ring)
        for (const edge of next(core, job)) {
          const other = edge.job === job ? edge.dependency : edge.job
          // Of what is being deleted the dependencies are there still.
          if (!jobAt(core, other)) continue
          if (!found.has(other)) {
            if (step === steps || found.size >= MOST_JOBS) {
              left.add(other)
              continue
            }
            found.add(other)
            further.push(other)
          }
          edges.set(`${edge.job} ${edge.dependency}`, edge)
        }
      ring = further
    }
  }
  const jobs = [...found].flatMap((each) => {
    const row = jobAt(core, each)
    if (!row) return []
    const { title, parent, state } = row
    return [{ id: each, title, parent, group: isGroup(row), state: core.tree.get(each)?.state ?? state }]
  })
  for (const each of found) left.delete(each)
  return { jobs, edges: [...edges.values()], left: left.size }
}

const dependenciesOf = ({ rows }: Core, job: number) =>
  rows.dependenciesOf.all({ job_id: job }).map(({ dependency, kind }) => ({ job, dependency, kind }))
const dependentsOf = ({ rows }: Core, job: number) =>
  rows.dependents.all({ dependency: job }).map(({ job_id, kind }) => ({ job: job_id, dependency: job, kind }))
