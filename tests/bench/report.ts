/** What was measured, as a table and as JSON. */
import { cpus, totalmem } from 'node:os'
import Table from 'cli-table3'

export interface Row {
  what: string
  wanted: string
  measured: string
  /** Whether it is what is wanted; undefined: nothing is. */
  met?: boolean
  /** For `--json`: rates by second, times in milliseconds, shares of 1. */
  figures: Record<string, number>
}

export interface Machine {
  processor: string
  cores: number
  memoryGB: number
  system: string
  bun: string
}

export const machine = (): Machine => ({
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGB: Math.round(totalmem() / 1024 ** 3),
  system: `${process.platform} ${process.arch}`,
  bun: Bun.version,
})

export function print(rows: readonly Row[]): void {
  const { processor, cores, memoryGB, system, bun } = machine()
  const table = new Table({
    head: ['what', 'wanted', 'measured', ''],
    colWidths: [42, 28, 44, 5],
    wordWrap: true,
    style: { head: [], border: [] },
  })
  for (const { what, wanted, measured, met } of rows)
    table.push([what, wanted, measured, met === undefined ? '' : met ? 'yes' : 'NO'])
  console.log(table.toString())
  console.log(`${processor}, ${cores} cores, ${memoryGB} GB, ${system}, bun ${bun}`)
}
