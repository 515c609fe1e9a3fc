import { Link } from 'wouter'
import { farm } from '../data/live.ts'
import { useStore } from '../data/store.ts'
import { asking } from './asking.ts'

/** What stands there when a list is empty; on a new farm, how to begin. */
export function NoJobs({ group, filtered, gone }: { group: number; filtered: boolean; gone: boolean }) {
  const health = useStore(farm)
  const add = (
    <button
      type="button"
      className="button"
      data-kind="main"
      onClick={() => asking.set({ kind: 'add', parent: group })}
    >
      New job
    </button>
  )
  if (gone)
    return (
      <p role="status">
        Group {group} is gone: it was deleted. <Link href="/jobs">To the jobs</Link>
      </p>
    )
  if (filtered) return <p>No job passes the filter.</p>
  if (group !== 0)
    return (
      <>
        <p>This group is empty.</p>
        {add}
      </>
    )
  return (
    <section className="first-use" aria-label="How to begin">
      <h2>The farm is ready for its first job</h2>
      <ol>
        <li data-done={health !== undefined && health.workers.total > 0}>
          <p>
            {health && health.workers.total > 0
              ? 'Workers are there. More of them, on any machine:'
              : 'Start a worker, on any machine that reaches this server:'}
          </p>
          <code>coalition worker {location.origin}</code>
        </li>
        <li>
          <p>Submit a job, from a shell or a script:</p>
          <code>coalition jobs add --server {location.origin} --title hello -- echo hello world</code>
          <p>or by a form, here:</p>
          {add}
        </li>
      </ol>
      <p>
        The API is at <a href="/docs">/docs</a>
        <span className="wide-only">
          ; the keys of this page are at <kbd>?</kbd>
        </span>
        .
      </p>
    </section>
  )
}
