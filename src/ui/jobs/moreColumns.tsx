/** Columns that are not shown until somebody asks for them. */
import type { Job } from '../../models.ts'
import { count, duration, moment } from '../parts/format.ts'
import type { Column } from '../table/columns.ts'
import { number, type Place, text } from './columnKinds.tsx'

type Numbers = 'memory' | 'cores' | 'gpus' | 'max_workers' | 'error_limit'
type Seconds = 'timeout' | 'idle_timeout' | 'min_run_time' | 'retry_delay'

/** 0 is said by nothing: it means that there is none. */
const amount =
  <Id extends Numbers | Seconds>(written: (value: number) => string) =>
  (id: Id, label: string, width: number): Column<Job, Place> => ({
    id,
    label,
    width,
    sort: id,
    extra: true,
    ...number(
      (job) => job[id],
      (job) => (job[id] > 0 ? written(job[id]) : null),
    ),
  })
const some = amount<Numbers>(count)
const seconds = amount<Seconds>(duration)
const words = (id: Parameters<typeof text>[0], label: string, width: number): Column<Job, Place> => ({
  id,
  label,
  width,
  sort: id,
  extra: true,
  ...text(id),
})

export const MORE_COLUMNS: readonly Column<Job, Place>[] = [
  { id: 'run_done', label: 'Runs', width: 56, sort: 'run_done', extra: true, ...number((job) => job.run_done) },
  words('command', 'Command', 260),
  words('dir', 'Directory', 180),
  {
    id: 'dependencies',
    label: 'Dependencies',
    width: 120,
    sort: 'dependencies',
    extra: true,
    cell: (job) => dependenciesOf(job),
    value: (job) => dependenciesOf(job),
  },
  seconds('timeout', 'Timeout', 76),
  seconds('idle_timeout', 'Silent for', 82),
  seconds('min_run_time', 'Shortest', 80),
  {
    id: 'start_after',
    label: 'Start after',
    width: 112,
    sort: 'start_after',
    extra: true,
    ...number(
      (job) => job.start_after,
      (job) => moment(job.start_after, Date.now() / 1000),
    ),
  },
  { id: 'retry', label: 'Retry', width: 58, sort: 'retry', extra: true, ...number((job) => job.retry) },
  seconds('retry_delay', 'Retry delay', 92),
  {
    id: 'retry_growth',
    label: 'Growth',
    width: 68,
    sort: 'retry_growth',
    extra: true,
    ...number(
      (job) => job.retry_growth,
      (job) => (job.retry_growth > 1 ? `× ${job.retry_growth}` : null),
    ),
  },
  some('error_limit', 'Error limit', 86),
  words('fatal', 'Fatal output', 120),
  words('success', 'Good output', 120),
  words('limits', 'Limits', 90),
  some('max_workers', 'Workers at once', 116),
  some('memory', 'Memory (MB)', 98),
  some('cores', 'Cores', 60),
  some('gpus', 'GPUs', 58),
]

const dependenciesOf = ({ dependencies, dependency_kinds }: Job): string =>
  dependencies.map((id) => `#${id}${dependency_kinds[id] ? ` (${dependency_kinds[id]})` : ''}`).join(' ')
