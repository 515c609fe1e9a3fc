import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'wouter'
import type { JobGraph } from '../../answers.ts'
import { jobGraph } from '../data/jobCalls.ts'
import { jobRows } from '../data/live.ts'
import { useRow } from '../data/rows.ts'
import { useWatch } from '../data/stream.ts'
import { plural } from '../parts/format.ts'
import { jobAddress } from '../parts/JobLink.tsx'
import { isSolid, STATE_SHAPES } from '../parts/StateMark.tsx'
import { type Drawing, drawn, NODE } from './graphLayout.ts'
import { useNews } from './useWhy.ts'

const WORDS = { all: '', any: 'any', frame: 'frame by frame' }

/** What the job waits for, to the left, and what waits for it, to the right. */
export function Graph({ id }: { id: number }) {
  useNews(['graph', id], id)
  const { data, error } = useQuery({ queryKey: ['graph', id], queryFn: () => jobGraph(id) })
  const drawing = useMemo(() => data && drawn(data), [data])
  useWatch({ jobs: data?.jobs.map((job) => job.id) ?? [] })
  if (error) return <p className="form-error">{error.message}</p>
  if (!data || !drawing) return null
  if (data.edges.length === 0) return <p className="nothing">It waits for no job, and no job waits for it.</p>
  return (
    <div className="graph">
      <p className="graph-words">
        A line goes from a job to one that waits for it: for all of it, or, dashed, for <i>any</i> of its leaves;
        dotted, <i>frame by frame</i>.{data.left > 0 && ` ${plural(data.left, 'more job')} further away.`}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to get there. */}
      <div className="graph-scroll" tabIndex={0} role="region" aria-label="Dependencies">
        <Picture drawing={drawing} id={id} />
      </div>
    </div>
  )
}

function Picture({ drawing: { width, height, nodes, edges }, id }: { drawing: Drawing; id: number }) {
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label="Jobs">
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
          <path className="graph-arrow" d="M0 0L8 4L0 8z" />
        </marker>
      </defs>
      {edges.map(({ job, dependency, kind, path, x, y }) => (
        <g key={`${job} ${dependency}`} className="graph-edge" data-kind={kind}>
          <path d={path} markerEnd="url(#arrow)" />
          {kind !== 'all' && (
            <text x={x} y={y - 5}>
              {WORDS[kind]}
            </text>
          )}
        </g>
      ))}
      {nodes.map((node) => (
        <Node key={node.id} node={node} here={node.id === id} />
      ))}
    </svg>
  )
}

/** Letters that a box has room for. */
const MOST_LETTERS = 19

function Node({ node, here }: { node: Drawing['nodes'][number]; here: boolean }) {
  const job: Pick<JobGraph['jobs'][number], 'title' | 'state'> = useRow(jobRows, node.id) ?? node
  const title = job.title || 'no title'
  return (
    <Link href={jobAddress(node.id)}>
      <g
        className="graph-node"
        data-state={job.state}
        data-here={here}
        data-group={node.group}
        transform={`translate(${node.x} ${node.y})`}
      >
        {title.length > MOST_LETTERS && <title>{title}</title>}
        <rect width={NODE.width} height={NODE.height} rx="6" />
        <g transform="translate(10 12)" className="icon" data-solid={isSolid(job.state)}>
          <path d={STATE_SHAPES[job.state]} />
        </g>
        <text x="34" y="17">
          {title.length > MOST_LETTERS ? `${title.slice(0, MOST_LETTERS - 1)}…` : title}
        </text>
        <text x="34" y="31" className="graph-small">
          #{node.id} {job.state}
        </text>
      </g>
    </Link>
  )
}
