/** Runs as a table: of the farm, of a group, of a job. */
import { useMemo, useState } from 'react'
import { useLocation } from 'wouter'
import type { Event } from '../../models.ts'
import { CommandContextMenu } from '../parts/CommandMenu.tsx'
import { jobAddress } from '../parts/JobLink.tsx'
import { type Column, useColumns } from '../table/columns.ts'
import { Grid } from '../table/Grid.tsx'
import type { Sort } from '../table/Header.tsx'
import { inOrder, linesOf } from '../table/listed.ts'
import { kept, nothing, type Selection } from '../table/selection.ts'
import { RunCells, runRows } from './columns.tsx'

interface RunTableProps {
  /** By which this browser remembers the columns. */
  name: string
  columns: readonly Column<Event>[]
  /** As they are without an order: the newest first. */
  ids: readonly number[]
  /** What typing finds. */
  textOf(run: Event): string
  empty: string
}

export function RunTable({ name, columns, ids, textOf, empty }: RunTableProps) {
  const [location, go] = useLocation()
  const [sort, setSort] = useState<Sort>()
  const [selected, setSelected] = useState<Selection<number>>(nothing)
  const model = useColumns(name, columns)
  const lines = useMemo(() => {
    const runs = ids.flatMap((id) => runRows.get(id) ?? [])
    return linesOf(inOrder(runs, columns, sort).map(({ id }) => id))
  }, [ids, columns, sort])
  const selection = useMemo(() => kept(selected, lines), [selected, lines])
  const open = (id: number | undefined) => {
    const run = id === undefined ? undefined : runRows.get(id)
    if (run && jobAddress(run.job_id) !== location) go(jobAddress(run.job_id))
  }
  return (
    <CommandContextMenu
      commands={[
        {
          id: 'open',
          label: 'Open its job',
          group: 'Runs',
          unable: selection.active === undefined ? 'No run is selected.' : undefined,
          run: () => open(selection.active),
        },
      ]}
    >
      <Grid
        label="Runs"
        model={model}
        lines={lines}
        cells={RunCells}
        selection={selection}
        onSelect={setSelected}
        sort={sort}
        onSort={setSort}
        onVisible={nobody}
        textOf={(id) => {
          const run = runRows.get(id)
          return run && textOf(run)
        }}
        onKey={(event) => {
          if (event.key !== 'Enter') return false
          open(selection.active)
          return true
        }}
        onOpen={open}
        empty={empty}
      />
    </CommandContextMenu>
  )
}

/** All of them are known already: nobody has to be told what is on the screen. */
const nobody = () => undefined
