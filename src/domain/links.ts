import type { Db } from '../db/open.ts'
import type { DependencyKind, JobRow } from '../db/schema.ts'
import type { Tree } from './tree.ts'

type Values = Record<string, string | number>

export interface Link {
  job_id: number
  dependency: number
  kind: DependencyKind
  met: number
}

/** The rows of dependencies, many at a time: lists are JSON. By one each, 10,000 of them took 230 ms instead of 60. */
export function prepareLinks({ sqlite }: Db) {
  const statement = <Row>(text: string) => sqlite.prepare<Row, [Values]>(text)
  return {
    /** What a job waits for: `list` of [dependency, kind, met]. Where it waits for one already, it goes on as it was. */
    add: statement(`
      insert into dependencies (job_id, dependency, kind, met)
      select $job_id, value ->> 0, value ->> 1, value ->> 2 from json_each($list) where true on conflict do nothing`),
    addOne: statement(`
      insert into dependencies (job_id, dependency, kind, met) values ($job_id, $dependency, $kind, $met)
      on conflict do nothing`),
    setOneWaited: statement('update jobs set waited = 1 where id = $dependency and waited = 0'),
    setWaited: statement(`
      update jobs set waited = 1 where id in (select value ->> 0 from json_each($list)) and waited = 0`),
    remove: statement(`
      delete from dependencies where job_id = $job_id and dependency in (select value from json_each($ids))`),
    jobs: statement<Pick<JobRow, 'id' | 'parent' | 'command' | 'state' | 'reset'>>(`
      select id, parent, command, state, reset from jobs where id in (select value from json_each($ids))`),
    place: statement<Pick<JobRow, 'parent' | 'waits_for'>>('select parent, waits_for from jobs where id = $id'),
    /** What the leaves of a group wait for, each once, and where that is. */
    neededByLeaves: statement<{ dependency: number; parent: number }>(`
      select distinct d.dependency, other.parent
      from jobs j indexed by jobs_waiting join dependencies d on d.job_id = j.id join jobs other on other.id = d.dependency
      where j.parent = $parent and j.waits_for > 0 and j.command <> ''`),

    // Telling (telling.ts).
    /** Those that wait for a leaf and count it as there, or not. */
    told: statement<Link>(`
      select * from dependencies where dependency = $dependency and met = $met limit $rows`),
    toldOfKind: statement<Link>(`
      select * from dependencies where dependency = $dependency and met = $met and kind = $kind limit $rows`),
    setMet: statement(`
      update dependencies set met = $met where job_id = $job_id and dependency = $dependency`),
    noteTelling: statement('insert into tellings (dependency) values ($dependency) on conflict do nothing'),
    nextTelling: sqlite.prepare<{ dependency: number }, []>('select dependency from tellings limit 1'),
    endTelling: statement('delete from tellings where dependency = $dependency'),

    // Frame by frame (frameLinks.ts).
    noteFrames: statement(`
      insert into frame_links (job_id, dependency, make) values ($job_id, $dependency, $make)
      on conflict do update set make = excluded.make, done = 0`),
    nextFrames: sqlite.prepare<{ job_id: number; dependency: number; make: number; done: number }, []>(
      'select * from frame_links limit 1',
    ),
    framesDone: statement('update frame_links set done = $done where job_id = $job_id and dependency = $dependency'),
    endFrames: statement('delete from frame_links where job_id = $job_id and dependency = $dependency'),
    forgetFrames: statement('delete from frame_links where job_id = $id or dependency = $id'),
    dropFrames: statement<Link>(`
      delete from dependencies where kind = 'frame' and (job_id = $id or dependency = $id) returning *`),
    frameLeaves: statement<Pick<JobRow, 'id' | 'frames'>>(`
      select id, frames from jobs where parent = $parent and id > $after and command <> '' and frames <> ''
      order by id limit $rows`),
    /** Links by frame from leaves of one group to those of another one. */
    frameLinks: statement<{ job_id: number; dependency: number; met: number }>(`
      select d.job_id, d.dependency, d.met from jobs leaf
      join dependencies d on d.job_id = leaf.id and d.kind = 'frame'
      join jobs other on other.id = d.dependency and other.parent = $from
      where leaf.parent = $id and leaf.id > $after and leaf.waits_for > 0 order by leaf.id limit $rows`),
  }
}
export type Links = ReturnType<typeof prepareLinks>

/** Answers how many are new. What is waited for knows it from now on. */
export function addLinks(
  { links, tree }: { links: Links; tree: Tree },
  job_id: number,
  list: readonly [number, DependencyKind, number][],
): number {
  if (list.length === 0) return 0
  for (const [dependency] of list) {
    const group = tree.get(dependency)
    if (group) group.waited = true
  }
  const [[dependency, kind, met] = [0, 'all', 0]] = list
  if (list.length === 1) {
    // The lists cost 15 µs by themselves.
    const { changes } = links.addOne.run({ job_id, dependency, kind, met })
    links.setOneWaited.run({ dependency })
    return changes
  }
  const json = JSON.stringify(list)
  const { changes } = links.add.run({ job_id, list: json })
  links.setWaited.run({ list: json })
  return changes
}
