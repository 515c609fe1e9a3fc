import { Link } from 'wouter'
import { jobRows } from '../data/live.ts'
import { useRow } from '../data/rows.ts'
import { useWatch } from '../data/stream.ts'
import { Icon } from '../parts/Icon.tsx'

/** Where in the tree the list is: each group on the way from the root. */
export function Crumbs({ group }: { group: number }) {
  return (
    <nav className="crumbs" aria-label="Groups">
      <ol>
        <li>
          <Link href="/jobs" aria-current={group === 0 ? 'page' : undefined}>
            All jobs
          </Link>
        </li>
        {group !== 0 && <Crumb id={group} current />}
      </ol>
    </nav>
  )
}

export function Crumb({ id, current = false }: { id: number; current?: boolean }) {
  const job = useRow(jobRows, id)
  useWatch({ jobs: [id] })
  return (
    <>
      {job && job.parent !== 0 && <Crumb id={job.parent} />}
      <li>
        <Icon name="open" />
        <Link href={`/jobs/${id}`} aria-current={current ? 'page' : undefined}>
          {job?.title || `#${id}`}
        </Link>
      </li>
    </>
  )
}
