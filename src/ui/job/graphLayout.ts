/** Where the jobs of a graph stand, by dagre: what is waited for on the left. */
import { Graph, layout } from '@dagrejs/dagre'
import type { JobGraph } from '../../answers.ts'

/** Pixels. */
export const NODE = { width: 172, height: 40 }
const GAP = 14
/** Between the columns: the longest word on a line has to be in it. */
const RANKS = 96
const MARGIN = 12

export interface Drawing {
  width: number
  height: number
  nodes: (JobGraph['jobs'][number] & { x: number; y: number })[]
  edges: (JobGraph['edges'][number] & { path: string; x: number; y: number })[]
}

export function drawn({ jobs, edges }: Pick<JobGraph, 'jobs' | 'edges'>): Drawing {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: GAP, ranksep: RANKS, marginx: MARGIN, marginy: MARGIN })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id } of jobs) graph.setNode(String(id), { ...NODE })
  for (const { job, dependency } of edges) graph.setEdge(String(dependency), String(job))
  layout(graph)
  const { width = 0, height = 0 } = graph.graph()
  return {
    width,
    height,
    nodes: jobs.map((job) => {
      const { x, y } = graph.node(String(job.id)) as { x: number; y: number }
      return { ...job, x: x - NODE.width / 2, y: y - NODE.height / 2 }
    }),
    edges: edges.map((edge) => {
      const { points } = graph.edge(String(edge.dependency), String(edge.job)) as { points: { x: number; y: number }[] }
      const middle = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 }
      return { ...edge, path: curve(points), x: middle.x, y: middle.y }
    }),
  }
}

/** Through the middles between the points, so that it has no corner. */
function curve(points: readonly { x: number; y: number }[]): string {
  const [first, ...rest] = points
  const last = rest.at(-1)
  if (!first || !last) return ''
  let path = `M${first.x} ${first.y}`
  for (let i = 0; i < rest.length - 1; i++) {
    const [a, b] = [rest[i], rest[i + 1]]
    if (a && b) path += `Q${a.x} ${a.y} ${(a.x + b.x) / 2} ${(a.y + b.y) / 2}`
  }
  return `${path}L${last.x} ${last.y}`
}
