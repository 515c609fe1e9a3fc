import type { Worker } from '../../models.ts'
import { useRow } from '../data/rows.ts'
import { workerRows } from '../data/workers.ts'
import type { CellsProps } from '../table/Body.tsx'
import { cellOf } from '../table/Cell.tsx'

export function WorkerCells({ of, columns }: CellsProps<string, Worker, unknown>) {
  const worker = useRow(workerRows, of)
  return columns.map((column) => cellOf(column, worker ? column.cell(worker, undefined) : column.id === 'name' && of))
}
