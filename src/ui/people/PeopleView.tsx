import { useMemo, useState } from 'react'
import type { User } from '../../models.ts'
import { FilterLine, type FilterOffers } from '../jobs/FilterLine.tsx'
import { type Buttons, CommandBar } from '../parts/CommandBar.tsx'
import { CommandContextMenu } from '../parts/CommandMenu.tsx'
import { Listed, Sum, wordFor } from '../parts/Sums.tsx'
import { View } from '../parts/View.tsx'
import { useCommands } from '../shell/commands.ts'
import { ColumnChooser } from '../table/ColumnChooser.tsx'
import { useColumns } from '../table/columns.ts'
import { Grid } from '../table/Grid.tsx'
import { kept, nothing, type Selection } from '../table/selection.ts'
import { useListAddress } from '../table/useListAddress.ts'
import { USER_COLUMNS } from './columns.tsx'
import { UserCells } from './UserCells.tsx'
import { UserDialogs } from './UserDialogs.tsx'
import { asking, useUserCommands } from './useUserCommands.ts'
import { useUsers } from './useUsers.ts'

const OFFERS: FilterOffers = {
  names: [],
  words: ['admin', 'disabled', 'LDAP'],
  placeholder: 'Filter: a name, admin, disabled, LDAP',
  hint: 'Text in the name, the role, the state, or where they sign in',
}
const BUTTONS: Buttons = {
  edit: { icon: 'edit', word: 'Edit' },
  disable: { icon: 'stop', word: 'Disable' },
  enable: { icon: 'play', word: 'Enable' },
  delete: { icon: 'trash', word: 'Delete' },
  add: { icon: 'plus', word: 'Add a user' },
}
const edit = (name: string) => asking.set({ kind: 'edit', name })

/** Who may do what; for who looks after people (sections.ts). */
export function PeopleView() {
  const { filter, sort, onFilter, onSort } = useListAddress()
  const { users, lines, error } = useUsers(filter, sort)
  const [selected, setSelected] = useState<Selection<string>>(nothing)
  const selection = useMemo(() => kept(selected, lines), [selected, lines])
  const model = useColumns('people', USER_COLUMNS)
  const commands = useUserCommands({ users, selection, columns: model.shown })
  useCommands(commands)
  return (
    <View
      title="People"
      problem={error?.message}
      head={
        <>
          <FilterLine line={filter} onChange={onFilter} offers={OFFERS} />
          <CommandBar label="Selected users" commands={commands} buttons={BUTTONS} />
          <ColumnChooser model={model} />
        </>
      }
    >
      <CommandContextMenu commands={commands.filter(({ group }) => group !== 'View')}>
        <Grid
          label="People"
          model={model}
          lines={lines}
          cells={UserCells}
          selection={selection}
          onSelect={setSelected}
          sort={sort}
          onSort={onSort}
          onVisible={allAreKnown}
          textOf={(name) => name}
          onKey={(event) => {
            if (event.key !== 'Enter' || selection.active === undefined) return false
            edit(selection.active)
            return true
          }}
          onOpen={edit}
          by={filter}
          empty={!users ? '' : filter ? 'No user passes the filter.' : 'There is no user yet.'}
        />
      </CommandContextMenu>
      <Totals users={users} selected={selection.keys.size} />
      <UserDialogs />
    </View>
  )
}

const allAreKnown = () => undefined

/** Sums over the users that are listed; undefined: they are not known yet. */
function Totals({ users, selected }: { users: readonly User[] | undefined; selected: number }) {
  const admins = users?.filter(({ role }) => role === 'admin').length ?? 0
  return (
    <footer className="totals">
      <Listed number={users?.length} word="user" selected={selected} />
      {users && (
        <>
          <span>
            <b>{admins}</b> {wordFor(admins, 'admin')}
          </span>
          <Sum state="DISABLED" number={users.filter(({ disabled }) => disabled).length} word="disabled" />
          <span className="wide-only">Enter or a double click: edit, and tokens.</span>
        </>
      )}
    </footer>
  )
}
