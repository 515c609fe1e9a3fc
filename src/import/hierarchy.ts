/** Makes a tree of what was imported: every job is in a group that is there, and no group is below itself. */
import type { Db } from '../db/open.ts'
import type { Findings } from './findings.ts'

/** A group in memory, as the server keeps it too; leaves stay in the database. */
export interface Node {
  id: number
  parent: number
  /** 1 below the root. */
  depth: number
}

/**
 * Holds what has no place any more. It is paused: Coalition 4 showed these jobs to nobody, and most are what a delete
 * forgot, so somebody should look at them before they run.
 */
export const LOST_TITLE = 'Lost and found'

/** Answers all groups, each before those below it. `freshId` is for the group of what is lost. */
export function mendHierarchy({ sqlite }: Db, freshId: number, findings: Findings): Node[] {
  let lost: Node | undefined
  const lostGroup = () => {
    if (lost) return lost
    lost = { id: freshId, parent: 0, depth: 0 }
    sqlite.run(`insert into jobs (id, title, state, paused) values (?, ?, 'PAUSED', 1)`, [freshId, LOST_TITLE])
    return lost
  }

  const gone = 'parent <> 0 and not exists (select 1 from jobs above where above.id = jobs.parent)'
  for (const { id, parent } of sqlite.query<Row, []>(`select id, parent from jobs where ${gone} order by id`).iterate())
    findings.note('orphan', `job ${id} was in job ${parent}`)
  if (findings.has('orphan')) sqlite.run(`update jobs set parent = ? where ${gone}`, [lostGroup().id])

  // A job could be moved into one that has a command. As a group it keeps all that is below it together.
  const holding = `command <> '' and id in (select parent from jobs)`
  for (const { id, command } of sqlite
    .query<Row, []>(`select id, command from jobs where ${holding} order by id`)
    .iterate())
    findings.note('command', `job ${id}: ${command}`)
  if (findings.has('command')) sqlite.run(`update jobs set command = '', progress = 0, ping_time = 0 where ${holding}`)

  const nodes = new Map<number, Node>()
  for (const { id, parent } of sqlite.query<Row, []>(`select id, parent from jobs where command = ''`).iterate())
    nodes.set(id, { id, parent, depth: 0 })
  for (const node of loopsIn(nodes)) {
    findings.note('loop', `job ${node.id} was in job ${node.parent}, which is below it`)
    node.parent = lostGroup().id
    nodes.set(node.parent, lostGroup())
    sqlite.run('update jobs set parent = ? where id = ?', [node.parent, node.id])
  }
  measure(nodes)
  return [...nodes.values()].sort((a, b) => a.depth - b.depth || a.id - b.id)
}

interface Row {
  id: number
  parent: number
  command: string
}

/** Of each loop of groups the one with the lowest id. Each group is walked over once. */
function loopsIn(nodes: ReadonlyMap<number, Node>): Node[] {
  const found: Node[] = []
  const walked = new Map<Node, number>()
  let walk = 0
  for (const start of nodes.values()) {
    walk += 1
    const path: Node[] = []
    let node: Node | undefined = start
    for (; node && !walked.has(node); node = nodes.get(node.parent)) {
      walked.set(node, walk)
      path.push(node)
    }
    if (node && walked.get(node) === walk)
      found.push(path.slice(path.indexOf(node)).reduce((a, b) => (a.id < b.id ? a : b)))
  }
  return found
}

function measure(nodes: ReadonlyMap<number, Node>): void {
  for (const start of nodes.values()) {
    const path: Node[] = []
    let node: Node | undefined = start
    for (; node && node.depth === 0; node = nodes.get(node.parent)) path.push(node)
    let depth = node?.depth ?? 0
    for (const each of path.reverse()) each.depth = ++depth
  }
}
