import type { User } from '../../models.ts'
import { serverNow } from '../data/clock.ts'
import { moment } from '../parts/format.ts'
import { StateMark } from '../parts/StateMark.tsx'
import type { Column } from '../table/columns.ts'
import { rightsText, sourceText, stateOf } from './words.ts'

export const USER_COLUMNS: readonly Column<User>[] = [
  {
    id: 'name',
    label: 'Name',
    width: 150,
    sort: 'name',
    fixed: true,
    wide: true,
    narrow: 1,
    cell: ({ name }) => <b className="user-name">{name}</b>,
    value: ({ name }) => name,
  },
  {
    id: 'role',
    label: 'Role',
    width: 90,
    sort: 'role',
    narrow: 78,
    cell: ({ role }) => role,
    value: ({ role }) => role,
  },
  {
    id: 'rights',
    label: 'Rights',
    width: 240,
    sort: 'rights',
    wide: true,
    cell: ({ rights, own_rights }) => (
      <>
        {own_rights && (
          <b className="own-rights" title="Rights of their own, instead of those of the role">
            own
          </b>
        )}
        {rightsText(rights)}
      </>
    ),
    value: ({ rights, own_rights }) => `${own_rights ? 'own: ' : ''}${rightsText(rights)}`,
  },
  { id: 'source', label: 'Signs in at', width: 100, sort: 'source', cell: sourceText, value: sourceText },
  {
    id: 'state',
    label: 'State',
    width: 100,
    sort: 'state',
    narrow: 48,
    cell: (user) => <StateMark state={stateOf(user)} />,
    value: stateOf,
  },
  {
    id: 'signed_in',
    label: 'Last sign-in',
    width: 120,
    sort: 'signed_in',
    end: true,
    narrow: 114,
    cell: ({ signed_in }) => (signed_in === 0 ? <span className="dim">never</span> : moment(signed_in, serverNow())),
    value: ({ signed_in }) => signed_in,
  },
  {
    id: 'created',
    label: 'Created',
    width: 120,
    sort: 'created',
    end: true,
    cell: ({ created }) => moment(created, serverNow()),
    value: ({ created }) => created,
  },
]
