/** The page of one job. */
import { Tabs } from '@base-ui/react/tabs'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useMemo, useState } from 'react'
import { Link, useLocation, useParams } from 'wouter'
import type { Job } from '../../models.ts'
import { getJob } from '../data/jobCalls.ts'
import { jobRows } from '../data/live.ts'
import { useRow } from '../data/rows.ts'
import { useWatch } from '../data/stream.ts'
import { JOB_COLUMNS } from '../jobs/columns.tsx'
import { JobDialogs } from '../jobs/JobDialogs.ts'
import { useJobCommands } from '../jobs/useJobCommands.ts'
import { CommandContextMenu } from '../parts/CommandMenu.tsx'
import { plural } from '../parts/format.ts'
import { jobAddress } from '../parts/JobLink.tsx'
import { useAddress } from '../parts/useAddress.ts'
import { useCommands } from '../shell/commands.ts'
import type { Selection } from '../table/selection.ts'
import { Blocklist } from './Blocklist.tsx'
import { Facts } from './Facts.tsx'
import { DurationChart } from './frames/DurationChart.tsx'
import { type Range, Strip } from './frames/Strip.tsx'
import { StripRoom } from './frames/StripRoom.tsx'
import { type LiveFrames, useFrames } from './frames/useFrames.ts'
import { Graph } from './Graph.tsx'
import { Head } from './Head.tsx'
import { LogView } from './log/LogView.tsx'
import { Runs } from './Runs.tsx'

/** Of what is selected on the strip, rows that are followed: what the actions show at once. */
const MOST_FOLLOWED = 200

export function JobView() {
  const id = Number(useParams<{ id: string }>().id)
  if (!Number.isSafeInteger(id) || id < 1) return <Missing>There is no job of this number.</Missing>
  return <Known key={id} id={id} />
}

function Known({ id }: { id: number }) {
  const job = useRow(jobRows, id)
  useWatch({ jobs: [id] })
  // The stream says what is there and what goes, and nothing of what never was.
  const asked = useQuery({ queryKey: ['job', id], queryFn: () => getJob(id), retry: false })
  const [parent, setParent] = useState<number>()
  if (job && job.parent !== parent) setParent(job.parent)
  const shown = job ?? (asked.isFetching ? asked.data : undefined)
  if (shown) return shown.command === '' ? <GroupPage job={shown} /> : <LeafPage job={shown} />
  if (asked.isPending || (asked.data && parent === undefined)) return <div className="view" />
  return <Missing parent={parent}>{asked.error ? asked.error.message : `Job ${id} is gone: it was deleted.`}</Missing>
}

function Missing({ parent = 0, children }: { parent?: number; children: ReactNode }) {
  return (
    <div className="view">
      <h1 className="unseen">Job</h1>
      <p className="nothing" role="status">
        {children} <Link href={parent > 0 ? `/jobs/${parent}` : '/jobs'}>To the jobs</Link>
      </p>
    </div>
  )
}

function GroupPage({ job }: { job: Job }) {
  const live = useFrames(job.id)
  const [range, setRange] = useState<Range>()
  const chosen = useMemo(() => (range && live ? idsIn(live, range) : []), [range, live])
  useWatch({ jobs: chosen.slice(0, MOST_FOLLOWED) })
  return (
    <Page
      job={job}
      chosen={chosen}
      onLetGo={() => setRange(undefined)}
      tabs={[{ name: 'frames', label: 'Durations', panel: live ? <DurationChart {...live} /> : null }, ...common(job)]}
      above={
        live
          ? live.frames.length > 0 && <Strip {...live} range={range} onRange={setRange} />
          : job.total > 0 && <StripRoom total={job.total} />
      }
    />
  )
}

const idsIn = ({ frames }: LiveFrames, { from, to }: Range) =>
  Array.from(frames.ids.subarray(Math.min(from, to), Math.max(from, to) + 1))

function LeafPage({ job }: { job: Job }) {
  return (
    <Page job={job} chosen={[]} tabs={[{ name: 'log', label: 'Log', panel: <LogView job={job} /> }, ...common(job)]} />
  )
}

interface Tab {
  name: string
  label: string
  panel: ReactNode
}

const common = (job: Job): Tab[] => [
  { name: 'graph', label: 'Dependencies', panel: <Graph id={job.id} /> },
  { name: 'runs', label: 'Events', panel: <Runs job={job} /> },
  // Failures are counted for the root job.
  ...(job.parent === 0
    ? [{ name: 'blocklist', label: 'Blocklist', panel: <Blocklist root={job.id} title={job.title} /> }]
    : []),
]

interface PageProps {
  job: Job
  /** What the actions are about, instead of the job itself. */
  chosen: readonly number[]
  onLetGo?(): void
  tabs: readonly Tab[]
  above?: ReactNode
}

function Page({ job, chosen, onLetGo, tabs, above }: PageProps) {
  const { said, put } = useAddress()
  const [, go] = useLocation()
  const { id, parent, command } = job
  const selection = useMemo<Selection<number>>(() => {
    const keys = new Set(chosen.length > 0 ? chosen : [id])
    return { keys, active: undefined, anchor: undefined }
  }, [chosen, id])
  const enter = useMemo(() => (group: number) => go(`/jobs/${group || ''}`), [go])
  const look = useMemo(() => (job: number) => go(jobAddress(job)), [go])
  const all = useJobCommands({ group: command === '' ? id : parent, selection, columns: JOB_COLUMNS, enter, look })
  const commands = useMemo(() => all.filter((each) => !ELSEWHERE.includes(each.id)), [all])
  useCommands(commands)
  const tab = tabs.find(({ name }) => name === said.get('show')) ?? tabs[0]
  const show = (name: string) => put({ show: name === tabs[0]?.name ? undefined : name })
  return (
    <div className="view job-view">
      <Head job={job} commands={commands} />
      <div className="job-body">
        <div className="job-main">
          {above && (
            <CommandContextMenu commands={commands}>
              <div className="strip-hold">{above}</div>
            </CommandContextMenu>
          )}
          {chosen.length > 0 && (
            <p className="chosen" role="status">
              <span>
                <b>{plural(chosen.length, 'frame')} selected</b>: the actions are about them.
              </span>
              <button type="button" className="button" onClick={onLetGo}>
                Let go
              </button>
            </p>
          )}
          <Tabs.Root className="tabs" value={tab?.name} onValueChange={(name) => show(String(name))}>
            <Tabs.List className="tab-list" aria-label="About the job">
              {tabs.map(({ name, label }) => (
                <Tabs.Tab key={name} value={name} className="tab">
                  {label}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            {tabs.map(({ name, panel }) => (
              <Tabs.Panel key={name} value={name} className="tab-panel">
                {panel}
              </Tabs.Panel>
            ))}
          </Tabs.Root>
        </div>
        <Facts job={job} />
      </div>
      <JobDialogs />
    </div>
  )
}

/** Commands that are about a list. */
const ELSEWHERE = ['filter', 'look', 'enter', 'paste']
