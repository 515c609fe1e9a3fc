import type { User } from '../../models.ts'
import { useRow } from '../data/rows.ts'
import type { CellsProps } from '../table/Body.tsx'
import { cellOf } from '../table/Cell.tsx'
import { userRows } from './useUsers.ts'

export function UserCells({ of, columns }: CellsProps<string, User, unknown>) {
  const user = useRow(userRows, of)
  return columns.map((column) => cellOf(column, user && column.cell(user, undefined)))
}
