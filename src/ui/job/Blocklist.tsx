import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNow } from '../data/clock.ts'
import { blocklist, clearBlocklist } from '../data/jobCalls.ts'
import { moment } from '../parts/format.ts'
import { complain, say } from '../shell/toasts.tsx'
import { WorkerLink } from './JobName.tsx'
import { useNews } from './useWhy.ts'

export function useBlocklist(root: number) {
  useNews(['blocklist', root], root)
  return useQuery({ queryKey: ['blocklist', root], queryFn: () => blocklist(root) })
}

/** The workers that failed in a job too often to get more of it, and how to let them have it again. */
export function Blocklist({ root, title }: { root: number; title: string }) {
  const client = useQueryClient()
  const now = useNow()
  const { data, error } = useBlocklist(root)
  const clear = async (workers: readonly string[]) => {
    try {
      await clearBlocklist(root, workers)
      say(workers.length > 0 ? `${workers.join(', ')} may have jobs of “${title}” again` : 'The blocklist is empty')
    } catch (error) {
      complain('Could not clear the blocklist', error)
    }
    await client.invalidateQueries({ queryKey: ['blocklist', root] })
    await client.invalidateQueries({ queryKey: ['why'] })
  }
  if (error) return <p className="form-error">{error.message}</p>
  if (!data) return null
  if (data.length === 0) return <p className="nothing">No worker failed in this job.</p>
  return (
    <div className="plain-scroll">
      <table className="plain">
        <thead>
          <tr>
            <th>Worker</th>
            <th>Failed runs</th>
            <th>Last</th>
            <th>Gets more of it</th>
            <th>
              {data.length > 1 && (
                <button type="button" className="button" onClick={() => void clear([])}>
                  Clear all {data.length}
                </button>
              )}
            </th>
          </tr>
        </thead>
        <tbody>
          {data.map(({ worker, failures, since, blocked }) => (
            <tr key={worker}>
              <td>
                <WorkerLink name={worker} />
              </td>
              <td>{failures}</td>
              <td>{moment(since, now)}</td>
              <td data-state={blocked ? 'ERROR' : undefined}>{blocked ? 'No, it is blocked' : 'Yes'}</td>
              <td>
                <button type="button" className="button" onClick={() => void clear([worker])}>
                  Clear<span className="unseen"> {worker}</span>
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
