/** The runs of a job, and of all below it, as a table that is live. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { useLocation } from 'wouter'
import type { Event, Job } from '../../models.ts'
import { serverNow, useNow } from '../data/clock.ts'
import { jobRuns } from '../data/jobCalls.ts'
import { RowStore, useRow } from '../data/rows.ts'
import { stream, useWatch } from '../data/stream.ts'
import { CommandContextMenu } from '../parts/CommandMenu.tsx'
import { duration, moment } from '../parts/format.ts'
import { jobAddress } from '../parts/JobLink.tsx'
import { StateMark } from '../parts/StateMark.tsx'
import type { CellsProps } from '../table/Body.tsx'
import { cellOf } from '../table/Cell.tsx'
import { type Column, useColumns } from '../table/columns.ts'
import { Grid } from '../table/Grid.tsx'
import type { Sort } from '../table/Header.tsx'
import { type Lines, nothing, type Selection } from '../table/selection.ts'
import { dateOf } from './facts.ts'
import { WorkerLink } from './JobName.tsx'

/** Rows that are kept; older ones are in the activity of the farm. */
const MOST = 1000

const rows = new RowStore<number, Event>()

const COLUMNS: readonly Column<Event>[] = [
  {
    id: 'id',
    label: 'Run',
    width: 76,
    sort: 'id',
    end: true,
    fixed: true,
    cell: ({ id }) => id,
    value: ({ id }) => id,
  },
  {
    id: 'job',
    label: 'Job',
    width: 220,
    sort: 'job_id',
    wide: true,
    narrow: 1,
    cell: ({ job_id, job_title }) => (
      <span title={`#${job_id} ${job_title}`}>
        #{job_id} {job_title}
      </span>
    ),
    value: ({ job_id }) => job_id,
  },
  {
    id: 'state',
    label: 'State',
    width: 104,
    sort: 'state',
    narrow: 56,
    cell: ({ state }) => <StateMark state={state} />,
    value: ({ state }) => state,
  },
  {
    id: 'worker',
    label: 'Worker',
    width: 130,
    sort: 'worker',
    narrow: 96,
    cell: ({ worker }) => <WorkerLink name={worker} />,
    value: ({ worker }) => worker,
  },
  {
    id: 'start',
    label: 'Start',
    width: 124,
    sort: 'start',
    cell: ({ start }) => <span title={dateOf(start)}>{moment(start, serverNow())}</span>,
    value: ({ start }) => start,
  },
  {
    id: 'duration',
    label: 'Duration',
    width: 84,
    sort: 'duration',
    end: true,
    narrow: 76,
    cell: (run) => (run.state === 'WORKING' ? <Going start={run.start} /> : duration(run.duration)),
    value: (run) => run.duration,
  },
]

function Going({ start }: { start: number }) {
  return duration(Math.max(0, useNow() - start))
}

function RunCells({ of, columns }: CellsProps<number, Event, unknown>) {
  const run = useRow(rows, of)
  return columns.map((column) => cellOf(column, run && column.cell(run, undefined)))
}

export function Runs({ job }: { job: Job }) {
  const group = job.command === ''
  const model = useColumns(group ? 'runs' : 'runs of one', group ? COLUMNS : COLUMNS.filter(({ id }) => id !== 'job'))
  const [, go] = useLocation()
  const [sort, setSort] = useState<Sort>()
  const [selection, setSelection] = useState<Selection<number>>(nothing)
  const { ids, pending } = useRuns(job.id, group)
  const lines = useMemo<Lines<number>>(() => {
    const sorted = sort ? sortedBy(ids, sort) : ids
    return { count: sorted.length, at: (index) => sorted[index], indexOf: (id) => sorted.indexOf(id) }
  }, [ids, sort])
  const open = (id: number) => {
    const run = rows.get(id)
    if (run && run.job_id !== job.id) go(jobAddress(run.job_id))
  }
  return (
    <CommandContextMenu
      commands={[
        {
          id: 'open',
          label: 'Open its job',
          group: 'Runs',
          unable: selection.active === undefined ? 'No run is selected.' : undefined,
          run: () => selection.active !== undefined && open(selection.active),
        },
      ]}
    >
      <Grid
        label="Runs"
        model={model}
        lines={lines}
        cells={RunCells}
        selection={selection}
        onSelect={setSelection}
        sort={sort}
        onSort={setSort}
        onVisible={NOTHING}
        textOf={(id) => rows.get(id)?.worker}
        onKey={(event) => {
          if (event.key !== 'Enter' || selection.active === undefined) return false
          open(selection.active)
          return true
        }}
        onOpen={open}
        empty={pending ? '' : 'It never ran.'}
      />
    </CommandContextMenu>
  )
}

const NOTHING = () => undefined

function sortedBy(ids: readonly number[], { field, descending }: Sort): readonly number[] {
  const key = (id: number) => rows.get(id)?.[field as keyof Event] ?? 0
  const order = ids.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a - b))
  return descending ? order.reverse() : order
}

/** The newest first; new ones come by the stream. */
function useRuns(id: number, group: boolean) {
  const client = useQueryClient()
  useWatch({ events: group ? { within: id } : { job: id } })
  const { data, isPending } = useQuery({
    queryKey: ['runs', id],
    queryFn: async () => {
      const runs = await jobRuns(id)
      for (const run of runs) rows.put(run.id, run)
      return runs.map((run) => run.id)
    },
  })
  useEffect(
    () =>
      stream.listen(({ events, eventsMissed }) => {
        if (eventsMissed) void client.invalidateQueries({ queryKey: ['runs', id] })
        if (!events) return
        for (const run of events) rows.put(run.id, run)
        const fresh = events.map((run) => run.id).sort((a, b) => b - a)
        client.setQueryData<number[]>(['runs', id], (known) => {
          const added = fresh.filter((run) => !known?.includes(run))
          return known && added.length > 0 ? [...added, ...known].slice(0, MOST) : known
        })
      }),
    [client, id],
  )
  return { ids: data ?? [], pending: isPending }
}
