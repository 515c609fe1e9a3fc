/** What can be done to the selected workers. */
import { useMemo } from 'react'
import type { Worker } from '../../models.ts'
import { Store } from '../data/store.ts'
import { workerRows } from '../data/workers.ts'
import { copyRows } from '../jobs/actions.ts'
import { csv, json } from '../jobs/export.ts'
import { focusFilter } from '../jobs/FilterLine.tsx'
import { plural } from '../parts/format.ts'
import type { Command } from '../shell/commands.ts'
import type { Column } from '../table/columns.ts'
import type { Selection } from '../table/selection.ts'
import * as actions from './actions.ts'

export type Asking = { kind: 'edit' | 'delete'; names: readonly string[] } | undefined
/** The dialog that is open. */
export const asking = new Store<Asking>(undefined)

interface View {
  selection: Selection<string>
  columns: readonly Column<Worker>[]
  tiles: boolean
  setTiles(tiles: boolean): void
  /** The panel of a worker; undefined: closes it. */
  look(name: string | undefined): void
  looked: string | undefined
}

export function useWorkerCommands({ selection, columns, tiles, setTiles, look, looked }: View): Command[] {
  return useMemo(() => {
    const names = [...selection.keys]
    const none = names.length === 0 ? 'No worker is selected.' : undefined
    const named = (verb: string) => (names.length > 1 ? `${verb} ${plural(names.length, 'worker')}` : verb)
    const rows = () => names.flatMap((name) => workerRows.get(name) ?? [])
    const { active } = selection
    const onWorkers = (group: string, command: Omit<Command, 'group' | 'unable'>): Command => ({
      ...command,
      group,
      unable: none,
    })
    return [
      onWorkers('Workers', {
        id: 'start',
        label: named('Start'),
        keys: 'Alt+S',
        run: () => void actions.startWorkers(names),
      }),
      onWorkers('Workers', {
        id: 'stop',
        label: named('Stop'),
        keys: 'Alt+P',
        run: () => void actions.stopWorkers(names),
      }),
      onWorkers('Workers', {
        id: 'edit',
        label: names.length > 1 ? `Edit the affinity of ${plural(names.length, 'worker')}` : 'Edit the affinity',
        keys: 'F2',
        run: () => asking.set({ kind: 'edit', names }),
      }),
      {
        id: 'look',
        label: looked === undefined ? 'Why it waits, and its history' : 'Close the panel',
        group: 'Workers',
        keys: 'Alt+I',
        unable: looked === undefined && active === undefined ? 'No worker is selected.' : undefined,
        run: () => look(looked === undefined ? active : undefined),
      },
      onWorkers('Copy', {
        id: 'copy csv',
        label: 'Copy as CSV',
        keys: 'Ctrl+C',
        run: () => void copyRows(rows(), csv(columns, 'workers'), plural(rows().length, 'worker')),
      }),
      onWorkers('Copy', {
        id: 'copy json',
        label: 'Copy as JSON',
        run: () => void copyRows(rows(), json('workers'), plural(rows().length, 'worker')),
      }),
      onWorkers('Delete', {
        id: 'delete',
        label: named('Delete'),
        keys: 'Delete',
        danger: true,
        run: () => asking.set({ kind: 'delete', names }),
      }),
      {
        id: 'tiles',
        label: tiles ? 'Show a table' : 'Show tiles',
        group: 'View',
        keys: 'Alt+T',
        run: () => setTiles(!tiles),
      },
      { id: 'filter', label: 'Filter', group: 'View', keys: '/', run: focusFilter },
    ]
  }, [selection, columns, tiles, setTiles, look, looked])
}
