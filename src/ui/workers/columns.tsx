import type { Worker } from '../../models.ts'
import { jobRows } from '../data/live.ts'
import { count, moment } from '../parts/format.ts'
import { StateMark } from '../parts/StateMark.tsx'
import type { Column } from '../table/columns.ts'
import { CpuBars, CurrentJob, CurrentProgress, jobOf, LastSign, MemoryMeter, Taken } from './Meters.tsx'
import { averageLoad, loadsOf, shownState } from './state.ts'

/** Lines of affinity on one line. */
export const affinityText = ({ affinity }: Pick<Worker, 'affinity'>): string => affinity.split('\n').join(' | ')

const text = (read: (worker: Worker) => string) => ({
  cell: read,
  value: read,
})
const counted = (read: (worker: Worker) => number, state: 'FINISHED' | 'ERROR') => ({
  end: true,
  cell: (worker: Worker) => (
    <span className="counted" data-state={read(worker) > 0 ? state : undefined}>
      {count(read(worker))}
    </span>
  ),
  value: read,
})

export const WORKER_COLUMNS: readonly Column<Worker>[] = [
  {
    id: 'name',
    label: 'Name',
    width: 110,
    sort: 'name',
    fixed: true,
    narrow: 100,
    cell: (worker) => <b className="worker-name">{worker.name}</b>,
    value: (worker) => worker.name,
  },
  {
    id: 'state',
    label: 'State',
    width: 96,
    sort: 'state',
    narrow: 56,
    cell: (worker) => <StateMark state={shownState(worker)} />,
    value: shownState,
  },
  {
    id: 'job',
    label: 'Job',
    width: 150,
    sort: 'job',
    wide: true,
    narrow: 1,
    cell: (worker) => <CurrentJob worker={worker} />,
    value: (worker) => jobOf(worker) ?? 0,
  },
  {
    id: 'progress',
    label: 'Progress',
    width: 96,
    narrow: 96,
    cell: (worker) => <CurrentProgress worker={worker} />,
    value: (worker) => jobRows.get(jobOf(worker) ?? 0)?.progress ?? 0,
  },
  {
    id: 'cpu',
    label: 'CPU',
    width: 116,
    sort: 'cpu',
    cell: (worker) => <CpuBars worker={worker} />,
    value: (worker) => Math.round(averageLoad(loadsOf(worker))),
  },
  {
    id: 'memory',
    label: 'Memory',
    width: 108,
    sort: 'memory',
    cell: (worker) => <MemoryMeter worker={worker} />,
    value: (worker) => worker.total_memory - worker.free_memory,
  },
  {
    id: 'cores',
    label: 'Cores',
    width: 60,
    sort: 'cores',
    end: true,
    cell: (worker) => <Taken taken={worker.taken_cores} of={worker.cores} />,
    value: (worker) => worker.cores,
  },
  {
    id: 'gpus',
    label: 'GPUs',
    width: 52,
    sort: 'gpus',
    end: true,
    cell: (worker) => <Taken taken={worker.taken_gpus} of={worker.gpus} />,
    value: (worker) => worker.gpus,
  },
  {
    id: 'seen',
    label: 'Seen',
    width: 60,
    sort: 'seen',
    end: true,
    cell: (worker) => <LastSign worker={worker} />,
    value: (worker) => worker.ping_time,
  },
  { id: 'finished', label: 'OK', width: 54, sort: 'finished', ...counted(({ finished }) => finished, 'FINISHED') },
  { id: 'error', label: 'Errors', width: 54, sort: 'error', ...counted(({ error }) => error, 'ERROR') },
  { id: 'host', label: 'Host', width: 84, sort: 'host', ...text(({ host }) => host) },
  { id: 'affinity', label: 'Affinity', width: 130, sort: 'affinity', ...text(affinityText) },
  { id: 'ip', label: 'Address', width: 110, sort: 'ip', extra: true, ...text(({ ip }) => ip) },
  {
    id: 'start_time',
    label: 'First seen',
    width: 96,
    sort: 'start_time',
    extra: true,
    end: true,
    cell: (worker) => moment(worker.start_time, Date.now() / 1000),
    value: (worker) => worker.start_time,
  },
]
