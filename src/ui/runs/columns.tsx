import { Link } from 'wouter'
import type { Event } from '../../models.ts'
import { serverNow, useNow } from '../data/clock.ts'
import { RowStore, useRow } from '../data/rows.ts'
import { duration, moment } from '../parts/format.ts'
import { JobLink } from '../parts/JobLink.tsx'
import { StateMark } from '../parts/StateMark.tsx'
import type { CellsProps } from '../table/Body.tsx'
import { cellOf } from '../table/Cell.tsx'
import type { Column } from '../table/columns.ts'

/** Every run that the page knows, whichever view asked for it. */
export const runRows = new RowStore<number, Event>()

export const RUN_COLUMNS: readonly Column<Event>[] = [
  { id: 'id', label: 'Run', width: 80, sort: 'id', end: true, cell: ({ id }) => id, value: ({ id }) => id },
  {
    id: 'state',
    label: 'State',
    width: 100,
    sort: 'state',
    narrow: 56,
    cell: ({ state }) => <StateMark state={state} />,
    value: ({ state }) => state,
  },
  {
    id: 'title',
    label: 'Job',
    width: 260,
    sort: 'title',
    fixed: true,
    wide: true,
    narrow: 1,
    cell: ({ job_id, job_title }) => <JobLink id={job_id} title={job_title} />,
    value: ({ job_title }) => job_title,
  },
  {
    id: 'job',
    label: 'Job ID',
    width: 80,
    sort: 'job',
    end: true,
    cell: ({ job_id }) => job_id,
    value: ({ job_id }) => job_id,
  },
  {
    id: 'worker',
    label: 'Worker',
    width: 150,
    sort: 'worker',
    cell: ({ worker }) => (
      <Link href={`/farm/workers?${new URLSearchParams({ worker })}`} tabIndex={-1}>
        {worker}
      </Link>
    ),
    value: ({ worker }) => worker,
  },
  {
    id: 'start',
    label: 'Start',
    width: 110,
    sort: 'start',
    end: true,
    narrow: 84,
    cell: ({ start }) => moment(start, serverNow()),
    value: ({ start }) => start,
  },
  {
    id: 'duration',
    label: 'Duration',
    width: 90,
    sort: 'duration',
    end: true,
    narrow: 76,
    cell: (run) => (run.state === 'WORKING' ? <Going start={run.start} /> : duration(run.duration)),
    value: (run) => (run.state === 'WORKING' ? serverNow() - run.start : run.duration),
  },
]

/** Of one job: which one needs not be said on each row. */
export const RUN_COLUMNS_OF_ONE: readonly Column<Event>[] = RUN_COLUMNS.filter(
  ({ id }) => id !== 'title' && id !== 'job',
).map((column) => (column.id === 'worker' ? { ...column, fixed: true, wide: true, narrow: 1 } : column))

const Going = ({ start }: { start: number }) => duration(Math.max(0, useNow() - start))

export function RunCells({ of, columns }: CellsProps<number, Event, unknown>) {
  const run = useRow(runRows, of)
  return columns.map((column) => cellOf(column, run && column.cell(run, undefined)))
}
