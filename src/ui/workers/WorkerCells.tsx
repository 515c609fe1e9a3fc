import type { Worker } from '../../models.ts'
import { useRow } from '../data/rows.ts'
import { workerRows } from '../data/workers.ts'
import type { CellsProps } from '../table/Grid.tsx'

export function WorkerCells({ of, columns }: CellsProps<string, Worker, unknown>) {
  const worker = useRow(workerRows, of)
  return columns.map((column) => (
    <div key={column.id} role="gridcell" className="grid-cell" data-column={column.id} data-end={column.end}>
      {worker ? column.cell(worker, undefined) : column.id === 'name' && of}
    </div>
  ))
}
