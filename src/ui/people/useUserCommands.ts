/** What can be done to the selected users. */
import { useMemo } from 'react'
import type { User } from '../../models.ts'
import { Store } from '../data/store.ts'
import { copyRows } from '../jobs/actions.ts'
import { csv, json } from '../jobs/export.ts'
import { focusFilter } from '../jobs/FilterLine.tsx'
import { plural } from '../parts/format.ts'
import type { Command } from '../shell/commands.ts'
import type { Column } from '../table/columns.ts'
import type { Selection } from '../table/selection.ts'
import * as actions from './actions.ts'

export type Asking =
  | { kind: 'add' }
  | { kind: 'edit'; name: string }
  | { kind: 'delete'; names: readonly string[] }
  | undefined
/** The dialog that is open. */
export const asking = new Store<Asking>(undefined)

interface View {
  /** Those that are listed. */
  users: readonly User[] | undefined
  selection: Selection<string>
  columns: readonly Column<User>[]
}

export function useUserCommands({ users, selection, columns }: View): Command[] {
  return useMemo(() => {
    const chosen = (users ?? []).filter(({ name }) => selection.keys.has(name))
    const names = chosen.map(({ name }) => name)
    const none = names.length === 0 ? 'No user is selected.' : undefined
    const named = (verb: string) => (names.length > 1 ? `${verb} ${plural(names.length, 'user')}` : verb)
    const one = names.length > 1 ? 'One user is edited at a time.' : none
    const onUsers = (group: string, command: Omit<Command, 'group'>): Command => ({ unable: none, ...command, group })
    return [
      onUsers('Users', {
        id: 'edit',
        label: 'Edit, and tokens',
        keys: 'F2',
        unable: one,
        run: () => asking.set({ kind: 'edit', name: names[0] as string }),
      }),
      onUsers('Users', {
        id: 'disable',
        label: named('Disable'),
        unable: none ?? (chosen.every(({ disabled }) => disabled) ? 'Disabled already.' : undefined),
        run: () => void actions.disableUsers(names),
      }),
      onUsers('Users', {
        id: 'enable',
        label: named('Enable'),
        unable: none ?? (chosen.some(({ disabled }) => disabled) ? undefined : 'Not disabled.'),
        run: () => void actions.enableUsers(names),
      }),
      onUsers('Copy', {
        id: 'copy csv',
        label: 'Copy as CSV',
        keys: 'Ctrl+C',
        run: () => void copyRows(chosen, csv(columns, 'users'), plural(names.length, 'user')),
      }),
      onUsers('Copy', {
        id: 'copy json',
        label: 'Copy as JSON',
        run: () => void copyRows(chosen, json('users'), plural(names.length, 'user')),
      }),
      { id: 'add', label: 'Add a user', group: 'New', keys: 'Alt+N', run: () => asking.set({ kind: 'add' }) },
      onUsers('Delete', {
        id: 'delete',
        label: named('Delete'),
        keys: 'Delete',
        danger: true,
        run: () => asking.set({ kind: 'delete', names }),
      }),
      { id: 'filter', label: 'Filter', group: 'View', keys: '/', run: focusFilter },
    ]
  }, [users, selection, columns])
}
