import { type KeyboardEvent, useCallback, useMemo, useState } from 'react'
import { jobRows } from '../data/live.ts'
import { useWatch } from '../data/stream.ts'
import { CommandContextMenu } from '../parts/CommandMenu.tsx'
import { plural } from '../parts/format.ts'
import { useCommands } from '../shell/commands.ts'
import { ColumnChooser } from '../table/ColumnChooser.tsx'
import { useColumns } from '../table/columns.ts'
import { Grid } from '../table/Grid.tsx'
import { useKept } from '../table/kept.ts'
import { kept, nothing, pick, type Selection } from '../table/selection.ts'
import { useJobsAddress } from './address.ts'
import { Crumbs } from './Crumbs.tsx'
import { JOB_COLUMNS } from './columns.tsx'
import { FilterLine } from './FilterLine.tsx'
import { Footer } from './Footer.tsx'
import { JobCells, Tree } from './JobCells.tsx'
import { JobDialogs } from './JobDialogs.tsx'
import { Toolbar } from './Toolbar.tsx'
import { useCut, useJobCommands } from './useJobCommands.ts'
import { useJobLines } from './useJobLines.ts'

export function JobsView() {
  const at = useJobsAddress()
  // Another group is another list: nothing is selected in it, and nothing open.
  return <Jobs key={at.address.group} {...at} />
}

function Jobs({ address, change, unsort, enter, look }: ReturnType<typeof useJobsAddress>) {
  const { group, filter, deep, sort } = address
  const [open, setOpen] = useKept<ReadonlySet<number>>(`open in ${group}`, () => new Set())
  const [selected, setSelected] = useKept<Selection<number>>(`selected in ${group}`, nothing)
  const [visible, setVisible] = useState<readonly number[]>([])
  const { lines, top, filtered } = useJobLines(address, open)
  const model = useColumns('jobs', JOB_COLUMNS)
  const selection = useMemo(() => kept(selected, lines), [selected, lines])
  const commands = useJobCommands({ group, selection, columns: model.shown, enter, look })
  const waiting = useCut()
  const isCut = useMemo(() => new Set(waiting), [waiting])
  useCommands(commands)
  useWatch({ jobs: [...visible], parents: [group, ...open] })

  const toggle = useCallback(
    (id: number) =>
      setOpen((before) => {
        const after = new Set(before)
        if (!after.delete(id)) after.add(id)
        return after
      }),
    [setOpen],
  )
  const tree = useMemo(
    () => ({
      placeOf: (id: number, index: number) => ({
        depth: lines.depthAt(index),
        open: deep ? undefined : open.has(id),
        toggle: () => toggle(id),
      }),
    }),
    [lines, open, deep, toggle],
  )
  const go = (id: number) => (isGroup(id) ? enter(id) : look(id))
  const isGroup = (id: number) => jobRows.get(id)?.command === ''
  const levelOf = (index: number) => {
    const id = lines.at(index)
    return {
      level: lines.depthAt(index) + 1,
      expanded: id !== undefined && !deep && isGroup(id) ? open.has(id) : undefined,
    }
  }
  const onKey = (event: KeyboardEvent): boolean => {
    const { active } = selection
    if (active === undefined || event.altKey || event.ctrlKey || event.metaKey) return false
    const opens = event.key === 'ArrowRight' && isGroup(active) && !open.has(active) && !deep
    const closes = event.key === 'ArrowLeft' && open.has(active)
    if (opens || closes) toggle(active)
    else if (event.key === 'ArrowLeft') {
      const parent = lines.at(lines.parentOf(lines.indexOf(active)))
      if (parent !== undefined) setSelected(pick(selection, lines, parent, {}))
    } else if (event.key === 'Enter') go(active)
    else return false
    event.preventDefault()
    return true
  }
  return (
    <div className="view">
      <h1 className="unseen">Jobs</h1>
      <div className="view-head">
        <Crumbs group={group} />
        <FilterLine line={filter} onChange={(next) => change({ filter: next })} />
        <label className="everywhere" title="All that is below, flat, and not just this list">
          <input type="checkbox" checked={deep} onChange={(event) => change({ deep: event.target.checked })} />
          Everywhere
        </label>
        <Toolbar commands={commands} />
        <ColumnChooser model={model} />
      </div>
      {top.error && (
        <p className="form-error" role="alert">
          {top.error.message}
        </p>
      )}
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
            onSort={(next) => (next ? change({ sort: next }) : unsort())}
            onVisible={setVisible}
            textOf={(id) => jobRows.get(id)?.title}
            onKey={onKey}
            onOpen={go}
            levelOf={levelOf}
            markOf={(id) => (isCut.has(id) ? 'cut' : undefined)}
            empty={top.isPending ? '' : filtered ? 'No job passes the filter.' : 'No jobs here yet. Alt+N adds one.'}
          />
        </Tree>
      </CommandContextMenu>
      {waiting.length > 0 && (
        <p className="cut-words" role="status">
          {plural(waiting.length, 'job')} cut: select a group and press Ctrl+V
        </p>
      )}
      <Footer
        group={group}
        filtered={filtered}
        rows={lines.count}
        selected={selection.keys.size}
        totals={top.data?.totals}
      />
      <JobDialogs />
    </div>
  )
}
