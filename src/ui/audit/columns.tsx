import type { AuditRecord } from '../../models.ts'
import { serverNow } from '../data/clock.ts'
import { RowStore, useRow } from '../data/rows.ts'
import { moment } from '../parts/format.ts'
import { JobLink } from '../parts/JobLink.tsx'
import type { CellsProps } from '../table/Body.tsx'
import { cellOf } from '../table/Cell.tsx'
import type { Column } from '../table/columns.ts'
import { actionOf, changesOf, objectsOf, whoOf } from './words.ts'

/** Every record that the page knows. */
export const auditRows = new RowStore<number, AuditRecord>()

export const AUDIT_COLUMNS: readonly Column<AuditRecord>[] = [
  {
    id: 'time',
    label: 'Time',
    width: 110,
    end: true,
    narrow: 84,
    cell: ({ time }) => moment(time, serverNow()),
    value: ({ time }) => time,
  },
  { id: 'who', label: 'Who', width: 120, narrow: 70, cell: whoOf, value: whoOf },
  { id: 'by', label: 'By', width: 80, extra: true, cell: ({ by }) => by, value: ({ by }) => by },
  { id: 'from', label: 'From', width: 130, cell: ({ address }) => address, value: ({ address }) => address },
  {
    id: 'action',
    label: 'Action',
    width: 190,
    fixed: true,
    narrow: 120,
    cell: (record) => <span data-outcome={record.outcome}>{actionOf(record)}</span>,
    value: actionOf,
  },
  {
    id: 'what',
    label: 'What',
    width: 190,
    wide: true,
    narrow: 1,
    cell: (record) =>
      record.kind === 'job' && record.count === 1 && record.objects[0] !== undefined ? (
        <JobLink id={Number(record.objects[0])} title={undefined} />
      ) : (
        objectsOf(record)
      ),
    value: objectsOf,
  },
  { id: 'changes', label: 'Changes', width: 380, wide: true, cell: changesOf, value: changesOf },
]

export function AuditCells({ of, columns }: CellsProps<number, AuditRecord, unknown>) {
  const record = useRow(auditRows, of)
  return columns.map((column) => cellOf(column, record && column.cell(record, undefined)))
}
