/** What can be done to the selected jobs: the toolbar, the context menu, the palette and the keys have it from here. */
import { useMemo } from 'react'
import type { Job } from '../../models.ts'
import { jobRows } from '../data/live.ts'
import { remembered, useStore } from '../data/store.ts'
import { plural } from '../parts/format.ts'
import type { Command } from '../shell/commands.ts'
import type { Column } from '../table/columns.ts'
import type { Selection } from '../table/selection.ts'
import * as actions from './actions.ts'
import { asking, askToDelete, askToEdit } from './asking.ts'
import type { Place } from './columnKinds.tsx'
import { csv, json } from './export.ts'
import { focusFilter } from './FilterLine.tsx'

/** Jobs that wait to be pasted; another window of this browser may do it. */
const cut = remembered<readonly number[]>('coalition.cut', [])
export const useCut = (): readonly number[] => useStore(cut)
export const letGoOfCut = () => cut.set([])

interface View {
  /** The group that is listed. */
  group: number
  selection: Selection<number>
  columns: readonly Column<Job, Place>[]
  /** To the address of a group. */
  enter(group: number): void
  /** To the page of a job. */
  look(id: number): void
}

export function useJobCommands({ group, selection, columns, enter, look }: View): Command[] {
  const waiting = useCut()
  return useMemo(() => {
    const ids = [...selection.keys]
    const none = ids.length === 0 ? 'No job is selected.' : undefined
    const one = ids.length === 1 ? jobRows.get(ids[0] as number) : undefined
    const into = one && one.command === '' ? one.id : group
    const named = (verb: string) => (ids.length > 1 ? `${verb} ${plural(ids.length, 'job')}` : verb)
    const raise = (by: number) => () => void actions.raiseJobs(ids, by)
    const paste = async () => {
      if (await actions.moveJobs(waiting, into)) letGoOfCut()
    }
    const onJobs = (command: Omit<Command, 'group' | 'unable'>): Command => ({
      ...command,
      group: 'Jobs',
      unable: none,
    })
    return [
      onJobs({ id: 'start', label: named('Start'), keys: 'Alt+S', run: () => void actions.startJobs(ids) }),
      onJobs({ id: 'pause', label: named('Pause'), keys: 'Alt+P', run: () => void actions.pauseJobs(ids) }),
      onJobs({ id: 'reset', label: named('Reset'), keys: 'Alt+R', run: () => void actions.resetJobs(ids) }),
      onJobs({
        id: 'reset errors',
        label: 'Reset errors',
        keys: 'Alt+Shift+R',
        run: () => void actions.resetErrorJobs(ids),
      }),
      {
        ...onJobs({ id: 'edit', label: named('Edit'), keys: 'F2', run: () => void askToEdit(ids) }),
        group: 'Change',
      },
      { ...onJobs({ id: 'raise', label: 'Higher priority', keys: 'Alt+ArrowUp', run: raise(1) }), group: 'Change' },
      { ...onJobs({ id: 'lower', label: 'Lower priority', keys: 'Alt+ArrowDown', run: raise(-1) }), group: 'Change' },
      { ...onJobs({ id: 'raise 100', label: 'Priority + 100', keys: 'Alt+PageUp', run: raise(100) }), group: 'Change' },
      {
        ...onJobs({ id: 'lower 100', label: 'Priority − 100', keys: 'Alt+PageDown', run: raise(-100) }),
        group: 'Change',
      },
      { ...onJobs({ id: 'cut', label: named('Cut'), keys: 'Ctrl+X', run: () => cut.set(ids) }), group: 'Move' },
      {
        id: 'paste',
        label: `Paste ${waiting.length > 0 ? `${plural(waiting.length, 'job')} ` : ''}${into === 0 ? 'at the root' : `into group ${into}`}`,
        group: 'Move',
        keys: 'Ctrl+V',
        unable: waiting.length === 0 ? 'No job was cut.' : undefined,
        run: () => void paste(),
      },
      {
        id: 'enter',
        label: 'Go into the group',
        group: 'Move',
        unable: into === group ? 'No group is selected.' : undefined,
        run: () => enter(into),
      },
      {
        id: 'look',
        label: 'Page of the job',
        group: 'Move',
        keys: 'Alt+Enter',
        unable: ids.length > 1 || (ids.length === 0 && group === 0) ? 'Select one job.' : undefined,
        run: () => look(ids[0] ?? group),
      },
      {
        ...onJobs({
          id: 'copy csv',
          label: 'Copy as CSV',
          keys: 'Ctrl+C',
          run: () => void actions.copyJobs(ids, csv(columns)),
        }),
        group: 'Copy',
      },
      {
        ...onJobs({
          id: 'copy json',
          label: 'Copy as JSON',
          run: () => void actions.copyJobs(ids, json()),
        }),
        group: 'Copy',
      },
      {
        id: 'add',
        label: into === 0 ? 'New job' : `New job in group ${into}`,
        group: 'New',
        keys: 'Alt+N',
        run: () => asking.set({ kind: 'add', parent: into }),
      },
      {
        ...onJobs({
          id: 'delete',
          label: named('Delete'),
          keys: 'Delete',
          danger: true,
          run: () => void askToDelete(ids),
        }),
        group: 'Delete',
      },
      { id: 'filter', label: 'Filter', group: 'View', keys: '/', run: focusFilter },
    ]
  }, [selection, group, waiting, columns, enter, look])
}
