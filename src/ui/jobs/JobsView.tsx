import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from 'react'
import { Redirect } from 'wouter'
import { jobRows } from '../data/live.ts'
import { useRow } from '../data/rows.ts'
import { useLook, useWatch } from '../data/stream.ts'
import { CommandContextMenu } from '../parts/CommandMenu.tsx'
import { plural } from '../parts/format.ts'
import { jobAddress } from '../parts/JobLink.tsx'
import { View } from '../parts/View.tsx'
import { useCommands } from '../shell/commands.ts'
import { ColumnChooser } from '../table/ColumnChooser.tsx'
import { useColumns } from '../table/columns.ts'
import { Grid } from '../table/Grid.tsx'
import { useKept } from '../table/kept.ts'
import { kept, nothing, pick, type Selection } from '../table/selection.ts'
import { useJobsAddress } from './address.ts'
import { Crumbs } from './Crumbs.tsx'
import { FLAT_COLUMNS, JOB_COLUMNS } from './columns.tsx'
import { FilterLine } from './FilterLine.tsx'
import { Footer } from './Footer.tsx'
import { JobCells, Tree } from './JobCells.tsx'
import { JobDialogs } from './JobDialogs.ts'
import { NO_LINES } from './lines.ts'
import { NoJobs } from './NoJobs.tsx'
import { Toolbar } from './Toolbar.tsx'
import { letGoOfCut, useCut, useJobCommands } from './useJobCommands.ts'
import { useJobLines } from './useJobLines.ts'

/** Rows that come within the time that the server needs to tell them, when somebody scrolls as one who looks. */
const AHEAD = 80

export function JobsView() {
  const at = useJobsAddress()
  // Another group is another list: nothing is selected in it, and nothing open.
  // A flat list has columns of its own.
  return <Jobs key={`${at.group} ${at.where === 'flat'}`} {...at} />
}

function Jobs({
  group,
  filter,
  where,
  sort,
  onFilter,
  onWhere,
  onSort,
  enter,
  look,
}: ReturnType<typeof useJobsAddress>) {
  const [open, setOpen] = useKept<ReadonlySet<number>>(`open in ${group}`, () => new Set())
  const [closed, setClosed] = useState<ReadonlySet<number>>(new Set())
  const [selected, setSelected] = useKept<Selection<number>>(`selected in ${group}`, nothing)
  const say = useLook()
  const onVisible = useCallback((jobs: readonly number[]) => say({ jobs: [...jobs] }), [say])
  const listed = useRow(jobRows, group)
  const [known, setKnown] = useState(false)
  if (listed && !known) setKnown(true)
  // The stream says that a group goes, and nothing of what never was: that says the list.
  const gone = known && !listed
  const found = useJobLines({ group, filter, where, sort }, { open, closed })
  const { top, groups, isFound, filtered, through, hits, search } = found
  const lines = gone ? NO_LINES : found.lines
  const flat = where === 'flat'
  const model = useColumns(flat ? 'jobs.flat' : 'jobs', flat ? FLAT_COLUMNS : JOB_COLUMNS)
  const selection = useMemo(() => kept(selected, lines), [selected, lines])
  const commands = useJobCommands({ group, selection, columns: model.shown, enter, look })
  const waiting = useCut()
  const isCut = useMemo(() => new Set(waiting), [waiting])
  useCommands(commands)
  useWatch({ parents: [group, ...groups] })

  const toggle = useCallback((id: number) => (isFound(id) ? setClosed : setOpen)(toggled(id)), [isFound, setOpen])
  const isOpen = useCallback((id: number) => (isFound(id) ? !closed.has(id) : open.has(id)), [isFound, closed, open])
  // Rows ask when they need it: they are not drawn anew because something else is selected.
  const chosen = useRef(selection.keys)
  chosen.current = selection.keys
  const tree = useMemo(
    () => ({
      placeOf: (id: number, index: number) => ({
        depth: lines.depthAt(index),
        open: flat ? undefined : isOpen(id),
        toggle: () => toggle(id),
        through: through?.has(id) ?? false,
        listed: group,
        peers: () => (chosen.current.has(id) ? [...chosen.current] : [id]),
      }),
    }),
    [lines, isOpen, flat, group, through, toggle],
  )
  const refilter = useCallback(
    (next: string) => {
      setClosed(new Set())
      onFilter(next)
    },
    [onFilter],
  )
  const go = (id: number) => (isGroup(id) ? enter(id) : look(id))
  const isGroup = (id: number) => jobRows.get(id)?.command === ''
  const levelOf = (index: number) => {
    const id = lines.at(index)
    return {
      level: lines.depthAt(index) + 1,
      expanded: id !== undefined && !flat && isGroup(id) ? isOpen(id) : undefined,
    }
  }
  const onKey = (event: KeyboardEvent): boolean => {
    const { active } = selection
    if (active === undefined || event.altKey || event.ctrlKey || event.metaKey) return false
    const opens = event.key === 'ArrowRight' && isGroup(active) && !isOpen(active) && !flat
    const closes = event.key === 'ArrowLeft' && isGroup(active) && isOpen(active) && !flat
    if (opens || closes) toggle(active)
    else if (event.key === 'ArrowLeft') {
      const parent = lines.at(lines.parentOf(lines.indexOf(active)))
      if (parent !== undefined) setSelected(pick(selection, lines, parent, {}))
    } else if (event.key === 'Enter') go(active)
    else return false
    event.preventDefault()
    return true
  }
  if (listed && listed.command !== '') return <Redirect to={jobAddress(group)} replace />
  return (
    <View
      title="Jobs"
      problem={top.error?.message}
      head={
        <>
          <Crumbs group={group} />
          <FilterLine line={filter} onChange={refilter} where={where} onWhere={onWhere} />
          <Toolbar commands={commands} />
          <ColumnChooser model={model} />
        </>
      }
    >
      <CommandContextMenu commands={commands.filter(({ group: heading }) => heading !== 'View')}>
        <Tree value={tree}>
          <Grid
            label="Jobs"
            model={model}
            lines={lines}
            cells={JobCells}
            selection={selection}
            onSelect={setSelected}
            sort={sort}
            onSort={onSort}
            onVisible={onVisible}
            ahead={AHEAD}
            search={search}
            by={`${filter} ${where} ${sort?.field} ${sort?.descending}`}
            textOf={(id) => jobRows.get(id)?.title}
            onKey={onKey}
            onOpen={go}
            levelOf={levelOf}
            markOf={(id) => (isCut.has(id) ? 'cut' : through?.has(id) ? 'through' : undefined)}
            empty={(gone || top.isSuccess) && <NoJobs group={group} filtered={filtered} gone={gone} />}
          />
        </Tree>
      </CommandContextMenu>
      {waiting.length > 0 && (
        <p className="cut-words" role="status">
          {plural(waiting.length, 'job')} cut: select a group and paste (Ctrl+V)
          <button type="button" className="button" onClick={letGoOfCut}>
            Let go
          </button>
        </p>
      )}
      <Footer
        group={group}
        filtered={filtered}
        rows={top.data && lines.count}
        hits={hits}
        selected={selection.keys.size}
        totals={gone ? undefined : top.data?.totals}
      />
      <JobDialogs />
    </View>
  )
}

const toggled = (id: number) => (before: ReadonlySet<number>) => {
  const after = new Set(before)
  if (!after.delete(id)) after.add(id)
  return after
}
