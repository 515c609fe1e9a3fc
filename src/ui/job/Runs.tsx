/** The runs of a job, and of all below it, as a table that is live. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { Job } from '../../models.ts'
import { jobRuns } from '../data/jobCalls.ts'
import { stream, useWatch } from '../data/stream.ts'
import { RUN_COLUMNS, RUN_COLUMNS_OF_ONE, runRows } from '../runs/columns.tsx'
import { RunTable } from '../runs/RunTable.tsx'

/** Rows that are kept; older ones are in the activity of the farm. */
const MOST = 1000

export function Runs({ job }: { job: Job }) {
  const group = job.command === ''
  const { ids, pending } = useRuns(job.id, group)
  return (
    <RunTable
      name={group ? 'runs' : 'runs of one'}
      columns={group ? RUN_COLUMNS : RUN_COLUMNS_OF_ONE}
      ids={ids}
      textOf={({ worker }) => worker}
      empty={pending ? '' : 'It never ran.'}
    />
  )
}

/** The newest first; new ones come by the stream. */
function useRuns(id: number, group: boolean) {
  const client = useQueryClient()
  useWatch({ events: group ? { within: id } : { job: id } })
  const { data, isPending } = useQuery({
    queryKey: ['runs', id],
    queryFn: async () => {
      const runs = await jobRuns(id)
      for (const run of runs) runRows.put(run.id, run)
      return runs.map((run) => run.id)
    },
  })
  useEffect(
    () =>
      stream.listen(({ events, eventsMissed }) => {
        if (eventsMissed) void client.invalidateQueries({ queryKey: ['runs', id] })
        if (!events) return
        for (const run of events) runRows.put(run.id, run)
        const fresh = events.map((run) => run.id).sort((a, b) => b - a)
        client.setQueryData<number[]>(['runs', id], (known) => {
          const added = fresh.filter((run) => !known?.includes(run))
          return known && added.length > 0 ? [...added, ...known].slice(0, MOST) : known
        })
      }),
    [client, id],
  )
  return { ids: data ?? NONE, pending: isPending }
}

const NONE: readonly number[] = []
