import type { Worker } from '../../models.ts'
import { useNow } from '../data/clock.ts'
import { jobRows } from '../data/live.ts'
import { useRow } from '../data/rows.ts'
import { Bar } from '../parts/Bar.tsx'
import { duration, memory } from '../parts/format.ts'
import { JobLink } from '../parts/JobLink.tsx'
import { averageLoad, loadsOf } from './state.ts'

/** Bars that are told apart at the width of a cell; of more cores, neighbours are one bar. */
const MOST_BARS = 32

/** A bar a core, as one path: 40 rows of 32 elements each would be most of the page. */
export function CpuBars({ worker, word = true }: { worker: Worker; word?: boolean }) {
  const loads = loadsOf(worker)
  if (loads.length === 0) return null
  const each = Math.ceil(loads.length / MOST_BARS)
  const bars = Array.from({ length: Math.ceil(loads.length / each) }, (_, i) =>
    averageLoad(loads.slice(i * each, (i + 1) * each)),
  )
  const average = Math.round(averageLoad(loads))
  const path = bars.map((load, i) => `M${i + 0.1} 100V${100 - Math.max(3, load)}h.8V100z`).join('')
  return (
    <span className="cpu" title={`${loads.length} cores, ${average}% on average`}>
      <svg viewBox={`0 0 ${bars.length} 100`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <path d={path} />
      </svg>
      {word && <span className="meter-word">{average}%</span>}
    </span>
  )
}

/** Of the memory: the next run may not find what it needs. */
const MUCH = 0.9

/** What is used of the machine's memory. */
export function MemoryMeter({ worker: { free_memory, total_memory } }: { worker: Worker }) {
  if (total_memory === 0) return null
  const used = Math.max(0, total_memory - free_memory)
  const share = used / total_memory
  return (
    <span className="meter" title={`${memory(used)} of ${memory(total_memory)} are used`}>
      <Bar parts={[{ share, colour: share > MUCH ? 'var(--pending)' : 'var(--accent)' }]} />
      <span className="meter-word">{memory(used)}</span>
    </span>
  )
}

/** What runs take of what was declared; nothing, where nothing was. */
export const Taken = ({ taken, of }: { taken: number; of: number }) =>
  of === 0 && taken === 0 ? null : (
    <>
      <b className="taken" data-some={taken > 0}>
        {taken}
      </b>
      /{of}
    </>
  )

/** Silence that is no accident any more; the server decides later, by its own worker_timeout. */
const LATE_SECONDS = 20

export function LastSign({ worker: { ping_time } }: { worker: Worker }) {
  const silent = Math.max(0, useNow() - ping_time)
  if (ping_time === 0) return null
  return <span data-late={silent > LATE_SECONDS}>{silent < 3 ? 'now' : duration(silent)}</span>
}

/** The job that it has, as far as it is. */
export const jobOf = (worker: Worker | undefined): number | undefined =>
  worker?.state === 'WORKING' && worker.last_job > 0 ? worker.last_job : undefined

export function CurrentJob({ worker }: { worker: Worker }) {
  const id = jobOf(worker)
  const job = useRow(jobRows, id ?? 0)
  return id === undefined ? null : <JobLink id={id} title={job?.title} />
}

export function CurrentProgress({ worker }: { worker: Worker }) {
  const id = jobOf(worker)
  const job = useRow(jobRows, id ?? 0)
  if (id === undefined) return null
  const progress = job?.progress ?? 0
  return (
    <span className="progress">
      <Bar parts={[{ share: progress, colour: 'var(--working)' }]} />
      <span className="progress-word">{job ? `${Math.floor(100 * progress)}%` : ''}</span>
    </span>
  )
}
