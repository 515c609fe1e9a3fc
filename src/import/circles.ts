import type { Db } from '../db/open.ts'
import type { Findings } from './findings.ts'
import type { Node } from './hierarchy.ts'

/** What has to happen: a job can start, or is FINISHED. A vertex is `id * 2 + what`. */
const START = 0
const FINISH = 1
const vertex = (id: number, what: typeof START | typeof FINISH) => id * 2 + what
const idOf = (at: number) => Math.floor(at / 2)
const isStart = (at: number) => at % 2 === START

interface Frame {
  at: number
  /** What has to happen before. */
  needs: number[]
  next: number
}

/**
 * Drops the dependencies that could never be met: the server refuses them (`domain/dependencies.ts`), Coalition 4 did not,
 * and such jobs waited for ever. To start, a job needs its group to be let go and its dependencies FINISHED; to be FINISHED
 * it must start and, of a group, all below it be FINISHED. Only the step from a start to a finish is a dependency, and
 * without those there is no circle, so each circle has one to drop: the last one on the way round.
 *
 * Depth first, each vertex once but for those on the way of a circle. Of leaves only those that depend on something are
 * looked at: the others need nothing that their group does not.
 */
export function dropCircles({ sqlite }: Db, groups: readonly Node[], findings: Findings): void {
  const dependenciesOf = sqlite.query<{ dependency: number }, [number]>(
    'select dependency from dependencies where job_id = ? order by dependency',
  )
  const parentOf = sqlite.query<{ parent: number }, [number]>('select parent from jobs where id = ?')
  const waitingIn = sqlite.query<{ id: number }, [number]>(
    'select id from jobs where parent = ? and waits_for > 0 order by id',
  )
  const drop = sqlite.query('delete from dependencies where job_id = ? and dependency = ?')
  const below = new Map<number, number[]>()
  for (const { id, parent } of groups) {
    const siblings = below.get(parent)
    if (siblings) siblings.push(id)
    else below.set(parent, [id])
  }
  const isGroup = new Set(groups.map(({ id }) => id))

  function needsOf(at: number): number[] {
    const id = idOf(at)
    if (isStart(at)) {
      const parent = parentOf.get(id)?.parent ?? 0
      const finished = dependenciesOf.all(id).map(({ dependency }) => vertex(dependency, FINISH))
      return parent === 0 ? finished : [vertex(parent, START), ...finished]
    }
    if (!isGroup.has(id)) return [vertex(id, START)]
    const children = new Set([...(below.get(id) ?? []), ...waitingIn.all(id).map((child) => child.id)])
    return [vertex(id, START), ...[...children].map((child) => vertex(child, FINISH))]
  }

  const done = new Set<number>()
  const onWay = new Set<number>()
  function walk(from: number): void {
    const way: Frame[] = []
    const enter = (at: number) => {
      onWay.add(at)
      way.push({ at, needs: needsOf(at), next: 0 })
    }
    enter(from)
    for (let frame = way.at(-1); frame; frame = way.at(-1)) {
      const needed = frame.needs[frame.next++]
      if (needed === undefined) {
        way.pop()
        onWay.delete(frame.at)
        done.add(frame.at)
      } else if (onWay.has(needed)) back(way, needed)
      else if (!done.has(needed)) enter(needed)
    }
  }

  /** The way has come back to one of its own: drops the last dependency on the circle, and goes on from its job. */
  function back(way: Frame[], to: number): void {
    for (let end = to, frame = way.at(-1); frame; end = frame.at, way.pop(), frame = way.at(-1)) {
      if (isStart(frame.at) && !isStart(end)) {
        drop.run(idOf(frame.at), idOf(end))
        findings.note('circle', `job ${idOf(frame.at)} waited for job ${idOf(end)}`)
        return
      }
      onWay.delete(frame.at)
    }
    throw new Error('a circle of jobs without a dependency')
  }

  for (const { id } of sqlite.query<{ id: number }, []>('select id from jobs where waits_for > 0 order by id').all())
    if (!done.has(vertex(id, START))) walk(vertex(id, START))
}
