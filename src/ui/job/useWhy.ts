import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { whyJob } from '../data/jobCalls.ts'
import { farm, jobRows } from '../data/live.ts'

/** The job itself changed: asked again so often at most. */
const JOB_MS = 500
/** Anything on the farm did, and the reason may be another one. */
const FARM_MS = 5000

/** Why a job is in its state, asked again when that may have changed. */
export function useWhy(id: number) {
  useNews(['why', id], id, FARM_MS)
  return useQuery({
    queryKey: ['why', id],
    queryFn: () => whyJob(id),
    // What waits for a time waits for less and less of it, and nothing tells that.
    refetchInterval: ({ state }) => state.data?.reasons.some(({ since }) => since !== undefined) && FARM_MS,
  })
}

/** Asks for something about a job again when the job changes, or, more seldom, the farm. */
export function useNews(queryKey: readonly [string, number], id: number, farmMs?: number): void {
  const client = useQueryClient()
  const [name] = queryKey
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let due = Number.POSITIVE_INFINITY
    const within = (ms: number) => () => {
      if (Date.now() + ms >= due) return
      clearTimeout(timer)
      due = Date.now() + ms
      timer = setTimeout(() => {
        due = Number.POSITIVE_INFINITY
        void client.invalidateQueries({ queryKey: [name, id] })
      }, ms)
    }
    const leaves = [
      jobRows.subscribe(id, within(JOB_MS)),
      farmMs === undefined ? () => undefined : farm.subscribe(within(farmMs)),
    ]
    return () => {
      clearTimeout(timer)
      for (const leave of leaves) leave()
    }
  }, [client, name, id, farmMs])
}
