import { useCallback, useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { Event } from '../../models.ts'
import { serverNow, useNow } from '../data/clock.ts'
import { useRow } from '../data/rows.ts'
import { duration, moment } from '../parts/format.ts'
import { JobLink, jobAddress } from '../parts/JobLink.tsx'
import { StateMark } from '../parts/StateMark.tsx'
import type { CellsProps } from '../table/Body.tsx'
import { cellOf } from '../table/Cell.tsx'
import { type Column, useColumns } from '../table/columns.ts'
import { Grid } from '../table/Grid.tsx'
import type { Sort } from '../table/Header.tsx'
import { kept, nothing, type Selection } from '../table/selection.ts'
import { linesOf } from '../workers/lines.ts'
import { runRows } from './useRuns.ts'

const COLUMNS: readonly Column<Event>[] = [
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
      <Link href={`/farm/workers?worker=${encodeURIComponent(worker)}`} tabIndex={-1}>
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
    cell: (run) => (run.state === 'WORKING' ? <Going start={run.start} /> : duration(run.duration)),
    value: (run) => (run.state === 'WORKING' ? serverNow() - run.start : run.duration),
  },
]

const Going = ({ start }: { start: number }) => duration(Math.max(0, useNow() - start))

function RunCells({ of, columns }: CellsProps<number, Event, unknown>) {
  const run = useRow(runRows, of)
  return columns.map((column) => cellOf(column, run && column.cell(run, undefined)))
}

const nobody = () => undefined

export function RunTable({ runs, empty }: { runs: readonly Event[]; empty: string }) {
  const [, go] = useLocation()
  const [sort, setSort] = useState<Sort>()
  const [selected, setSelected] = useState<Selection<number>>(nothing)
  const model = useColumns('runs', COLUMNS)
  const lines = useMemo(() => {
    const column = COLUMNS.find((each) => each.sort === sort?.field)
    if (!sort || !column) return linesOf(runs.map(({ id }) => id))
    const sign = sort.descending ? -1 : 1
    const by = runs.map((run) => ({ id: run.id, value: column.value(run) }))
    by.sort((a, b) => sign * (a.value < b.value ? -1 : a.value > b.value ? 1 : a.id - b.id))
    return linesOf(by.map(({ id }) => id))
  }, [runs, sort])
  const selection = useMemo(() => kept(selected, lines), [selected, lines])
  const open = useCallback(
    (id: number | undefined) => {
      const run = id === undefined ? undefined : runRows.get(id)
      if (run) go(jobAddress(run.job_id))
    },
    [go],
  )
  return (
    <Grid
      label="Runs"
      model={model}
      lines={lines}
      cells={RunCells}
      selection={selection}
      onSelect={setSelected}
      sort={sort}
      onSort={setSort}
      onVisible={nobody}
      textOf={(id) => runRows.get(id)?.job_title}
      onKey={(event) => {
        if (event.key !== 'Enter') return false
        open(selection.active)
        return true
      }}
      onOpen={open}
      empty={empty}
    />
  )
}
