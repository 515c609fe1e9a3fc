import type { JobTotals } from '../../answers.ts'
import type { Job } from '../../models.ts'
import { useNow } from '../data/clock.ts'
import { farm, jobRows } from '../data/live.ts'
import { useRow } from '../data/rows.ts'
import { useStore } from '../data/store.ts'
import { average, duration } from '../parts/format.ts'
import { Steady } from '../parts/Steady.tsx'
import { Listed, Sum, wordFor } from '../parts/Sums.tsx'
import { durationAt } from './estimate.ts'
import { seenAt } from './seen.ts'

interface FooterProps {
  group: number
  filtered: boolean
  /** Undefined: nobody has said yet. */
  rows: number | undefined
  /** Of the rows, those that pass the filter, where there are others. */
  hits: number | undefined
  selected: number
  totals: JobTotals | undefined
}

/** Sums over all leaves of the list; of a whole group, or the whole farm, as they are now. */
export function Footer({ group, filtered, rows, hits, selected, totals }: FooterProps) {
  const health = useStore(farm)
  const job = useRow(jobRows, group)
  const now = useNow()
  const sums =
    filtered || !totals
      ? totals
      : group === 0
        ? { ...totals, ...ofFarm(health?.jobs) }
        : job
          ? ofGroup(job, now)
          : totals
  return (
    <footer className="totals">
      <Listed number={hits ?? rows} word={hits === undefined ? 'row' : 'hit'} selected={selected} />
      {sums && (
        <>
          <span>
            <Steady number={sums.jobs} /> {wordFor(sums.jobs, 'job')}
          </span>
          <Sum state="FINISHED" number={sums.finished} word="finished" />
          <Sum state="WORKING" number={sums.working} word="working" />
          <Sum state="ERROR" number={sums.errors} word={wordFor(sums.errors, 'error')} />
          <span className="wide-only">
            <b>{duration(sums.duration)}</b> rendered
          </span>
          {sums.finished > 0 && (
            <span className="wide-only">
              <b>{average(sums.duration / Math.max(1, sums.finished + sums.errors + sums.working))}</b> each on average
            </span>
          )}
        </>
      )}
    </footer>
  )
}

const ofFarm = (jobs: { total: number; working: number; finished: number; errors: number } | undefined) =>
  jobs && { jobs: jobs.total, working: jobs.working, finished: jobs.finished, errors: jobs.errors }

const ofGroup = (job: Job, now: number): JobTotals => ({
  jobs: job.total,
  finished: job.total_finished,
  working: job.total_working,
  errors: job.total_errors,
  duration: durationAt(job, seenAt(job), now),
})
