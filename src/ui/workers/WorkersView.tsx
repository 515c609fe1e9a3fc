import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { remembered, useStore } from '../data/store.ts'
import { stream, useLook } from '../data/stream.ts'
import { workerNews, workerRows } from '../data/workers.ts'
import { FilterLine, type FilterOffers } from '../jobs/FilterLine.tsx'
import { type Buttons, CommandBar } from '../parts/CommandBar.tsx'
import { CommandContextMenu } from '../parts/CommandMenu.tsx'
import { count, memory } from '../parts/format.ts'
import { Icon } from '../parts/Icon.tsx'
import { Listed, Sum, wordFor } from '../parts/Sums.tsx'
import { View } from '../parts/View.tsx'
import { useCommands } from '../shell/commands.ts'
import { ColumnChooser } from '../table/ColumnChooser.tsx'
import { useColumns } from '../table/columns.ts'
import { Grid } from '../table/Grid.tsx'
import { kept, nothing, type Selection } from '../table/selection.ts'
import { useListAddress } from '../table/useListAddress.ts'
import { WORKER_COLUMNS } from './columns.tsx'
import { WORKER_FILTERS } from './filter.ts'
import { jobOf } from './Meters.tsx'
import { machinesOf, shownState, WORKER_STATE_WORDS } from './state.ts'
import { useWorkerCommands } from './useWorkerCommands.ts'
import { useWorkerLines } from './useWorkerLines.ts'
import { Wall } from './Wall.tsx'
import { WorkerCells } from './WorkerCells.tsx'
import { WorkerDialogs } from './WorkerDialogs.tsx'
import { WorkerPanel } from './WorkerPanel.tsx'

const OFFERS: FilterOffers = {
  names: WORKER_FILTERS,
  words: WORKER_STATE_WORDS.map((word) => `state:${word}`),
  placeholder: 'Filter: text, state:timeout, host:node-7, affinity:GPU',
  hint: 'Text in the name, host, address or affinity; state:, host:, affinity:',
}
const BUTTONS: Buttons = {
  start: { icon: 'play', word: 'Start' },
  stop: { icon: 'stop', word: 'Stop' },
  edit: { icon: 'edit', word: 'Affinity' },
  delete: { icon: 'trash', word: 'Delete' },
  look: { icon: 'info', word: 'Details' },
}
const tiles = remembered('coalition.workers.tiles', false)
const setTiles = (next: boolean) => tiles.set(next)

/** Follows the workers, with the vitals and jobs of those on the screen. */
function useLookAtWorkers(): (names: readonly string[]) => void {
  const say = useLook()
  const visible = useRef<readonly string[]>([])
  const tell = useCallback(() => {
    const jobs = new Set(visible.current.flatMap((name) => jobOf(workerRows.get(name)) ?? []))
    say({ workers: true, vitals: [...visible.current], jobs: [...jobs] })
  }, [say])
  // Not by workerNews, which comes half a second late: a job that began had no name until then.
  useEffect(() => stream.listen(({ workers }) => workers && tell()), [tell])
  return useCallback(
    (names) => {
      visible.current = names
      tell()
    },
    [tell],
  )
}

export function WorkersView() {
  const { said, filter, sort, put, onFilter, onSort } = useListAddress()
  const looked = said.get('worker') ?? undefined
  const asTiles = useStore(tiles)
  const [selected, setSelected] = useState<Selection<string>>(nothing)
  const { lines, names, known } = useWorkerLines(filter, sort)
  const model = useColumns('workers', WORKER_COLUMNS)
  const selection = useMemo(() => kept(selected, lines), [selected, lines])
  const look = useCallback((name: string | undefined) => put({ worker: name }), [put])
  const commands = useWorkerCommands({ selection, columns: model.shown, tiles: asTiles, setTiles, look, looked })
  useCommands(commands)
  useStore(workerNews)
  const onVisible = useLookAtWorkers()

  const select = (next: Selection<string>) => {
    setSelected(next)
    // The panel is about the worker that the keyboard is on.
    if (looked !== undefined && next.active !== undefined && next.active !== looked) look(next.active)
  }
  const onKey = (event: KeyboardEvent): boolean => {
    if (event.key !== 'Enter' || selection.active === undefined) return false
    look(selection.active)
    return true
  }
  const empty = !known ? '' : filter ? 'No worker passes the filter.' : 'No worker has asked for a job yet.'
  return (
    <View
      title="Workers"
      problem={undefined}
      head={
        <>
          <FilterLine line={filter} onChange={onFilter} offers={OFFERS} />
          <CommandBar label="Selected workers" commands={commands} buttons={BUTTONS} />
          <div className="switch" role="group" aria-label="Shown as">
            <button type="button" aria-pressed={!asTiles} title="A table (Alt+T)" onClick={() => tiles.set(false)}>
              <Icon name="list" />
              <span className="unseen">Table</span>
            </button>
            <button type="button" aria-pressed={asTiles} title="Tiles (Alt+T)" onClick={() => tiles.set(true)}>
              <Icon name="tiles" />
              <span className="unseen">Tiles</span>
            </button>
          </div>
          {!asTiles && <ColumnChooser model={model} />}
        </>
      }
    >
      <div className="beside">
        <CommandContextMenu commands={commands.filter(({ group }) => group !== 'View')}>
          {asTiles ? (
            <Wall
              lines={lines}
              selection={selection}
              onSelect={select}
              onVisible={onVisible}
              onOpen={look}
              empty={empty}
            />
          ) : (
            <Grid
              label="Workers"
              model={model}
              lines={lines}
              cells={WorkerCells}
              selection={selection}
              onSelect={select}
              sort={sort}
              onSort={onSort}
              onVisible={onVisible}
              textOf={(name) => name}
              onKey={onKey}
              onOpen={look}
              empty={empty}
            />
          )}
        </CommandContextMenu>
        {looked !== undefined && <WorkerPanel key={looked} name={looked} onClose={() => look(undefined)} />}
      </div>
      <Totals names={known ? names : undefined} selected={selection.keys.size} />
      <WorkerDialogs />
    </View>
  )
}

/** Sums over the workers that are listed, and their machines; undefined: they are not known yet. */
function Totals({ names, selected }: { names: readonly string[] | undefined; selected: number }) {
  const rows = (names ?? []).flatMap((name) => workerRows.get(name) ?? [])
  const states = Map.groupBy(rows, shownState)
  const machines = machinesOf(rows)
  const shown = [
    ['WORKING', 'working'],
    ['WAITING', 'idle'],
    ['STOPPED', 'stopped'],
    ['TIMEOUT', 'silent'],
  ] as const
  return (
    <footer className="totals">
      <Listed number={names?.length} word="worker" selected={selected} />
      {names && (
        <>
          {shown.map(([state, word]) => (
            <Sum key={state} state={state} number={states.get(state)?.length ?? 0} word={word} />
          ))}
          <span className="wide-only">
            <b>{count(machines.cores)}</b> {wordFor(machines.cores, 'core')}
          </span>
          <span className="wide-only">
            <b>{memory(machines.memory)}</b> of memory
          </span>
        </>
      )}
    </footer>
  )
}
