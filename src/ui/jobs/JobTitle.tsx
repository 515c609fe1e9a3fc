import { Fragment } from 'react'
import type { Job } from '../../models.ts'
import { jobRows } from '../data/live.ts'
import { useRow } from '../data/rows.ts'
import { useWatch } from '../data/stream.ts'
import { Icon } from '../parts/Icon.tsx'
import { isGroup, type Place } from './columnKinds.tsx'

export function JobTitle({ job, place }: { job: Job; place: Place }) {
  const { depth, open, toggle, through } = place
  return (
    <span className="job-title" style={{ paddingInlineStart: depth * 16 }} data-through={through}>
      {isGroup(job) && open !== undefined ? (
        <button
          type="button"
          className="twisty"
          tabIndex={-1}
          data-open={open}
          aria-label={open ? 'Close' : 'Open'}
          onClick={toggle}
        >
          <Icon name="open" />
        </button>
      ) : (
        <i className="twisty" />
      )}
      <span
        className="job-name"
        data-group={isGroup(job)}
        title={through ? `${job.title}: it does not pass the filter, and leads to what does` : job.title}
      >
        {job.title ? <Title text={job.title} /> : <em>no title</em>}
      </span>
    </span>
  )
}

/** Letters of a title that are never cut, at the width that the column has to begin with. */
const SHORT = 18
const NUMBERED = /^(.*\s)(\S{0,12}\d\S{0,12})$/s

/** Frames have the title of their group, and their number at its end: a title that is too long is cut before it. */
function Title({ text }: { text: string }) {
  const [, before, number] = (text.length > SHORT && NUMBERED.exec(text)) || []
  if (before === undefined) return text
  return (
    <span className="cut-before">
      <span>{before}</span>
      <span>{number}</span>
    </span>
  )
}

/** Where a job is, below the group that is listed. The nearest groups say most, so the beginning is what is cut. */
export function JobPath({ job, place: { listed } }: { job: Job; place: Place }) {
  return (
    job.parent !== listed && (
      <span className="job-path">
        <bdi>
          <Path id={job.parent} from={listed} />
        </bdi>
      </span>
    )
  )
}

/** The titles of the groups on the way, as far as they are known: they come with the rows. */
function Path({ id, from }: { id: number; from: number }) {
  const group = useRow(jobRows, id)
  useWatch({ jobs: [id] })
  if (!group) return `#${id}`
  return (
    <Fragment>
      {group.parent !== from && group.parent !== 0 && (
        <>
          <Path id={group.parent} from={from} /> ›{' '}
        </>
      )}
      {group.title || `#${id}`}
    </Fragment>
  )
}
